//! One row a cause: evidence in, codes out.

mod entailed;

use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::discovery::challenge::{Challenge, Version};
use crate::http::Answer;
use crate::provenance::Source;
use crate::token::{Decoded, NotAToken, Unreadable};

const NOW: i64 = 1_764_000_000;
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const TENANT: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";

fn challenge() -> Challenge {
    Challenge {
        authority: "https://login.microsoftonline.com".into(),
        tenant: TENANT.into(),
        resource: API.into(),
        version: Version::V2,
        scope: None,
        source: Source::Challenge,
    }
}

/// A token that nothing refuses, with these claims instead; `null` takes one away.
fn token(changes: Value) -> Sent {
    token_with(json!({"alg": "RS256", "kid": "k"}), changes)
}

fn token_with(header: Value, changes: Value) -> Sent {
    let mut claims = json!({
        "aud": API, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"), "tid": TENANT,
        "ver": "2.0", "azp": "client", "azpacr": "0", "oid": "user", "scp": "Greeting.Read", "nbf": NOW - 60, "exp": NOW + 3600,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    Sent::Token(Box::new(Decoded {
        header: header.as_object().unwrap().clone(),
        claims: claims.as_object().unwrap().clone(),
    }))
}

struct Call {
    sent: Sent,
    answer: Answer,
    challenged: bool,
    signature: Signature,
}

fn call(sent: Sent, status: u16) -> Call {
    Call {
        sent,
        answer: Answer {
            status,
            ..Answer::default()
        },
        challenged: status == 401,
        signature: Signature::Valid,
    }
}

fn codes(call: &Call) -> Vec<&'static str> {
    let url = Url::parse("https://contoso.example/api/greeting").unwrap();
    let challenge = challenge();
    let expected = Expected::of(&challenge);
    let findings = diagnose(&Case {
        url: &url,
        sent: &call.sent,
        own_headers: &[],
        answer: &call.answer,
        challenge: call.challenged.then_some(&challenge),
        met: None,
        expected: &expected,
        signature: call.signature,
        now: NOW,
    });
    for finding in &findings {
        assert!(
            !finding.summary.is_empty() && !finding.fix.is_empty(),
            "{finding:?}"
        );
    }
    findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[test]
fn each_401_has_its_cause() {
    let graph = "00000003-0000-0000-c000-000000000000";
    let other = "11111111-2222-3333-4444-555555555555";
    let rows: Vec<(Sent, &[&str])> = vec![
        (Sent::Nothing, &["no-token"]),
        (
            Sent::Unreadable(Unreadable::Malformed("cut".into())),
            &["malformed-token"],
        ),
        (
            Sent::Unreadable(Unreadable::NotAToken(NotAToken::Null)),
            &["not-a-token"],
        ),
        (
            Sent::Unreadable(Unreadable::OtherToken("no dots".into())),
            &["not-an-access-token"],
        ),
        (
            token(json!({"scp": null, "azp": null, "nonce": "n", "aud": "client"})),
            &["not-an-access-token"],
        ),
        (token(json!({"aud": graph})), &["wrong-api"]),
        (
            token(json!({"aud": "https://management.azure.com/"})),
            &["wrong-api"],
        ),
        (token(json!({"aud": other})), &["wrong-api"]),
        // The consequence comes after the cause.
        (
            token(json!({"aud": graph, "exp": NOW - 3600})),
            &["wrong-api", "expired"],
        ),
        // The two that look most alike.
        (
            token(json!({"aud": format!("api://{API}")})),
            &["audience-mismatch"],
        ),
        (
            token(
                json!({"aud": format!("api://{API}"), "iss": format!("https://sts.windows.net/{TENANT}/")}),
            ),
            &["issuer-version"],
        ),
        (token(json!({"tid": other})), &["wrong-tenant"]),
        (
            token(json!({"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"})),
            &["wrong-tenant"],
        ),
        (
            token(
                json!({"tid": null, "iss": format!("https://login.microsoftonline.com/{other}/v2.0")}),
            ),
            &["wrong-tenant"],
        ),
        (token(json!({"exp": NOW - 1000})), &["expired"]),
        (token(json!({"exp": null})), &["expired"]),
        (token(json!({"exp": "tomorrow"})), &["expired"]),
        (token(json!({"exp": i64::MIN})), &["expired"]),
        (
            token(json!({"exp": i64::MAX, "nbf": i64::MAX})),
            &["not-yet-valid"],
        ),
        (token(json!({"nbf": NOW + 1000})), &["not-yet-valid"]),
        (token_with(json!({"alg": "none"}), json!({})), &["unsigned"]),
        (
            token_with(json!({"alg": "HS256"}), json!({})),
            &["wrong-algorithm"],
        ),
        // Nothing fits: nothing is guessed.
        (token(json!({})), &[]),
    ];
    for (sent, expected) in rows {
        assert_eq!(codes(&call(sent.clone(), 401)), expected, "{sent:?}");
    }
}

#[test]
fn the_signature_is_judged_where_it_was_checked() {
    for (signature, expected) in [
        (Signature::Wrong, &["bad-signature"][..]),
        (Signature::UnknownKey, &["unknown-key"]),
        (Signature::Valid, &[]),
        (Signature::Unchecked, &[]),
    ] {
        let call = Call {
            signature,
            ..call(token(json!({})), 401)
        };
        assert_eq!(codes(&call), expected);
    }
}

#[test]
fn a_clock_that_is_off_explains_the_times() {
    let at = |date: i64, changes: Value| {
        let mut call = call(token(changes), 401);
        call.answer.date = Some(date);
        codes(&call)
    };
    // Valid by this clock, expired by the gate's.
    assert_eq!(at(NOW + 7200, json!({})), ["clock-skew", "expired"]);
    // Expired by this clock, valid by the gate's: something else refused, and the clock misleads.
    assert_eq!(
        at(NOW - 7200, json!({"exp": NOW - 3600, "nbf": NOW - 10_000})),
        ["clock-skew"]
    );
    // Expired by both: the clock explains nothing.
    assert_eq!(at(NOW + 7200, json!({"exp": NOW - 3600})), ["expired"]);
    assert_eq!(at(NOW + 60, json!({})), [""; 0]);
    assert_eq!(
        at(NOW + 7200, json!({"aud": "https://graph.microsoft.com"})),
        ["wrong-api", "clock-skew", "expired"]
    );
}

#[test]
fn a_401_that_is_not_the_gates_is_said_so() {
    let mut other = call(token(json!({})), 401);
    other.challenged = false;
    other.answer.server = Some("nginx".into());
    assert_eq!(codes(&other), ["not-easy-auth"]);
    other.answer.challenges = vec!["Basic realm=\"proxy\"".into()];
    assert_eq!(codes(&other), ["stripped-authorization"]);
}

#[test]
fn each_403_has_its_cause() {
    let rows: Vec<(Sent, bool, &str, &[&str])> = vec![
        (
            token(json!({"scp": "Profile.Read"})),
            true,
            "",
            &["missing-scope"],
        ),
        (
            token(json!({"scp": "greeting.read"})),
            true,
            "",
            &["missing-scope"],
        ),
        // The two that look most alike.
        (
            token(json!({"scp": null, "roles": ["Greeting.Read.All"]})),
            true,
            "",
            &["app-only-token"],
        ),
        (
            token(json!({"scp": null, "idtyp": "app"})),
            true,
            "",
            &["app-only-token"],
        ),
        (
            token(json!({})),
            false,
            "",
            &["client-not-allowed", "principal-not-allowed"],
        ),
        (
            token(json!({})),
            false,
            "<h1>Error 403 - This web app is stopped.</h1>",
            &["host-forbidden"],
        ),
        (Sent::Nothing, false, "", &["host-forbidden"]),
    ];
    for (sent, from_function, body, expected) in rows {
        let mut call = call(sent, 403);
        call.answer.body = body.into();
        if from_function {
            call.answer.challenges =
                vec!["Bearer error=\"insufficient_scope\", scope=\"Greeting.Read\"".into()];
        }
        assert_eq!(codes(&call), expected);
    }
}

#[test]
fn a_near_miss_is_named() {
    let Sent::Token(token) = token(json!({"scp": "Profile.Read GREETING.READ"})) else {
        unreachable!()
    };
    assert!(
        missing_scope::scope(
            &token,
            &missing_scope::Wanted::of(None, &Expected::default()),
            &Expected::default()
        )
        .unwrap()
        .summary
        .contains("GREETING.READ")
    );
}

#[test]
fn other_answers_have_theirs() {
    type Row = (
        Sent,
        u16,
        Option<&'static str>,
        &'static str,
        &'static [&'static str],
    );
    let rows: [Row; 9] = [
        (token(json!({})), 200, None, "", &[]),
        (Sent::Nothing, 200, None, "", &["easy-auth-off"]),
        (
            token(json!({})),
            500,
            None,
            "Easy Auth is off",
            &["easy-auth-off"],
        ),
        (token(json!({})), 500, None, "oops", &["unexpected-answer"]),
        (
            Sent::Nothing,
            302,
            Some("/.auth/login/aad"),
            "",
            &["easy-auth-redirect"],
        ),
        (
            token(json!({})),
            302,
            Some("https://elsewhere.example/"),
            "",
            &["stripped-authorization"],
        ),
        (token(json!({})), 404, None, "", &["not-found"]),
        (token(json!({})), 502, None, "", &["handler-down"]),
        (token(json!({})), 418, None, "", &["unexpected-answer"]),
    ];
    for (sent, status, location, body, expected) in rows {
        let mut call = call(sent, status);
        call.answer.location = location.map(str::to_owned);
        call.answer.body = body.into();
        assert_eq!(codes(&call), expected, "{status}");
    }
}

#[test]
fn proved_comes_before_likely() {
    let both = token(json!({"aud": format!("api://{API}"), "exp": NOW - 1000}));
    assert_eq!(codes(&call(both, 401)), ["expired", "audience-mismatch"]);
}

proptest! {
    /// Whatever a token says, nothing panics, and a success has no finding.
    #[test]
    fn any_claims_are_survived(aud in "\\PC{0,30}", iss in "\\PC{0,30}", exp in any::<i64>(), nbf in any::<i64>(), date in any::<i64>(), status in 100u16..600) {
        let mut call = call(token(json!({"aud": aud, "iss": iss, "exp": exp, "nbf": nbf})), status);
        call.answer.date = Some(date);
        let found = codes(&call);
        if (200..300).contains(&status) {
            prop_assert!(found.is_empty());
        }
    }
}
