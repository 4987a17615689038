//! `greeting-cli`: calls a function behind Easy Auth and explains every refusal.
//!
//! Other programs can use [`oauth`]: interactive credentials for the Azure SDK for Rust. The rest
//! is the program, and only [`run`] is public:
//!
//! - `cli`: the command line; `commands`: the subcommands, one file each
//! - `request`: what `call` sends beside its token
//! - `session`: one call's course: learn, trust, send, explain
//! - `credential`: where tokens come from, which are kept, and what the user sees while signing in
//! - `discovery`: what a function says about itself, and how far that is trusted
//! - `conformance`: what a gate really does, against the rows of `docs/easy-auth.md`
//! - `diagnosis`: why a call was refused, as pure functions; `report`: how it is printed
//! - `failure`: errors that end a command before there is anything to report
//! - `signature`: a signature against the issuer's keys; `auth_settings`: the gate's
//!   settings, where the user gives them
//! - `gate_log`: the gate's own log, where the app's owner gives it
//! - `token`: a JWT, decoded, never trusted
//! - `certificates`: variables that name certificates, and name none
//! - `caller`: how much of what a caller wrote is repeated to them
//! - what they stand on: `clock`, `guid`, `http`, `known_clients`, `provenance`,
//!   `scope`, `state_folder`, `terminal`

mod auth_settings;
mod certificates;
mod cli;
mod clock;
mod commands;
mod conformance;
mod credential;
mod diagnosis;
mod discovery;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod gate_log;
mod guid;
mod http;
mod known_clients;
pub mod oauth;
mod provenance;
mod report;
mod request;
mod scope;
mod session;
mod signals;
mod signature;
#[cfg(test)]
mod snapshots;
mod state_folder;
mod terminal;
mod token;

use std::process::ExitCode;

use command_line::color::Color;

use crate::cli::Cli;
use crate::commands::Threads;
use crate::credential::{prompt, tool};
use crate::failure::Failure;

/// The program: reads the command line, does what it says, and gives the exit status.
#[must_use]
pub fn run() -> ExitCode {
    #[cfg(unix)]
    if let Err(error) = environment::start_without_blank() {
        return Failure::NotStarted(error).tell();
    }
    // What clap prints follows it too.
    Color::of(std::env::args_os()).apply();
    let mut cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => return failure::told_by_clap(&error),
    };
    let gone = certificates::gone(&cli.command);
    for gone in &gone {
        terminal::tell(&terminal::printable(&gone.to_string()));
        terminal::tell(&format!("  fix  unset {}", gone.variable));
    }
    // The library that reads the system's certificates reads these variables by itself, on unix.
    #[cfg(unix)]
    {
        let names: Vec<_> = gone.iter().map(|gone| gone.variable).collect();
        if let Err(error) = environment::start_without(&names) {
            return Failure::NotStarted(error).tell();
        }
    }
    if !gone.is_empty() {
        certificates::forget(&mut cli.command);
    }
    let threads = commands::threads(&cli.command);
    let runtime = match runtime(threads) {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::NotStarted(error).tell();
        }
    };
    if threads == Threads::Two {
        runtime.spawn(async {
            if let Ok(status) = signals::end().await {
                prompt::interrupted();
                tool::interrupted();
                commands::call::interrupted();
                std::process::exit(status);
            }
        });
    }
    let status = runtime
        .block_on(commands::run(cli.command))
        .unwrap_or_else(|failure| failure.tell());
    // Threads that wait for a line, a lock or a key store are not waited for.
    runtime.shutdown_background();
    status
}

/// What runs a command: `Threads::This` has neither timers nor sockets, and leaves signals to the
/// system, which ends the program by them.
fn runtime(threads: Threads) -> std::io::Result<tokio::runtime::Runtime> {
    match threads {
        Threads::This => tokio::runtime::Builder::new_current_thread().build(),
        Threads::Two => tokio::runtime::Builder::new_multi_thread()
            // One for Ctrl-C and the spinner, while this thread may wait for a line of stdin.
            .worker_threads(1)
            .enable_all()
            .build(),
    }
}
