//! What `token inspect` prints, at a fixed time and in a fixed time zone.

use jiff::tz::TimeZone;

use super::*;
use crate::discovery::challenge::Version;
use crate::provenance::Source;
use crate::snapshots;

const NOW: i64 = 1_795_500_000;
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const TENANT: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";

fn users_token() -> Value {
    json!({
        "aud": API, "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "iat": NOW - 90, "nbf": NOW - 90, "exp": NOW + 3600, "aio": "AXQAi/8TAAAA",
        "azp": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "azpacr": "0", "name": "Alice Example",
        "oid": "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01", "preferred_username": "alice@contoso.com",
        "rh": "1.AXoA", "scp": "Greeting.Read", "sub": "s0zBqFnPq1zLq4b1r2",
        "tid": TENANT, "uti": "q1BqFnPq1", "ver": "2.0", "xms_tenant_made_this_up": {"a": [1, 2]},
    })
}

fn programs_token() -> Value {
    json!({
        "aud": format!("api://{API}"), "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": NOW - 7200, "nbf": NOW - 7200, "exp": NOW - 3600, "appid": "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22",
        "appidacr": "1", "idtyp": "app", "oid": "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b09",
        "roles": ["Greeting.Read.All"], "sub": "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b09",
        "tid": TENANT, "ver": "1.0",
    })
}

fn inspected(claims: &Value, signature: Signature, expected: &Expected) -> Inspected {
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": "key-1"});
    let sent = Sent::Token(Box::new(Decoded {
        header: header.as_object().unwrap().clone(),
        claims: claims.as_object().unwrap().clone(),
    }));
    let (gate, function) = diagnosis::foresee(&sent, expected, signature, NOW);
    Inspected {
        against: Against::of(expected),
        sent,
        signature,
        gate,
        function,
        now: NOW,
    }
}

fn of_function() -> Expected {
    Expected::of(&Challenge {
        authority: "https://login.microsoftonline.com".into(),
        tenant: TENANT.into(),
        resource: API.into(),
        version: Version::V2,
        scope: None,
        source: Source::Challenge,
    })
}

fn plain(inspected: &Inspected) -> String {
    anstream::adapter::strip_str(&inspected.human(&TimeZone::UTC)).to_string()
}

#[test]
fn tokens_are_told_so() {
    let mut soon = users_token();
    soon["exp"] = (NOW + 200).into();
    let none = Expected::default();
    let mut graph = users_token();
    graph["aud"] = "00000003-0000-0000-c000-000000000000".into();
    graph["scp"] = "Mail.Read User.Read".into();
    for (name, claims, signature, expected) in [
        ("user", users_token(), Signature::Unchecked, &none),
        (
            "user-verified",
            users_token(),
            Signature::Valid,
            &of_function(),
        ),
        ("soon", soon, Signature::Unchecked, &none),
        (
            "program",
            programs_token(),
            Signature::Unchecked,
            &of_function(),
        ),
        ("graph", graph, Signature::Unchecked, &of_function()),
        ("forged", users_token(), Signature::Wrong, &none),
    ] {
        let inspected = inspected(&claims, signature, expected);
        let told = format!(
            "{}\n--- JSON, exit {}\n{}",
            plain(&inspected),
            inspected.exit(),
            pretty(&inspected.json())
        );
        snapshots::is_current(&format!("inspect-{name}"), &told);
        for line in plain(&inspected).lines() {
            let is_exempt = crate::report::fix::is_to_paste(line);
            assert!(line.chars().count() <= 80 || is_exempt, "{line}");
        }
    }
}

#[test]
fn what_is_no_token_is_told_too() {
    let sent = Sent::Unreadable(Decoded::parse("opaque").unwrap_err());
    let none = Expected::default();
    let (gate, function) = diagnosis::foresee(&sent, &none, Signature::Unchecked, NOW);
    let inspected = Inspected {
        against: Against::Nothing,
        sent,
        signature: Signature::Unchecked,
        gate,
        function,
        now: NOW,
    };
    assert_eq!(inspected.exit(), 4);
    let told = plain(&inspected);
    assert!(
        told.contains("would refuse it: not-an-access-token"),
        "{told}"
    );
    assert!(told.contains("would not see it"), "{told}");
}

#[test]
fn exits_are_the_contracts() {
    let none = Expected::default();
    let mut scopeless = users_token();
    scopeless["scp"] = "Other".into();
    for (claims, exit) in [(users_token(), 0), (programs_token(), 4), (scopeless, 5)] {
        assert_eq!(inspected(&claims, Signature::Unchecked, &none).exit(), exit);
    }
}

/// There is a warning in the last five minutes; a success has no finding.
#[test]
fn what_ends_soon_is_warned_of() {
    for (left, warning) in [
        (3600, None),
        (300, None),
        (299, Some("expires in 4 min")),
        (5, Some("expires in 5 s")),
    ] {
        let mut claims = users_token();
        claims["exp"] = (NOW + left).into();
        let inspected = inspected(&claims, Signature::Unchecked, &Expected::default());
        assert_eq!(inspected.warning().as_deref(), warning);
        assert_eq!(inspected.exit(), 0);
    }
}

proptest::proptest! {
    /// Whatever a token contains, the lines that are printed can't control a terminal.
    #[test]
    fn any_claim_is_told(name in "\\PC{0,40}", text in "(?s).{0,200}", number in proptest::prelude::any::<i64>()) {
        let mut claims = users_token();
        claims[&name] = text.clone().into();
        claims["aud"] = text.into();
        claims["exp"] = number.into();
        claims["nbf"] = number.into();
        let told = plain(&inspected(&claims, Signature::Unchecked, &of_function()));
        let steers = |c: char| c.is_control() && c != '\n';
        proptest::prop_assert!(!told.contains(steers), "{told:?}");
    }
}
