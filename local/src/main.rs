//! `greeting-local`: Azure on a laptop. A local Entra ID, a local Easy Auth and a local Functions
//! host in one process, so that the same function runs with the same authentication.
//!
//! - `authority`: the local Entra ID; `tls`: the development CA that its clients trust
//! - `easy_auth`: the gate; `functions_host`: starts the handler and forwards to it
//! - `stack`: the three together, on loopback; `up` and `demo` run it
//! - `relay`: one request over one connection; `upstream`: any app behind the gate
//! - `log`: what happened to each request; `control`: how the other commands ask
//! - `state`: the folder that outlives a run; `deploy`: the files that configure Azure
//! - `tenant`: a real tenant in place of the local authority; `package`: what Azure runs

mod approve;
mod authority;
mod cli;
mod control;
mod control_room;
mod demo;
mod deploy;
mod easy_auth;
mod env;
mod failure;
mod functions_host;
mod log;
mod mint;
mod package;
mod page;
mod policy;
mod programs;
mod relay;
mod say;
mod serve;
mod stack;
mod state;
mod tenant;
mod tls;
mod up;
mod upstream;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
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
        match cli.command {
            Command::Demo(args) => demo::run(args).await,
            Command::Up(args) => up::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Env(args) => env::run(&args).map(|()| ExitCode::SUCCESS),
            Command::Approve(args) => approve::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Mint(args) => mint::run(&args).map(|()| ExitCode::SUCCESS),
            Command::Policy(args) => policy::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::RotateKeys(args) => policy::rotate(args).await.map(|()| ExitCode::SUCCESS),
            Command::Log(args) => log::run(args).await.map(|()| ExitCode::SUCCESS),
            Command::Package(args) => package::run(&args).map(|()| ExitCode::SUCCESS),
        }
    });
    // Whatever still reads a terminal or a socket must not hold the exit.
    runtime.shutdown_background();
    result.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}
