//! How long and how many: what one caller may hold of what all callers share.

use std::time::Duration;

use crate::descriptors;

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

/// Connections of a port, of the files that this process may have open: the gate's, the app's to
/// each of them, the authority's, and as many for those that are ending; 128 are for all else.
fn connections_of(descriptors: u64) -> usize {
    let each = descriptors.saturating_sub(128) / 4;
    usize::try_from(each).unwrap_or(usize::MAX).clamp(16, 4096)
}

#[cfg(test)]
#[test]
fn point_3_connections_follow_the_files_that_may_be_open() {
    for (descriptors, connections) in [
        (20, 16),
        (256, 32),
        (1024, 224),
        (10_240, 2528),
        (u64::MAX, 4096),
    ] {
        assert_eq!(connections_of(descriptors), connections, "{descriptors}");
        let used = 4 * connections as u64;
        assert!(used <= descriptors || connections == 16);
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(30),
            idle: Duration::from_secs(130),
            body: Duration::from_secs(30),
            connections: connections_of(descriptors::allowed()),
            rest: 1 << 20,
            linger: Duration::from_secs(5),
            lingering: 64,
        }
    }
}
