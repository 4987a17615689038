//! `completions`: a shell's script.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::builder::PossibleValuesParser;
use command_line::{Shell, pages};

use crate::cli::Cli;
use crate::diagnosis::Code;
use crate::failure::Failure;
use crate::terminal::say;

/// Prints it.
///
/// # Errors
/// It can't be printed.
pub(crate) fn run(shell: Shell) -> Result<ExitCode, Failure> {
    // The program itself takes any word there, and tells the codes that are near it.
    let codes = || PossibleValuesParser::new(Code::spellings());
    let command = Cli::command().mut_subcommand("explain", |explain| {
        explain.mut_arg("code", |code| code.value_parser(codes()))
    });
    say(pages::completions(shell, "greeting-cli", &command).trim_end())?;
    Ok(ExitCode::SUCCESS)
}
