//! The headers that only Easy Auth may set: removed from what callers send, added for the app.

use greeting_server::principal::{Claim, Principal};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::decision::Claims;

const PRINCIPAL: &str = "x-ms-client-principal";
const TOKENS: &str = "x-ms-token-";
const NAME_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE_TYPE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// Removes what only the gate may set, whatever the decision. `_` counts as `-`: CGI-like
/// servers behind `--upstream` can't tell the two apart.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str().replace('_', "-");
            name.starts_with(PRINCIPAL) || name.starts_with(TOKENS)
        })
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

/// Adds the principal headers for `claims`.
pub(crate) fn add(headers: &mut HeaderMap, claims: &Claims) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let mut set = |name: &'static str, value: Option<&str>| {
        // A name that HTTP can't carry is left out; the principal has it, in base64.
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set(
        "x-ms-client-principal-id",
        text("oid").or_else(|| text("sub")),
    );
    set(
        "x-ms-client-principal-name",
        ["unique_name", "preferred_username", "upn", "email"]
            .iter()
            .find_map(|name| text(name)),
    );
    set("x-ms-client-principal-idp", Some("aad"));
    set("x-ms-client-principal", Some(&principal(claims).encode()));
}

/// The principal that Easy Auth would make of these claims: one entry a value, all strings, the
/// token's order kept (observed).
fn principal(claims: &Claims) -> Principal {
    let claims = claims
        .iter()
        .flat_map(|(name, value)| {
            let values: Vec<&Value> = match value {
                Value::Array(values) => values.iter().collect(),
                value => vec![value],
            };
            values.into_iter().map(|value| Claim {
                typ: mapped_name(name).to_owned(),
                val: match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
            })
        })
        .collect();
    Principal {
        auth_typ: "aad".to_owned(),
        claims,
        name_typ: NAME_TYPE.to_owned(),
        role_typ: ROLE_TYPE.to_owned(),
    }
}

/// App Service's default claims mapping, as observed for v1 and v2 tokens.
fn mapped_name(claim: &str) -> &str {
    match claim {
        "scp" => "http://schemas.microsoft.com/identity/claims/scope",
        "oid" => "http://schemas.microsoft.com/identity/claims/objectidentifier",
        "tid" => "http://schemas.microsoft.com/identity/claims/tenantid",
        "idp" => "http://schemas.microsoft.com/identity/claims/identityprovider",
        "sub" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "email" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "upn" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        "unique_name" => NAME_TYPE,
        "given_name" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "family_name" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "amr" => "http://schemas.microsoft.com/claims/authnmethodsreferences",
        "acr" => "http://schemas.microsoft.com/claims/authnclassreference",
        other => other,
    }
}

#[cfg(test)]
mod tests {
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
        add(&mut headers, claims.as_object().unwrap());
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
}
