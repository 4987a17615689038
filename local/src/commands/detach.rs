//! `greeting-local up --detach`: the stack goes on when this command has ended.
//!
//! It starts this program again, in a process group of its own, and passes on what that says until
//! it is ready. What the stack says afterwards, its handler's output too, goes to [`OUTPUT`] in the
//! state folder; its decisions are in `greeting-local log`.

use std::ffi::OsString;
use std::process::{ExitCode, Stdio};

use local_events::{Stream, interrupted, print, print_into};
use local_failure::{Failure, Fix};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader, Lines};
use tokio::process::Command;

use crate::say::{self, Layout};
use crate::state::{Home, OUTPUT, StackRef};

/// What a person types, and what the second process gets instead.
const DETACH: &str = "--detach";
const DETACHED: &str = "--detached";
/// How the last line of a detached stack's announcement begins.
const LAST_LINE: &str = "To end it: ";

/// Tells the starter that the stack is ready; from now on nobody reads stdout and stderr.
///
/// # Errors
/// The output can't be kept.
pub(crate) async fn let_go(home: &Home) -> Result<(), Failure> {
    say::line_later(format!("{LAST_LINE}{}", home.stack.line("stop"))).await?;
    let output = home.path.join(OUTPUT);
    print_into(&output).map_err(|error| {
        Failure::new(
            format!("{} can't be written", output.display()),
            error,
            "choose another --state-dir, or start it without --detach",
        )
    })
}

/// Starts the stack as another process; returns once the function can be called.
///
/// # Errors
/// It can't be started. One that ends before it is ready has said why, and is a failure without
/// another word.
pub(crate) async fn run(stack: &StackRef) -> Result<ExitCode, Failure> {
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let program = std::env::current_exe().map_err(|error| not_started(stack, &error))?;
    let mut command = Command::new(program);
    command
        .args(std::env::args_os().skip(1).map(instead))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    apart(&mut command);
    let mut child = command
        .spawn()
        .map_err(|error| not_started(stack, &error))?;
    let mut out = child.stdout.take().map(|out| BufReader::new(out).lines());
    let mut err = child.stderr.take().map(|err| BufReader::new(err).lines());
    loop {
        tokio::select! {
            () = &mut interrupted => {
                // Its handler ends with it.
                let _ = child.kill().await;
                return Err(Failure::new(
                    "the stack was not started",
                    "it was interrupted before it was ready",
                    Fix::with("start it again with", stack.line("up --detach")),
                ));
            }
            line = next(&mut err) => print(Stream::Err, line),
            line = next(&mut out) => {
                let is_last = line.starts_with(LAST_LINE);
                if let Err(failure) = say::line_later(line).await {
                    // What this command calls failed does not run on.
                    let _ = child.kill().await;
                    return Err(failure);
                }
                if is_last {
                    return Ok(ExitCode::SUCCESS);
                }
            }
            status = child.wait() => {
                while let Some(line) = rest(&mut err).await {
                    print(Stream::Err, line);
                }
                status.map_err(|error| not_started(stack, &error))?;
                return Ok(ExitCode::FAILURE);
            }
        }
    }
}

fn instead(argument: OsString) -> OsString {
    if argument == DETACH {
        // Its stdout is a pipe to this process, which has the terminal.
        match Layout::of_stdout() {
            Layout::Wrapped => format!("{DETACHED}=wrapped").into(),
            Layout::Whole => format!("{DETACHED}=whole").into(),
        }
    } else {
        argument
    }
}

/// Out of reach of this terminal's Ctrl-C, and called as this process was: its lines to paste are
/// then as a person types them.
#[cfg(unix)]
fn apart(command: &mut Command) {
    command.process_group(0);
    if let Some(called) = std::env::args_os().next() {
        command.arg0(called);
    }
}

/// Without this terminal: DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP of CreateProcess.
#[cfg(windows)]
fn apart(command: &mut Command) {
    command.creation_flags(0x0000_0008 | 0x0000_0200);
}

/// The next line; never, where there is none any more.
async fn next(lines: &mut Option<Lines<impl AsyncBufRead + Unpin>>) -> String {
    match rest(lines).await {
        Some(line) => line,
        None => std::future::pending().await,
    }
}

async fn rest(lines: &mut Option<Lines<impl AsyncBufRead + Unpin>>) -> Option<String> {
    let line = lines.as_mut()?.next_line().await.ok().flatten();
    if line.is_none() {
        *lines = None;
    }
    line
}

fn not_started(stack: &StackRef, error: &std::io::Error) -> Failure {
    Failure::new(
        "the stack was not started",
        error,
        Fix::with("start it in this terminal", stack.line("up")),
    )
}
