use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn forged_headers_are_removed_in_every_spelling() {
    let mut headers = HeaderMap::new();
    for name in [
        "x-ms-client-principal",
        "X-MS-CLIENT-PRINCIPAL-ID",
        "x_ms_client_principal",
        "x-ms_client-principal",
        "x-ms-client-principal-anything",
        "x-ms-token-aad-access-token",
        "x-ms-other",
    ] {
        headers.append(name.parse::<HeaderName>().unwrap(), "1".parse().unwrap());
    }
    strip(&mut headers);
    assert_eq!(
        headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
        ["x-ms-other"]
    );
}

#[test]
fn the_principal_is_what_easy_auth_makes_of_the_token() {
    let claims = json!({"aud": "api", "exp": 5, "scp": "Greeting.Read", "roles": ["a", "b"],
        "oid": "id", "preferred_username": "zoë@greeting.test"});
    let mut headers = HeaderMap::new();
    add(
        &mut headers,
        claims.as_object().unwrap(),
        &Behaviour::default(),
    );
    assert_eq!(headers["x-ms-client-principal-id"], "id");
    assert_eq!(headers["x-ms-client-principal-idp"], "aad");
    let encoded = headers["x-ms-client-principal"].to_str().unwrap();
    let principal = Principal::decode(encoded.as_bytes()).unwrap();
    let got: Vec<(&str, &str)> = principal
        .claims
        .iter()
        .map(|claim| (claim.typ.as_str(), claim.val.as_str()))
        .collect();
    assert_eq!(
        got,
        [
            ("aud", "api"),
            ("exp", "5"),
            (
                "http://schemas.microsoft.com/identity/claims/scope",
                "Greeting.Read"
            ),
            ("roles", "a"),
            ("roles", "b"),
            (
                "http://schemas.microsoft.com/identity/claims/objectidentifier",
                "id"
            ),
            ("preferred_username", "zoë@greeting.test"),
        ]
    );
}

#[test]
fn names_are_mapped_as_the_switches_say() {
    let claims = json!({"scp": "s", "roles": ["r"]});
    let names = |behaviour: &Behaviour| {
        principal(claims.as_object().unwrap(), behaviour)
            .claims
            .into_iter()
            .map(|claim| claim.typ)
            .collect::<Vec<_>>()
    };
    let long = "http://schemas.microsoft.com/identity/claims/scope";
    assert_eq!(names(&Behaviour::default()), [long, "roles"]);
    let raw = Behaviour {
        claims: ClaimNames::Raw,
        ..Behaviour::default()
    };
    assert_eq!(names(&raw), ["scp", "roles"]);
    let modern = Behaviour {
        legacy_claims: false,
        ..Behaviour::default()
    };
    assert_eq!(names(&modern), [long, ROLE_TYPE]);
}

#[test]
fn what_the_app_would_read_as_the_gates_header_is_removed() {
    for name in [
        "x-ms-client-principal",
        "X-MS-CLIENT-PRINCIPAL-ID",
        "x_ms_client_principal",
        "X.MS.CLIENT.PRINCIPAL",
        "x-ms.client_principal!name",
        "x~ms|client'principal",
        "xmsclientprincipal",
        "x-ms-client-principal-of-tomorrow",
        "x-ms-token-aad-access-token",
        "X.MS.TOKEN.AAD.ID.TOKEN",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_static("forged"),
        );
        strip(&mut headers);
        assert!(headers.is_empty(), "{name}");
    }
    for name in [
        "x-ms-client-request-id",
        "x-ms-version",
        "authorization",
        "x-principal",
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static("kept"),
        );
        strip(&mut headers);
        assert_eq!(headers.len(), 1, "{name}");
    }
}

/// `name_typ` and the name's header, by what a token has.
#[test]
fn point_30_the_name_is_the_mail_where_a_token_has_one() {
    for (claims, name_type, name) in [
        (
            json!({"email": "m@mail.example", "preferred_username": "u@t.example"}),
            EMAIL_TYPE,
            Some("m@mail.example"),
        ),
        (
            json!({"email": "m@mail.example", "unique_name": "u@t.example", "upn": "u@t.example"}),
            EMAIL_TYPE,
            Some("m@mail.example"),
        ),
        (
            json!({"preferred_username": "u@t.example"}),
            NAME_TYPE,
            Some("u@t.example"),
        ),
        (
            json!({"upn": "p@t.example", "unique_name": "u@t.example"}),
            NAME_TYPE,
            Some("u@t.example"),
        ),
        (
            json!({"email": "", "upn": "p@t.example"}),
            NAME_TYPE,
            Some("p@t.example"),
        ),
        (json!({"oid": "app"}), NAME_TYPE, None),
    ] {
        let claims = claims.as_object().unwrap();
        let mut headers = HeaderMap::new();
        add(&mut headers, claims, &Behaviour::default());
        let sent = headers.get("x-ms-client-principal-name");
        assert_eq!(sent.map(|sent| sent.to_str().unwrap()), name, "{claims:?}");
        let principal = principal(claims, &Behaviour::default());
        assert_eq!(principal.name_typ, name_type, "{claims:?}");
    }
}

