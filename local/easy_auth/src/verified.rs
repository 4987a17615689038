//! A caller whose claims their issuer has signed, and the headers that the app is given of them.

use std::fmt;

use hyper::HeaderMap;
use serde_json::Value;

use super::behaviour::Behaviour;
use super::claims::Claims;
use super::headers;

/// Claims that their issuer has signed, and the headers of them, made once.
#[derive(Clone, PartialEq)]
pub struct Verified {
    claims: Claims,
    headers: HeaderMap,
}

impl Verified {
    /// What a gate of this behaviour makes of the claims.
    pub(crate) fn new(claims: Claims, behaviour: &Behaviour) -> Self {
        let mut headers = HeaderMap::new();
        headers::add(&mut headers, &claims, behaviour);
        Self { claims, headers }
    }

    /// What the issuer has signed.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The headers that the app sees of the caller.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Sets them, instead of any of their names that are there.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            // Both are counted references to the same bytes.
            headers.insert(name.clone(), value.clone());
        }
    }

    /// About how many bytes of memory it holds.
    pub(crate) fn bytes(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| PER_HEADER + name.as_str().len() + value.len());
        size_of::<Self>() + headers.sum::<usize>() + members(&self.claims)
    }
}

/// Of a header's place in its map, which is up to half empty.
const PER_HEADER: usize = 256;
/// Of a member's place in its object: hash, name, value and index, in lists up to half empty.
const PER_MEMBER: usize = 2 * (8 + size_of::<(String, Value)>() + 8);

fn members(object: &Claims) -> usize {
    let each = object.iter();
    each.map(|(name, value)| PER_MEMBER + name.len() + held(value))
        .sum()
}

/// Beside the value's own place.
fn held(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(values) => {
            values.capacity() * size_of::<Value>() + values.iter().map(held).sum::<usize>()
        }
        Value::Object(object) => members(object),
    }
}

/// Claims are personal data and must not reach a log through `{:?}`.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.claims.keys().collect();
        write!(f, "Verified({names:?})")
    }
}
