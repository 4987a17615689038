//! Running `az` and `azd`, which may wait for a network or a person that never answers.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::process::{Output, Stdio};
#[cfg(unix)]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use azure_identity::Executor;

use crate::diagnosis::ToolFailure;
use crate::terminal::tell;

/// After this long without an answer the user is told what is waited for.
const WORD_AFTER: Duration = Duration::from_secs(2);

/// `az` starts slowly and may ask Entra; it takes seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a tool without stdin, for a bounded time; it ends with the wait, and what it started too.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    name: &'static str,
    /// How it failed last. What the SDK makes of a failure is text alone, and not only the tool's.
    failure: Arc<Mutex<Option<ToolFailure>>>,
}

impl Tool {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            failure: Arc::default(),
        }
    }

    /// Why there was no answer, where there was none. `else_why` is what else was wrong.
    pub(crate) fn failure(&self, else_why: impl FnOnce() -> String) -> ToolFailure {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure
            .clone()
            .unwrap_or_else(|| ToolFailure::Strange(else_why()))
    }

    fn failed(&self, failure: ToolFailure) {
        let mut kept = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(failure);
    }

    /// Where the PATH has it.
    fn place(&self) -> Option<PathBuf> {
        let endings: &[&str] = if cfg!(windows) {
            &[".cmd", ".exe", ".bat"]
        } else {
            &[""]
        };
        std::env::split_paths(&std::env::var_os("PATH")?)
            .flat_map(|folder| {
                endings
                    .iter()
                    .map(move |ending| folder.join(format!("{}{ending}", self.name)))
            })
            .find(|file| file.is_file())
    }

    /// What it wrote and how it ended, by its own words.
    fn heard(&self, outcome: &io::Result<Output>) -> Option<ToolFailure> {
        let output = match outcome {
            Ok(output) if output.status.success() => return None,
            Ok(output) => output,
            Err(error) => return Some(ToolFailure::Strange(error.to_string())),
        };
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Some(match self.place() {
            None => ToolFailure::NotOnPath,
            // A shell's statuses for what it can't run (POSIX, Shell Command Language 2.8.2).
            Some(at) if matches!(output.status.code(), Some(126 | 127)) => {
                ToolFailure::NotStarted { at, said }
            }
            Some(_) => ToolFailure::Said(said),
        })
    }
}

#[async_trait::async_trait]
impl Executor for Tool {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let mut command = tokio::process::Command::new(program);
        command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A shell runs the tool: a signal to the shell alone leaves the tool behind.
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn()?;
        #[cfg(unix)]
        let group = group::Group::of(&child);
        let mut ended = std::pin::pin!(child.wait_with_output());
        let mut outcome = tokio::time::timeout(WORD_AFTER, &mut ended).await;
        if outcome.is_err() {
            tell(&format!("waiting for {} …", self.name));
            outcome = tokio::time::timeout(PATIENCE.saturating_sub(WORD_AFTER), ended).await;
        }
        if let Ok(outcome) = outcome {
            #[cfg(unix)]
            group.has_ended();
            if let Some(failure) = self.heard(&outcome) {
                self.failed(failure);
            }
            return outcome;
        }
        self.failed(ToolFailure::Silent {
            seconds: PATIENCE.as_secs(),
        });
        let why = format!(
            "{} did not answer within {} s",
            self.name,
            PATIENCE.as_secs()
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, why))
    }
}

/// Ends the tool that runs, where this program ends without its destructors.
pub(crate) fn interrupted() {
    #[cfg(unix)]
    group::end(group::RUNNING.swap(group::NONE, Ordering::Relaxed));
}

#[cfg(unix)]
mod group {
    use std::sync::atomic::{AtomicI32, Ordering};

    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    /// No group has this number: 0 is the caller's own.
    pub(super) const NONE: i32 = 0;

    /// The group that runs; there is one at a time.
    pub(super) static RUNNING: AtomicI32 = AtomicI32::new(NONE);

    /// The processes of a tool. They end when this is dropped.
    pub(super) struct Group(i32);

    impl Group {
        pub(super) fn of(child: &tokio::process::Child) -> Self {
            // A child that was not waited for has an id, and ids are below 2^22.
            let id = child.id().and_then(|id| id.try_into().ok());
            let id = id.unwrap_or(NONE);
            RUNNING.store(id, Ordering::Relaxed);
            Self(id)
        }

        /// The number may soon be another's.
        pub(super) fn has_ended(mut self) {
            self.0 = NONE;
            RUNNING.store(NONE, Ordering::Relaxed);
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            if self.0 != NONE {
                RUNNING.store(NONE, Ordering::Relaxed);
            }
            end(self.0);
        }
    }

    pub(super) fn end(group: i32) {
        if group != NONE {
            // It may have ended by itself.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Time stands still but where somebody waits for it: half a minute passes at once.
    #[tokio::test(start_paused = true)]
    async fn point_15_a_tool_that_never_answers_is_waited_for_seconds() {
        let tool = Tool::new("az");
        let args = [OsStr::new("600")];
        let error = tool.run(OsStr::new("sleep"), &args).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(error.to_string(), "az did not answer within 30 s");
        let failure = tool.failure(String::new);
        assert_eq!(failure, ToolFailure::Silent { seconds: 30 });
    }

    /// What a shell started writes once more, if it outlives the shell.
    #[tokio::test]
    async fn point_15_what_a_silent_tool_started_ends_with_it() {
        use std::io::{BufRead as _, BufReader, Read as _};
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let (started, has_started) = tokio::sync::oneshot::channel();
        let path = fifo.clone();
        let reader = std::thread::spawn(move || {
            let mut said = BufReader::new(std::fs::File::open(path).unwrap());
            let mut text = String::new();
            said.read_line(&mut text).unwrap();
            started.send(()).unwrap();
            said.read_to_string(&mut text).unwrap();
            text
        });
        let running = tokio::spawn(async move {
            let script = format!(
                "(echo started; sleep 20; echo survived) > '{}'; :",
                fifo.display()
            );
            let args = [OsStr::new("-c"), OsStr::new(&script)];
            Tool::new("az").run(OsStr::new("sh"), &args).await
        });
        has_started.await.unwrap();
        // As the end of the wait does, it drops what runs.
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        assert_eq!(
            reader.join().unwrap(),
            "started
"
        );
    }
}
