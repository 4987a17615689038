//! Other answers, and none.

use serde_json::json;
use url::Url;

use super::{Call, URL, report};
use crate::diagnosis::{self, Sent};
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
            },
        )],
        ..report(Outcome::Unreachable)
    };
    vec![
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
