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
        "# Troubleshooting by code\n\nEvery finding of `greeting-cli` has a code. `greeting-cli explain CODE` prints what stands here; `--output json` has the code as `findings[].code`. This page is written from the catalogue in `client/src/diagnosis/catalogue.rs`, and the examples are the program's own output.\n",
    );
    let mut section = None;
    for code in Code::ALL {
        let entry = code.explanation();
        if section != Some(entry.section) {
            let _ = write!(page, "\n## {}\n", entry.section.title());
            section = Some(entry.section);
        }
        let _ = write!(
            page,
            "\n### {}\n\n{}\n{}\n**Fix:** {}\n",
            code,
            marked_down(entry.meaning),
            code.aadsts_text()
                .map_or(String::new(), |codes| format!("\nEntra's codes: {codes}\n")),
            marked_down(entry.remedy)
        );
        let of_code = |it: &&Example| it.name == code.as_str();
        let first = |it: &&Example| it.report.findings[..].first().map(|it| it.code) == Some(*code);
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
        "# What a refusal looks like\n\nA 401 is the gate's: it does not know the caller. A 403 is either the function's, which knows the caller and misses the scope, or the gate's, by one of its lists. `greeting-cli` prints what happened, why, and what ends it, in 80 columns; colour is an extra. These are its own words: a test compares this page with them.\n\n## 401\n\nA token for this API under another name than the gate was told:\n\n{}\nWhere the gate's settings are at hand, `--auth-settings` turns what is likely into what is known:\n\n{}\nA token for another API altogether. The cause comes before its consequence:\n\n{}\n## 403\n\nThe gate let the caller through, and the function misses the scope:\n\n{}\nThe gate itself refused. It never says by which list:\n\n{}\n## For programs\n\n`--output json` prints one object on stdout, for success and refusal alike:\n\n```json\n{}\n```\n\nThe exit status is 0 for a greeting, 2 for a mistake on the command line, 3 where there was no token, 4 for a 401, 5 for a 403, 6 for any other answer, 7 where nothing answered.\n\nEvery code is explained in [troubleshooting.md](troubleshooting.md), and by `greeting-cli explain CODE`.\n",
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
