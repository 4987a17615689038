//! `explain`: a code of the catalogue, or of Entra's, at length.

mod aadsts;
mod log;
mod near;

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::Style;
use serde_json::json;

use crate::cli::{ExplainArgs, Output};
use crate::diagnosis::Code;
use crate::diagnosis::catalogue::Section;
use crate::failure::Failure;
use crate::terminal::{WIDTH, json as pretty, say};

const BOLD: Style = Style::new().bold();

/// Prints one explanation, or the list of codes.
///
/// # Errors
/// There is no such code, or no such log.
pub(crate) fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    if let Some(log) = &args.log {
        say(&log::run(log, args.call.as_deref(), args.output)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Some(code) = &args.code else {
        say(match args.output {
            Output::Human => list(),
            Output::Json => pretty(
                &Code::ALL
                    .iter()
                    .map(|code| value(*code))
                    .collect::<Vec<_>>(),
            ),
        }
        .trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(number) = aadsts::number(code) {
        say(&match args.output {
            Output::Human => aadsts::human(number),
            Output::Json => pretty(&aadsts::value(number)),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let found = Code::find(&code.to_lowercase()).ok_or_else(|| unknown(code))?;
    match args.output {
        Output::Human => say(human(found).trim_end())?,
        Output::Json => say(&pretty(&value(found)))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What was typed, and what may have been meant.
fn unknown(code: &str) -> Failure {
    let near = near::near(code);
    Failure::UnknownCode {
        code: code.to_owned(),
        fix: match near.first() {
            Some(first) => format!("greeting-cli explain {first}"),
            None => "the list: greeting-cli explain".to_owned(),
        },
        near: match near.len() {
            0 => String::new(),
            _ => format!("; near it: {}", near.join(", ")),
        },
    }
}

fn value(code: Code) -> serde_json::Value {
    let entry = code.explanation();
    json!({
        "code": code,
        "section": entry.section.title(),
        "meaning": entry.meaning,
        "proved_when": code.proved_when(),
        "aadsts": code.aadsts().collect::<Vec<_>>(),
        "fix": entry.remedy,
    })
}

fn human(code: Code) -> String {
    let entry = code.explanation();
    let text = |text: &str| textwrap::fill(text, WIDTH);
    let codes = code.aadsts_text().map_or(String::new(), |codes| {
        format!("\n\n{BOLD}Entra's codes{BOLD:#}\n{}", text(&codes))
    });
    let proved = code.proved_when().map_or(String::new(), |what| {
        format!("\n\n{BOLD}proved when{BOLD:#}\n{}", text(what))
    });
    format!(
        "{BOLD}{}{BOLD:#} ({})\n\n{}{proved}{codes}\n\n{BOLD}fix{BOLD:#}\n{}\n",
        code,
        entry.section.title(),
        text(entry.meaning),
        text(entry.remedy)
    )
}

fn list() -> String {
    let mut text = String::new();
    let mut section: Option<Section> = None;
    for code in Code::ALL {
        let own = code.explanation().section;
        if section != Some(own) {
            let gap = if section.is_none() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{BOLD}{}{BOLD:#}", own.title());
            section = Some(own);
        }
        let _ = writeln!(text, "  {code}");
    }
    text
}
