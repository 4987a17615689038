//! Name, TCP and TLS, each by itself.

use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use loopback::is_loopback;
use tokio::net::TcpStream;

use super::Checks;
use crate::diagnosis::{self, Finding};
use crate::http::{Answer, Unreached, UnreachedKind};
use crate::session::Session;

/// The steps up to an answer. None: there is none.
pub(super) async fn examine(session: &Session, checks: &mut Checks) -> Option<Answer> {
    if let Some(proxy) = proxy(session) {
        // The proxy resolves and connects; only what comes through it can be seen.
        checks.skip(
            &["name", "TCP"],
            &format!("the proxy {proxy} is in between"),
        );
    } else if !direct(session, checks).await {
        checks.skip(&["TLS"], "there is no connection");
        return None;
    }
    match session.get(None).await {
        Ok(answer) => {
            match session.url.scheme() {
                "https" => checks.ok("TLS", "the certificate is trusted"),
                _ => checks.skip(&["TLS"], "plain http"),
            }
            Some(answer)
        }
        Err(unreached) => {
            let finding = diagnosis::unreached(&session.url, &unreached);
            let link = match session.url.scheme() {
                "https" => "TLS",
                _ => "answer",
            };
            checks.failed(link, finding);
            None
        }
    }
}

async fn direct(session: &Session, checks: &mut Checks) -> bool {
    let failed = |kind: UnreachedKind, why: String| -> Finding {
        diagnosis::unreached(&session.url, &Unreached { kind, why })
    };
    let Some(host) = session.url.host_str() else {
        return false;
    };
    // Without the brackets that a URL puts around an IPv6 address.
    let host = host.trim_matches(['[', ']']);
    let port = session.url.port_or_known_default().unwrap_or(443);
    let addresses: Vec<_> = match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => addresses.collect(),
        Err(error) => {
            checks.failed("name", failed(UnreachedKind::Dns, error.to_string()));
            checks.skip(&["TCP"], "the name does not resolve");
            return false;
        }
    };
    let shown: Vec<String> = addresses.iter().map(|it| it.ip().to_string()).collect();
    checks.ok("name", format!("{host} is {}", shown.join(", ")));
    let mut why = failed(UnreachedKind::Refused, "the name has no address".to_owned());
    for address in addresses {
        match connect(address, session.args.timeout).await {
            Ok(()) => {
                checks.ok("TCP", address.to_string());
                return true;
            }
            Err((kind, error)) => why = failed(kind, format!("{address}: {error}")),
        }
    }
    checks.failed("TCP", why);
    false
}

async fn connect(
    address: std::net::SocketAddr,
    patience: Duration,
) -> Result<(), (UnreachedKind, String)> {
    match tokio::time::timeout(patience, TcpStream::connect(address)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err((UnreachedKind::Refused, error.to_string())),
        Err(_) => Err((UnreachedKind::Timeout, "no answer".to_owned())),
    }
}

/// The proxy that the environment names for this URL, as the client sees it.
fn proxy(session: &Session) -> Option<String> {
    if is_loopback(&session.url) {
        return None;
    }
    let uri = session.url.as_str().parse().ok()?;
    let intercept = Matcher::from_system().intercept(&uri)?;
    let uri = intercept.uri();
    // Without the user and password that it may contain.
    Some(format!(
        "{}:{}",
        uri.host()?,
        uri.port_u16()
            .map_or("default port".to_owned(), |port| port.to_string())
    ))
}
