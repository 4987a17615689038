//! Child processes that never outlive the program that started them, however that ends.
//!
//! The child is this program again, with a hidden subcommand ([`Launch`]):
//! - on Linux it asks the kernel for SIGKILL at its parent's end (prctl(2), PR_SET_PDEATHSIG), sees
//!   that its parent is still there, and becomes the program by `exec`
//! - elsewhere it runs the program beside itself, and kills it when the pipe that it has from its
//!   parent ends
//!
//! On Linux the kernel ends that one process. What the process itself started ends with it only
//! where this program could still send the signal.

#[cfg(target_os = "linux")]
mod replace;
mod starter;
mod supervise;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use tokio::process::{Child, Command};

/// What the child reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing; the pipe is used to say whether the program could be started.
    Nothing,
    /// What the parent writes.
    Piped,
    /// What this program's own stdin has.
    Inherited,
}

/// How children are started: by this program, with a hidden subcommand.
#[derive(Debug, Clone)]
pub struct Launcher {
    program: PathBuf,
    subcommand: &'static str,
}

impl Launcher {
    /// By this program and its `subcommand`, which runs a [`Launch`].
    ///
    /// # Errors
    /// The operating system does not name this program's file.
    pub fn this_program(subcommand: &'static str) -> io::Result<Self> {
        // The link is this program's file also where a build has replaced that.
        let program = if cfg!(target_os = "linux") {
            PathBuf::from("/proc/self/exe")
        } else {
            std::env::current_exe()?
        };
        Ok(Self {
            program,
            subcommand,
        })
    }

    /// A command that runs `program`; arguments are added to it as to any other.
    pub fn command(&self, program: impl AsRef<OsStr>, stdin: Stdin) -> Command {
        // It ends by itself when its parent's sockets are gone.
        if stdin != Stdin::Nothing && !cfg!(target_os = "linux") {
            return Command::new(program);
        }
        let mut command = Command::new(&self.program);
        #[cfg(unix)]
        command.arg0("greeting-local");
        command
            .arg(self.subcommand)
            .arg("--parent")
            .arg(std::process::id().to_string());
        if stdin != Stdin::Nothing {
            command.arg("--keep-stdin");
        }
        command.arg("--").arg(program);
        command
    }

    /// Starts what [`Self::command`] has made.
    ///
    /// # Errors
    /// The program can't be started.
    pub async fn spawn(&self, mut command: Command, stdin: Stdin) -> io::Result<Child> {
        // A child whose caller has gone meanwhile ends as well.
        command.kill_on_drop(true);
        match stdin {
            Stdin::Piped => {
                command.stdin(Stdio::piped());
                starter::start(command).await
            }
            Stdin::Inherited => starter::start(command).await,
            #[cfg(target_os = "linux")]
            Stdin::Nothing => replace::spawn(command).await,
            #[cfg(not(target_os = "linux"))]
            Stdin::Nothing => {
                // The child's handle holds the pipe's other end for as long as this program runs.
                command.stdin(Stdio::piped());
                starter::start(command).await
            }
        }
    }
}

/// The arguments of the hidden subcommand.
pub struct Launch {
    /// The process that has started this one.
    pub parent: u32,
    /// What the program reads.
    pub stdin: Stdin,
    /// Stays beside the program, as where there is no parent-death signal.
    pub beside: Beside,
    /// The program and its arguments.
    pub command: Vec<OsString>,
}

/// Whether the launcher stays beside the program that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// As this operating system needs it.
    AsNeeded,
    /// On any.
    Always,
}

impl Launch {
    /// Becomes the program, or runs it until it or the parent ends.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let Some((program, arguments)) = self.command.split_first() else {
            return ExitCode::from(2);
        };
        #[cfg(target_os = "linux")]
        if self.beside == Beside::AsNeeded {
            return replace::become_program(self.parent, self.stdin, program, arguments);
        }
        supervise::run(program, arguments)
    }
}
