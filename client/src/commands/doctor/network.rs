//! Proxy, name, TCP and TLS, each by itself.

use std::time::Duration;

use loopback::is_loopback;
use tokio::net::TcpStream;

use super::Checks;
use crate::diagnosis::{self, Finding};
use crate::http::{Answer, Unreached, UnreachedKind, proxy};
use crate::provenance::Source;
use crate::session::Session;

/// The steps up to an answer. None: there is none.
pub(super) async fn examine(session: &Session, checks: &mut Checks) -> Option<Answer> {
    trust_roots(session, checks);
    let proxy = match proxy::of(&session.url) {
        Ok(proxy) => proxy,
        Err(unusable) => {
            let finding = diagnosis::unreached(&session.url, &unusable.into());
            checks.failed("proxy", finding);
            checks.skip(&["name", "TCP", "TLS"], "nothing is sent");
            return None;
        }
    };
    let Some(proxy) = proxy else {
        checks.ok("proxy", without(session));
        if !direct(session, checks).await {
            checks.skip(&["TLS"], "there is no connection");
            return None;
        }
        let outcome = session.ask().await;
        return answered(session, outcome, checks);
    };
    let outcome = session.ask().await;
    // The proxy resolves and connects; only what comes through it can be seen.
    match outcome {
        Err(unreached) if unreached.kind == UnreachedKind::Proxy => {
            checks.failed("proxy", diagnosis::unreached(&session.url, &unreached));
            checks.skip(&["name", "TCP", "TLS"], "the proxy let nothing through");
            None
        }
        outcome => {
            checks.ok("proxy", format!("{proxy}, from {}", proxy.named_by()));
            checks.skip(&["name", "TCP"], "the proxy is in between");
            answered(session, outcome, checks)
        }
    }
}

/// The step after the connection.
fn answered(
    session: &Session,
    outcome: Result<Answer, Unreached>,
    checks: &mut Checks,
) -> Option<Answer> {
    match outcome {
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
        diagnosis::unreached(
            &session.url,
            &Unreached {
                kind,
                why,
                proxy: None,
            },
        )
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

/// Whose certificates are trusted.
fn trust_roots(session: &Session, checks: &mut Checks) {
    let by_flag = session.args.sources.get("ca_cert") == Source::Flag;
    let own = session.args.ca_cert.as_ref().filter(|_| by_flag);
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .find_map(|name| {
            let names = environment::text(name)?;
            Some((name, names))
        });
    // On Linux these variables take the place of the system's certificates.
    let roots = match named {
        Some((name, names)) if cfg!(target_os = "linux") => {
            format!("those of {names} ({name}), in place of the system's")
        }
        _ => "the system's".to_owned(),
    };
    match own {
        Some(file) => checks.ok(
            "CAs",
            format!("{roots}, and {} (--ca-cert)", file.display()),
        ),
        None => checks.ok("CAs", roots),
    }
}

/// Why no proxy is used.
fn without(session: &Session) -> &'static str {
    let set = |names: &[&str]| names.iter().any(|name| environment::text(name).is_some());
    if is_loopback(&session.url) {
        "none: calls to this machine use none"
    } else if set(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
        && set(&["NO_PROXY", "no_proxy"])
    {
        "none: NO_PROXY names the host"
    } else {
        "none is named"
    }
}
