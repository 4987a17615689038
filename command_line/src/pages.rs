//! Completion scripts and man pages, from the same definitions as `--help`.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::Shell;

/// A shell's script that completes the program's command line. Hidden commands are not completed.
pub fn completions(shell: Shell, program: &'static str, command: &Command) -> String {
    let mut command = shown(program, command);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, program, &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    match shell {
        Shell::Bash => with_branches_that_are_taken(program, &script),
        Shell::Fish => script + &arguments_in_fish(program, &command),
        _ => script,
    }
}

/// Writes `PROGRAM.1`, `PROGRAM-COMMAND.1`, … into a folder, which is made.
///
/// # Errors
/// It can't be written.
pub fn man(command: Command, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)
}

/// The command without those that its help does not list, which clap's scripts would complete.
fn shown(program: &'static str, command: &Command) -> Command {
    let kept = command.get_subcommands().filter(|it| !it.is_hide_set());
    Command::new(program)
        .args(command.get_arguments().cloned())
        .subcommands(kept.cloned())
        // That there is one, for the flag.
        .version("")
}

/// clap's script for bash spells a program with a hyphen in two ways, so that nothing after a command
/// is completed (clap-rs/clap#6421, of clap_complete 4.6).
fn with_branches_that_are_taken(program: &str, script: &str) -> String {
    let branch = format!("{}__subcmd__", program.replace('-', "__subcmd__"));
    let taken = format!("{}__subcmd__", program.replace('-', "__"));
    script.replace(&branch, &taken)
}

/// clap's script for fish completes the values of flags, and none that stands alone
/// (`explain audience-mismatch`).
fn arguments_in_fish(program: &str, command: &Command) -> String {
    let function = format!("__fish_{}_using_subcommand", program.replace('-', "_"));
    let mut lines = String::new();
    for (seen, inner) in commands(command) {
        let words: Vec<String> = inner.get_positionals().flat_map(values).collect();
        if !words.is_empty() {
            // Writing into a String can't fail.
            let _ = writeln!(
                lines,
                "complete -c {program} -n \"{function} {seen}\" -f -a \"{}\"",
                words.join(" ")
            );
        }
    }
    lines
}

/// The commands, and those below them, each with the condition that fish has for it.
fn commands(command: &Command) -> Vec<(String, &Command)> {
    let outer = command.get_subcommands();
    outer
        .flat_map(|outer| {
            let name = outer.get_name().to_owned();
            let inner = outer.get_subcommands();
            let inner: Vec<_> = inner
                .map(|it| {
                    let seen = format!("{name}; and __fish_seen_subcommand_from {}", it.get_name());
                    (seen, it)
                })
                .collect();
            std::iter::once((name, outer)).chain(inner)
        })
        .collect()
}

fn values(arg: &Arg) -> Vec<String> {
    let values = arg.get_value_parser().possible_values();
    values
        .into_iter()
        .flatten()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect()
}
