//! What a token says of its caller.

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
