//! The lines that greeting-cli's and greeting-local's own words tell people to paste are lines
//! that greeting-local takes: each is tried with `--help` at its end, before which clap reads all.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::{Path, PathBuf};

use harness::program;

/// Where people are told what to do. `docs/` has the same of greeting-cli's findings.
const TEXTS: [&str; 9] = [
    "client/src",
    "server/src",
    "settings_file/src",
    "state_folder/src",
    "local/src",
    "local/entra/src",
    "local/easy_auth/src",
    "local/functions_host/src",
    "docs",
];

fn texts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "md") {
            found.push(path);
        }
    }
}

/// In place of a value that is filled in: an address to listen on; all others are ids.
fn filled(option: &str) -> String {
    match option {
        "--listen" => "127.0.0.3".to_owned(),
        _ => "11111111-2222-3333-4444-555555555555".to_owned(),
    }
}

/// The words of a command at the start of `text`: to where the sentence goes on.
fn command(text: &str) -> Vec<String> {
    let end = text.find(['"', '`', '|', ';', ',', '(', ')', '>', '#', '\n', '\'']);
    let line = &text[..end.unwrap_or(text.len())];
    let line = line.split("  ").next().unwrap_or_default();
    let mut words: Vec<String> = Vec::new();
    for word in line.split_ascii_whitespace() {
        let ends = word.ends_with(['.', ':']);
        let word = word.trim_end_matches(['.', ':', '\\']);
        let is_value = words.last().is_some_and(|last| last.starts_with("--"));
        let is_own = |c: char| c.is_ascii_uppercase() || "0123456789/.:{".contains(c);
        if !(words.is_empty() || is_value || word.starts_with('-') || word.contains(is_own)) {
            break;
        }
        // An example's comment: `401: for another API`.
        if ends && !is_value && word.parse::<u16>().is_ok() {
            break;
        }
        // A value that is filled in when it is said; alone it stands for any options.
        let is_name = word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        match word.contains(['{', '<', '…']) || is_value && is_name {
            false => words.push(word.to_owned()),
            true => {
                if let Some(value) = words.last().filter(|_| is_value).map(|it| filled(it)) {
                    words.push(value);
                }
            }
        }
        if ends {
            break;
        }
    }
    // A value in quotes is left out.
    let opens = end.is_some_and(|end| {
        let rest = &text[end..];
        rest.starts_with('\'') || rest.starts_with("\"$")
    });
    if opens && words.last().is_some_and(|last| last.starts_with("--")) {
        words.pop();
    }
    words
}

#[test]
fn the_lines_to_paste_are_taken() {
    let help = program().arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    let (_, listed) = help.split_once("Commands:").unwrap();
    let commands: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut files = Vec::new();
    for folder in TEXTS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(folder);
        texts(&folder, &mut files);
    }
    let mut lines: Vec<Vec<String>> = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, name) in text.match_indices("greeting-local ") {
            let words = command(&text[at + name.len()..]);
            // `help` itself takes a command behind it, and no flag.
            if words
                .first()
                .is_some_and(|it| it != "help" && commands.contains(&it.as_str()))
            {
                lines.push(words);
            }
        }
    }
    lines.sort();
    lines.dedup();
    assert!(lines.len() > 25, "{lines:?}");
    for mut words in lines {
        // What is behind it is another program's, which `--help` would ask.
        if let Some(end) = words.iter().position(|word| word == "--") {
            words.truncate(end);
        }
        let taken = program().args(&words).arg("--help").output().unwrap();
        let said = String::from_utf8_lossy(&taken.stderr);
        assert!(
            taken.status.success(),
            "greeting-local {}\n{said}",
            words.join(" ")
        );
    }
}