#[test]
fn point_35_a_name_that_is_not_ascii_is_sent_as_utf_8_and_is_whole_in_the_principal() {
    let claims = json!({"preferred_username": "zoë@greeting.test"});
    let claims = claims.as_object().unwrap();
    let mut headers = HeaderMap::new();
    add(&mut headers, claims, &Behaviour::default());
    let name = headers["x-ms-client-principal-name"].as_bytes();
    assert_eq!(name, "zoë@greeting.test".as_bytes());
    let sent = headers["x-ms-client-principal"].as_bytes();
    let sent = Principal::decode(sent).unwrap();
    assert_eq!(sent.claims[0].val, "zoë@greeting.test");
}

#[test]
fn a_daemon_has_no_name() {
    let claims = json!({"aud": "api", "sub": "s", "roles": ["r"]});
    let mut headers = HeaderMap::new();
    add(
        &mut headers,
        claims.as_object().unwrap(),
        &Behaviour::default(),
    );
    assert_eq!(headers["x-ms-client-principal-id"], "s");
    assert!(!headers.contains_key("x-ms-client-principal-name"));
}

/// Byte for byte what was captured for a v2 token.
#[test]
#[ignore = "needs third-party data: set GREETING_SHARED"]
fn the_principal_is_the_captured_one() {
    let shared = std::env::var("GREETING_SHARED").expect("GREETING_SHARED names the folder");
    let golden = std::fs::read(format!("{shared}/golden/client-principal-v2.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    let captured = golden["decoded"].as_str().unwrap();
    let shape: Value = serde_json::from_str(captured).unwrap();
    // The token that it came from: the short names, numbers as numbers.
    let token: Claims = shape["claims"]
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| {
            let typ = claim["typ"].as_str().unwrap();
            let short = ["scp", "oid", "tid", "sub"]
                .into_iter()
                .find(|name| mapped_name(name, &Behaviour::default()) == typ)
                .unwrap_or(typ);
            let text = claim["val"].as_str().unwrap();
            let value = if ["iat", "nbf", "exp"].contains(&short) {
                json!(text.parse::<i64>().unwrap())
            } else {
                json!(text)
            };
            (short.to_owned(), value)
        })
        .collect();
    use base64::Engine;
    let ours = principal(&token, &Behaviour::default()).encode();
    let ours = base64::engine::general_purpose::STANDARD
        .decode(ours)
        .unwrap();
    assert_eq!(String::from_utf8(ours).unwrap(), captured);
}

/// Claims of every kind of value.
fn any_claims() -> impl Strategy<Value = Claims> {
    let single = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
        "[/\\\\\"\n\u{1}a]{0,12}".prop_map(Value::from),
    ];
    let value = single.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((".{0,4}", inner), 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let name = prop_oneof![
        proptest::sample::select(vec!["email", "roles", "scp", "oid", "sub", "groups", "amr"])
            .prop_map(str::to_owned),
        ".{0,8}",
    ];
    proptest::collection::vec((name, value), 0..8).prop_map(|claims| claims.into_iter().collect())
}

proptest! {
    /// The same bytes as by way of [`Principal`].
    #[test]
    fn point_3_the_header_is_the_principals_encoding(claims in any_claims(), is_raw: bool, legacy: bool) {
        let behaviour = Behaviour {
            claims: if is_raw { ClaimNames::Raw } else { ClaimNames::Mapped },
            legacy_claims: legacy,
            ..Behaviour::default()
        };
        let principal = principal(&claims, &behaviour);
        prop_assert_eq!(written::principal(&claims, &behaviour), principal.encode());
        // And what it says is what each claim says.
        let said: Vec<String> = principal.claims.iter().map(|claim| claim.val.clone()).collect();
        let expected: Vec<String> = claims
            .values()
            .flat_map(|value| match value {
                Value::Array(values) => values.clone(),
                other => vec![other.clone()],
            })
            .map(|value| match value {
                Value::String(text) => text,
                other => other.to_string(),
            })
            .collect();
        prop_assert_eq!(said, expected);
    }
}
