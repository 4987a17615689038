//! The subcommands, one file each.

pub(crate) mod call;
mod completions;
mod doctor;
mod explain;
mod login;
mod logout;
mod man;
mod token_get;
mod token_inspect;

use std::process::ExitCode;

use crate::cli::{Command, TokenCommand};
use crate::failure::Failure;

/// Does what the command line says.
///
/// # Errors
/// The command ended before there was anything to report.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Call(args) => call::run(args).await,
        Command::Token(TokenCommand::Get(args)) => token_get::run(args).await,
        Command::Token(TokenCommand::Inspect(args)) => token_inspect::run(&args).await,
        Command::Login(args) => login::run(args).await,
        Command::Logout(args) => logout::run(&args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Explain(args) => explain::run(&args),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { dir } => man::run(&dir),
    }
}
