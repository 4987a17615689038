//! 80 columns, everywhere that a person looks: over every text that the repository keeps of what the
//! programs print. Lines to paste, URLs and ids stay whole.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::path::{Path, PathBuf};

const WIDTH: usize = 80;

/// Programs whose lines are pasted.
const PASTED: [&str; 13] = [
    "greeting-cli ",
    "greeting-local ",
    "az ",
    "azd ",
    "curl ",
    "eval ",
    "echo ",
    "unset ",
    "export ",
    "sudo ",
    "SSL_CERT_FILE=",
    "timedatectl ",
    "(Get-AzAccessToken ",
];

/// Whether a line that is longer could have been broken: not one to paste, and with a blank between
/// words (after its label) before the 80th column.
fn breaks(line: &str) -> bool {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    // `fix    greeting-cli …`: a label and at least two blanks.
    let (start, text) = match text.find("  ") {
        Some(end) if end <= 16 => {
            let value = text[end..].trim_start();
            (indent + text.len() - value.len(), value)
        }
        _ => (indent, text),
    };
    if PASTED.iter().any(|program| text.starts_with(program)) {
        return false;
    }
    let room = WIDTH.saturating_sub(start);
    text.char_indices()
        .filter(|(_, c)| *c == ' ')
        .any(|(at, _)| at <= room)
}

fn is_json(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with('"') || text.starts_with('{') || text.starts_with('[')
}

/// The lines of a text that a person reads and that could be shorter.
fn too_long(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| line.chars().count() > WIDTH && !is_json(line) && breaks(line))
        .map(str::to_owned)
        .collect()
}

fn kept(folder: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect()
}

#[test]
fn item_14_each_kept_text_has_80_columns() {
    let snapshots = kept("tests/snapshots", ".snap");
    let help = kept("../local/tests/snapshots", ".txt");
    assert!(snapshots.len() > 100 && help.len() > 12);
    let mut found = Vec::new();
    for path in snapshots.iter().chain(&help) {
        for line in too_long(&std::fs::read_to_string(path).unwrap()) {
            found.push(format!("{}: {line}", path.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_line_that_could_be_broken_is_found() {
    let words = "word ".repeat(20);
    let id = "x".repeat(90);
    assert_eq!(too_long(&words).len(), 1);
    assert_eq!(too_long(&format!("  fix    {words}")).len(), 1);
    for whole in [
        format!("  fix    greeting-cli call {words}"),
        format!("    az ad app update {words}"),
        format!("  aud         {id}"),
        id,
        format!("  \"fix\": \"{words}\""),
        "word ".repeat(16).trim_end().to_owned(),
    ] {
        assert_eq!(too_long(&whole), Vec::<String>::new());
    }
}
