//! The headers that only Easy Auth may set: removed from what callers send, added for the app.

use greeting_server::principal::{Claim, Principal};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};
use local_http::arrival::folded;
use local_http::serve::{Peer, Scheme};
use serde_json::Value;

use super::behaviour::{Behaviour, ClaimNames};
use super::claims::Claims;

/// As [`folded`] has them.
const FORGEABLE: [&str; 2] = ["xmsclientprincipal", "xmstoken"];
const NAME_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const EMAIL_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
const ROLE_TYPE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// Removes what only the gate may set, whatever the decision.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = folded(name);
            FORGEABLE
                .iter()
                .any(|forgeable| name.starts_with(forgeable))
        })
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

/// Adds App Service's front end's headers about the caller: `X-Forwarded-For` grows by
/// `address:port`, `X-Forwarded-Proto` and `X-Original-URL` are its own whatever was sent.
pub(crate) fn add_forwarded<B>(request: &mut Request<B>, peer: Peer, scheme: Scheme) {
    let original = request
        .uri()
        .path_and_query()
        .and_then(|path| HeaderValue::from_str(path.as_str()).ok());
    let headers = request.headers_mut();
    let mut hops: Vec<String> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok().map(str::to_owned))
        .collect();
    hops.push(peer.address.to_string());
    if let Ok(hops) = HeaderValue::from_str(&hops.join(", ")) {
        headers.insert("x-forwarded-for", hops);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static(scheme.name()));
    if let Some(original) = original {
        headers.insert("x-original-url", original);
    }
}

/// Adds the principal headers for `claims`.
pub(crate) fn add(headers: &mut HeaderMap, claims: &Claims, behaviour: &Behaviour) {
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
    set("x-ms-client-principal-name", name(claims));
    set("x-ms-client-principal-idp", Some("aad"));
    set(
        "x-ms-client-principal",
        Some(&principal(claims, behaviour).encode()),
    );
}

/// What the caller is called: the claim that `name_typ` stands for. The e-mail first (seven public
/// captures of principals with one, 2019 to 2026), else the user name; none for an app.
pub(crate) fn name(claims: &Claims) -> Option<&str> {
    ["email", "unique_name", "preferred_username", "upn"]
        .iter()
        .find_map(|name| claims.get(*name)?.as_str().filter(|name| !name.is_empty()))
}

/// The principal that Easy Auth would make of these claims: one entry a value, all strings, the
/// token's order kept (observed).
pub(crate) fn principal(claims: &Claims, behaviour: &Behaviour) -> Principal {
    let name_type = match claims.get("email").and_then(Value::as_str) {
        None | Some("") => NAME_TYPE,
        Some(_) => EMAIL_TYPE,
    };
    let claims = claims
        .iter()
        .flat_map(|(name, value)| {
            let values: Vec<&Value> = match value {
                Value::Array(values) => values.iter().collect(),
                value => vec![value],
            };
            values.into_iter().map(|value| Claim {
                typ: match behaviour.claims {
                    ClaimNames::Mapped => mapped_name(name, behaviour),
                    ClaimNames::Raw => name,
                }
                .to_owned(),
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
        name_typ: name_type.to_owned(),
        role_typ: ROLE_TYPE.to_owned(),
    }
}

/// App Service's default claims mapping, as observed for v1 and v2 tokens.
fn mapped_name<'a>(claim: &'a str, behaviour: &Behaviour) -> &'a str {
    match claim {
        "roles" if !behaviour.legacy_claims => ROLE_TYPE,
        "scp" => "http://schemas.microsoft.com/identity/claims/scope",
        "oid" => "http://schemas.microsoft.com/identity/claims/objectidentifier",
        "tid" => "http://schemas.microsoft.com/identity/claims/tenantid",
        "idp" => "http://schemas.microsoft.com/identity/claims/identityprovider",
        "sub" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        "email" => EMAIL_TYPE,
        "upn" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
        "unique_name" => NAME_TYPE,
        "given_name" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "family_name" => "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "amr" => "http://schemas.microsoft.com/claims/authnmethodsreferences",
        "acr" => "http://schemas.microsoft.com/claims/authnclassreference",
        "auth_time" => {
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationinstant"
        }
        other => other,
    }
}

#[cfg(test)]
mod tests;
