//! A token for people: questions and answers, then the verdict.

use std::fmt::Write as _;

use anstyle::Style;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::claims::{GROUPS, OTHERS, of_value};
use super::{Against, Inspected};
use crate::clock::how_long;
use crate::diagnosis::{Finding, Sent, Signature};
use crate::report::finding_text;
use crate::terminal::{WIDTH, printable};
use crate::token::Decoded;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
/// Columns of a claim's name, the longest common one's.
const NAME: usize = 18;

impl Inspected {
    /// The whole of it, in the time zone given.
    pub(super) fn human(&self, zone: &TimeZone) -> String {
        let mut text = String::new();
        if let Sent::Token(token) = &self.sent {
            for (question, claims) in GROUPS {
                let mut lines = String::new();
                for (name, meaning) in *claims {
                    if let Some(value) = token.claims.get(*name) {
                        lines.push_str(&self.claim(name, value, meaning, zone));
                    }
                }
                push_group(&mut text, question, &lines);
            }
            push_group(&mut text, "also", &others(token));
            push_group(&mut text, "signed", &header(token));
        }
        push_group(&mut text, "verdict", &self.verdict());
        for finding in self.gate.iter().chain(&self.function) {
            text.push('\n');
            text.push_str(&finding_text(finding));
        }
        text
    }

    fn claim(&self, name: &str, value: &Value, meaning: &str, zone: &TimeZone) -> String {
        let shown = plain(value);
        let is_time = matches!(name, "iat" | "nbf" | "exp" | "auth_time");
        if let Some(at) = value.as_i64().filter(|_| is_time) {
            line(name, &moment(at, self.now, zone), meaning)
        } else {
            let known = of_value(name, &shown);
            line(name, &shown, known.as_deref().unwrap_or(meaning))
        }
    }

    fn verdict(&self) -> String {
        let would = |findings: &[Finding], fine: &str| match findings {
            [] => fine.to_owned(),
            findings => {
                let codes: Vec<&str> = findings
                    .iter()
                    .map(|finding| finding.code.as_str())
                    .collect();
                format!("would refuse it: {}", codes.join(", "))
            }
        };
        let function = match (&self.sent, self.gate.is_empty()) {
            (Sent::Token(_), true) => would(&self.function, "would answer"),
            (Sent::Token(_), false) if self.function.is_empty() => {
                "would answer, if the gate accepted it".to_owned()
            }
            (Sent::Token(_), false) => would(&self.function, ""),
            _ => "would not see it".to_owned(),
        };
        let signature = match self.signature {
            Signature::Unchecked => "not checked (--verify)",
            Signature::Valid => "valid: the issuer signed it",
            Signature::Wrong => "wrong",
            Signature::UnknownKey => "made with a key that the issuer does not publish",
        };
        let accept = match self.against {
            Against::Gate => "would accept it",
            Against::Nothing => "would accept it, if it is for its API (--url URL compares)",
        };
        let mut text = line("the gate", &would(&self.gate, accept), "");
        text.push_str(&line("the function", &function, ""));
        text.push_str(&line("the signature", signature, ""));
        if let Some(warning) = self.warning() {
            text.push_str(&line("soon", &warning, ""));
        }
        text
    }
}

fn push_group(text: &mut String, question: &str, lines: &str) {
    if !lines.is_empty() {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{gap}{BOLD}{question}{BOLD:#}\n{lines}");
    }
}

fn others(token: &Decoded) -> String {
    let asked = |name: &str| {
        GROUPS
            .iter()
            .any(|(_, claims)| claims.iter().any(|(known, _)| *known == name))
    };
    token
        .claims
        .iter()
        .filter(|(name, _)| !asked(name))
        .map(|(name, value)| {
            let meaning = OTHERS.iter().find(|(known, _)| known == name);
            line(
                name,
                &plain(value),
                meaning.map_or("", |(_, meaning)| meaning),
            )
        })
        .collect()
}

fn header(token: &Decoded) -> String {
    let value = |name: &str| token.header.get(name).map_or("(none)".to_owned(), plain);
    let mut text = line("alg", &value("alg"), "the algorithm");
    text.push_str(&line("kid", &value("kid"), "which of the issuer's keys"));
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// Name, value and meaning. What does not fit its line goes below; ids and addresses are pasted,
/// so they are broken only where they are longer than a line.
fn line(name: &str, value: &str, meaning: &str) -> String {
    let (name, value) = (printable(name), printable(value));
    let indent = " ".repeat(NAME + 4);
    let begun = format!("  {name:<NAME$}  ");
    let told = if fits(&begun, &value) {
        format!("{begun}{value}")
    } else if value.contains(' ') || begun.len() + value.chars().count() <= WIDTH {
        let options = textwrap::Options::new(WIDTH)
            .initial_indent(&begun)
            .subsequent_indent(&indent)
            .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        textwrap::fill(&value, options)
    } else {
        let below = textwrap::Options::new(WIDTH)
            .initial_indent("    ")
            .subsequent_indent("    ")
            .word_splitter(textwrap::WordSplitter::NoHyphenation)
            .word_separator(textwrap::WordSeparator::AsciiSpace);
        format!("  {name}\n{}", textwrap::fill(&value, below))
    };
    let last = told.lines().last().unwrap_or_default().chars().count();
    if meaning.is_empty() {
        format!("{}\n", told.trim_end())
    } else if last + 4 + meaning.chars().count() <= WIDTH {
        format!("{told}  {DIM}({meaning}){DIM:#}\n")
    } else {
        format!("{told}\n{indent}{DIM}({meaning}){DIM:#}\n")
    }
}

/// Whether nothing is to be wrapped: most values fit, and wrapping takes longer than writing them.
fn fits(begun: &str, value: &str) -> bool {
    let is_plain = value.is_ascii() && !value.is_empty() && !value.ends_with(' ');
    is_plain && begun.is_ascii() && begun.len() + value.len() <= WIDTH
}

/// Local time and how far away.
fn moment(at: i64, now: i64, zone: &TimeZone) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(at) else {
        return at.to_string();
    };
    let local = zone.to_datetime(moment);
    let away = if at > now {
        format!("in {}", how_long(at.saturating_sub(now)))
    } else {
        format!("{} ago", how_long(now.saturating_sub(at)))
    };
    format!("{} ({away})", local.strftime("%Y-%m-%d %H:%M:%S"))
}
