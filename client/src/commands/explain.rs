//! `explain`: a code of the catalogue, at length.

use std::process::ExitCode;

use anstyle::Style;
use serde_json::json;

use crate::cli::{ExplainArgs, Output};
use crate::diagnosis::aadsts_of;
use crate::diagnosis::catalogue::{self, CATALOGUE, Entry, Section};
use crate::terminal::{WIDTH, json as pretty, printable, say, tell};

const BOLD: Style = Style::new().bold();

/// Prints one entry, or the list of codes.
pub(crate) fn run(args: &ExplainArgs) -> ExitCode {
    let Some(code) = &args.code else {
        say(match args.output {
            Output::Human => list(),
            Output::Json => pretty(&CATALOGUE.iter().map(value).collect::<Vec<_>>()),
        }
        .trim_end());
        return ExitCode::SUCCESS;
    };
    let Some(entry) = catalogue::find(&code.to_lowercase()) else {
        tell(&format!(
            "error: {} is not in the catalogue\n\n  fix  greeting-cli explain, for the list",
            printable(code)
        ));
        return ExitCode::from(2);
    };
    match args.output {
        Output::Human => say(human(entry).trim_end()),
        Output::Json => say(&pretty(&value(entry))),
    }
    ExitCode::SUCCESS
}

fn value(entry: &Entry) -> serde_json::Value {
    json!({
        "code": entry.code,
        "section": entry.section.title(),
        "meaning": entry.meaning,
        "aadsts": aadsts_of(entry.code).collect::<Vec<_>>(),
        "fix": entry.remedy,
    })
}

fn human(entry: &Entry) -> String {
    let text = |text: &str| textwrap::fill(text, WIDTH);
    let codes = entry.aadsts().map_or(String::new(), |codes| {
        format!("\n\n{BOLD}Entra's codes{BOLD:#}\n{}", text(&codes))
    });
    format!(
        "{BOLD}{}{BOLD:#} ({})\n\n{}{codes}\n\n{BOLD}fix{BOLD:#}\n{}\n",
        entry.code,
        entry.section.title(),
        text(entry.meaning),
        text(entry.remedy)
    )
}

fn list() -> String {
    let mut text = String::new();
    let mut section: Option<Section> = None;
    for entry in CATALOGUE {
        if section != Some(entry.section) {
            let gap = if section.is_none() { "" } else { "\n" };
            text.push_str(&format!("{gap}{BOLD}{}{BOLD:#}\n", entry.section.title()));
            section = Some(entry.section);
        }
        text.push_str(&format!("  {}\n", entry.code));
    }
    text
}
