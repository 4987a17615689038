//! Who refused after the gate: the Functions host, or another app than this project's.

use serde_json::Value;

use super::words::said;
use super::{Case, Code, Finding, Sent};
use crate::discovery::challenge::schemes_of;
use crate::provenance::Source;

/// A body that has something to say: not empty, and not the gate's own page.
pub(super) fn has_words(case: &Case<'_>) -> bool {
    /// The gate's page on Windows.
    const WINDOWS: &str = "you do not have permission to view this directory or page";
    let body = case.answer.body.trim().to_lowercase();
    !body.is_empty() && !body.starts_with(WINDOWS)
}

/// 401 or 403 of an app's own.
pub(super) fn app_refused(case: &Case<'_>) -> Finding {
    let summary = match (case.sent, case.met.is_some() || case.answer.from_gate) {
        (Sent::Token(_) | Sent::Unreadable(_), true) => {
            "the gate let the call through, and the app itself refused, in its own words"
        }
        (Sent::Nothing, _) | (_, false) => {
            "this is not the gate's refusal: the app itself, or what stands before it, refused"
        }
    };
    let schemes = schemes_of(case.answer);
    let mut finding = Finding::likely(
        Code::AppRefused,
        summary,
        "the app's own log or documentation says what it wants of this caller; its words are above",
    );
    for name in ["error", "error_description"] {
        if let Some(value) = schemes.iter().find_map(|scheme| scheme.get(name)) {
            finding = finding.saw(name, value, Value::Null, Source::Answer);
        }
    }
    said(finding, case.answer)
}

/// The gate asked for a token and got one; a bare 401 then is the host's, which wants a key.
pub(super) fn function_key(case: &Case<'_>) -> Finding {
    let finding = Finding::likely(
        Code::FunctionKey,
        "the gate took the token, and the Functions host wants a function key",
        "set authLevel to anonymous in the function's function.json, since the gate does the authentication; or send the key in the header x-functions-key",
    );
    said(finding, case.answer)
}

/// 429 (RFC 6585 section 4).
pub(super) fn rate_limited(case: &Case<'_>) -> Finding {
    let wait = case.answer.retry_after.map(|wait| wait.as_secs());
    let fix = match wait {
        Some(wait) => {
            format!("wait {wait} s, or let this wait: greeting-cli call URL --retry 3")
        }
        None => "wait, or let this wait: greeting-cli call URL --retry 3".to_owned(),
    };
    let finding = Finding::proved(Code::RateLimited, "too many calls in a short time", fix);
    let finding = match wait {
        Some(wait) => finding.saw(
            "Retry-After",
            format!("{wait} s"),
            Value::Null,
            Source::Answer,
        ),
        None => finding,
    };
    said(finding, case.answer)
}
