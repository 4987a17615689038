//! The report on a call, for people and as JSON. stdout has the result and nothing else.

pub(crate) mod fix;
mod side_by_side;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::cli::Output;
use crate::diagnosis::{Certainty, Code, Evidence, Finding};
use crate::discovery::challenge::Challenge;
use crate::provenance::Source;
use crate::terminal::{Unwritten, WIDTH, json, printable, say, tell};
use crate::token::Summary;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Columns of a label, unless one of its finding's is longer.
const LABEL: usize = 10;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Ok,
    Refused,
    NoToken,
    /// There is one, and it is not for this function.
    #[serde(rename = "no-token")]
    NotSent,
    Unreachable,
    Unexpected,
}

impl Outcome {
    /// Of an answer with this status, and what was found of it.
    pub(crate) fn of(status: u16, findings: &[Finding]) -> Self {
        let page = |finding: &Finding| finding.code == Code::UnexpectedAnswer;
        match status {
            // A page for people is no greeting.
            200..=299 if findings.iter().any(page) => Self::Unexpected,
            200..=299 => Self::Ok,
            401 | 403 => Self::Refused,
            _ => Self::Unexpected,
        }
    }
}

/// The answer as it came.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Content {
    pub(crate) body: Option<String>,
    pub(crate) body_encoding: Option<Encoding>,
    /// Where the body is, if it is in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body_file: Option<PathBuf>,
    /// Name and value of each header, with `--include`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<Vec<(String, String)>>,
}

/// How a body is written in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Encoding {
    #[serde(rename = "utf-8")]
    Utf8,
    /// It is not UTF-8.
    #[serde(rename = "base64")]
    Base64,
}

/// What happened in a call. Holds no token.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    pub(crate) status: Option<u16>,
    pub(crate) url: String,
    /// The body of a success, where it is text.
    pub(crate) greeting: Option<String>,
    #[serde(flatten)]
    pub(crate) content: Content,
    pub(crate) findings: Vec<Finding>,
    pub(crate) token: Option<Summary>,
    pub(crate) challenge: Option<Challenge>,
    /// What the answer says of itself, where nothing known explains it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) answer: Map<String, Value>,
    /// When, and the ids under which the other side may have logged it: `explain --call` finds
    /// the call by them.
    pub(crate) time: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) ids: Map<String, Value>,
    /// The time of the report, seconds since 1970.
    #[serde(skip)]
    pub(crate) now: i64,
}

impl Report {
    /// With its address in the commands of each fix.
    pub(crate) fn with_commands(mut self) -> Self {
        let findings = std::mem::take(&mut self.findings);
        let whole = |finding: Finding| finding.with_url(&self.url);
        let findings = findings.into_iter().map(whole).collect();
        Self { findings, ..self }
    }

    /// The exit status of the contract.
    pub(crate) fn exit(&self) -> u8 {
        match (self.outcome, self.status) {
            (Outcome::Ok, _) => 0,
            (Outcome::NoToken | Outcome::NotSent, _) => 3,
            (Outcome::Refused, Some(401)) => 4,
            (Outcome::Refused, _) => 5,
            (Outcome::Unexpected, _) => 6,
            (Outcome::Unreachable, _) => 7,
        }
    }

    /// Prints it: as JSON to stdout, for people to stderr. The answer itself is printed by who
    /// has it.
    ///
    /// # Errors
    /// The result was not written.
    pub(crate) fn print(&self, output: Output) -> Result<(), Unwritten> {
        match output {
            Output::Json => say(&json(self))?,
            Output::Human if self.outcome == Outcome::Ok && self.findings.is_empty() => {}
            Output::Human => tell(&self.human()),
        }
        Ok(())
    }

