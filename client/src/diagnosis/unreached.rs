//! Nothing answered: the causes between here and the host.

use loopback::is_loopback;
use serde_json::Value;
use url::Url;

use super::{Code, Finding};
use crate::discovery::trust::Authority;
use crate::http::proxy::UnusableProxy;
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

/// Why the function did not answer.
pub(crate) fn unreached(url: &Url, unreached: &Unreached) -> Finding {
    let host = url.host_str().unwrap_or("the host");
    let port = url.port_or_known_default().unwrap_or(0);
    let (code, summary, fix) = match unreached.kind {
        UnreachedKind::Proxy => return proxy_failed(url, unreached),
        UnreachedKind::ProxyVariable(unusable) => return proxy_variable(url, unusable),
        UnreachedKind::Timeout => (
            Code::Timeout,
            format!("{host}:{port} did not answer in time"),
            "check the network; a cold start can take a minute, and this waits longer: greeting-cli call URL --timeout 90"
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
        UnreachedKind::ClientCertificate => (
            Code::ClientCertificate,
            format!("{host}:{port} wants a client certificate (mutual TLS), and greeting-cli sends none"),
            "call with a program that sends one (curl --cert)".to_owned(),
        ),
        UnreachedKind::Handshake => (
            Code::Refused,
            format!("{host}:{port} ended the TLS handshake"),
            "check the address and the port: the server has no certificate for this name, or takes other versions of TLS"
                .to_owned(),
        ),
        UnreachedKind::TlsUntrusted => {
            let (what, fix) = untrusted(&unreached.why);
            (
                Code::TlsUntrusted,
                format!("the certificate of {host} {what}"),
                fix.to_owned(),
            )
        }
        UnreachedKind::Refused if broke(&unreached.why) => (
            Code::Refused,
            format!("{host}:{port} took the connection and closed it without an answer"),
            if is_loopback(url) {
                "see what listens there: its log, or the terminal of greeting-local up".to_owned()
            } else {
                format!(
                    "try again: greeting-cli call URL --retry 3; see its log: az webapp log tail {}",
                    app(url)
                )
            },
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
    seen(Finding::proved(code, summary, fix), unreached)
}

/// Why the authority did not answer. The function has no part in it.
pub(crate) fn authority_unreached(authority: &Url, unreached: &Unreached) -> Finding {
    let host = authority.host_str().unwrap_or("the authority");
    let port = authority.port_or_known_default().unwrap_or(0);
    let (what, fix) = match unreached.kind {
        UnreachedKind::Proxy => return proxy_failed(authority, unreached),
        UnreachedKind::ProxyVariable(unusable) => return proxy_variable(authority, unusable),
        UnreachedKind::Dns => ("its name does not resolve", None),
        UnreachedKind::Refused if broke(&unreached.why) => {
            ("it closed the connection without an answer", None)
        }
        UnreachedKind::Refused => ("no connection", None),
        UnreachedKind::Timeout => (
            "no answer in time",
            Some("check the network, or wait longer: greeting-cli call URL --timeout 90"),
        ),
        UnreachedKind::NotTls => (
            "it does not speak TLS",
            Some(
                "check the authority's port (AZURE_AUTHORITY_HOST): greeting-cli call URL --authority-host AUTHORITY",
            ),
        ),
        UnreachedKind::ClientCertificate => (
            "it wants a client certificate",
            Some(
                "check the authority's port (AZURE_AUTHORITY_HOST): greeting-cli call URL --authority-host AUTHORITY",
            ),
        ),
        UnreachedKind::Handshake => ("it ended the TLS handshake", None),
        UnreachedKind::TlsUntrusted => {
            let (what, fix) = untrusted(&unreached.why);
            return seen(
                Finding::proved(
                    Code::AuthorityUnreachable,
                    format!("the certificate of the authority {host}:{port} {what}"),
                    fix,
                ),
                unreached,
            );
        }
    };
    let usual = if is_loopback(authority) {
        "start it: greeting-local up"
    } else if Authority::of(authority.as_str(), authority) == Authority::Microsoft {
        "check the network of this machine; where a company proxy is the only way out, name it: HTTPS_PROXY=http://HOST:PORT"
    } else {
        "check the network, and the authority's address (AZURE_AUTHORITY_HOST): greeting-cli call URL --authority-host AUTHORITY"
    };
    let finding = Finding::proved(
        Code::AuthorityUnreachable,
        format!("the authority {host}:{port} was not reached: {what}"),
        fix.unwrap_or(usual),
    );
    seen(finding, unreached)
}

/// Whether there was a connection, which ended.
fn broke(why: &str) -> bool {
    let why = why.to_lowercase();
    let ends = [
        "connection closed",
        "connection reset",
        "connection ended",
        "broken pipe",
        "eof",
        "close_notify",
    ];
    ends.iter().any(|end| why.contains(end))
}

/// What is wrong with a certificate, by the client's words, and what to do.
fn untrusted(why: &str) -> (&'static str, &'static str) {
    let why = why.to_lowercase();
    if why.contains("expired") || why.contains("notvalidyet") || why.contains("not valid yet") {
        (
            "is not valid at this time",
            "set this machine's clock if it is wrong; else the certificate's owner has to renew it",
        )
    } else if why.contains("notvalidforname") || why.contains("not valid for name") {
        (
            "is for another name",
            "check the address: the certificate names the hosts that it is for",
        )
    } else {
        (
            "is not trusted here",
            "trust its CA: greeting-cli call URL --ca-cert FILE; greeting-local env names the development CA; behind a company proxy it is the proxy's CA",
        )
    }
}

/// The system's own words, and what was between.
fn seen(finding: Finding, unreached: &Unreached) -> Finding {
    let finding = finding.saw(
        "network",
        unreached.why.clone(),
        Value::Null,
        Source::Answer,
    );
    match &unreached.proxy {
        None => finding,
        Some(proxy) => finding.saw(
            "through",
            format!("the proxy {proxy}, from {}", proxy.named_by()),
            Value::Null,
            Source::Environment,
        ),
    }
}

/// The proxy was not reached, or let nothing through.
fn proxy_failed(url: &Url, unreached: &Unreached) -> Finding {
    let Some(proxy) = &unreached.proxy else {
        return Finding::likely(
            Code::ProxyFailed,
            "a proxy let nothing through",
            "check HTTPS_PROXY and ALL_PROXY",
        );
    };
    let host = url.host_str().unwrap_or("the host");
    let to = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
    let variable = proxy.named_by();
    let why = unreached.why.to_lowercase();
    let words = innermost(&unreached.why);
    // A status, and what came with it.
    let by_proxy = words.starts_with(|c: char| c.is_ascii_digit());
    let around = format!("or go without it: export NO_PROXY={host}");
    let correct = match proxy.variable {
        Some(variable) => format!("check the host and port in {variable}; {around}"),
        None => format!("check the system's proxy settings; {around}"),
    };
    let (what, fix) = if why.contains("proxy-authenticate: ") && !why.contains("basic") {
        (
            format!("the proxy {proxy} wants a sign-in that greeting-cli can't give"),
            format!(
                "greeting-cli signs in to proxies with a user name and a password (Basic) only; a proxy on this machine such as px or cntlm can do the other; {around}"
            ),
        )
    } else if why.contains("proxy authorization required") || why.starts_with("407") {
        (
            format!("the proxy {proxy} wants a user name and a password"),
            match proxy.variable {
                Some(variable) => format!(
                    "put them into {variable}: {}://USER:PASSWORD@{proxy}; {around}",
                    proxy.scheme
                ),
                None => {
                    format!("name it with them: HTTPS_PROXY=http://USER:PASSWORD@{proxy}; {around}")
                }
            },
        )
    } else if why.contains("dns error") && !why.contains("resolving for socks") {
        (
            format!("the proxy's name, {}, does not resolve", proxy.host),
            correct,
        )
    } else if why.contains("tcp connect error") || why.contains("failed to create underlying") {
        (format!("no connection to the proxy {proxy}"), correct)
    } else {
        (
            format!("the proxy {proxy} did not let the call through to {to}"),
            format!("have the proxy's owner allow {to}; {around}"),
        )
    };
    Finding::proved(Code::ProxyFailed, what, fix)
        .saw("proxy", proxy.to_string(), Value::Null, Source::Environment)
        .saw("named by", variable, Value::Null, Source::Environment)
        .saw(
            if by_proxy { "answer" } else { "network" },
            words,
            Value::Null,
            Source::Answer,
        )
}

/// What failed, without the client's names of the steps that led there.
fn innermost(why: &str) -> &str {
    const STEPS: [&str; 4] = [
        "client error (Connect): ",
        "tunnel error: ",
        "failed to create underlying connection: ",
        "error connecting to socks proxy: ",
    ];
    let mut words = why;
    for step in STEPS {
        words = words.strip_prefix(step).unwrap_or(words);
    }
    words
}

/// The variable's value may hold a password: it is not shown.
fn proxy_variable(url: &Url, UnusableProxy { variable, why }: UnusableProxy) -> Finding {
    let host = url.host_str().unwrap_or_default();
    Finding::proved(
        Code::ProxyVariable,
        format!("the proxy that {variable} names can't be used: {why}"),
        format!(
            "export {variable}=http://HOST:PORT; or, where no proxy is needed: unset {variable}, or export NO_PROXY={host}"
        ),
    )
    .saw("variable", variable, Value::Null, Source::Environment)
}
