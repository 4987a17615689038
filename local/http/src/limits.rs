//! How long and how many: what one caller may hold of what all callers share.

use std::time::Duration;

/// The limits of one port. All are this program's own choice, near those of Kestrel, which App
/// Service's gate on Linux runs on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From `accept` to the end of the first request's head; on HTTP/1, from each answer to the
    /// end of the next request's head, too.
    pub head: Duration,
    /// How long an HTTP/2 connection may be without a request.
    pub idle: Duration,
    /// How long the body of a request that this program itself answers may take.
    pub body: Duration,
    /// Connections at once. The one that has been idle longest makes place for a new one.
    pub connections: usize,
    /// The largest rest of a body that is read so that its connection can be used again.
    pub rest: u64,
    /// How long the rest of a body, or of a connection, is read after the last answer.
    pub linger: Duration,
    /// How many of them are read at once.
    pub lingering: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(130),
            body: Duration::from_secs(30),
            // A process may open 1,024 files by default: those of two ports, and the app's.
            connections: 256,
            rest: 1 << 20,
            linger: Duration::from_secs(5),
            lingering: 64,
        }
    }
}
