//! Other answers, and none.

use serde_json::json;
use url::Url;

use super::{Call, URL, report};
use crate::diagnosis::{self, Sent};
use crate::http::proxy::{Proxy, UnusableProxy};
use crate::http::{Unreached, UnreachedKind};
use crate::report::{Outcome, Report};

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let redirect = |to: &str| {
        let to = to.to_owned();
        Call::with(json!({}))
            .answered(302, |answer| answer.location = Some(to))
            .report()
    };
    let unreached = |kind: UnreachedKind, why: &str| Report {
        findings: vec![diagnosis::unreached(
            &Url::parse(URL).unwrap(),
            &Unreached {
                kind,
                why: why.into(),
                proxy: None,
            },
        )],
        ..report(Outcome::Unreachable)
    };
    let proxy = || {
        Box::new(Proxy {
            variable: Some("HTTPS_PROXY"),
            scheme: "http",
            host: "proxy.contoso.com".into(),
            port: 8080,
        })
    };
    let by_proxy = |why: &str| Unreached {
        kind: UnreachedKind::Proxy,
        why: why.into(),
        proxy: Some(proxy()),
    };
    let through = |why: &str| Report {
        findings: vec![diagnosis::unreached(
            &Url::parse(URL).unwrap(),
            &by_proxy(why),
        )],
        ..report(Outcome::Unreachable)
    };
    let authority = |authority: &str, unreached: &Unreached| Report {
        findings: vec![diagnosis::authority_unreached(
            &Url::parse(authority).unwrap(),
            unreached,
        )],
        ..report(Outcome::NoToken)
    };
    let not = |kind: UnreachedKind, why: &str, proxy: Option<Box<Proxy>>| Unreached {
        kind,
        why: why.into(),
        proxy,
    };
    vec![
        (
            "proxy-failed",
            through("403 Forbidden (Server: squid): Access Denied by policy 7"),
        ),
        (
            "proxy-failed name",
            through(
                "client error (Connect): tunnel error: failed to create underlying connection: dns error: failed to lookup address information: Name or service not known",
            ),
        ),
        (
            "proxy-failed refused",
            through(
                "client error (Connect): tunnel error: failed to create underlying connection: tcp connect error: Connection refused (os error 111)",
            ),
        ),
        (
            "proxy-failed sign-in",
            through("407 Proxy Authentication Required (Proxy-Authenticate: Basic realm=\"p\")"),
        ),
        (
            "proxy-failed other sign-in",
            through("407 Proxy Authentication Required (Proxy-Authenticate: Negotiate)"),
        ),
        (
            "proxy-variable",
            unreached(
                UnreachedKind::ProxyVariable(UnusableProxy {
                    variable: "HTTPS_PROXY",
                    why: "its port is not a number from 1 to 65535",
                }),
                "",
            ),
        ),
        // Beside the same of the function's own.
        (
            "tls-untrusted proxy",
            Report {
                findings: vec![diagnosis::unreached(
                    &Url::parse(URL).unwrap(),
                    &not(
                        UnreachedKind::TlsUntrusted,
                        "invalid peer certificate: UnknownIssuer",
                        Some(proxy()),
                    ),
                )],
                ..report(Outcome::Unreachable)
            },
        ),
        (
            "authority-unreachable",
            authority(
                "https://login.microsoftonline.com",
                &not(
                    UnreachedKind::Dns,
                    "failed to lookup address information",
                    None,
                ),
            ),
        ),
        (
            "authority-unreachable own",
            authority(
                "https://idp.contoso.com",
                &not(
                    UnreachedKind::Refused,
                    "Connection refused (os error 111)",
                    None,
                ),
            ),
        ),
        (
            "easy-auth-off",
            Call::sending(Sent::Nothing)
                .answered(200, |answer| answer.body = "Hello, world.".into())
                .report(),
        ),
        (
            "easy-auth-off handler",
            Call::with(json!({}))
                .answered(500, |answer| {
                    answer.body = "Easy Auth is off, so nobody has checked the caller.".into();
                })
                .report(),
        ),
        ("easy-auth-redirect", redirect("/.auth/login/aad?state=s")),
        (
            "stripped-authorization",
            redirect("https://elsewhere.example/api/greeting?x=y"),
        ),
        (
            "not-found",
            Call::with(json!({})).answered(404, |_| ()).report(),
        ),
        (
            "handler-down",
            Call::with(json!({}))
                .answered(503, |answer| {
                    answer.body = "Function host is not running.".into();
                })
                .report(),
        ),
        (
            "unexpected-answer",
            Call::with(json!({})).answered(418, |_| ()).report(),
        ),
        (
            "dns",
            unreached(UnreachedKind::Dns, "failed to lookup address information"),
        ),
        (
            "refused",
            unreached(UnreachedKind::Refused, "Connection refused (os error 111)"),
        ),
        (
            "refused closed",
            unreached(
                UnreachedKind::Refused,
                "client error (SendRequest): connection closed before message completed",
            ),
        ),
        (
            "client-certificate handshake",
            unreached(
                UnreachedKind::ClientCertificate,
                "received fatal alert: CertificateRequired",
            ),
        ),
        (
            "tls-untrusted expired",
            unreached(
                UnreachedKind::TlsUntrusted,
                "invalid peer certificate: Expired",
            ),
        ),
        (
            "tls-untrusted name",
            unreached(
                UnreachedKind::TlsUntrusted,
                "invalid peer certificate: NotValidForName",
            ),
        ),
        (
            "timeout",
            unreached(UnreachedKind::Timeout, "operation timed out"),
        ),
        (
            "tls-untrusted",
            unreached(
                UnreachedKind::TlsUntrusted,
                "invalid peer certificate: UnknownIssuer",
            ),
        ),
        (
            "http-not-https",
            unreached(
                UnreachedKind::NotTls,
                "received corrupt message of type InvalidContentType",
            ),
        ),
    ]
}
