//! Why a call was refused: each cause one pure function over the evidence, so that each can be
//! tested alone. The codes are stable; scripts match on them.
//!
//! - `finding`: what a cause is; `code`: its name for scripts; `case`: the evidence
//! - `in_front`: the platform's refusals, and of what stands before the gate; `behind`: the host's
//!   and the app's; `words`: what any of them says of itself
//! - `gate`: causes of a 401, with `audience`, `issuer` and `times`; `forbidden`: of a 403, with
//!   `missing_scope`; `claims`: a claims challenge; `other`: other answers; `unreached`: no answer
//! - `withheld`: what is not sent at all; `key_store`: what seals kept tokens, and does not answer
//! - `untrusted`: what a function claims and is not trusted
//! - `logged`: what the gate's own log says
//! - `sign_in`: why there is no token, by `aadsts`, the codes as data; `tool`: how az or azd failed
//! - `resource_mismatch`: what metadata that is published leads clients into
//! - `catalogue`: each cause at length; `entailment`: what has to be seen before it is proved

mod aadsts;
mod audience;
mod behind;
mod case;
pub(crate) mod catalogue;
mod claims;
mod code;
mod entailment;
mod finding;
mod forbidden;
mod gate;
mod in_front;
mod issuer;
mod key_store;
mod logged;
mod missing_scope;
mod other;
mod resource_mismatch;
mod sign_in;
mod times;
mod tool;
mod unreached;
mod untrusted;
mod withheld;
mod words;

#[cfg(test)]
pub(crate) use aadsts::fixes as fixes_of_the_authority;
pub(crate) use aadsts::{all_numbers, listed, look_up};
pub(crate) use audience::audience_of_scope;
pub(crate) use case::{Case, Expected, Sent, Signature};
pub(crate) use claims::wanted as claims_wanted;
pub(crate) use code::Code;
pub(crate) use finding::{Certainty, Evidence, Finding};
pub(crate) use gate::no_challenge;
pub(crate) use in_front::standing_in_front;
pub(crate) use key_store::{key_store_fails, key_store_silent};
pub(crate) use logged::{logged, meaning};
pub(crate) use resource_mismatch::resource_of_metadata;
pub(crate) use sign_in::{refusal, with_client_from};
pub(crate) use times::{clock_skew, is_off};
pub(crate) use tool::{ToolFailure, az_failure, azd_failure};
pub(crate) use unreached::{authority_unreached, unreached};
pub(crate) use untrusted::{claimed, first_party, foreign_authority, origin, unconfirmed};
pub(crate) use withheld::{Insistence, Named, withheld};
pub(crate) use words::{everything, ids, without_tokens};

/// The causes of this answer: proved before likely, cause before consequence. None for success.
pub(crate) fn diagnose(case: &Case<'_>) -> Vec<Finding> {
    // Who refused comes first: where the gate was not reached, it refused nothing.
    if let Some(finding) = in_front::finding(case).or_else(|| claims::finding(case)) {
        return vec![finding];
    }
    let mut findings: Vec<Finding> = match case.answer.status {
        200..=299 => other::answered(case),
        401 => gate::findings(case),
        403 => forbidden::findings(case),
        429 => vec![behind::rate_limited(case)],
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
        Sent::Token(token) => {
            let wanted = missing_scope::Wanted::of(None, expected);
            missing_scope::scope(token, &wanted, expected)
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    };
    (gate, function)
}

#[cfg(test)]
mod tests;
