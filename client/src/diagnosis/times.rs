//! When a token is valid, by this machine's clock and by the gate's.

use serde_json::Value;

use super::{Case, Certainty, Code, Finding};
use crate::clock::{how_long, utc};
use crate::provenance::Source;
use crate::token::Decoded;

/// The difference between clocks that Easy Auth allows, in seconds.
pub(crate) const SKEW: i64 = 300;

/// Expired, or not yet valid.
pub(super) fn of_token(token: &Decoded, now: i64) -> Option<Finding> {
    let at = |time: i64| utc(time).unwrap_or_else(|| time.to_string());
    let Some(exp) = token.time("exp") else {
        let seen = token.claims.get("exp").cloned().unwrap_or(Value::Null);
        let finding = Finding::proved(
            Code::Expired,
            "the token has no readable expiry time (exp)",
            "sign in again for a new one",
        );
        return Some(finding.saw("exp", seen, "a number", Source::Default));
    };
    if exp < now {
        let mut finding = Finding::proved(
            Code::Expired,
            format!(
                "the token expired {} ago",
                how_long(now.saturating_sub(exp))
            ),
            "sign in again for a new one: greeting-cli login URL",
        );
        if exp.saturating_add(SKEW) >= now {
            // The gate may still accept it.
            finding.certainty = Certainty::Likely;
        }
        return Some(finding.saw(
            "exp",
            at(exp),
            format!("after {}", at(now)),
            Source::Default,
        ));
    }
    let nbf = token
        .time("nbf")
        .filter(|nbf| *nbf > now.saturating_add(SKEW))?;
    let wait = how_long(nbf.saturating_sub(now));
    let finding = Finding::proved(
        Code::NotYetValid,
        format!("the token is not valid yet: it will be in {wait}"),
        "set the clock of the machine that issued it, or wait",
    );
    Some(finding.saw(
        "nbf",
        at(nbf),
        format!("before {}", at(now)),
        Source::Default,
    ))
}

/// The findings by this clock and by the gate's. Where they differ, the clocks are the cause.
pub(super) fn of_case(token: &Decoded, case: &Case<'_>) -> Vec<Finding> {
    let here = of_token(token, case.now);
    let Some(date) = case.answer.date.filter(|date| is_off(*date, case.now)) else {
        return here.into_iter().collect();
    };
    let there = of_token(token, date);
    let code = |finding: &Option<Finding>| finding.as_ref().map(|finding| finding.code);
    if code(&here) == code(&there) {
        return here.into_iter().collect();
    }
    // The gate judged by its own clock.
    std::iter::once(clock_skew(case.now, date))
        .chain(there)
        .collect()
}

/// Whether two clocks differ by more than Easy Auth allows.
pub(crate) fn is_off(date: i64, now: i64) -> bool {
    date.abs_diff(now) > SKEW.unsigned_abs()
}

pub(crate) fn clock_skew(now: i64, date: i64) -> Finding {
    let way = if date > now { "behind" } else { "ahead of" };
    Finding::proved(
        Code::ClockSkew,
        format!(
            "this machine's clock is {} {way} the function's",
            how_long(
                date.abs_diff(now)
                    .min(i64::MAX.unsigned_abs())
                    .cast_signed()
            )
        ),
        "set this machine's clock (timedatectl set-ntp true; w32tm /resync), then sign in again",
    )
    .saw("clock", utc(now), utc(date), Source::Answer)
}
