//! Why nothing answered.

use std::error::Error as _;
use std::fmt;

use url::Url;

use super::proxy::{self, Proxy};

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
    /// The other side wants a client certificate.
    ClientCertificate,
    /// The other side ended the TLS handshake.
    Handshake,
    /// The proxy was not reached, or let nothing through.
    Proxy,
    /// The variable that names the proxy can't be used.
    ProxyVariable(proxy::UnusableProxy),
}

impl fmt::Display for UnreachedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "dns",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::TlsUntrusted => "certificate not trusted",
            Self::NotTls => "not TLS",
            Self::ClientCertificate => "client certificate wanted",
            Self::Handshake => "TLS handshake",
            Self::Proxy => "proxy",
            Self::ProxyVariable(_) => "proxy variable",
        })
    }
}

/// Why nothing answered, with the system's own words.
#[derive(Debug, Clone)]
pub(crate) struct Unreached {
    pub(crate) kind: UnreachedKind,
    pub(crate) why: String,
    /// What was between here and there.
    pub(crate) proxy: Option<Box<Proxy>>,
}

impl From<proxy::UnusableProxy> for Unreached {
    fn from(unusable: proxy::UnusableProxy) -> Self {
        Self {
            kind: UnreachedKind::ProxyVariable(unusable),
            why: format!("{}: {}", unusable.variable, unusable.why),
            proxy: None,
        }
    }
}

impl Unreached {
    /// Sorts an error of a request to `url` by what it says; the text has no URL, so no query.
    /// A proxy that refused is asked once more, for its words.
    pub(crate) async fn of(error: &reqwest::Error, url: &Url) -> Self {
        let proxy = proxy::of(url).ok().flatten().map(Box::new);
        let mut unreached = Self::sorted(chain(error), error.is_timeout(), url, proxy);
        if unreached.kind == UnreachedKind::Proxy
            && let Some(proxy) = &unreached.proxy
            && refused_by_proxy(&unreached.why)
            && let Some(answer) = proxy::answer(proxy, url).await
        {
            unreached.why = answer;
        }
        unreached
    }

    /// No answer of `url` within the time that a request has.
    pub(super) fn in_time(url: &Url) -> Self {
        let proxy = proxy::of(url).ok().flatten().map(Box::new);
        Self::sorted("operation timed out".to_owned(), true, url, proxy)
    }

    fn sorted(why: String, is_timeout: bool, url: &Url, proxy: Option<Box<Proxy>>) -> Self {
        let lower = why.to_lowercase();
        let kind = if is_timeout {
            UnreachedKind::Timeout
        } else if proxy
            .as_ref()
            .is_some_and(|proxy| is_of_proxy(&lower, url, proxy))
        {
            UnreachedKind::Proxy
        } else if lower.contains("dns error") || lower.contains("invalid dns name") {
            UnreachedKind::Dns
        } else if lower.contains("invalidcontenttype") || lower.contains("corrupt message") {
            UnreachedKind::NotTls
        } else if lower.contains("alert: certificaterequired") {
            UnreachedKind::ClientCertificate
        } else if lower.contains("received fatal alert") {
            // Its words may speak of a certificate: of this side's.
            UnreachedKind::Handshake
        } else if lower.contains("certificate") {
            UnreachedKind::TlsUntrusted
        } else {
            UnreachedKind::Refused
        };
        Self { kind, why, proxy }
    }
}

/// Whether the client's words are of a connection to the proxy, or of what it answered. After the
/// tunnel stands, they are of the host behind it.
fn is_of_proxy(why: &str, url: &Url, proxy: &Proxy) -> bool {
    if proxy.is_socks() {
        return why.contains("error connecting to socks proxy");
    }
    // Without a tunnel the proxy is the only one that is connected to.
    why.contains("tunnel error")
        || url.scheme() == "http" && (why.contains("dns error") || why.contains("tcp connect"))
}

/// Whether the proxy answered.
fn refused_by_proxy(why: &str) -> bool {
    why.contains("tunnel error: unsuccessful") || why.contains("proxy authorization required")
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
