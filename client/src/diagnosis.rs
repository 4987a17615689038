//! Why a call was refused: each cause one pure function over the evidence, so that each can be
//! tested alone. The codes are stable; scripts match on them.
//!
//! - `finding`: what a cause is; `code`: its name for scripts; `case`: the evidence
//! - `gate`: causes of a 401, with `audience` and `times`; `forbidden`: of a 403; `other`: of other
//!   answers; `unreached`: of no answer
//! - `untrusted`: what a function claims and is not trusted
//! - `sign_in`: why there is no token, by `aadsts`, the codes as data
//! - `catalogue`: each cause at length

mod aadsts;
mod audience;
mod case;
pub(crate) mod catalogue;
mod code;
mod finding;
mod forbidden;
mod gate;
mod other;
mod sign_in;
mod times;
mod unreached;
mod untrusted;

pub(crate) use case::{Case, Expected, Sent, Signature};
pub(crate) use code::Code;
pub(crate) use finding::{Certainty, Evidence, Finding};
pub(crate) use gate::no_challenge;
pub(crate) use sign_in::{az_failure, azd_failure, refusal};
pub(crate) use times::{clock_skew, is_off};
pub(crate) use unreached::unreached;
pub(crate) use untrusted::{claimed, first_party, foreign_authority, origin, unconfirmed};

/// The causes of this answer: proved before likely, cause before consequence. None for success.
pub(crate) fn diagnose(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = match case.answer.status {
        200..=299 if matches!(case.sent, Sent::Nothing) => vec![other::easy_auth_off(case)],
        200..=299 => Vec::new(),
        401 => gate::findings(case),
        403 => forbidden::findings(case),
        _ => vec![other::other(case)],
    };
    findings.sort_by_key(|finding| finding.certainty); // stable
    findings
}

/// What would refuse this token, with no call made: the gate's causes, then the function's.
pub(crate) fn foresee(
    sent: &Sent,
    expected: &Expected,
    signature: Signature,
    now: i64,
) -> (Vec<Finding>, Vec<Finding>) {
    let gate = match sent {
        Sent::Nothing => vec![gate::no_token()],
        Sent::Unreadable(why) => vec![gate::unreadable(why)],
        Sent::Token(token) => gate::of_token(token, expected, signature, now),
    };
    let function = match sent {
        Sent::Token(token) => forbidden::scope(token, &forbidden::api(expected, token))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    };
    (gate, function)
}

#[cfg(test)]
mod tests;
