//! One process of the handler: its environment, its first answer, its end.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use local_child::Stdin;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::HandlerSpec;
use super::ends::{End, HOW_TO_READ_THE_PORT};
use super::listening;
use super::output::{Tail, log, relay};
use crate::command_line::{WORKER_NAMES, of_worker};
use crate::program::{self, UnusableProgram};

/// Between SIGTERM and SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// Between questions whether it answers: no longer (the real host asks every 25 ms), and no shorter.
const ASK: Duration = Duration::from_millis(20);
const ASK_AT_FIRST: Duration = Duration::from_millis(1);
/// For one answer.
const ANSWER: Duration = Duration::from_secs(2);
/// The same, and looks for processes, when the one that was started has ended with 0.
const LOOK: Duration = Duration::from_millis(200);
/// A start that takes longer is explained while it goes on.
const TELL_AFTER: Duration = Duration::from_secs(3);

/// One process of the handler. Dropping it kills its whole process group.
pub(super) struct HandlerProcess {
    child: Child,
    initialization_timeout: Duration,
    /// The id that its processes carry in their environment.
    worker: String,
    quiet: bool,
    /// The port that it was given to listen on.
    pub(super) port: u16,
    #[cfg(unix)]
    group: Option<nix::unistd::Pid>,
}

/// Why a start came to nothing.
#[derive(Debug, Clone, Error)]
pub(super) enum StartError {
    #[error(transparent)]
    Program(#[from] UnusableProgram),
    #[error("no port is free for it: {0}")]
    NoPort(String),
    /// `customHandler.port` of host.json.
    #[error("customHandler.port {0} is taken by another program")]
    PortTaken(u16),
}

/// The fixed port, if it is free; else any.
async fn free_port(fixed: Option<u16>) -> Result<u16, StartError> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, fixed.unwrap_or_default())).await;
    match (bound.and_then(|listener| listener.local_addr()), fixed) {
        (Ok(address), _) => Ok(address.port()),
        (Err(_), Some(port)) => Err(StartError::PortTaken(port)),
        (Err(error), None) => Err(StartError::NoPort(error.to_string())),
    }
}

