//! The decisions of `src/authorize.rs`.

use super::*;
use crate::principal::{Claim, Principal};
use proptest::prelude::*;

fn header(auth_typ: &str, typ: &str, val: &str) -> String {
    let claims = vec![Claim {
        typ: typ.into(),
        val: val.into(),
    }];
    let (name_typ, role_typ) = ("n".into(), "r".into());
    Principal {
        auth_typ: auth_typ.into(),
        claims,
        name_typ,
        role_typ,
    }
    .encode()
}

fn decide(easy_auth: EasyAuth, headers: &[&str]) -> Decision {
    authorize(easy_auth, headers.iter().map(|header| header.as_bytes()))
}

#[test]
fn scopes() {
    let mapped = SCOPE_CLAIMS[1];
    for (typ, val, expected) in [
        ("scp", "Greeting.Read", Decision::Granted),
        (mapped, "Greeting.Read", Decision::Granted),
        ("scp", "openid  Greeting.Read email", Decision::Granted),
        ("scp", "", Decision::MissingScope),
        ("scp", "greeting.read", Decision::MissingScope),
        ("scp", "Greeting.Read.All", Decision::MissingScope),
        (
            "scp",
            "Greeting.ReadWrite,Greeting.Read",
            Decision::MissingScope,
        ),
        ("scp", "openid\tGreeting.Read", Decision::MissingScope),
        ("SCP", "Greeting.Read", Decision::MissingScope),
        ("scope", "Greeting.Read", Decision::MissingScope),
        ("roles", "Greeting.Read", Decision::MissingScope),
    ] {
        assert_eq!(
            decide(EasyAuth::On, &[&header("aad", typ, val)]),
            expected,
            "{typ} {val}"
        );
    }
}

#[test]
fn who_is_authenticated() {
    let good = header("aad", "scp", SCOPE);
    for (headers, expected) in [
        (vec![], Unauthenticated::NoPrincipal),
        (
            vec![good.as_str(), &good],
            Unauthenticated::SeveralPrincipals,
        ),
        (vec!["?"], Unauthenticated::Malformed(DecodeError::Base64)),
        (vec![""], Unauthenticated::Malformed(DecodeError::Json)),
        (
            vec![&header("google", "scp", SCOPE)],
            Unauthenticated::OtherProvider,
        ),
        (
            vec![&header("AAD", "scp", SCOPE)],
            Unauthenticated::OtherProvider,
        ),
    ] {
        assert_eq!(
            decide(EasyAuth::On, &headers),
            Decision::Unauthenticated(expected)
        );
    }
    assert_eq!(decide(EasyAuth::Off, &[&good]), Decision::EasyAuthOff);
}

#[test]
fn only_true_is_on() {
    for value in ["true", "True", "TRUE", "1"] {
        assert_eq!(EasyAuth::from_setting(Some(value)), EasyAuth::On, "{value}");
    }
    for value in [
        None,
        Some(""),
        Some("false"),
        Some("0"),
        Some("yes"),
        Some(" true"),
    ] {
        assert_eq!(EasyAuth::from_setting(value), EasyAuth::Off, "{value:?}");
    }
}

/// What is remembered of a yes is never a yes for other bytes, and a second look is as the first.
#[test]
fn only_the_same_bytes_are_the_same_yes() {
    let good = header("aad", "scp", SCOPE);
    let other = header("aad", "scp", "Greeting.Write");
    let longer = format!("{good}=");
    let shorter = &good[..good.len() - 4];
    let cased = good.to_ascii_lowercase();
    for _ in 0..2 {
        assert_eq!(decide(EasyAuth::On, &[&good]), Decision::Granted);
        assert_eq!(decide(EasyAuth::Off, &[&good]), Decision::EasyAuthOff);
        assert_eq!(decide(EasyAuth::On, &[&other]), Decision::MissingScope);
        for not_granted in [&longer, shorter, &cased, "", "?"] {
            assert!(
                matches!(
                    decide(EasyAuth::On, &[not_granted]),
                    Decision::Unauthenticated(Unauthenticated::Malformed(_))
                ),
                "{not_granted}"
            );
        }
        assert_eq!(
            decide(EasyAuth::On, &[&good, &good]),
            Decision::Unauthenticated(Unauthenticated::SeveralPrincipals)
        );
    }
}

