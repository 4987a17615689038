//! The command's process: it has this one's terminal, gets its signals, and ends with it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{ExitCode, ExitStatus};

use local_child::{Launcher, Stdin};
use tokio::process::{Child, Command};

use super::variables::Change;

/// Signals that ask this process to end, or that the terminal sends.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
}

/// Ctrl-C, which the console sends to the child as well.
#[cfg(not(unix))]
pub(super) struct Signals;

impl Signals {
    /// From now on they no longer end this process.
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "as where there are signals")]
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    /// The number of the next one.
    #[cfg(unix)]
    pub(super) async fn any(&mut self) -> i32 {
        use nix::sys::signal::Signal;
        tokio::select! {
            _ = self.interrupt.recv() => Signal::SIGINT as i32,
            _ = self.terminate.recv() => Signal::SIGTERM as i32,
            _ = self.hangup.recv() => Signal::SIGHUP as i32,
            _ = self.quit.recv() => Signal::SIGQUIT as i32,
        }
    }

    #[cfg(not(unix))]
    pub(super) async fn any(&mut self) -> i32 {
        let _ = tokio::signal::ctrl_c().await;
        2
    }
}

/// The status of what a signal has ended, as shells have it.
pub(super) fn ended_by(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(1))
}

/// Whose group of processes the child is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    /// This process's: the terminal sends Ctrl-C to both, and lets both read.
    Shared,
    /// Its own, which ends with it.
    Own,
}

impl Group {
    fn usual() -> Self {
        use std::io::IsTerminal as _;
        let terminal =
            io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal();
        match terminal {
            true => Self::Shared,
            false => Self::Own,
        }
    }
}

/// Runs it until it ends. `asked_to_stop` resolves where somebody asks for the end.
///
/// # Errors
/// It can't be started.
pub(super) async fn run<F: Future<Output = ()>>(
    program: &OsStr,
    arguments: &[OsString],
    changes: &[Change],
    signals: &mut Signals,
    asked_to_stop: impl Fn() -> F,
) -> io::Result<ExitCode> {
    let launcher = Launcher::this_program("launch")?;
    let mut command = launcher.command(program, Stdin::Inherited);
    command.args(arguments);
    changed(&mut command, changes);
    let group = Group::usual();
    #[cfg(unix)]
    if group == Group::Own {
        command.process_group(0);
    }
    let mut child = launcher.spawn(command, Stdin::Inherited).await?;
    let number = child.id();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            signal = signals.any() => pass_on(&child, group, signal),
            () = asked_to_stop() => pass_on(&child, Group::Own, TERMINATE),
        }
    };
    if group == Group::Own {
        end_group(number);
    }
    Ok(code(status))
}

/// SIGTERM.
const TERMINATE: i32 = 15;

fn changed(command: &mut Command, changes: &[Change]) {
    for change in changes {
        match change {
            Change::Set(name, value) => command.env(name, value),
            Change::Unset(name) => command.env_remove(name),
        };
    }
}

/// What the terminal sends, it has sent to a child in this process's group already.
#[cfg(unix)]
fn pass_on(child: &Child, group: Group, number: i32) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    let Ok(signal) = Signal::try_from(number) else {
        return;
    };
    if group == Group::Shared && [Signal::SIGINT, Signal::SIGQUIT].contains(&signal) {
        return;
    }
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = pid {
        // One that has ended needs no signal.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

#[cfg(not(unix))]
fn pass_on(_child: &Child, _group: Group, _number: i32) {}

/// What the child has started and left behind in its group.
#[cfg(unix)]
fn end_group(number: Option<u32>) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    if let Some(pid) = number.and_then(|id| i32::try_from(id).ok()) {
        // A group that nobody is left in.
        let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

#[cfg(not(unix))]
fn end_group(_number: Option<u32>) {}

fn code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(number) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return ended_by(number);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}
