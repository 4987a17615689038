//! Nothing answered: the causes between here and the host.

use loopback::is_loopback;
use serde_json::Value;
use url::Url;

use super::{Code, Finding};
use crate::http::{Unreached, UnreachedKind};
use crate::provenance::Source;

/// The arguments by which az finds the app at this address, as far as its name tells.
pub(super) fn app(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let name = host
        .strip_suffix(".azurewebsites.net")
        .filter(|name| !name.contains('.'))
        .unwrap_or("APP");
    format!("--name {name} --resource-group GROUP")
}

/// Why nothing answered.
pub(crate) fn unreached(url: &Url, unreached: &Unreached) -> Finding {
    let host = url.host_str().unwrap_or("the host");
    let port = url.port_or_known_default().unwrap_or(0);
    let (code, summary, fix) = match unreached.kind {
        UnreachedKind::Timeout => (
            Code::Timeout,
            format!("{host}:{port} did not answer in time"),
            "check the network; --timeout SECONDS waits longer (a cold start can take a minute)"
                .to_owned(),
        ),
        UnreachedKind::Dns => (
            Code::Dns,
            format!("the name {host} does not resolve"),
            "check the spelling: az functionapp list --query \"[].defaultHostName\" -o tsv"
                .to_owned(),
        ),
        UnreachedKind::NotTls => (
            Code::HttpNotHttps,
            format!("{host}:{port} does not speak TLS"),
            if is_loopback(url) {
                format!("http://{host}:{port}: on this machine TLS is not needed")
            } else {
                "check the port; without TLS a token is sent to this machine only".to_owned()
            },
        ),
        UnreachedKind::TlsUntrusted => (
            Code::TlsUntrusted,
            format!("the certificate of {host} is not trusted here"),
            "--ca-cert FILE with its CA (greeting-local env names the development CA); behind a company proxy, the proxy's CA"
                .to_owned(),
        ),
        UnreachedKind::Refused => (
            Code::Refused,
            format!("no connection to {host}:{port}"),
            if is_loopback(url) {
                "start it: greeting-local up".to_owned()
            } else {
                format!(
                    "check the address, the network, and that the app is started: az functionapp show {} --query state",
                    app(url)
                )
            },
        ),
    };
    Finding::proved(code, summary, fix).saw(
        "network",
        unreached.why.clone(),
        Value::Null,
        Source::Answer,
    )
}
