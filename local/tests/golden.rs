//! What the local Entra ID answers, field by field beside what was captured of the real one.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::authority::{API, Authority, DAEMON, Form, claims, part, read, with};
use serde_json::{Value, json};

fn golden(name: &str) -> Value {
    let shared = std::env::var("GREETING_SHARED").expect("GREETING_SHARED names the folder");
    serde_json::from_slice(&std::fs::read(format!("{shared}/golden/{name}.json")).unwrap()).unwrap()
}

/// Whether what was captured, with its placeholders, is what is answered here.
fn fits(captured: &Value, here: &Value) -> bool {
    match (captured, here) {
        (Value::Object(captured), Value::Object(here)) => {
            captured.keys().eq(here.keys())
                && captured
                    .iter()
                    .all(|(name, value)| fits(value, &here[name]))
        }
        (Value::String(captured), Value::Number(_)) => captured == "{seconds}",
        (Value::String(captured), Value::String(here)) => {
            let mut rest = here.as_str();
            let mut pieces = captured.split(['{', '}']);
            // Outside of braces it is text, inside of them a placeholder.
            rest = match rest.strip_prefix(pieces.next().unwrap()) {
                Some(rest) => rest,
                None => return false,
            };
            while let (Some(_placeholder), Some(text)) = (pieces.next(), pieces.next()) {
                let at = if text.is_empty() {
                    Some(rest.len())
                } else {
                    rest.find(text)
                };
                let Some(at) = at.filter(|at| *at > 0) else {
                    return false;
                };
                rest = &rest[at + text.len()..];
            }
            rest.is_empty()
        }
        (captured, here) => captured == here,
    }
}

#[test]
fn placeholders_stand_for_something_and_nothing_else_does() {
    for (captured, here, expected) in [
        (json!("a {x} b {y}"), json!("a 1 b 2"), true),
        (json!("a {x} b {y}"), json!("a 1 c 2"), false),
        (json!("a {x}"), json!("a "), false),
        (json!("a {x} b"), json!("a 1 b c"), false),
        (json!("{seconds}"), json!(3600), true),
        (json!({"a": 1}), json!({"a": 1, "b": 2}), false),
        (json!({"a": [1]}), json!({"a": [2]}), false),
    ] {
        assert_eq!(fits(&captured, &here), expected, "{captured} {here}");
    }
}

#[ignore = "needs third-party data: set GREETING_SHARED"]
#[tokio::test]
async fn answers_are_entras_field_by_field() {
    let up = Authority::start();
    let secret = up.secret();
    let app = format!("api://{API}/.default");
    let daemon: &Form<'_> = &[
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON),
        ("client_secret", &secret),
        ("scope", &app),
    ];
    let nil = "00000000-0000-0000-0000-000000000000";
    for (name, changes) in [
        ("token-client-credentials", &[][..]),
        ("token-error-invalid-client", &[("client_secret", "wrong")]),
        (
            "token-error-invalid-scope",
            &[("scope", "api://not-a-registered-resource/.default")],
        ),
        ("token-error-unknown-client", &[("client_id", nil)]),
        (
            "token-error-unsupported-grant-type",
            &[("grant_type", "no_such_grant")],
        ),
    ] {
        let captured = &golden(name)["response"];
        let (status, body) = up.token(&with(daemon, changes)).await;
        assert_eq!(captured["status"], status.as_u16(), "{name}: {body}");
        let captured = &captured["body"];
        assert!(fits(captured, &body), "{name}: {captured} {body}");
    }

    let captured = golden("token-claims-client-credentials");
    let (_, body) = up.token(daemon).await;
    let token = &body["access_token"];
    let header: Value =
        serde_json::from_slice(&part(token.as_str().unwrap().split('.').next().unwrap())).unwrap();
    for (name, value) in captured["header"].as_object().unwrap() {
        let here = header.get(name).unwrap_or(&Value::Null);
        assert!(fits(value, here), "{name}: {here}");
    }
    let claims = claims(token);
    let mut names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        // Captured of an app that has been assigned none.
        .filter(|name| *name != "roles")
        .collect();
    names.sort_unstable();
    assert_eq!(json!(names), captured["claimNames"]);
    for (name, value) in captured["structural"].as_object().unwrap() {
        let here = claims.get(name).unwrap_or(&Value::Null);
        let microsofts = here.as_str().map(|text| {
            text.replace(
                up.0.text("authority_host"),
                "https://login.microsoftonline.com",
            )
        });
        let here = microsofts.map_or(here.clone(), Value::from);
        assert!(fits(value, &here), "{name}: {here}");
    }
}

#[ignore = "needs third-party data: set GREETING_SHARED"]
#[tokio::test]
async fn discovery_is_entras_field_by_field() {
    let up = Authority::start();
    let captured = golden("oidc-discovery.golden");
    let url = up.url("common/v2.0/.well-known/openid-configuration");
    let (_, here) = read(up.0.client.get(url).send().await.unwrap()).await;
    let strings = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    for name in strings(&captured["required_fields"]) {
        assert!(here.get(&name).is_some(), "{name}");
    }
    for (rule, expected) in captured["protocol_values"].as_object().unwrap() {
        let expected = strings(expected);
        // The reference shortens one of its names.
        let values = |suffix: &str| {
            let start = rule.strip_suffix(suffix)?;
            let mut named = here.as_object().unwrap().iter();
            let (_, value) = named.find(|(name, _)| name.starts_with(start))?;
            Some(strings(value))
        };
        if let Some(here) = values("_equals") {
            assert_eq!(here, expected, "{rule}");
        } else if let Some(here) = values("_must_include") {
            assert!(expected.iter().all(|value| here.contains(value)), "{rule}");
        } else if let Some(here) = values("_subset_of") {
            assert!(here.iter().all(|value| expected.contains(value)), "{rule}");
        } else {
            panic!("{rule} is not understood");
        }
    }
    for (name, value) in captured["entra_boolean_values"].as_object().unwrap() {
        // Not advertised, since it is not done (issue 17, point 21).
        if name == "frontchannel_logout_supported" {
            continue;
        }
        if let Some(here) = here.get(name) {
            assert_eq!(here, value, "{name}");
        }
    }
}
