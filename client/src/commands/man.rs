//! The man pages, from the same definitions as `--help`.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::terminal::{say, tell};

/// Writes `greeting-cli.1`, `greeting-cli-call.1`, … into a folder, and says where.
pub(crate) fn run(dir: &Path) -> ExitCode {
    let written =
        std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
    match written {
        Ok(()) => {
            say(&format!("{}", dir.display()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            tell(&format!(
                "error: the man pages can't be written to {}: {error}\n\n  fix  name a folder that you may write",
                dir.display()
            ));
            ExitCode::FAILURE
        }
    }
}
