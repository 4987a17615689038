//! The matrix of `docs/conform.md`: what the captures of `docs/captures/` say of each row.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::capture::Capture;
use super::judge::{Outcome, of_probes, of_rows};
use super::rows;
use crate::snapshots::page_is_current;

const BEGIN: &str = "<!-- captures -->\n";
const END: &str = "<!-- end of captures -->";

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Every capture, by its file's name.
fn captures() -> BTreeMap<String, Capture> {
    std::fs::read_dir(docs().join("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let capture = Capture::parse(&std::fs::read(&path).unwrap());
            (
                name,
                capture.unwrap_or_else(|why| panic!("{path:?}: {why}")),
            )
        })
        .collect()
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::AsExpected => "as expected",
        Outcome::Recorded => "recorded",
        Outcome::NotShown => "not shown",
        Outcome::NotAsked => "not asked",
        Outcome::Differs => "**differs**",
    }
}

fn matrix(captures: &BTreeMap<String, Capture>) -> String {
    let mut text = String::from("\n| row | known by |");
    for (name, capture) in captures {
        let _ = write!(text, " {name}, {} |", capture.date);
    }
    let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(captures.len()));
    let judged: Vec<_> = captures
        .values()
        .map(|capture| of_rows(&of_probes(capture)))
        .collect();
    for row in rows::all().filter(|row| row.no_probe == "-") {
        let _ = write!(text, "| {}: {} | {} |", row.id, row.behaviour, row.known);
        for rows in &judged {
            let verdict = rows.iter().find(|it| it.row == row.id).unwrap();
            let _ = write!(text, " {} |", word(verdict.outcome));
        }
        text.push('\n');
    }
    text.push('\n');
    text
}

#[test]
fn point_1_the_matrix_is_what_the_captures_say() {
    let page = std::fs::read_to_string(docs().join("conform.md")).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let text = format!("{before}{BEGIN}{}{END}{after}", matrix(&captures()));
    page_is_current("conform.md", &text);
}

/// `O: captures/NAME.json` in the table stands on that file: it shows the row as it is written.
#[test]
fn point_1_a_row_known_by_a_capture_is_as_the_capture_shows() {
    let captures = captures();
    for row in rows::all() {
        for (name, capture) in &captures {
            if row.known.contains(&format!("captures/{name}.json")) {
                let rows = of_rows(&of_probes(capture));
                let verdict = rows.iter().find(|it| it.row == row.id);
                let outcome = verdict.map(|it| it.outcome);
                assert_eq!(outcome, Some(Outcome::AsExpected), "{} by {name}", row.id);
            }
        }
        let cited = row.known.split("captures/").skip(1);
        for rest in cited {
            let name = rest.split(".json").next().unwrap();
            assert!(captures.contains_key(name), "{}: no capture {name}", row.id);
        }
    }
}
