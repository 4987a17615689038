//! The headers that only Easy Auth may set: removed from what callers send, added for the app.

mod written;

use std::borrow::Cow;
use std::fmt::Write;

use greeting_server::principal::{Claim, Principal};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Request};
use local_http::arrival::letters;
use local_http::serve::{Peer, Scheme};
use serde_json::Value;

use super::behaviour::{Behaviour, ClaimNames};
use super::claims::Claims;

/// As [`letters`] has them.
const FORGEABLE: [&str; 2] = ["xmsclientprincipal", "xmstoken"];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
/// Characters of an IPv4 address and its port.
const ADDRESS: usize = 21;
const PROVIDER: &str = "aad";
const NAME_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const EMAIL_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
const ROLE_TYPE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// Removes what only the gate may set, whatever the decision.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let forged: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_forgeable(name))
        .cloned()
        .collect();
    for name in forged {
        headers.remove(name);
    }
}

fn is_forgeable(name: &HeaderName) -> bool {
    FORGEABLE.iter().any(|forgeable| {
        let mut name = letters(name);
        forgeable.bytes().all(|letter| name.next() == Some(letter))
    })
}

/// Adds App Service's front end's headers about the caller: `X-Forwarded-For` grows by
/// `address:port`, `X-Forwarded-Proto` and `X-Original-URL` are its own whatever was sent.
pub(crate) fn add_forwarded<B>(request: &mut Request<B>, peer: Peer, scheme: Scheme) {
    let original = request
        .uri()
        .path_and_query()
        .and_then(|path| HeaderValue::from_str(path.as_str()).ok());
    let headers = request.headers_mut();
    let mut hops = String::with_capacity(ADDRESS);
    let before = headers.get_all(FORWARDED_FOR).iter();
    for hop in before.filter_map(|value| value.to_str().ok()) {
        hops += hop;
        hops += ", ";
    }
    // A text takes what is written to it.
    let _ = write!(hops, "{}", peer.address);
    if let Ok(hops) = HeaderValue::try_from(hops) {
        headers.insert(FORWARDED_FOR, hops);
    }
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme.name()));
    if let Some(original) = original {
        headers.insert(ORIGINAL_URL, original);
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
    set("x-ms-client-principal-idp", Some(PROVIDER));
    if let Ok(principal) = HeaderValue::try_from(written::principal(claims, behaviour)) {
        headers.insert(HeaderName::from_static("x-ms-client-principal"), principal);
    }
}

/// What the caller is called: the claim that `name_typ` stands for. The e-mail first (seven public
/// captures of principals with one, 2019 to 2026), else the user name; none for an app.
pub(crate) fn name(claims: &Claims) -> Option<&str> {
    ["email", "unique_name", "preferred_username", "upn"]
        .iter()
        .find_map(|name| claims.get(*name)?.as_str().filter(|name| !name.is_empty()))
}

/// The principal that Easy Auth would make of these claims.
pub(crate) fn principal(claims: &Claims, behaviour: &Behaviour) -> Principal {
    let entries = entries(claims, behaviour).map(|(typ, val)| Claim {
        typ: typ.to_owned(),
        val: val.into_owned(),
    });
    Principal {
        auth_typ: PROVIDER.to_owned(),
        claims: entries.collect(),
        name_typ: name_type(claims).to_owned(),
        role_typ: ROLE_TYPE.to_owned(),
    }
}

/// Its `name_typ`.
fn name_type(claims: &Claims) -> &'static str {
    match claims.get("email").and_then(Value::as_str) {
        None | Some("") => NAME_TYPE,
        Some(_) => EMAIL_TYPE,
    }
}

/// Its claims, by type and value: one entry a value, all strings, the token's order kept (observed).
fn entries<'a>(
    claims: &'a Claims,
    behaviour: &'a Behaviour,
) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
    claims.iter().flat_map(move |(name, value)| {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let typ = match behaviour.claims {
            ClaimNames::Mapped => mapped_name(name, behaviour),
            ClaimNames::Raw => name,
        };
        values.iter().map(move |value| match value {
            Value::String(text) => (typ, Cow::Borrowed(text.as_str())),
            other => (typ, Cow::Owned(other.to_string())),
        })
    })
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
