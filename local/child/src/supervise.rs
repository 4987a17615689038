//! Where there is no parent-death signal: the launcher stays, and kills the program when the pipe
//! from its parent ends.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::{ExitCode, ExitStatus, Stdio};

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// Runs the program until it ends, or stdin does.
pub(crate) fn run(program: &OsStr, arguments: &[OsString]) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let ended = runtime.and_then(|runtime| {
        let ended = runtime.block_on(supervise(program, arguments));
        // The thread that reads stdin would hold the end.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(status) => code(status),
        Err(error) => {
            // The host relays it.
            let _ = writeln!(io::stderr(), "{}: {error}", program.display());
            ExitCode::from(127)
        }
    }
}

async fn supervise(program: &OsStr, arguments: &[OsString]) -> io::Result<ExitStatus> {
    // The whole group gets the host's SIGTERM: this one waits for the program's end.
    #[cfg(unix)]
    let _term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let parent_ended = async {
        let mut byte = [0];
        // Nothing is ever written there.
        while tokio::io::stdin()
            .read(&mut byte)
            .await
            .is_ok_and(|n| n > 0)
        {}
    };
    tokio::select! {
        status = child.wait() => return status,
        () = parent_ended => {}
    }
    kill(&mut child).await
}

/// Kills the program and what it has started.
async fn kill(child: &mut Child) -> io::Result<ExitStatus> {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, killpg};
        use nix::unistd::{getpgrp, getpid};
        // Only a group of its own: the host makes it one.
        if getpgrp() == getpid() {
            // This process too.
            let _ = killpg(getpgrp(), Signal::SIGKILL);
        }
    }
    child.kill().await?;
    child.wait().await
}

fn code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    // As shells say that a signal ended it.
    let code = status.code().or(signal.map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
