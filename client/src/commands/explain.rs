//! `explain`: a code of the catalogue, at length.

use std::process::ExitCode;

use anstyle::Style;
use serde_json::json;

use crate::cli::{ExplainArgs, Output};
use crate::diagnosis::Code;
use crate::diagnosis::catalogue::Section;
use crate::terminal::{WIDTH, json as pretty, printable, say, tell};

const BOLD: Style = Style::new().bold();

/// Prints one entry, or the list of codes.
pub(crate) fn run(args: &ExplainArgs) -> ExitCode {
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
        .trim_end());
        return ExitCode::SUCCESS;
    };
    let Some(found) = Code::find(&code.to_lowercase()) else {
        tell(&format!(
            "error: {} is not in the catalogue\n\n  fix  greeting-cli explain, for the list",
            printable(code)
        ));
        return ExitCode::from(2);
    };
    match args.output {
        Output::Human => say(human(found).trim_end()),
        Output::Json => say(&pretty(&value(found))),
    }
    ExitCode::SUCCESS
}

fn value(code: Code) -> serde_json::Value {
    let entry = code.entry();
    json!({
        "code": code,
        "section": entry.section.title(),
        "meaning": entry.meaning,
        "aadsts": code.aadsts().collect::<Vec<_>>(),
        "fix": entry.remedy,
    })
}

fn human(code: Code) -> String {
    let entry = code.entry();
    let text = |text: &str| textwrap::fill(text, WIDTH);
    let codes = code.aadsts_text().map_or(String::new(), |codes| {
        format!("\n\n{BOLD}Entra's codes{BOLD:#}\n{}", text(&codes))
    });
    format!(
        "{BOLD}{}{BOLD:#} ({})\n\n{}{codes}\n\n{BOLD}fix{BOLD:#}\n{}\n",
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
        let own = code.entry().section;
        if section != Some(own) {
            let gap = if section.is_none() { "" } else { "\n" };
            text.push_str(&format!("{gap}{BOLD}{}{BOLD:#}\n", own.title()));
            section = Some(own);
        }
        text.push_str(&format!("  {code}\n"));
    }
    text
}
