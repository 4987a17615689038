//! The custom handler's process: started, watched, started again when it
//! exits, and ended together with whatever it started itself.

mod ends;
mod listening;
mod output;
mod running;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use local_child::Launcher;
use local_failure::{Failure, Fix};
use local_http::relay::{Client, Protocol};
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::ends::{End, Errors, MAX_ERRORS, MAX_RESTARTS};
use self::output::{Tail, log};
use self::running::{HandlerProcess, StartError};
use super::command_line::CommandLine;
use super::program::UnusableProgram;
use super::refusals::Refusals;

/// For a call to wait while the handler is starting again.
pub(crate) const RESTART_TIMEOUT: Duration = Duration::from_secs(10);
/// Times that a program which ran before is looked for: a build replaces its file.
const MAX_LOOKS: u32 = 10;

/// What to run. No `Debug`: the environment may hold secrets.
#[derive(Clone)]
pub struct HandlerSpec {
    /// The program; a bare name is looked for in `PATH`.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: CommandLine,
    /// The port that it is to listen on, where it is a fixed one.
    pub port: Option<u16>,
    /// How long it may take to answer.
    pub initialization_timeout: Duration,
    /// The folder it runs in.
    pub working_directory: PathBuf,
    /// The Function app's folder, which the handler gets as a setting.
    pub app_root: PathBuf,
    /// More environment variables, such as `WEBSITE_AUTH_ENABLED`.
    pub environment: Vec<(String, String)>,
    /// Keeps the handler's output to itself.
    pub quiet: bool,
    /// Starts it so that it ends with this program. Without one it outlives a host that is killed.
    pub launcher: Option<Launcher>,
    /// Hears why it refuses calls.
    pub refusals: Refusals,
}

/// Why the handler does not run.
#[derive(Debug, Clone, Error)]
pub enum HandlerError {
    /// The program can't be started at all.
    #[error(transparent)]
    CannotRun(UnusableProgram),
    /// No port for it to listen on.
    #[error("{0}")]
    NoPort(String),
    /// It was started, and did not become ready, or not stay it.
    #[error(
        "it {} in {starts} start{}; the last one {reason}; {}",
        if *was_ready { "did not stay up" } else { "did not become ready" },
        if *starts == 1 { "" } else { "s" },
        printed(output)
    )]
    GaveUp {
        /// How often it was started.
        starts: u32,
        /// Whether it has answered before.
        was_ready: bool,
        /// What happened to the last start.
        reason: String,
        /// What to do about that.
        fix: String,
        /// The last lines of its output.
        output: Vec<String>,
    },
}

fn printed(output: &[String]) -> String {
    if output.is_empty() {
        return "it printed nothing".to_owned();
    }
    let lines: String = output.iter().map(|line| format!("\n  {line}")).collect();
    format!("its last output:{lines}")
}

impl HandlerError {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> Fix {
        match self {
            Self::CannotRun(why) => why.fix(),
            Self::NoPort(_) => {
                "end what listens there, or remove customHandler.port from host.json".into()
            }
            Self::GaveUp { fix, .. } => fix.as_str().into(),
        }
    }
}

impl From<StartError> for HandlerError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Program(why) => Self::CannotRun(why),
            other => Self::NoPort(other.to_string()),
        }
    }
}

impl From<HandlerError> for Failure {
    fn from(error: HandlerError) -> Self {
        let what = match &error {
            HandlerError::GaveUp {
                was_ready: true, ..
            } => "the handler is given up; start again when it is corrected",
            _ => "the handler did not start",
        };
        Self::new(what, &error, error.fix())
    }
}

#[derive(Clone)]
enum State {
    Starting,
    Ready(Listening),
    Ended,
    Failed(HandlerError),
}

/// One start of a handler that takes calls. The connections to it end with it: the next start is
/// called over new ones.
#[derive(Clone)]
pub struct Listening {
    /// Where it listens.
    pub port: u16,
    /// The connections to it.
    pub(crate) client: Arc<Client>,
}

impl Listening {
    fn at(port: u16) -> Self {
        Self {
            port,
            client: Client::new(Protocol::Http1),
        }
    }
}

/// Whether a handler takes calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Not yet: it starts.
    Starting,
    /// It does.
    Ready,
    /// It has ended, and is not started again.
    Ended,
}

/// A supervised handler. Dropping it kills the process.
pub struct Handler {
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
    supervisor: tokio::sync::Mutex<JoinHandle<()>>,
    abort: tokio::task::AbortHandle,
}

impl Handler {
    /// Starts the handler; returns once it answers.
    ///
    /// # Errors
    /// When it can't be started, or does not become ready in three starts.
    pub async fn start(spec: HandlerSpec) -> Result<Self, HandlerError> {
        Self::start_in(spec, MAX_ERRORS).await
    }

    /// As `start`, but the first end before it answers is the last: whoever reloads has another
    /// handler that serves.
    ///
    /// # Errors
    /// When it can't be started, or does not become ready.
    pub async fn start_once(spec: HandlerSpec) -> Result<Self, HandlerError> {
        Self::start_in(spec, 1).await
    }

