//! Linux: the launcher becomes the program.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, Stdio};

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::{Stdin, starter};

/// Starts the launcher, and waits until it has become the program: then its end of the socket,
/// which `exec` closes, ends without a byte. Else the launcher writes the error's number.
pub(crate) async fn spawn(mut command: Command) -> io::Result<Child> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    command.stdin(Stdio::from(OwnedFd::from(theirs)));
    let child = starter::start(command).await?;
    let mut said = String::new();
    tokio::net::UnixStream::from_std(ours)?
        .take(16)
        .read_to_string(&mut said)
        .await?;
    match said.parse() {
        Ok(number) => Err(io::Error::from_raw_os_error(number)),
        Err(_) => Ok(child),
    }
}

pub(crate) fn become_program(
    parent: u32,
    stdin: Stdin,
    program: &OsStr,
    arguments: &[OsString],
) -> ExitCode {
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    // Duplicates close at `exec`.
    let mut socket = None;
    if stdin == Stdin::Nothing {
        let own = io::stdin().as_fd().try_clone_to_owned();
        socket = own.ok().map(UnixStream::from);
        command.stdin(Stdio::null());
    }
    let error = match set_pdeathsig(Signal::SIGKILL) {
        Err(error) => io::Error::from(error),
        // It ended before the signal was asked for: the signal never comes.
        Ok(()) if std::os::unix::process::parent_id() != parent => return ExitCode::FAILURE,
        Ok(()) => command.exec(),
    };
    match &mut socket {
        // The parent reads it and reports it, unless it has ended.
        Some(socket) => {
            let _ = write!(socket, "{}", error.raw_os_error().unwrap_or_default());
        }
        None => {
            let _ = writeln!(io::stderr(), "{}: {error}", program.display());
        }
    }
    ExitCode::from(127)
}
