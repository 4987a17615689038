//! What is printed of a capture: the probes by their outcome, in 80 columns, or JSON.

mod differences;

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

pub(super) use self::differences::compare;
use crate::cli::Output;
use crate::conformance::capture::Capture;
use crate::conformance::judge::{Outcome, Verdict, of_probes, of_rows};
use crate::conformance::rows;
use crate::terminal::{Unwritten, WIDTH, json as pretty, printable, say, to_value};

/// The exit status where something differs.
const DIFFERS: u8 = 6;

/// Prints what a capture says.
///
/// # Errors
/// It was not written.
pub(super) fn show(
    capture: &Capture,
    kept: Option<&Path>,
    output: Output,
) -> Result<ExitCode, Unwritten> {
    let verdicts = of_probes(capture);
    let count = |outcome| verdicts.iter().filter(|it| it.outcome == outcome).count();
    let differs = count(Outcome::Differs) > 0;
    match output {
        Output::Json => say(&pretty(&json!({
            "outcome": if differs { "differs" } else { "as-expected" },
            "counts": {
                "as-expected": count(Outcome::AsExpected),
                "differs": count(Outcome::Differs),
                "recorded": count(Outcome::Recorded),
                "not-shown": count(Outcome::NotShown),
                "not-asked": count(Outcome::NotAsked),
            },
            "rows": of_rows(&verdicts),
            "probes": verdicts,
            "capture": capture,
            "capture_file": kept,
        })))?,
        Output::Human => {
            say(wrapped("", &printable(&head(capture))).trim_end())?;
            say("")?;
            say(human(&verdicts).trim_end())?;
            if let Some(kept) = kept {
                say(&printable(&format!("written to {}", kept.display())))?;
            }
        }
    }
    Ok(status(differs))
}

/// What was asked, when, and by which tokens.
fn head(capture: &Capture) -> String {
    let kind = to_value(&capture.target.kind);
    let echo = if capture.echo { ", echo app" } else { "" };
    let tokens = match capture.tokens.as_slice() {
        [] => "none".to_owned(),
        tokens => tokens.join(", "),
    };
    format!(
        "{}, asked on {}{echo}; signed tokens: {tokens}",
        kind.as_str().unwrap_or_default(),
        capture.date
    )
}

fn status(differs: bool) -> ExitCode {
    if differs {
        ExitCode::from(DIFFERS)
    } else {
        ExitCode::SUCCESS
    }
}

/// Those that matter most stand last, next to the count.
const GROUPS: [(Outcome, &str); 5] = [
    (Outcome::Recorded, "recorded: nothing is expected"),
    (Outcome::NotAsked, "not asked"),
    (
        Outcome::NotShown,
        "not shown: the answer admits both readings",
    ),
    (Outcome::AsExpected, "as expected"),
    (Outcome::Differs, "differs"),
];

fn human(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for (outcome, title) in GROUPS {
        let mut group = verdicts
            .iter()
            .filter(|it| it.outcome == outcome)
            .peekable();
        if group.peek().is_none() {
            continue;
        }
        text += &format!("{title}\n");
        match outcome {
            Outcome::NotAsked | Outcome::NotShown => text += &by_reason(group),
            _ => group.for_each(|verdict| text += &line(verdict)),
        }
        text.push('\n');
    }
    let counted: Vec<String> = [
        (Outcome::AsExpected, "as expected"),
        (Outcome::Differs, "differ"),
        (Outcome::Recorded, "recorded"),
        (Outcome::NotShown, "not shown"),
        (Outcome::NotAsked, "not asked"),
    ]
    .into_iter()
    .map(|(outcome, word)| {
        let count = verdicts.iter().filter(|it| it.outcome == outcome).count();
        format!("{count} {word}")
    })
    .collect();
    text + &counted.join(", ")
}

fn line(verdict: &Verdict) -> String {
    let status = verdict.status.map(|status| status.to_string());
    let severe = if verdict.severe { "SEVERE: " } else { "" };
    let rows = match verdict.rows.as_slice() {
        [] => "no row".to_owned(),
        rows => {
            let marked = |id: &&str| match rows::named(id) {
                Some(row) => format!("{} {id}", row.mark()),
                None => (*id).to_owned(),
            };
            rows.iter().map(marked).collect::<Vec<_>>().join(", ")
        }
    };
    let said = match verdict.outcome {
        Outcome::Differs => format!("{severe}{} ({rows})", verdict.why),
        _ => rows,
    };
    let said = printable(&said);
    let start = format!("  {:<22}  {}  ", verdict.probe, status.unwrap_or_default());
    wrapped(&start, &said)
}

/// The probes of each reason together.
fn by_reason<'a>(verdicts: impl Iterator<Item = &'a Verdict>) -> String {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for verdict in verdicts {
        match reasons.iter_mut().find(|(why, _)| *why == verdict.why) {
            Some((_, probes)) => probes.push(verdict.probe),
            None => reasons.push((&verdict.why, vec![verdict.probe])),
        }
    }
    reasons
        .into_iter()
        .map(|(why, probes)| {
            let reason = wrapped("  ", &format!("{}:", printable(why)));
            reason + &wrapped("    ", &probes.join(", "))
        })
        .collect()
}

fn wrapped(start: &str, text: &str) -> String {
    let indent = " ".repeat(start.chars().count());
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(start)
        .subsequent_indent(&indent)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options).trim_end().to_owned() + "\n"
}
