//! A claims challenge: the API wants a token with more in it (Microsoft's claims challenges and
//! continuous access evaluation; OpenID Connect Core section 5.5).

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::words::said;
use super::{Case, Code, Finding};
use crate::discovery::challenge::schemes_of;
use crate::http::Answer;
use crate::provenance::Source;

/// The claims that an answer asks for, decoded. SDKs write base64 in either alphabet, padded or
/// not; what decodes to nothing asks for nothing.
pub(crate) fn wanted(answer: &Answer) -> Option<Value> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    schemes_of(answer)
        .iter()
        .filter(|scheme| scheme.get("error") == Some("insufficient_claims"))
        .find_map(|scheme| {
            let claims = scheme.get("claims")?;
            [STANDARD, URL_SAFE].iter().find_map(|alphabet| {
                let bytes = GeneralPurpose::new(alphabet, lenient).decode(claims).ok()?;
                serde_json::from_slice(&bytes).ok().filter(Value::is_object)
            })
        })
}

pub(super) fn finding(case: &Case<'_>) -> Option<Finding> {
    let claims = wanted(case.answer)?;
    let finding = Finding::proved(
        Code::ClaimsRequired,
        "the API wants a newer sign-in, or more claims, than this token has",
        "sign in with these claims, on a terminal: greeting-cli call URL --credential browser",
    );
    Some(said(
        finding.saw("claims", claims.to_string(), Value::Null, Source::Answer),
        case.answer,
    ))
}
