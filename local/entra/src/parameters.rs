//! What the endpoints are asked: a form's parameters, and credentials beside it.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Authority;
use super::error::{AuthorityError, correlation, with_ids};

/// A form's pairs, in their order.
///
/// No `Content-Type` means a form: azure-identity for Java sends none. Another type has no
/// parameters, so that the first one is missed (reported: microsoft-graph-docs#20272); those of
/// the query string don't count (captured: microsoft-graph-docs#9207).
pub(super) struct Pairs(pub Vec<(String, String)>);

impl FromRequest<Authority> for Pairs {
    type Rejection = Response;

    async fn from_request(request: Request, authority: &Authority) -> Result<Self, Response> {
        let is_form = is_form(request.headers());
        let correlation = correlation(request.headers());
        let body = Bytes::from_request(request, authority)
            .await
            .map_err(|rejection| {
                let error = match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => AuthorityError::TooLarge,
                    _ => AuthorityError::Malformed,
                };
                let now = authority.clock().now();
                with_ids(error.response(correlation, now), correlation)
            })?;
        if !is_form {
            return Ok(Self(Vec::new()));
        }
        let pairs = url::form_urlencoded::parse(&body).into_owned();
        Ok(Self(pairs.collect()))
    }
}

/// The tenant segment of an address. One that is no text is a tenant that nobody knows.
pub(super) struct Tenant(pub String);

impl FromRequestParts<Authority> for Tenant {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        authority: &Authority,
    ) -> Result<Self, Response> {
        let segment = Path::<String>::from_request_parts(parts, authority).await;
        segment.map(|Path(tenant)| Self(tenant)).map_err(|_| {
            let raw = parts.uri.path().split('/').nth(1).unwrap_or("");
            let error = AuthorityError::TenantUnknown(raw.to_owned());
            let correlation = correlation(&parts.headers);
            with_ids(
                error.response(correlation, authority.clock().now()),
                correlation,
            )
        })
    }
}

/// Whether a body is a form, by what its header says.
fn is_form(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    kind.to_str().is_ok_and(|kind| {
        let essence = kind.split(';').next().unwrap_or("").trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// A form whose parameters are each there once (RFC 6749 section 3.2); others are ignored.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// What the client declares that it can do: `xms_cc` of the access token in `claims`
    /// (Microsoft: "How to use Continuous Access Evaluation enabled APIs", client capabilities).
    pub(super) fn capabilities(&self) -> Vec<String> {
        let claims = self.get("claims").unwrap_or("");
        let claims: serde_json::Value = serde_json::from_str(claims).unwrap_or_default();
        let values = claims.pointer("/access_token/xms_cc/values");
        let values = values
            .and_then(serde_json::Value::as_array)
            .into_iter()
            .flatten();
        let texts = values.filter_map(serde_json::Value::as_str);
        texts.map(str::to_owned).collect()
    }

    pub(super) fn new(pairs: Vec<(String, String)>) -> Result<Self, AuthorityError> {
        let mut parameters = HashMap::new();
        for (name, value) in pairs {
            if parameters.contains_key(&name) {
                return Err(AuthorityError::ParameterTwice(name));
            }
            parameters.insert(name, value);
        }
        Ok(Self(parameters))
    }

    /// A parameter's value; an empty one is as good as none (MSAL Go sends `code_verifier=`).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, AuthorityError> {
        self.get(name).ok_or(AuthorityError::ParameterMissing(name))
    }
}

/// Client credentials by HTTP Basic, as if they were in the form (RFC 6749 section 2.3.1).
pub(super) fn add_basic(headers: &HeaderMap, pairs: &mut Vec<(String, String)>) {
    let Some(credentials) = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        // A scheme has no letter case (RFC 9110 section 11.1).
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .map(|(_, encoded)| encoded)
        .and_then(|encoded| STANDARD.decode(encoded.trim()).ok())
        .and_then(|decoded| String::from_utf8(decoded).ok())
    else {
        return;
    };
    let (id, secret) = credentials.split_once(':').unwrap_or((&credentials, ""));
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    for (name, value) in [("client_id", id), ("client_secret", secret)] {
        if !value.is_empty() && !pairs.iter().any(|(known, _)| known == name) {
            pairs.push((name.to_owned(), decoded(value)));
        }
    }
}
