//! Who calls, and by which scheme.

use std::net::SocketAddr;

/// Who is at the other end. A router finds it among a request's extensions.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Where it calls from.
    pub address: SocketAddr,
    /// The address that it has called; none where the system does not say it.
    pub called: Option<SocketAddr>,
    /// Https where it came by TLS.
    pub scheme: Scheme,
}

/// The two schemes of the web (RFC 9110 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As a URL has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}