    async fn start_in(spec: HandlerSpec, first_starts: u32) -> Result<Self, HandlerError> {
        let (sender, mut state) = watch::channel(State::Starting);
        let (stop, stopped) = watch::channel(false);
        let supervisor = tokio::spawn(supervise(spec, first_starts, sender, stopped));
        let abort = supervisor.abort_handle();
        let handler = Self {
            state: state.clone(),
            stop,
            supervisor: tokio::sync::Mutex::new(supervisor),
            abort,
        };
        match state
            .wait_for(|state| !matches!(state, State::Starting))
            .await
            .as_deref()
        {
            Ok(State::Failed(error)) => Err(error.clone()),
            _ => Ok(handler),
        }
    }

    /// Whether it takes calls now.
    pub(crate) fn readiness(&self) -> Readiness {
        match *self.state.borrow() {
            State::Starting => Readiness::Starting,
            State::Ready(_) => Readiness::Ready,
            State::Ended | State::Failed(_) => Readiness::Ended,
        }
    }

    /// What to call; waits, ten seconds at most, for a restart in progress.
    /// `None` when the handler is not running by then.
    pub async fn listening(&self) -> Option<Listening> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Starting));
        match tokio::time::timeout(RESTART_TIMEOUT, settled)
            .await
            .ok()?
            .as_deref()
        {
            Ok(State::Ready(listening)) => Some(listening.clone()),
            _ => None,
        }
    }

    /// Where the handler listens, if it is ready.
    pub fn listening_now(&self) -> Option<Listening> {
        match &*self.state.borrow() {
            State::Ready(listening) => Some(listening.clone()),
            _ => None,
        }
    }

    /// Ends the process and all that it started: SIGTERM, and SIGKILL for what
    /// is still there five seconds later.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let mut supervisor = self.supervisor.lock().await;
        if !supervisor.is_finished() {
            // An error would be a panic of the supervisor, whose child is gone with it.
            let _ = (&mut *supervisor).await;
        }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

async fn supervise(
    spec: HandlerSpec,
    first_starts: u32,
    state: watch::Sender<State>,
    mut stop: watch::Receiver<bool>,
) {
    let (mut errors, mut looks, mut was_ready) = (Errors::default(), 0, false);
    let mut restarts = 0;
    loop {
        let tail = Tail::default();
        let end = match HandlerProcess::start(&spec, &tail).await {
            // At a first start this is a wrong path; later, a rebuild replaces the file.
            Err(error) if !was_ready || looks == MAX_LOOKS => {
                return fail(&state, error.into(), was_ready);
            }
            Err(error) => {
                looks += 1;
                End::Error(format!("can't be started: {error}"))
            }
            Ok(mut running) => tokio::select! {
                biased;
                () = stopped(&mut stop) => {
                    state.send_replace(State::Ended);
                    return running.stop().await;
                }
                end = async {
                    running.ready().await?;
                    (looks, was_ready) = (0, true);
                    state.send_replace(State::Ready(Listening::at(running.port)));
                    Err::<(), End>(running.exited().await)
                } => {
                    let end = end.err().unwrap_or(End::Zero);
                    if end == End::Zero && was_ready {
                        // No failure, so the host starts nothing (WorkerProcess.cs:166-176).
                        if running.answers().await {
                            stopped(&mut stop).await;
                            state.send_replace(State::Ended);
                            return running.stop().await;
                        }
                        log("[host] the handler ended with status 0, which Azure's host takes for no failure: it starts no other, and calls fail");
                        state.send_replace(State::Ended);
                        return;
                    }
                    state.send_replace(State::Starting);
                    end
                }
            },
        };
        let starts = if was_ready { MAX_ERRORS } else { first_starts };
        let last = match &end {
            // No error: but who never answers does not go on for ever.
            End::Restart => {
                restarts += 1;
                (!was_ready && restarts >= MAX_RESTARTS) || errors.count() >= starts
            }
            // The program is looked for as often as a build takes.
            _ if looks > 0 => false,
            End::Zero | End::Silent(_) => true,
            End::Error(_) => errors.add(Instant::now()) >= starts,
        };
        if last {
            let output = tail.lines();
            let error = HandlerError::GaveUp {
                starts: match end {
                    End::Restart => errors.count() + restarts,
                    _ => errors.count().max(1),
                },
                was_ready,
                reason: end.reason(),
                fix: end.fix(&output, &by_hand(&spec)),
                output,
            };
            return fail(&state, error, was_ready);
        }
        if !spec.quiet {
            log(&format!("the handler {}; starting it again", end.reason()));
        }
        let ends = errors.count().max(looks).max(restarts);
        let pause = Duration::from_millis(50 << ends.min(5));
        if tokio::time::timeout(pause, stopped(&mut stop))
            .await
            .is_ok()
        {
            state.send_replace(State::Ended);
            return;
        }
    }
}

/// The line that starts the handler in a shell, with the arguments as host.json has them.
fn by_hand(spec: &HandlerSpec) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
    let mut line = format!(
        "cd {} && FUNCTIONS_CUSTOMHANDLER_PORT={} {}",
        quoted(&spec.working_directory.to_string_lossy()),
        spec.port.unwrap_or(7072),
        quoted(&spec.executable.to_string_lossy()),
    );
    for argument in spec.arguments.written() {
        line.push_str(&format!(" {}", quoted(&argument)));
    }
    line
}

/// Gives the handler up. Who started it hears of it; who called it later reads it.
fn fail(state: &watch::Sender<State>, error: HandlerError, was_ready: bool) {
    if was_ready {
        log(&Failure::from(error.clone()).to_string());
    }
    state.send_replace(State::Failed(error));
}

/// Resolves when the handler is to end; also when the sender is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
