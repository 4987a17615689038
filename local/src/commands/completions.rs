//! `greeting-local completions`: a shell's script.

use clap::CommandFactory as _;
use command_line::{Shell, pages};
use local_failure::Failure;

use crate::cli::Cli;
use crate::say;

/// Prints it.
///
/// # Errors
/// It can't be printed.
pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    let script = pages::completions(shell, "greeting-local", &Cli::command());
    say::line(script.trim_end())
}
