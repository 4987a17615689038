//! `greeting-cli`: calls a function behind Easy Auth and explains every refusal.
//!
//! - `call`, `inspect`, `doctor`, `man`: the subcommands; `cli`: their flags
//! - `session`: what one command knows and learns; `explain`: sending, and telling what became of it
//! - `challenge`: what a 401 tells; `trust`, `belief`, `memory`: which of it is believed
//! - `http`: the clients; `verify`: a signature against the issuer's keys
//! - `credential`: where tokens come from; `cache`: those of earlier runs; `prompt`: signing in
//! - `settings`: what the gate was told, where the person gives it
//! - `token`: a JWT, decoded, never trusted
//! - `diagnosis`: why a call was refused, pure; `report`: how that is told
//! - `catalogue`: each cause at length; `lookup`: the subcommand `explain`

mod belief;
mod cache;
mod call;
mod catalogue;
mod challenge;
mod cli;
mod credential;
mod diagnosis;
mod doctor;
mod explain;
mod http;
mod inspect;
mod lookup;
mod man;
mod memory;
mod prompt;
mod report;
mod session;
mod settings;
mod token;
mod trust;
mod verify;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Color, Command, TokenCommand};

/// A shell's status of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let cli = Cli::read();
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        // One for Ctrl-C and the spinner, while this thread may wait for a line of stdin.
        .worker_threads(1)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            report::tell(&format!("error: the program can't start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    runtime.spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            prompt::interrupted();
            std::process::exit(INTERRUPTED);
        }
    });
    let status = runtime.block_on(run(cli.command));
    // Threads that wait for a line, a lock or a key store are not waited for.
    runtime.shutdown_background();
    status
}

async fn run(command: Command) -> ExitCode {
    match command {
        Command::Call(args) => call::run(args).await,
        Command::Token(TokenCommand::Get(args)) => call::get_token(args).await,
        Command::Token(TokenCommand::Inspect(args)) => inspect::run(&args).await,
        Command::Login(args) => call::login(args).await,
        Command::Logout(args) => call::logout(&args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Explain(args) => lookup::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "greeting-cli", &mut script);
            report::say(&String::from_utf8_lossy(&script));
            ExitCode::SUCCESS
        }
        Command::Man { dir } => man::write(&dir),
    }
}
