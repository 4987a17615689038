//! The decisions of `src/principal.rs`.

use super::*;
use proptest::prelude::*;

fn principal(typ: &str, val: &str) -> Principal {
    Principal {
        auth_typ: "aad".into(),
        claims: vec![Claim {
            typ: typ.into(),
            val: val.into(),
        }],
        name_typ: "name".into(),
        role_typ: "a/b".into(),
    }
}

#[test]
fn writes_what_easy_auth_writes() {
    let json = BASE64
        .decode(principal("http://x/y", "é\"").encode())
        .unwrap();
    assert_eq!(
        String::from_utf8(json).unwrap(),
        r#"{"auth_typ":"aad","claims":[{"typ":"http:\/\/x\/y","val":"é\""}],"name_typ":"name","role_typ":"a\/b"}"#
    );
}

#[test]
fn reads_it_padded_or_not() {
    for val in ["", "1", "12", "123"] {
        let header = principal("t", val).encode();
        assert_eq!(header.len() % 4, 0);
        assert_eq!(
            Principal::decode(header.trim_end_matches('=')),
            Ok(principal("t", val))
        );
    }
}

#[test]
fn errors_and_debug_hold_no_value() {
    let wrong = BASE64.encode(r#"{"auth_typ":"aad","claims":"hunter2"}"#);
    let error = Principal::decode(wrong).unwrap_err();
    assert!(matches!(error, DecodeError::Json));
    assert!(!format!("{error} {error:?} {:?}", principal("scp", "hunter2")).contains("hunter2"));
    assert_eq!(Principal::decode("{}"), Err(DecodeError::Base64));
}

proptest! {
    #[test]
    fn decode_never_panics(bytes in any::<Vec<u8>>(), json in ".*") {
        let _ = Principal::decode(&bytes);
        let _ = Principal::decode(BASE64.encode(bytes));
        let _ = Principal::decode(BASE64.encode(json));
    }

    #[test]
    fn round_trips(auth_typ in ".*", claims in prop::collection::vec((".*", ".*"), 0..8), name_typ in ".*", role_typ in ".*") {
        let claims = claims.into_iter().map(|(typ, val)| Claim { typ, val }).collect();
        let principal = Principal { auth_typ, claims, name_typ, role_typ };
        prop_assert_eq!(Principal::decode(principal.encode()).unwrap(), principal);
    }
}
