//! Each fix pastes: its commands are whole, and greeting-cli takes those that are its own.
//! greeting-local's are tried by its own tests, which read the same snapshots.

use clap::{CommandFactory as _, Parser as _};

use super::examples::examples;
use crate::cli::Cli;
use crate::diagnosis::Code;
use crate::report::fix;

/// What ends a command in a sentence.
const ENDS: [&str; 8] = ["; ", ", ", ": ", ". ", " | ", " (", " or ", " && "];

/// The programs of a fix's commands.
const PROGRAMS: [&str; 8] = [
    "greeting-cli",
    "greeting-local",
    "az",
    "azd",
    "curl",
    "export",
    "timedatectl",
    "ConvertFrom-SecureString",
];

/// The parts of a fix, each of which is one command or no command at all.
fn parts(fix: &str) -> Vec<String> {
    let mut fix = fix.replace(") ", "; ");
    // What a person fills in.
    while let Some((before, rest)) = fix.split_once('<') {
        let (_, after) = rest.split_once('>').unwrap_or_else(|| panic!("{fix}"));
        fix = format!("{before}FILLED{after}");
    }
    for end in ENDS {
        fix = fix.replace(end, "\n");
    }
    fix.lines()
        .map(|part| part.trim_end_matches(['.', ')']).to_owned())
        .collect()
}

/// The words of a command line, of which some are quoted.
fn words(part: &str) -> Vec<String> {
    part.split_ascii_whitespace()
        .map(|word| word.trim_matches(['\'', '"']).to_owned())
        .collect()
}

/// Every fix that a person may see, with where it is from.
fn fixes() -> Vec<(String, String)> {
    let shown = examples().into_iter().flat_map(|example| {
        let findings = example.report.findings.into_iter();
        findings.map(move |finding| (example.name.clone(), finding.fix))
    });
    let catalogue = Code::ALL.iter();
    let catalogue = catalogue.map(|code| (code.to_string(), code.explanation().remedy.to_owned()));
    let aadsts = crate::diagnosis::fixes_of_the_authority();
    shown.chain(catalogue).chain(aadsts).collect()
}

#[test]
fn greeting_clis_own_lines_are_taken() {
    let cli = Cli::command();
    let commands: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    let mut tried = 0;
    for (from, fix) in fixes() {
        for part in parts(&fix) {
            let words = words(&part);
            let Some(at) = words.iter().position(|word| word == "greeting-cli") else {
                continue;
            };
            // As a name in a sentence it is followed by a verb.
            if !words
                .get(at + 1)
                .is_some_and(|it| commands.contains(&it.as_str()))
            {
                continue;
            }
            let line = words[at..]
                .iter()
                .map(|word| word.replace("URL", "https://contoso.azurewebsites.net/api/greeting"));
            if let Err(error) = Cli::try_parse_from(line) {
                panic!("{from}: {fix}\n{error}");
            }
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn no_option_stands_without_its_command() {
    for (from, fix) in fixes() {
        for part in parts(&fix) {
            let words = words(&part);
            let options = words.iter().position(|word| word.starts_with("--"));
            let program = words.iter().position(|it| PROGRAMS.contains(&it.as_str()));
            if let Some(option) = options {
                assert!(program.is_some_and(|it| it < option), "{from}: {fix}");
            }
        }
    }
}

/// A command that goes on in the sentence ends with a semicolon, which every shell takes.
#[test]
fn a_line_that_is_copied_is_a_command() {
    for example in examples() {
        for finding in &example.report.findings {
            let fix = fix::with_whole_commands(&finding.fix);
            let lines = fix.split(' ').filter(|line| line.contains(fix::KEPT));
            for line in lines {
                let line = line.replace(fix::KEPT, " ");
                assert!(!line.ends_with([',', '.', ':']), "{}: {line}", example.name);
            }
        }
    }
}

/// What was called is in the line that is pasted.
#[test]
fn an_example_names_its_url() {
    for example in examples() {
        for finding in &example.report.findings {
            for command in ["greeting-cli call URL", "greeting-cli login URL"] {
                assert!(
                    !finding.fix.contains(command),
                    "{}: {}",
                    example.name,
                    finding.fix
                );
            }
        }
    }
}
