//! The man pages, from the same definitions as `--help`.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory as _;
use command_line::pages;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::terminal::say;

/// Writes `greeting-cli.1`, `greeting-cli-call.1`, … into a folder, and says where.
///
/// # Errors
/// The folder can't be written.
pub(crate) fn run(dir: &Path) -> Result<ExitCode, Failure> {
    pages::man(Cli::command(), dir).map_err(|error| Failure::ManPages {
        dir: dir.to_owned(),
        error,
    })?;
    say(&dir.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}
