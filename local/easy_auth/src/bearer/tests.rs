use jsonwebtoken::errors::ErrorKind;
use serde_json::json;

use super::super::fuzzing;
use super::super::issuer::keys;
use super::*;

#[test]
fn exactly_one_bearer_token_is_read() {
    for (values, expected) in [
        (&[][..], Err(Reason::NoToken)),
        (&["Bearer a.b.c"], Ok("a.b.c")),
        (&["bearer a.b.c"], Ok("a.b.c")),
        (&["Bearer  a.b.c"], Ok("a.b.c")),
        (&["Basic abc"], Err(Reason::NoToken)),
        (&["Bearer"], Err(Reason::MalformedAuthorization)),
        (&["Bearer "], Err(Reason::MalformedAuthorization)),
        (&["Bearer a b"], Err(Reason::MalformedAuthorization)),
        (&["Bearer a, Bearer b"], Err(Reason::MalformedAuthorization)),
        (
            &["Bearer a", "Bearer b"],
            Err(Reason::MalformedAuthorization),
        ),
    ] {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        assert_eq!(token(&headers), expected, "{values:?}");
    }
}

#[test]
fn point_7_a_header_with_an_extension_is_refused() {
    for (header, expected) in [
        (json!({}), Ok("k")),
        (
            json!({"crit": ["exp"], "exp": 1}),
            Err(Reason::UnknownExtension),
        ),
        (
            json!({"crit": ["b64"], "b64": false}),
            Err(Reason::UnknownExtension),
        ),
        (json!({"b64": false}), Err(Reason::UnknownExtension)),
        (json!({"crit": []}), Err(Reason::UnknownExtension)),
    ] {
        let mut written = json!({"alg": "RS256", "kid": "k"});
        for (name, value) in header.as_object().unwrap() {
            written[name] = value.clone();
        }
        let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(written.to_string()));
        assert_eq!(key_id(&token), expected.map(str::to_owned), "{header}");
    }
}

/// A claim that is there twice may be read either way, so those that decide are refused; and what
/// is no JSON object.
#[test]
fn point_3_what_is_no_claims_is_refused_though_it_is_signed() {
    let key = fuzzing::key();
    for (payload, expected) in [
        ("{}", Some(json!({}))),
        (" {} ", Some(json!({}))),
        (r#"{"oid":"a","oid":"b"}"#, Some(json!({"oid": "b"}))),
        (
            r#"{"exp":1e300,"nbf":-1,"sub":5}"#,
            Some(json!({"exp": 1e300, "nbf": -1, "sub": 5})),
        ),
        (
            r#"{"exp":"1","nbf":true,"iss":null}"#,
            Some(json!({"exp": "1", "nbf": true, "iss": null})),
        ),
        (
            r#"{"aud":[{"a":[1]}],"x":2}"#,
            Some(json!({"aud": [{"a": [1]}], "x": 2})),
        ),
        (r#"{"exp":1,"exp":2}"#, None),
        (r#"{"exp":1,"exp":1}"#, None),
        (r#"{"nbf":1,"nbf":2}"#, None),
        (r#"{"aud":"a","aud":"b"}"#, None),
        (r#"{"iss":"a","iss":"b"}"#, None),
        (r#"{"sub":"a","x":1,"sub":"b"}"#, None),
        (r#"{"e\u0078p":1,"exp":2}"#, None),
        (r#"{"exp":[1]}"#, None),
        (r#"{"nbf":{"a":1}}"#, None),
        (r#"{"sub":["a"]}"#, None),
        (r#"{"exp":1e400}"#, None),
        ("[]", None),
        ("null", None),
        ("", None),
        ("{} {}", None),
        ("{}x", None),
    ] {
        let token = key.token(br#"{"alg":"RS256","kid":"k"}"#, payload.as_bytes());
        let claims = signed(&key.public, &token).ok().map(Value::Object);
        assert_eq!(claims, expected, "{payload}");
    }
}

/// Whether the gate takes the signature; what is signed need not be claims.
fn holds(jwks: &Value, token: &str) -> bool {
    let keys = keys(&serde_json::from_value(jwks.clone()).unwrap());
    let signed = key_id(token).ok().and_then(|kid| {
        let (_, key) = keys.iter().find(|(id, _)| *id == kid)?;
        Some(signed(key, token))
    });
    match signed {
        Some(Ok(_)) => true,
        // The payload is read after the signature.
        Some(Err(error)) => matches!(error.kind(), ErrorKind::Json(_)),
        None => false,
    }
}

#[test]
#[ignore = "needs third-party vectors: set GREETING_SHARED"]
fn known_attacks_on_signatures_and_keys_fail() {
    let shared = std::env::var("GREETING_SHARED").expect("GREETING_SHARED names the folder");
    let (mut held, mut refused) = (0, 0);
    for name in ["json_web_signature", "json_web_key"] {
        let path = format!("{shared}/vectors/wycheproof_{name}.json");
        let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for group in vectors["testGroups"].as_array().unwrap() {
            // No issuer publishes a symmetric key in a JWKS; the test reads it like a published one.
            let public = group.get("public").unwrap_or(&group["private"]);
            let jwks = match public.get("keys") {
                Some(_) => public.clone(),
                None => json!({"keys": [public]}),
            };
            for test in group["tests"].as_array().unwrap() {
                let token = test["jws"].as_str().unwrap();
                // A weakness of how a key was made, which no verifier here looks for.
                if test["comment"] == "rejectsKeyWithRocaVulnerability" {
                    continue;
                }
                let rs256 = jsonwebtoken::decode_header(token)
                    .is_ok_and(|header| header.alg == Algorithm::RS256);
                let expected = test["result"] == "valid" && rs256;
                assert_eq!(holds(&jwks, token), expected, "{name} {}", test["tcId"]);
                *(if expected { &mut held } else { &mut refused }) += 1;
            }
        }
    }
    assert!(
        held >= 5 && refused >= 300,
        "{held} held, {refused} refused"
    );
}
