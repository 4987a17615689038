//! What the gate's own log says of a refusal, in the catalogue's words.

use serde_json::Value;

use super::words::shown;
use super::{Code, Finding};
use crate::gate_log::Row;
use crate::provenance::Source;

/// Easy Auth's sub-status codes, of its author's public page (cgillum/easyauth, HTTP-Status-Codes,
/// 2020), as far as they are known.
const SUBSTATUS: &[(u16, u16, &str)] = &[
    (
        400,
        73,
        "the sign-in failed: its protocol was violated, or data is missing or malformed",
    ),
    (400, 82, "the provider has no tokens to refresh"),
    (400, 83, "the sign-in failed: the token is not valid"),
    (401, 71, "the caller must be authenticated, and was not"),
    (401, 73, "the sign-in's protocol was violated"),
    (401, 78, "the sign-in is an endless loop of redirects"),
    (401, 83, "the token is not valid"),
    (403, 60, "a request from another site was refused"),
];

/// The numbers of Microsoft.IdentityModel's messages (LogMessages.cs), which the gate logs.
const MESSAGES: &[(&str, Code, &str)] = &[
    (
        "IDX10204",
        Code::WrongTenant,
        "the gate knows no issuer to compare the token's with",
    ),
    (
        "IDX10205",
        Code::WrongTenant,
        "the token's issuer is not the gate's",
    ),
    (
        "IDX10206",
        Code::AudienceMismatch,
        "the token has no audience",
    ),
    ("IDX10211", Code::WrongTenant, "the token has no issuer"),
    (
        "IDX10214",
        Code::AudienceMismatch,
        "the token's audience is not among the gate's allowed ones",
    ),
    (
        "IDX10222",
        Code::NotYetValid,
        "the token is not valid yet by the gate's clock",
    ),
    (
        "IDX10223",
        Code::Expired,
        "the token had expired by the gate's clock",
    ),
    ("IDX10225", Code::Expired, "the token has no expiry"),
    (
        "IDX10400",
        Code::MalformedToken,
        "a part of the token is not base64url",
    ),
    (
        "IDX10500",
        Code::UnknownKey,
        "the gate had no key to check the signature with",
    ),
    (
        "IDX10501",
        Code::UnknownKey,
        "the gate has no key of the token's kid",
    ),
    (
        "IDX10503",
        Code::BadSignature,
        "none of the issuer's keys verifies the signature",
    ),
    ("IDX10504", Code::Unsigned, "the token has no signature"),
    (
        "IDX10511",
        Code::BadSignature,
        "the issuer's key of this kid does not verify the signature",
    ),
    (
        "IDX10603",
        Code::NotAnAccessToken,
        "the token is encrypted, and not for the gate",
    ),
    (
        "IDX10609",
        Code::NotAnAccessToken,
        "the token is encrypted, and not for the gate",
    ),
    (
        "IDX10634",
        Code::WrongAlgorithm,
        "the gate does not take the token's algorithm",
    ),
];

/// The local gate's codes that have another name here.
const LOCAL: &[(&str, Code)] = &[
    ("wrong-issuer", Code::WrongTenant),
    ("tenant-not-allowed", Code::WrongTenant),
    ("no-object-id", Code::PrincipalNotAllowed),
    ("no-session", Code::NoToken),
];

/// What a status and sub-status mean, where that is public.
pub(crate) fn meaning(status: u16, substatus: u16) -> Option<&'static str> {
    SUBSTATUS
        .iter()
        .find(|row| (row.0, row.1) == (status, substatus))
        .map(|row| row.2)
}

/// The cause that a row names. Proved: it is the gate's own word.
pub(crate) fn logged(row: &Row) -> Option<Finding> {
    let (code, summary) = by_message(&row.message).or_else(|| by_substatus(row))?;
    let finding = Finding::proved(code, summary, code.explanation().remedy);
    let finding = match (row.status, row.substatus) {
        (Some(status), Some(substatus)) => finding.saw(
            "status",
            format!("{status}.{substatus}"),
            Value::Null,
            Source::Log,
        ),
        (Some(status), None) => finding.saw("status", status, Value::Null, Source::Log),
        (None, _) => finding,
    };
    Some(finding.saw("log", shown(&row.message), Value::Null, Source::Log))
}

fn by_message(message: &str) -> Option<(Code, String)> {
    let known = MESSAGES
        .iter()
        .find(|(number, _, _)| message.contains(number));
    if let Some((_, code, summary)) = known {
        return Some((*code, (*summary).to_owned()));
    }
    let (code, sentence) = message.split_once(": ")?;
    let named = LOCAL
        .iter()
        .find(|(name, _)| *name == code)
        .map(|(_, code)| *code);
    let code = named.or_else(|| Code::find(code))?;
    Some((code, shown(sentence)))
}

fn by_substatus(row: &Row) -> Option<(Code, String)> {
    let (status, substatus) = (row.status?, row.substatus?);
    let code = match (status, substatus) {
        (401, 71) => Code::NoToken,
        (403, 60) => Code::CrossSite,
        _ => return None,
    };
    Some((code, meaning(status, substatus)?.to_owned()))
}
