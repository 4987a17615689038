//! From a request's `Authorization` header to claims that the issuer has signed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

use super::claims::Claims;
use super::issuer::{Issuer, Published};
use super::reason::Reason;

/// The one bearer token of a request (RFC 6750 section 2.1; the scheme ignores case).
///
/// # Errors
/// No token, or an `Authorization` that is not exactly one bearer token.
pub(crate) fn token(headers: &HeaderMap) -> Result<&str, Reason> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Reason::NoToken)?;
    if values.next().is_some() {
        return Err(Reason::MalformedAuthorization);
    }
    let value = value.to_str().map_err(|_| Reason::MalformedAuthorization)?;
    let (scheme, token) = value
        .split_once(' ')
        .ok_or(Reason::MalformedAuthorization)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Reason::NoToken);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || token.contains([' ', ',', '\t']) {
        return Err(Reason::MalformedAuthorization);
    }
    Ok(token)
}

/// Claims, and who has signed them.
pub(crate) struct Signed {
    pub(crate) claims: Claims,
    pub(crate) by: Arc<Published>,
}

/// The claims of `token`, if the issuer's key has signed it with RS256.
///
/// # Errors
/// Why the signature does not hold.
pub(crate) async fn verify(issuer: &Issuer, token: &str) -> Result<Signed, Reason> {
    let kid = key_id(token)?;
    let published = issuer
        .published(Some(&kid))
        .await
        .map_err(Reason::KeysUnavailable)?;
    let claims = check_signature(&published, &kid, token)?;
    Ok(Signed {
        claims,
        by: published,
    })
}

/// Which key an RS256 token says it is signed by.
pub(crate) fn key_id(token: &str) -> Result<String, Reason> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| {
        // `alg: none` and unknown algorithms don't parse as a header; they are told apart from
        // rubbish only for the log.
        if token.split('.').count() == 3 {
            Reason::WrongAlgorithm
        } else {
            Reason::MalformedToken
        }
    })?;
    if header.alg != Algorithm::RS256 {
        return Err(Reason::WrongAlgorithm);
    }
    if asks_for_extension(token) {
        return Err(Reason::UnknownExtension);
    }
    header.kid.ok_or(Reason::UnknownKey)
}

/// Whether a token's header names what a reader must understand or refuse (RFC 7515 section
/// 4.1.11), or the one extension that there is (RFC 7797), named or not.
fn asks_for_extension(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or("");
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    serde_json::from_slice::<Map<String, Value>>(&header)
        .is_ok_and(|header| header.contains_key("crit") || header.contains_key("b64"))
}

fn check_signature(published: &Published, kid: &str, token: &str) -> Result<Claims, Reason> {
    let key = published.key(kid).ok_or(Reason::UnknownKey)?;
    signed(key, token).map_err(|error| match error.kind() {
        jsonwebtoken::errors::ErrorKind::InvalidSignature => Reason::BadSignature,
        _ => Reason::MalformedToken,
    })
}

pub(crate) fn signed(key: &DecodingKey, token: &str) -> jsonwebtoken::errors::Result<Claims> {
    // Only the signature: what the claims say is decided, and tested, in `decision.rs`.
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<Claims>(token, key, &validation).map(|data| data.claims)
}

#[cfg(test)]
mod tests;
