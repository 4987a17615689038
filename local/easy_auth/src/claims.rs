//! What a token says of its caller.

use std::fmt;

use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// The claims of a token, in the order in which its issuer wrote them.
pub type Claims = Map<String, Value>;

/// A NumericDate (RFC 7519 section 2), which has to be a JSON number.
pub(crate) fn time(claims: &Claims, name: &str) -> Option<i64> {
    let value = claims.get(name)?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, which is what is wanted"
    )]
    value.as_i64().or_else(|| value.as_f64().map(|t| t as i64))
}

/// The claims that a signed token's payload is.
///
/// # Errors
/// It is no JSON object, or a registered claim is there twice, which may be read either way
/// (RFC 7519 section 4: a reader has to refuse them, or to take the last).
pub(crate) fn read(payload: &[u8]) -> serde_json::Result<Claims> {
    let mut json = serde_json::Deserializer::from_slice(payload);
    let claims = json.deserialize_map(Payload)?;
    json.end()?;
    Ok(claims)
}

/// Registered claims (RFC 7519 section 4.1), and whether each is a text or a number by its
/// definition.
const REGISTERED: [(&str, Form); 5] = [
    ("exp", Form::Single),
    ("nbf", Form::Single),
    ("sub", Form::Single),
    ("iss", Form::Any),
    ("aud", Form::Any),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Neither an array nor an object.
    Single,
    /// Whatever it is, the decision looks at it.
    Any,
}

struct Payload;

impl<'de> Visitor<'de> for Payload {
    type Value = Claims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut payload: M) -> Result<Claims, M::Error> {
        let mut claims = Claims::new();
        while let Some((name, value)) = payload.next_entry::<String, Value>()? {
            let registered = REGISTERED
                .iter()
                .find(|(registered, _)| *registered == name);
            if let Some((registered, form)) = registered {
                let is_several = value.is_array() || value.is_object();
                if claims.contains_key(*registered) || *form == Form::Single && is_several {
                    return Err(M::Error::custom("a registered claim has no single value"));
                }
            }
            claims.insert(name, value);
        }
        Ok(claims)
    }
}
