//! `greeting-local`: Azure on a laptop. A local Entra ID, a local Easy Auth and a local Functions
//! host in one process, so that the same function runs with the same authentication.
//!
//! - `commands`: a file for each; `cli`: their arguments
//! - `stack`: authority, gate and Functions host together, on loopback; `up` and `demo` run it
//! - `control`: what the other commands ask the stack that runs; `control_room`: its page
//! - `deploy`: the files that configure Azure; `registrations`: the API and its client among them
//! - `plays`: a real tenant's settings, played by the local authority; `tenant`: that tenant itself
//! - `environment`: the lines that point clients at it; `minting`: a token as a command line
//! - `package`: what Azure runs; `programs`: those that run beside this one

mod cli;
mod commands;
mod control;
mod control_room;
mod deploy;
mod environment;
mod minting;
mod package;
mod plays;
mod programs;
mod registrations;
mod say;
mod stack;
mod state;
mod tenant;

use std::process::ExitCode;

use std::time::Duration;

use clap::Parser;
use local_events::{Stream, flush, print};

use crate::cli::{Cli, Command};

/// For a reader to take what is printed last.
const LAST_LINES: Duration = Duration::from_secs(2);
/// For tasks to end in, after the result is there.
const LAST_TASKS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Before there is any thread: it becomes another program.
    let command = match cli.command {
        Command::Launch(args) => return commands::launch::run(args),
        command => command,
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the asynchronous runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(async {
        match command {
            Command::Launch(_) => Ok(ExitCode::FAILURE),
            Command::Demo(args) => commands::demo::run(args).await,
            Command::Up(args) => commands::up::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Env(args) => commands::env::run(&args).map(|()| ExitCode::SUCCESS),
            Command::Approve(args) => commands::approve::run(args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Mint(args) => commands::mint::run(&args).map(|()| ExitCode::SUCCESS),
            Command::Policy(args) => commands::policy::run(args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::RotateKeys(args) => commands::rotate_keys::run(args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Log(args) => commands::log::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Package(args) => commands::package::run(&args).map(|()| ExitCode::SUCCESS),
        }
    });
    // Its tasks are dropped before this returns, and with them their children are killed. Whatever
    // still reads a terminal must not hold the end for longer.
    runtime.shutdown_timeout(LAST_TASKS);
    let status = result.unwrap_or_else(|failure| {
        print(Stream::Err, format!("error: {failure}"));
        ExitCode::FAILURE
    });
    flush(LAST_LINES);
    status
}