/// What the host sets for one start: variables, and names in the executable and the arguments.
fn worker(spec: &HandlerSpec, port: u16, id: &str) -> [(&'static str, String); 5] {
    WORKER_NAMES.map(|name| {
        let value = match name {
            "FUNCTIONS_APP_ROOT_PATH" => spec.app_root.to_string_lossy().into_owned(),
            name if name.ends_with("_PORT") => port.to_string(),
            _ => id.to_owned(),
        };
        (name, value)
    })
}

impl HandlerProcess {
    pub(super) async fn start(spec: &HandlerSpec, tail: &Tail) -> Result<Self, StartError> {
        let port = free_port(spec.port).await?;
        let id = uuid::Uuid::new_v4().to_string();
        let worker = worker(spec, port, &id);
        let executable = of_worker(&spec.executable.to_string_lossy(), &worker);
        let path = std::env::var_os("PATH");
        let executable = program::find(Path::new(&executable), &spec.app_root, path.as_deref())?;
        // A relative path would be taken from the working directory on some
        // systems and from ours on others.
        let executable = std::path::absolute(&executable)
            .map_err(|error| program::refused(&executable, &error))?;
        let mut command = match &spec.launcher {
            Some(launcher) => launcher.command(&executable, Stdin::Nothing),
            None => Command::new(&executable),
        };
        command
            .args(spec.arguments.arguments(&worker))
            .current_dir(&spec.working_directory)
            .envs(spec.environment.iter().map(|(name, value)| (name, value)))
            .envs(worker)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Its own group: Ctrl-C in the terminal is ours to pass on, in order.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = match &spec.launcher {
            Some(launcher) => launcher.spawn(command, Stdin::Nothing).await,
            None => command.spawn(),
        }
        .map_err(|error| program::refused(&executable, &error))?;
        let name = executable
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let prefix = (!spec.quiet).then(|| format!("[{name}] "));
        let hears = (tail.clone(), spec.refusals.clone());
        if let Some(stdout) = child.stdout.take() {
            tokio::spawn(relay(stdout, prefix.clone(), hears.clone()));
        }
        if let Some(stderr) = child.stderr.take() {
            tokio::spawn(relay(stderr, prefix, hears));
        }
        #[cfg(unix)]
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(nix::unistd::Pid::from_raw);
        Ok(Self {
            child,
            initialization_timeout: spec.initialization_timeout,
            worker: id,
            quiet: spec.quiet,
            port,
            #[cfg(unix)]
            group,
        })
    }

    /// Waits for any HTTP answer to `GET /`; else says what happened instead.
    pub(super) async fn ready(&mut self) -> Result<(), End> {
        let (begun, mut told) = (Instant::now(), false);
        let mut ended = false;
        loop {
            if self.answers().await {
                return Ok(());
            }
            let pause = if ended { LOOK } else { pause(begun.elapsed()) };
            tokio::select! {
                biased;
                status = self.child.wait(), if !ended => match End::of(status) {
                    End::Zero => ended = true,
                    end => return Err(end),
                },
                () = tokio::time::sleep(pause) => {}
            }
            if ended && !listening::is_anyone_left(&self.worker) {
                return Err(End::Zero);
            }
            let waited = begun.elapsed();
            if waited > self.initialization_timeout {
                return Err(End::Silent(format!(
                    "{}; it had {} s",
                    self.where_it_listens(),
                    self.initialization_timeout.as_secs()
                )));
            }
            if waited > TELL_AFTER && !told && !self.quiet {
                told = true;
                log(&format!(
                    "[host] the handler {}\n{HOW_TO_READ_THE_PORT}",
                    self.where_it_listens()
                ));
            }
        }
    }

    fn where_it_listens(&self) -> String {
        let listens = listening::of_worker(&self.worker);
        listening::diagnosis(&listens, self.port)
    }

    /// Whether anybody answers on the port.
    pub(super) async fn answers(&self) -> bool {
        tokio::time::timeout(ANSWER, answers(self.port))
            .await
            .unwrap_or(false)
    }

    pub(super) async fn exited(&mut self) -> End {
        End::of(self.child.wait().await)
    }

    pub(super) async fn stop(&mut self) {
        #[cfg(unix)]
        self.signal(nix::sys::signal::Signal::SIGTERM);
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
        // What outlives this is killed by the drop.
        let _ = tokio::time::timeout(STOP_TIMEOUT, async {
            let _ = self.child.wait().await;
            // What it has left running drains, too.
            #[cfg(unix)]
            while self.is_group_left() {
                tokio::time::sleep(ASK).await;
            }
        })
        .await;
    }

    /// Whether a process of the group runs.
    #[cfg(unix)]
    fn is_group_left(&self) -> bool {
        self.group
            .is_some_and(|group| nix::sys::signal::killpg(group, None).is_ok())
    }

    #[cfg(unix)]
    fn signal(&self, signal: nix::sys::signal::Signal) {
        if let Some(group) = self.group {
            // ESRCH: no process is left in the group, which is what we want.
            let _ = nix::sys::signal::killpg(group, signal);
        }
    }
}

#[cfg(unix)]
impl Drop for HandlerProcess {
    fn drop(&mut self) {
        self.signal(nix::sys::signal::Signal::SIGKILL);
    }
}

/// Before the next question, after a wait: an eighth of it, so that a handler that is ready in 2 ms
/// is found in 3, and one that takes a second is not asked a thousand times.
fn pause(waited: Duration) -> Duration {
    (waited / 8).clamp(ASK_AT_FIRST, ASK)
}

async fn answers(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            .await?;
        let mut start = [0; 5];
        stream.read_exact(&mut start).await?;
        Ok::<_, std::io::Error>(&start == b"HTTP/")
    };
    ask.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is counted is the wait for the answer, less the time that the questions take.
    #[test]
    fn point_5_an_answer_is_found_soon_after_it_is_there_and_by_few_questions() {
        for (ready_after, found_within, questions) in
            [(2, 1, 4), (8, 1, 10), (100, 13, 40), (5_000, 20, 300)]
        {
            let ready = Duration::from_millis(ready_after);
            let (mut waited, mut asked) = (Duration::ZERO, 1);
            while waited < ready {
                waited += pause(waited);
                asked += 1;
            }
            let late = waited.saturating_sub(ready);
            assert!(
                late <= Duration::from_millis(found_within),
                "{ready:?}: {late:?} late"
            );
            assert!(asked <= questions, "{ready:?}: {asked} questions");
        }
    }
}
