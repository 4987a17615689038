//! The decisions of `src/authorize.rs`.

use super::*;
use crate::principal::Claim;

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
