//! The token's claims beside what is expected of them, where no cause is known.

use super::{BOLD, DIM};
use crate::discovery::challenge::{Challenge, Version};
use crate::terminal::{WIDTH, printable};
use crate::token::Summary;

/// Columns of a claim's name, and of an id.
const NAME: usize = 6;
const VALUE: usize = 36;

/// One line a claim where both sides fit, else two.
pub(super) fn table(token: &Summary, challenge: Option<&Challenge>) -> String {
    let mut text = format!(
        "    {BOLD}{:NAME$}  {:VALUE$}  expected{BOLD:#}\n",
        "claim", "token"
    );
    for (claim, seen) in token.claims() {
        let expected = challenge.map_or(String::new(), |it| of_challenge(claim, it));
        let expected = if !expected.is_empty() && expected == seen {
            "the same".to_owned()
        } else {
            printable(&expected)
        };
        let seen = printable(&seen);
        let line = format!("    {DIM}{claim:NAME$}{DIM:#}  {seen:VALUE$}");
        let used = 4 + NAME + 2 + seen.chars().count().max(VALUE);
        if expected.is_empty() {
            text.push_str(line.trim_end());
        } else if used + 2 + expected.chars().count() <= WIDTH {
            text.push_str(&format!("{line}  {expected}"));
        } else {
            let below = " ".repeat(4 + NAME + 2);
            text.push_str(&format!(
                "{}\n{below}expected:\n{below}{expected}",
                line.trim_end()
            ));
        }
        text.push('\n');
    }
    text
}

/// What a challenge lets expect of a claim; empty: nothing.
fn of_challenge(claim: &str, challenge: &Challenge) -> String {
    match claim {
        "aud" => challenge.resource.clone(),
        // A domain says nothing of the id that stands in a token.
        "iss" | "tid" if challenge.tenant.contains('.') => String::new(),
        "iss" if challenge.version == Version::V2 => {
            format!("{}/{}/v2.0", challenge.authority, challenge.tenant)
        }
        "tid" => challenge.tenant.clone(),
        "scp" => challenge
            .scope
            .iter()
            .flat_map(|asked| asked.scope.split_ascii_whitespace())
            .filter_map(|scope| scope.rsplit('/').next())
            .collect::<Vec<_>>()
            .join(" "),
        _ => String::new(),
    }
}
