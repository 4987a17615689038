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

/// That `wrong` finds nothing in any kept text.
fn nothing_is(wrong: fn(&str) -> Vec<String>) {
    let snapshots = kept("tests/snapshots", ".snap");
    let help = kept("../local/tests/snapshots", ".txt");
    assert!(snapshots.len() > 100 && help.len() > 12);
    let mut found = Vec::new();
    for path in snapshots.iter().chain(&help) {
        for text in wrong(&std::fs::read_to_string(path).unwrap()) {
            found.push(format!("{}:\n{text}", path.display()));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn item_14_each_kept_text_has_80_columns() {
    nothing_is(too_long);
}

/// What was one word or one line to paste before its end was put into the next line.
fn broken(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.windows(2);
    let found = pairs.filter(|pair| is_broken(pair[0].trim(), pair[1].trim_start()));
    found.map(|pair| pair.join("\n")).collect()
}

/// Programs, and their commands.
const COMMANDS: [(&str, &[&str]); 5] = [
    (
        "greeting-cli",
        &[
            "call",
            "token",
            "login",
            "logout",
            "doctor",
            "conform",
            "explain",
            "completions",
            "man",
        ],
    ),
    (
        "greeting-local",
        &[
            "demo",
            "up",
            "run",
            "status",
            "health",
            "stop",
            "env",
            "approve",
            "mint",
            "policy",
            "rotate-keys",
            "log",
            "package",
        ],
    ),
    (
        "az",
        &[
            "account",
            "ad",
            "functionapp",
            "login",
            "logout",
            "monitor",
            "rest",
            "role",
            "webapp",
        ],
    ),
    ("azd", &["auth", "deploy", "provision", "up"]),
    ("curl", &["-"]),
];

fn is_broken(line: &str, next: &str) -> bool {
    // A shell goes on behind these.
    if next.is_empty() || line.ends_with(['\\', '|']) {
        return false;
    }
    // A word: `--access-` and `token`; `-` alone is stdin.
    let cut = line.split(' ').next_back().is_some_and(|last| {
        last.trim_end_matches('-').len() > 1 && last.ends_with('-') && !last.contains("...")
    });
    if cut && next.starts_with(char::is_alphanumeric) {
        return true;
    }
    let words: Vec<&str> = line.split(' ').collect();
    let named = COMMANDS.iter().find_map(|(program, commands)| {
        let at = words.iter().rposition(|word| word == program)?;
        let begun = words.get(at + 1);
        let begun = begun.map(|word| word.trim_end_matches([',', '.', ':', ';']));
        Some((begun, *commands))
    });
    let first = next.split(' ').next().unwrap_or_default();
    let first = first.trim_end_matches([',', '.', ':', ';']);
    match named {
        // The program is the last word, and its command the next.
        Some((None, commands)) => commands.contains(&first),
        // A command, and its option in the next line.
        Some((Some(begun), commands)) => {
            commands.contains(&begun)
                && first.len() > 1
                && first.starts_with('-')
                && !line.ends_with(['.', ':', ';'])
        }
        None => false,
    }
}

#[test]
fn point_14_no_kept_text_breaks_inside_a_word_or_a_command_to_paste() {
    nothing_is(broken);
}

#[test]
fn a_word_or_a_command_that_is_broken_is_found() {
    for (text, is_one) in [
        ("pass it by --access-\n    token", true),
        ("start it again with greeting-local\n    up", true),
        ("then greeting-local up\n    --name two", true),
        ("az account get-access-token\n  --scope x", true),
        ("az account get-access-token \\\n  --scope x", false),
        ("greeting-cli call --access-token -\n  as above", false),
        ("it was called by greeting-local\n  and not found", false),
        (
            "Examples:\n  greeting-local up\n\nOptions:\n  --name",
            false,
        ),
        ("see greeting-local status.\n  --name has another", false),
    ] {
        assert_eq!(!broken(text).is_empty(), is_one, "{text}");
    }
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
