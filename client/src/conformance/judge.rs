//! What a capture says of each probe, and of each row: pure.

use serde::Serialize;

use super::capture::{Capture, NotAsked};
use super::facet::{ANONYMOUS, Facet, Said, Token, accepts_some, refuses_anonymous};
use super::probes::{self, Probe};
use super::rows;

/// What a probe's answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    AsExpected,
    /// Nothing is expected of it: what was answered is not known elsewhere.
    Recorded,
    /// The answer admits both readings.
    NotShown,
    NotAsked,
    Differs,
}

/// A probe's outcome, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) probe: &'static str,
    pub(crate) rows: Vec<&'static str>,
    pub(crate) outcome: Outcome,
    /// It lets somebody in, or lets a caller say who they are.
    pub(crate) severe: bool,
    pub(crate) status: Option<u16>,
    /// What was expected and what was seen, or why nothing is shown or was asked.
    pub(crate) why: String,
}

/// What the capture says of a probe.
pub(crate) fn judge(probe: &Probe, capture: &Capture) -> Verdict {
    let id = probe.question.id;
    let of = match probe.question.method {
        "-" => probe.question.target,
        _ => id,
    };
    let verdict = |outcome, status, why: String| Verdict {
        probe: id,
        rows: probe.rows.split(',').filter(|row| *row != "-").collect(),
        outcome,
        severe: false,
        status,
        why,
    };
    let Some(seen) = capture.answer(of) else {
        let why = capture
            .not_asked(of)
            .map(|NotAsked { because, .. }| because.clone());
        let why = why.unwrap_or_else(|| "the capture has no such probe".into());
        return verdict(Outcome::NotAsked, None, why);
    };
    let status = Some(seen.status);
    if probe.expected == "record" {
        return verdict(Outcome::Recorded, status, String::new());
    }
    let token = token(probe, capture);
    // A gate that accepts no token at all refuses this one without a look at what is wrong with it.
    if token == Token::Signed
        && probe.expected == "principal=none"
        && matches!(seen.status, 401 | 403)
        && !accepts_some(capture)
    {
        return verdict(Outcome::NotShown, status, NONE_ACCEPTED.into());
    }
    let mut silent = None;
    for facet in probe.expected.split(';').filter_map(Facet::parse) {
        match facet.of(seen, capture, token) {
            Said::Agrees => {}
            // Where anonymous callers pass, what they are refused with is not seen.
            Said::Contradicts(_)
                if token == Token::None
                    && by_refusal(&facet)
                    && ![ANONYMOUS, "p44-head"].contains(&id)
                    && !refuses_anonymous(capture) =>
            {
                silent = Some("anonymous callers pass here");
            }
            Said::Contradicts(_) if token == Token::Forged && facet == Facet::Principal => {
                silent = Some(FORGED);
            }
            Said::Contradicts(seen) => {
                let why = format!("{seen}; expected: {}", facet.words());
                return Verdict {
                    severe: facet.is_severe(),
                    ..verdict(Outcome::Differs, status, why)
                };
            }
            Said::Silent(why) => silent = Some(why),
        }
    }
    let of_the_signature = probe.question.token.starts_with("forged:");
    let silent = match token {
        Token::Forged if !of_the_signature => Some(FORGED),
        Token::Forged if !accepts_some(capture) => silent.or(Some(NONE_ACCEPTED)),
        _ => silent,
    };
    match silent {
        Some(why) => verdict(Outcome::NotShown, status, why.into()),
        None => verdict(Outcome::AsExpected, status, String::new()),
    }
}

/// What the capture says of each probe of the table.
pub(crate) fn of_probes(capture: &Capture) -> Vec<Verdict> {
    probes::all().map(|probe| judge(&probe, capture)).collect()
}

/// What the capture says of a row: the weakest of what its probes say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RowVerdict {
    pub(crate) row: &'static str,
    pub(crate) behaviour: &'static str,
    pub(crate) known: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) probes: Vec<&'static str>,
}

/// Each row that probes show.
pub(crate) fn of_rows(verdicts: &[Verdict]) -> Vec<RowVerdict> {
    rows::all()
        .filter_map(|row| {
            let own = verdicts.iter().filter(|it| it.rows.contains(&row.id));
            Some(RowVerdict {
                row: row.id,
                behaviour: row.behaviour,
                known: row.known,
                outcome: own.clone().map(|verdict| verdict.outcome).max()?,
                probes: own.map(|verdict| verdict.probe).collect(),
            })
        })
        .collect()
}

const NONE_ACCEPTED: &str = "no token was seen to be accepted here";

const FORGED: &str = "refused, but its signature alone explains that";

fn by_refusal(facet: &Facet) -> bool {
    matches!(
        facet,
        Facet::Status(_)
            | Facet::Gate
            | Facet::EmptyBody
            | Facet::LinuxChallenge
            | Facet::Server(_)
    )
}

/// The token that the probe had: a signed one where one of its names was at hand.
fn token(probe: &Probe, capture: &Capture) -> Token {
    let mut names = probe.question.token.split('|');
    if names
        .clone()
        .any(|name| capture.tokens.iter().any(|it| it == name))
    {
        Token::Signed
    } else if names.any(|name| name.starts_with("forged:")) {
        Token::Forged
    } else {
        Token::None
    }
}

#[cfg(test)]
mod tests;