    fn human(&self) -> String {
        let status = self.status.map_or(String::new(), |status| {
            format!(
                "{status} {}",
                reqwest::StatusCode::from_u16(status)
                    .ok()
                    .and_then(|s| s.canonical_reason())
                    .unwrap_or("")
            )
        });
        let happened = match self.outcome {
            Outcome::Ok => format!("{BOLD}warning:{BOLD:#} the function answered, but"),
            Outcome::Refused => format!(
                "{ERROR}error:{ERROR:#} the function refused this call: {}",
                status.trim_end()
            ),
            Outcome::NoToken => format!("{ERROR}error:{ERROR:#} no token for this call"),
            Outcome::NotSent => format!("{ERROR}error:{ERROR:#} the token was not sent"),
            Outcome::Unreachable => {
                let what = match self.findings.first().map(|finding| finding.code) {
                    Some(Code::ProxyFailed) => "the call did not get past the proxy",
                    Some(Code::ProxyVariable) => "the call was not sent",
                    _ => "the function was not reached",
                };
                format!("{ERROR}error:{ERROR:#} {what}")
            }
            Outcome::Unexpected => format!(
                "{ERROR}error:{ERROR:#} an unexpected answer: {}",
                status.trim_end()
            ),
        };
        let mut text = format!("{happened}\n  {}\n", printable(&self.url));
        for finding in &self.findings {
            text.push('\n');
            text.push_str(&finding_text(finding));
        }
        let of_time = [Code::Expired, Code::NotYetValid, Code::ClockSkew];
        let mut codes = self.findings.iter().map(|finding| finding.code);
        let clock = (!codes.any(|code| of_time.contains(&code))).then_some(self.now);
        if let Some(also) = self.token.as_ref().and_then(|token| token.also(clock))
            && !self.findings.is_empty()
        {
            text.push_str(&row("also", LABEL, &also));
        }
        if self.findings.is_empty() {
            text.push_str("\n  no known cause fits\n");
            if let Some(token) = &self.token {
                text.push('\n');
                text.push_str(&side_by_side::table(token, self.challenge.as_ref()));
            }
            if !self.answer.is_empty() {
                text.push_str("\n  what the answer says of itself:\n");
            }
            let width = self.answer.keys().map(String::len).max().unwrap_or(LABEL);
            for (name, value) in &self.answer {
                text.push_str(&row(name, width.max(LABEL), &value_text(value)));
            }
        }
        text.trim_end().to_owned()
    }
}

/// A finding at the width of any terminal.
pub(crate) fn finding_text(finding: &Finding) -> String {
    let likely = if finding.certainty == Certainty::Likely {
        "likely: "
    } else {
        ""
    };
    let indent = " ".repeat(finding.code.as_str().len() + 4);
    let summary = wrapped(&format!("{likely}{}", finding.summary), &indent);
    let mut text = format!(
        "  {BOLD}{}{BOLD:#}  {}\n",
        finding.code,
        summary.trim_start()
    );
    let nothing = Value::String(String::new());
    let evidence = finding.evidence.iter().filter(|it| it.seen != nothing);
    let labels = evidence.clone().map(|it| it.what.len());
    let width = labels.max().unwrap_or_default().max(LABEL);
    for Evidence {
        what,
        seen,
        expected,
        source,
    } in evidence
    {
        text.push_str(&row(what, width, &value_text(seen)));
        if !expected.is_null() {
            let expected = format!("{}{}", value_text(expected), from(*source));
            text.push_str(&row("expected", width, &expected));
        }
    }
    text.push_str(&row("fix", width, &finding.fix));
    text
}

/// Where an expectation comes from, as text after it.
fn from(source: Source) -> &'static str {
    match source {
        Source::Flag => "  (from a flag)",
        Source::Environment => "  (from the environment)",
        Source::Challenge => "  (the function's challenge)",
        Source::Discovery => "  (what the function publishes)",
        Source::Issuer => "  (what the issuer publishes)",
        Source::Settings => "  (from --auth-settings)",
        Source::Default | Source::Answer | Source::Log => "",
    }
}

/// Whoever said it may have named a command to paste: az does.
fn row(label: &str, width: usize, value: &str) -> String {
    let value = fix::with_whole_commands(value);
    let lines = wrapped(&value, &" ".repeat(width + 6)).replace(fix::KEPT, " ");
    format!("    {DIM}{label:<width$}{DIM:#}  {}\n", lines.trim_start())
}

fn wrapped(text: &str, indent: &str) -> String {
    // Addresses and ids are pasted: they are never broken.
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::fill(&printable(text), options)
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "(none)".to_owned(),
        Value::Array(items) => items.iter().map(value_text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
