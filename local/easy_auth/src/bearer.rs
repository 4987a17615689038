//! From a request's `Authorization` header to claims that the issuer has signed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::{Map, Value};

use super::claims::{self, Claims};
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
    // A header's value has no control characters but tabs, so this is what `to_str` asks.
    let value = Some(value.as_bytes()).filter(|value| value.is_ascii());
    let value = value.and_then(|value| std::str::from_utf8(value).ok());
    let value = value.ok_or(Reason::MalformedAuthorization)?;
    let (scheme, token) = value
        .split_once(' ')
        .ok_or(Reason::MalformedAuthorization)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Reason::NoToken);
    }
    let token = token.trim_matches(' ');
    let separator = memchr::memchr3(b' ', b',', b'\t', token.as_bytes());
    if token.is_empty() || separator.is_some() {
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
    let token = Jws::read(token)?;
    let by = issuer
        .published(Some(&token.kid))
        .await
        .map_err(Reason::KeysUnavailable)?;
    let key = by.key(&token.kid).ok_or(Reason::UnknownKey)?;
    let claims = token.signed_by(key)?;
    Ok(Signed { claims, by })
}

/// An RS256 token whose signature is not checked yet (RFC 7515 section 3.1).
pub(crate) struct Jws<'a> {
    /// Which key it says it is signed by.
    pub(crate) kid: String,
    /// Header and payload, as they are signed.
    message: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Reads its header.
    ///
    /// # Errors
    /// It is none, or one that Entra ID does not issue.
    pub(crate) fn read(token: &'a str) -> Result<Self, Reason> {
        let parts = token.rsplit_once('.').and_then(|(message, signature)| {
            let (header, payload) = message.rsplit_once('.')?;
            let header = URL_SAFE_NO_PAD.decode(header).ok()?;
            let read = serde_json::from_slice::<Header>(&header).ok()?;
            Some((message, payload, signature, header, read))
        });
        let (message, payload, signature, header, read) = parts.ok_or_else(|| {
            // `alg: none` and unknown algorithms don't parse as a header; they are told apart from
            // rubbish only for the log.
            if token.split('.').count() == 3 {
                Reason::WrongAlgorithm
            } else {
                Reason::MalformedToken
            }
        })?;
        if read.alg != Algorithm::RS256 {
            return Err(Reason::WrongAlgorithm);
        }
        if asks_for_extension(&header) {
            return Err(Reason::UnknownExtension);
        }
        Ok(Self {
            kid: read.kid.ok_or(Reason::UnknownKey)?,
            message,
            payload,
            signature,
        })
    }

    /// Its claims, if `key` has signed them.
    ///
    /// # Errors
    /// It has not, or they are no claims.
    pub(crate) fn signed_by(&self, key: &DecodingKey) -> Result<Claims, Reason> {
        self.holds(key)?;
        self.claims()
    }

    /// Only the signature: what the claims say is decided, and tested, in `decision.rs`.
    fn holds(&self, key: &DecodingKey) -> Result<(), Reason> {
        let message = self.message.as_bytes();
        match jsonwebtoken::crypto::verify(self.signature, message, key, Algorithm::RS256) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Reason::BadSignature),
            // The signature is no base64url.
            Err(_) => Err(Reason::MalformedToken),
        }
    }

    fn claims(&self) -> Result<Claims, Reason> {
        let payload = URL_SAFE_NO_PAD.decode(self.payload).ok();
        let claims = payload.and_then(|payload| claims::read(&payload).ok());
        claims.ok_or(Reason::MalformedToken)
    }
}

/// Whether a token's header names what a reader must understand or refuse (RFC 7515 section
/// 4.1.11), or the one extension that there is (RFC 7797), named or not.
fn asks_for_extension(header: &[u8]) -> bool {
    // A name is written as it is, or with an escape.
    let has = |name: &[u8]| header.windows(name.len()).any(|bytes| bytes == name);
    (has(b"crit") || has(b"b64") || has(b"\\"))
        && serde_json::from_slice::<Map<String, Value>>(header)
            .is_ok_and(|header| header.contains_key("crit") || header.contains_key("b64"))
}

#[cfg(test)]
mod tests;
