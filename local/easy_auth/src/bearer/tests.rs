use jsonwebtoken::Validation;
use proptest::prelude::*;
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
        let kid = Jws::read(&token).map(|token| token.kid);
        assert_eq!(kid, expected.map(str::to_owned), "{header}");
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
        let token = Jws::read(&token).unwrap();
        let claims = token.signed_by(&key.public).ok().map(Value::Object);
        assert_eq!(claims, expected, "{payload}");
    }
}

/// Whether the gate takes the signature; what is signed need not be claims.
fn holds(jwks: &Value, token: &str) -> bool {
    let keys = keys(&serde_json::from_value(jwks.clone()).unwrap());
    Jws::read(token).is_ok_and(|token| {
        let key = keys.iter().find(|(id, _)| *id == token.kid);
        // The payload is read after the signature.
        key.is_some_and(|(_, key)| token.holds(key).is_ok())
    })
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

/// How a token was read before it was read once: by jsonwebtoken alone.
fn read_by_jsonwebtoken(key: &DecodingKey, token: &str) -> Result<Claims, Reason> {
    let header =
        jsonwebtoken::decode_header(token).map_err(|_| match token.split('.').count() {
            3 => Reason::WrongAlgorithm,
            _ => Reason::MalformedToken,
        })?;
    if header.alg != Algorithm::RS256 {
        return Err(Reason::WrongAlgorithm);
    }
    let first = token.split('.').next().unwrap();
    let names = URL_SAFE_NO_PAD.decode(first).unwrap();
    let names: Map<String, Value> = serde_json::from_slice(&names).unwrap_or_default();
    if names.contains_key("crit") || names.contains_key("b64") {
        return Err(Reason::UnknownExtension);
    }
    header.kid.ok_or(Reason::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    match jsonwebtoken::decode::<Claims>(token, key, &validation) {
        Ok(data) => Ok(data.claims),
        Err(error) => Err(match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => Reason::BadSignature,
            _ => Reason::MalformedToken,
        }),
    }
}

/// JSON that a header or a payload may be, or nearly.
fn parts(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("\"RS256\"".to_owned()),
        Just("null".to_owned()),
        Just("[1]".to_owned()),
        Just("[\"a\"]".to_owned()),
        Just("{\"a\":[]}".to_owned()),
        Just("\"k\"".to_owned()),
        Just("1e400".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        ".{0,8}".prop_map(|text| Value::from(text).to_string()),
    ];
    let member = (proptest::sample::select(names), value);
    let object = proptest::collection::vec(member, 0..6).prop_map(|members| {
        let members: Vec<String> = members
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![8 => object, 1 => ".{0,12}"]
}

proptest! {
    /// Accepted, refused and for which reason: as before, whatever header and payload are.
    #[test]
    fn point_3_a_token_is_read_as_jsonwebtoken_reads_it(
        start in prop_oneof![Just("{\"alg\":\"RS256\",\"kid\":\"k\""), Just("{\"alg\":\"RS256\""), Just("{\"x\":1")],
        more in parts(&["alg", "kid", "typ", "crit", "b64", "b6\\u0034", "cr\\u0069t", "x5c", "jwk", "own"]),
        payload in parts(&["exp", "nbf", "sub", "iss", "aud", "oid", "e\\u0078p"]),
        spoilt in proptest::option::of((0..4000_usize, ".")),
    ) {
        let header = match more.strip_prefix('{') {
            Some("}") | None => format!("{start}}}"),
            Some(members) => format!("{start},{members}"),
        };
        let key = fuzzing::key();
        let mut token = key.token(header.as_bytes(), payload.as_bytes());
        if let Some((at, other)) = spoilt {
            let at = at % token.len();
            token.replace_range(at..=at, &other);
        }
        let read = Jws::read(&token).and_then(|token| token.signed_by(&key.public));
        prop_assert_eq!(read, read_by_jsonwebtoken(&key.public, &token), "{} {}", header, payload);
    }

    /// As `HeaderValue::to_str` and a search for each character find it.
    #[test]
    fn point_3_the_header_is_read_as_text(value in "[Bb]earer[ \ta-c,é\u{7f}\u{80}-\u{ff}.]{0,12}|.{0,12}") {
        let Ok(value) = hyper::header::HeaderValue::from_bytes(value.as_bytes()) else {
            return Ok(());
        };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.clone());
        let malformed = Err(Reason::MalformedAuthorization);
        let expected = match value.to_str().ok().and_then(|text| text.split_once(' ')) {
            None => malformed,
            Some((scheme, _)) if !scheme.eq_ignore_ascii_case("bearer") => Err(Reason::NoToken),
            Some((_, token)) => match token.trim_matches(' ') {
                "" => malformed,
                token if token.contains([' ', ',', '\t']) => malformed,
                token => Ok(token),
            },
        };
        prop_assert_eq!(token(&headers), expected);
    }
}
