//! Why nothing answered.

use std::error::Error as _;
use std::fmt;

/// At which step no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnreachedKind {
    /// The name does not resolve.
    Dns,
    /// No connection, or one that broke.
    Refused,
    Timeout,
    TlsUntrusted,
    /// TLS was spoken to a port that speaks something else.
    NotTls,
}

impl fmt::Display for UnreachedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::TlsUntrusted => "certificate not trusted",
            Self::NotTls => "not TLS",
        })
    }
}

/// Why nothing answered, with the system's own words.
#[derive(Debug, Clone)]
pub(crate) struct Unreached {
    pub(crate) kind: UnreachedKind,
    pub(crate) why: String,
}

impl Unreached {
    /// Sorts an error by what it says; the text has no URL, so no query.
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let why = chain(error);
        let lower = why.to_lowercase();
        let kind = if error.is_timeout() {
            UnreachedKind::Timeout
        } else if lower.contains("dns error") || lower.contains("invalid dns name") {
            UnreachedKind::Dns
        } else if lower.contains("invalidcontenttype") || lower.contains("corrupt message") {
            UnreachedKind::NotTls
        } else if lower.contains("certificate") {
            UnreachedKind::TlsUntrusted
        } else {
            UnreachedKind::Refused
        };
        Self { kind, why }
    }
}

/// The innermost words of an error: the outer ones only repeat the URL.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut words = Vec::new();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !words.contains(&text) {
            words.push(text);
        }
        source = inner.source();
    }
    if words.is_empty() {
        "the connection ended early".to_owned()
    } else {
        words.join(": ")
    }
}