/// The reader that keeps nothing refuses what the principal's own reader refuses.
fn is_read_alike(json: &str) {
    let header = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, json);
    let decision = decide(EasyAuth::On, &[&header]);
    match Principal::decode(&header) {
        Err(why) => assert_eq!(
            decision,
            Decision::Unauthenticated(Unauthenticated::Malformed(why)),
            "{json}"
        ),
        Ok(principal) => {
            let entra = principal.auth_typ == "aad";
            let scope = principal.claims.iter().any(|claim| {
                SCOPE_CLAIMS.contains(&claim.typ.as_str())
                    && claim.val.split(' ').any(|scope| scope == SCOPE)
            });
            let expected = match (entra, scope) {
                (false, _) => Decision::Unauthenticated(Unauthenticated::OtherProvider),
                (true, false) => Decision::MissingScope,
                (true, true) => Decision::Granted,
            };
            assert_eq!(decision, expected, "{json}");
        }
    }
}

#[test]
fn a_principal_is_read_alike_with_and_without_its_claims_kept() {
    let claim = r#"{"typ":"scp","val":"Greeting.Read"}"#;
    for json in [
        format!(r#"{{"auth_typ":"aad","claims":[{claim}]}}"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}]}} x"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}]}}{{}}"#),
        format!(r#"{{"auth_typ":"aad","auth_typ":"aad","claims":[{claim}]}}"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}],"claims":[]}}"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}],"name_typ":1}}"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}],"role_typ":null}}"#),
        format!(r#"{{"auth_typ":"aad","claims":[{claim}],"more":[{{}}]}}"#),
        format!(r#"["aad",[{claim}],"n","r"]"#),
        format!(r#"["aad",[{claim}]]"#),
        format!(r#"{{"auth_typ":null,"claims":[{claim}]}}"#),
        format!(r#"{{"claims":[{claim}]}}"#),
        r#"{"auth_typ":"aad","claims":null}"#.into(),
        r#"{"auth_typ":"aad","claims":{}}"#.into(),
        r#"{"auth_typ":"aad"}"#.into(),
        r#"{"auth_typ":"aad","claims":[{"typ":"scp"}]}"#.into(),
        r#"{"auth_typ":"aad","claims":[{"typ":"scp","val":7}]}"#.into(),
        r#"{"auth_typ":"aad","claims":[{"typ":"scp","typ":"scp","val":"Greeting.Read"}]}"#.into(),
        r#"{"auth_typ":"aad","claims":[["scp","Greeting.Read"]]}"#.into(),
        r#"{"auth_typ":"aad","claims":[{"typ":"sc\u0070","val":"\u0047reeting.Read"}]}"#.into(),
        r#"{"auth_typ":"aad","claims":[{"typ":"scp","val":"\ud800"}]}"#.into(),
    ] {
        is_read_alike(&json);
    }
}

proptest! {
    #[test]
    fn any_json_is_read_alike(
        auth_typ in "(\"aad\"|\"x\"|1|null)",
        claims in proptest::collection::vec(("(scp|SCP|roles|http:..schemas)", "(Greeting.Read|Greeting|\\\\\\\\|[ -~])( Greeting.Read)?"), 0..4),
        cut in 0_usize..400,
    ) {
        let claims: Vec<String> = claims
            .iter()
            .map(|(typ, val)| format!(r#"{{"typ":"{typ}","val":"{val}"}}"#))
            .collect();
        let json = format!(r#"{{"auth_typ":{auth_typ},"claims":[{}]}}"#, claims.join(","));
        is_read_alike(&json);
        is_read_alike(json.get(..cut).unwrap_or(&json));
    }

    #[test]
    fn a_long_principal_is_read_as_a_short_one(claims in 0_usize..2_000) {
        let claims = vec![r#"{"typ":"groups","val":"5f0c39e6-6a52-4f38-9cf8-2b8d2c1f7a10"}"#; claims].join(",");
        is_read_alike(&format!(r#"{{"auth_typ":"aad","claims":[{claims}]}}"#));
    }
}
