//! The causes of a 401.

use serde_json::json;

use super::{API, AZURE_CLI, Call, NOW, OTHER, TENANT, decoded, report};
use crate::diagnosis::{self, Sent, Signature};
use crate::http::Answer;
use crate::report::{Outcome, Report};

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let named = format!("api://{API}");
    let header = |alg: &str| {
        let header = json!({"alg": alg, "kid": "key-1"});
        Call::sending(Sent::Token(Box::new(decoded(header, &json!({}))))).refused()
    };
    let v1 =
        json!({"aud": named, "ver": "1.0", "iss": format!("https://sts.windows.net/{TENANT}/")});
    let id_token = json!({"aud": AZURE_CLI, "azp": null, "scp": null, "nonce": "n"});
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let foreign = |tenant: &str| json!({"tid": tenant, "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0")});
    let behind = Call::with(json!({})).refused().answered(401, |answer| {
        answer.date = Some(NOW + 2 * 3600);
    });
    vec![
        ("no-token", Call::sending(Sent::Nothing).refused().report()),
        (
            "not-a-token",
            Call::text("System.Security.SecureString")
                .refused()
                .report(),
        ),
        ("not-a-token null", Call::text("null").refused().report()),
        (
            "not-a-token JSON",
            Call::text("{\"id_token\": \"i\"}").refused().report(),
        ),
        (
            "malformed-token",
            Call::text("Bearer eyJhbGciOiJub25lIn0.e30.")
                .refused()
                .report(),
        ),
        (
            "malformed-token cut",
            Call::text("eyJhbGciOiJub25lIn0.e").refused().report(),
        ),
        (
            "not-an-access-token opaque",
            Call::text("0.AXoAq").refused().report(),
        ),
        (
            "not-an-access-token",
            Call::with(id_token).refused().report(),
        ),
        (
            "wrong-api",
            Call::with(json!({"aud": "https://graph.microsoft.com"}))
                .refused()
                .report(),
        ),
        (
            "wrong-api expired",
            Call::with(json!({"aud": OTHER, "exp": NOW - 3600}))
                .refused()
                .report(),
        ),
        (
            "audience-mismatch",
            Call::with(json!({"aud": named})).refused().report(),
        ),
        (
            "audience-mismatch settings",
            Call::with(json!({"aud": named}))
                .refused()
                .knowing(json!({"allowedAudiences": []}))
                .report(),
        ),
        ("issuer-version", Call::with(v1).refused().report()),
        (
            "wrong-tenant",
            Call::with(foreign(OTHER)).refused().report(),
        ),
        (
            "wrong-tenant personal",
            Call::with(foreign(personal)).refused().report(),
        ),
        (
            "expired",
            Call::with(json!({"nbf": NOW - 7200, "exp": NOW - 3600}))
                .refused()
                .report(),
        ),
        ("clock-skew", behind.report()),
        (
            "not-yet-valid",
            Call::with(json!({"nbf": NOW + 1800})).refused().report(),
        ),
        (
            "bad-signature",
            Call::with(json!({}))
                .refused()
                .signed(Signature::Wrong)
                .report(),
        ),
        (
            "unknown-key",
            Call::with(json!({}))
                .refused()
                .signed(Signature::UnknownKey)
                .report(),
        ),
        ("unsigned", header("none").report()),
        ("wrong-algorithm", header("HS256").report()),
        ("nothing known", Call::with(json!({})).refused().report()),
        (
            "stripped-authorization proxy",
            Call::with(json!({}))
                .answered(401, |answer| {
                    answer.challenges = vec!["Basic realm=\"proxy\"".into()];
                    answer.server = Some("squid".into());
                })
                .report(),
        ),
        (
            "not-easy-auth",
            Call::with(json!({}))
                .answered(401, |answer| {
                    answer.server = Some("nginx".into());
                    answer.body =
                        "<html><head><title>401 Authorization Required</title></head>".into();
                })
                .report(),
        ),
        (
            "not-easy-auth function",
            Call::sending(Sent::Nothing)
                .answered(401, |answer| {
                    answer.challenges = vec!["Bearer".into()];
                })
                .report(),
        ),
        (
            "no-challenge",
            Report {
                status: Some(401),
                findings: vec![diagnosis::no_challenge(&Answer {
                    challenges: vec![
                        "Bearer realm=\"contoso-greeting.azurecontainerapps.io\"".into(),
                    ],
                    ..Answer::default()
                })],
                ..report(Outcome::Refused)
            },
        ),
    ]
}
