//! The subcommands, one file each.

pub(crate) mod call;
mod completions;
mod conform;
mod doctor;
mod explain;
mod login;
mod logout;
mod man;
mod token_get;
pub(crate) mod token_inspect;

use std::process::ExitCode;

use crate::cli::{Command, TokenCommand};
use crate::failure::Failure;

/// The threads that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// None but the first: it reads, says something, and ends.
    This,
    /// One more, for what happens while a network, a file's lock or a person is waited for.
    Two,
}

/// The threads that this command needs.
pub(crate) fn threads(command: &Command) -> Threads {
    match command {
        Command::Token(TokenCommand::Inspect(args)) if token_inspect::is_of_its_own(args) => {
            Threads::This
        }
        Command::Explain(_) | Command::Completions { .. } | Command::Man { .. } => Threads::This,
        Command::Token(_)
        | Command::Call(_)
        | Command::Login(_)
        | Command::Logout(_)
        | Command::Conform(_)
        | Command::Doctor(_) => Threads::Two,
    }
}

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
        Command::Conform(args) => conform::run(args).await,
        Command::Explain(args) => explain::run(&args),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { dir } => man::run(&dir),
    }
}
