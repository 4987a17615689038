//! Entra's own numbers: from the catalogue, else from Microsoft's table of codes.

use serde_json::{Value, json};

use super::BOLD;
use super::near::near;
use crate::diagnosis::{Code, listed, look_up};
use crate::terminal::WIDTH;

/// Where Microsoft explains a number itself.
fn page(number: u64) -> String {
    format!("https://login.microsoftonline.com/error?code={number}")
}

/// `AADSTS65001`, in any letter case, or the number alone.
pub(super) fn number(code: &str) -> Option<u64> {
    let code = code.trim().to_ascii_uppercase();
    code.strip_prefix("AADSTS").unwrap_or(&code).parse().ok()
}

pub(super) fn human(number: u64) -> String {
    let fill = |text: &str| textwrap::fill(text, WIDTH);
    let known = look_up(number);
    let name = known.and_then(|known| known.name);
    let name = name.map_or(String::new(), |name| format!(" ({name})"));
    let title = format!("{BOLD}AADSTS{number}{BOLD:#}{name}");
    let more = format!("{BOLD}more{BOLD:#}\n{}", page(number));
    if let Some((code, summary)) = listed(number) {
        let explanation = code.explanation();
        let here = if code == Code::AuthorityRefused {
            format!("greeting-cli reports it as {code}.")
        } else {
            format!("greeting-cli reports it as {code}. {}", explanation.meaning)
        };
        return format!(
            "{title}\n\n{}\n\n{}\n\n{BOLD}fix{BOLD:#}\n{}\n\n{more}",
            fill(&sentence(summary)),
            fill(&here),
            fill(explanation.remedy)
        );
    }
    let near = match near(&number.to_string()).as_slice() {
        [] => String::new(),
        near @ [first, ..] => format!(
            "{BOLD}near codes{BOLD:#}\n{}, if a digit is wrong or missing:\n  greeting-cli explain {first}\n\n",
            near.join(", ")
        ),
    };
    match known {
        Some(known) => format!(
            "{title}\n\n{}\n\n{near}{more}",
            fill(&format!("{}.", known.meaning))
        ),
        None => format!(
            "{title}\n\n{}\n\n{near}{more}",
            fill(
                "greeting-cli does not know this number: it is neither in its catalogue nor in the table of codes that it carries. Microsoft's page below may have it; else support wants the trace and correlation ids of the answer."
            )
        ),
    }
}

/// A summary without the names that only a call fills in.
fn filled(summary: &str) -> String {
    summary
        .replace("{client}", "CLIENT")
        .replace("{tenant}", "TENANT")
        .replace("{scope}", "SCOPE")
}

fn sentence(summary: &str) -> String {
    let text = filled(summary);
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

pub(super) fn value(number: u64) -> Value {
    let known = look_up(number);
    let listed = listed(number);
    json!({
        "aadsts": number,
        "name": known.and_then(|known| known.name),
        "code": listed.map(|(code, _)| code),
        "meaning": listed
            .map(|(_, summary)| filled(summary))
            .or_else(|| known.map(|known| known.meaning.to_owned())),
        "fix": listed.map(|(code, _)| code.explanation().remedy),
        "near": if listed.is_some() { Vec::new() } else { near(&number.to_string()) },
        "see": page(number),
    })
}
