//! `greeting-local`: Azure on a laptop. A local Entra ID, a local Easy Auth and a local Functions
//! host in one process, so that the same function runs with the same authentication.
//!
//! - `commands`: a file for each; `cli`: their arguments
//! - `stack`: authority, gate and Functions host together, on loopback; `up` and `demo` run it
//! - `control`: what the other commands ask the stack that runs; `control_room`: its page
//! - `deploy`: the files that configure Azure; `registrations`: the API and its client among them
//! - `plays`: a real tenant's settings, played by the local authority; `tenant`: that tenant itself
//! - `typed`: commands as this program's own was typed; `shell`: how each shell reads them
//! - `state`: the state folder, a stack's name, its ports; `known_stacks`: all of them
//! - `environment`: the lines that point clients at it; `minting`: a token as a command line
//! - `proxy`: Microsoft's sign-in hosts, for the child of `run`
//! - `package`: what Azure runs; `programs`: those that run beside this one

mod cli;
mod commands;
mod control;
mod control_room;
mod deploy;
mod environment;
mod known_stacks;
mod minting;
mod package;
mod plays;
mod programs;
mod proxy;
mod registrations;
mod say;
mod shell;
mod stack;
mod state;
mod tenant;
mod typed;

use std::process::ExitCode;

use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};
use command_line::color::Color;
use local_events::{Stream, columns, flush, print};

use crate::cli::{Cli, Command, LaunchArgs};
use crate::say::Layout;

/// For a reader to take what is printed last.
const LAST_LINES: Duration = Duration::from_secs(2);
/// For tasks to end in, after the result is there.
const LAST_TASKS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // Before there is any thread: it becomes another program, whose environment is not touched.
    match LaunchArgs::read() {
        Some(Ok(launch)) => return commands::launch::run(launch),
        Some(Err(said)) => return said_by_clap(&said),
        None => {}
    }
    #[cfg(unix)]
    if let Err(error) = ::environment::start_without_blank() {
        eprintln!("error: this program could not be started without blank variables: {error}");
        return ExitCode::FAILURE;
    }
    // What clap prints follows it too.
    Color::of(std::env::args_os()).apply();
    let read = ::environment::matches(Cli::command, str::to_owned);
    let read = read.and_then(|matches| Cli::from_arg_matches(&matches));
    let command = match read {
        Ok(cli) => cli.command,
        Err(said) => return said_by_clap(&said),
    };
    // What a stack without a terminal says at its start goes to the terminal of its starter.
    let shown_on = match &command {
        Command::Up(args) => args.detached.map(Layout::columns),
        _ => None,
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
    if matches!(command, Command::Up(_) | Command::Run(_) | Command::Demo(_)) {
        local_http::descriptors::raise();
    }
    let result = runtime.block_on(async {
        match command {
            Command::Demo(args) => commands::demo::run(args).await,
            Command::Up(args) => commands::up::run(args).await,
            Command::Run(args) => commands::run::run(args).await,
            Command::Status(args) => commands::status::run(args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Health(args) => commands::health::run(args)
                .await
                .map(|()| ExitCode::SUCCESS),
            Command::Stop(args) => commands::stop::run(args).await.map(|()| ExitCode::SUCCESS),
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
            Command::Completions { shell } => {
                commands::completions::run(shell).map(|()| ExitCode::SUCCESS)
            }
            Command::Man { dir } => commands::man::run(&dir).map(|()| ExitCode::SUCCESS),
        }
    });
    // Its tasks are dropped before this returns, and with them their children are killed. Whatever
    // still reads a terminal must not hold the end for longer.
    runtime.shutdown_timeout(LAST_TASKS);
    let status = result.unwrap_or_else(|failure| {
        let columns = shown_on.unwrap_or_else(|| columns(Stream::Err));
        print(Stream::Err, say::failure(&failure, columns));
        ExitCode::FAILURE
    });
    flush(LAST_LINES);
    status
}

/// A mistake on the command line, or the help that was asked for.
fn said_by_clap(said: &clap::Error) -> ExitCode {
    if let Err(failure) = say::written(said.print()) {
        eprintln!("error: {failure}");
        return ExitCode::FAILURE;
    }
    ExitCode::from(u8::try_from(said.exit_code()).unwrap_or(2))
}
