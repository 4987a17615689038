//! `greeting-cli`: calls a function behind Easy Auth and explains every refusal.
//!
//! - `call`, `inspect`: the subcommands; `cli`: their flags
//! - `challenge`: what a 401 tells; `trust`, `memory`: which of it is believed
//! - `http`: the one client; `verify`: a signature against the issuer's keys
//! - `credential`: where tokens come from; `cache`: those of earlier runs; `prompt`: signing in
//! - `token`: a JWT, decoded, never trusted
//! - `diagnosis`: why a call was refused, pure; `report`: how that is told

mod cache;
mod call;
mod challenge;
mod cli;
mod credential;
mod diagnosis;
mod doctor;
mod http;
mod inspect;
mod memory;
mod prompt;
mod report;
mod token;
mod trust;
mod verify;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Command, TokenCommand};

#[tokio::main]
async fn main() -> ExitCode {
    match Cli::read().command {
        Command::Call(args) => call::run(args).await,
        Command::Token(TokenCommand::Get(args)) => call::get_token(args).await,
        Command::Token(TokenCommand::Inspect(args)) => inspect::run(&args).await,
        Command::Login(args) => call::login(args).await,
        Command::Logout => call::logout().await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "greeting-cli", &mut script);
            report::say(&String::from_utf8_lossy(&script));
            ExitCode::SUCCESS
        }
    }
}
