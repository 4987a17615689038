use clap::{Command, CommandFactory as _};

use super::Cli;

/// clap wraps a longer line, and what is wrapped does not paste.
#[test]
fn item_14_no_line_of_an_example_is_wrapped() {
    fn check(command: &Command) {
        let more = command.get_after_help().map(ToString::to_string);
        for line in more.unwrap_or_default().lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}
