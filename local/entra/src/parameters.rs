//! What the endpoints are asked: a form's parameters, and credentials beside it.

use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::AuthorityError;

/// A form whose parameters are each there once (RFC 6749 section 3.2); others are ignored.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
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
        .and_then(|value| value.strip_prefix("Basic "))
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
