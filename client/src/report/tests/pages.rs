//! The pages of `docs/` that show the program's own words: this writes them, and fails where they
//! are stale.

use std::fmt::Write as _;

use super::examples::{Example, examples};
use super::plain;
use crate::diagnosis::Code;
use crate::snapshots::page_is_current;
use crate::terminal::json;

#[test]
fn the_troubleshooting_page_is_the_catalogue() {
    let examples = examples();
    let mut page = String::from(
        "# Troubleshooting by code\n\nEvery finding of `greeting-cli` has a code. `greeting-cli explain CODE` prints the same explanations; in `--output json` the code is `findings[].code`. This page is made from the catalogue in `client/src/diagnosis/catalogue.rs`, and the examples are the program's own output.\n",
    );
    page.push_str(&contents());
    let mut section = None;
    for code in Code::ALL {
        let entry = code.explanation();
        if section != Some(entry.section) {
            let _ = write!(page, "\n## {}\n", entry.section.title());
            section = Some(entry.section);
        }
        let _ = write!(
            page,
            "\n### {}\n\n{}\n{}{}\n**Fix:** {}\n",
            code,
            marked_down(entry.meaning),
            code.proved_when().map_or(String::new(), |what| {
                format!("\nProved when: {}.\n", marked_down(what))
            }),
            code.aadsts_text()
                .map_or(String::new(), |codes| format!("\nEntra's codes: {codes}\n")),
            marked_down(entry.remedy)
        );
        let of_code = |it: &&Example| it.name == code.as_str();
        let first = |it: &&Example| it.report.findings.iter().any(|it| it.code == *code);
        let example = examples
            .iter()
            .find(of_code)
            .or_else(|| examples.iter().find(first));
        let _ = write!(
            page,
            "\n```output\n{}\n```\n",
            plain(&example.unwrap().report)
        );
    }
    page_is_current("troubleshooting.md", &page);
}

/// Every code, under its section, as a link.
fn contents() -> String {
    let mut text = String::new();
    let mut section = None;
    for code in Code::ALL {
        let own = code.explanation().section;
        if section == Some(own) {
            text.push_str(", ");
        } else {
            let _ = write!(text, "\n- {}: ", own.title());
            section = Some(own);
        }
        let _ = write!(text, "[{code}](#{code})");
    }
    text.push('\n');
    text
}

/// Angle brackets would be taken for HTML.
fn marked_down(text: &str) -> String {
    text.replace('<', "\\<")
}

#[test]
fn the_page_of_refusals_is_what_is_printed() {
    let examples = examples();
    let shown = |name: &str| {
        let example = examples.iter().find(|it| it.name == name).unwrap();
        format!("```output\n{}\n```\n", plain(&example.report))
    };
    let page = format!(
        "# What a refusal looks like\n\nA 401 usually comes from the gate, Easy Auth, which could not authenticate the caller. A 403 usually comes either from the function, where the token lacks the scope, or from the gate, where one of its lists does not allow the caller. `greeting-cli` prints what happened, why, and what to do, in 80 columns but for lines to paste. The examples are the program's own output: a test compares this page with it.\n\n- [401](#401)\n- [403](#403)\n- [For programs](#for-programs)\n- Every code: [Troubleshooting by code](troubleshooting.md)\n\n## 401\n\nA token for this API under a name that is not among the gate's allowed audiences:\n\n{}\nGiven the gate's settings, `--auth-settings` makes a likely finding certain:\n\n{}\nA token that has expired and is for another API as well; each cause has its own fix:\n\n{}\n## 403\n\nThe gate accepted the token, and the function did not find the scope in it:\n\n{}\nThe gate itself refused. Its answer does not say which list refused:\n\n{}\n## For programs\n\n`--output json` prints one object on stdout, for a success and for a refusal:\n\n```json\n{}\n```\n\nThe exit status is 0 for a greeting, 2 for a mistake on the command line, 3 if there was no token, 4 for a 401, 5 for a 403, 6 for any other answer, 7 if nothing answered.\n\nEvery code is explained in [troubleshooting.md](troubleshooting.md) and by `greeting-cli explain CODE`.\n",
        shown("audience-mismatch"),
        shown("audience-mismatch-settings"),
        shown("wrong-api-expired"),
        shown("missing-scope"),
        shown("client-not-allowed"),
        json(
            &examples
                .iter()
                .find(|it| it.name == "missing-scope")
                .unwrap()
                .report
        ),
    );
    page_is_current("refusals.md", &page);
}
