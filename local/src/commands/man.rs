//! `greeting-local man`: the man pages, from the same definitions as `--help`.

use std::path::Path;

use clap::CommandFactory as _;
use command_line::pages;
use local_failure::Failure;

use crate::cli::Cli;
use crate::say;

/// Writes `greeting-local.1`, `greeting-local-up.1`, … into a folder, and says where.
///
/// # Errors
/// The folder can't be written.
pub(crate) fn run(folder: &Path) -> Result<(), Failure> {
    pages::man(Cli::command(), folder).map_err(|error| {
        Failure::new(
            format!("the man pages can't be written to {}", folder.display()),
            error,
            "name a folder that you may write",
        )
    })?;
    say::line(folder.display())
}
