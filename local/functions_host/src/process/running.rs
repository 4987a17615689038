//! One process of the handler: its environment, its first answer, its end.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use local_child::Stdin;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::HandlerSpec;
use super::output::{Tail, relay};
use crate::command_line::{WORKER_NAMES, of_worker};
use crate::program::{self, Unusable};

/// Between SIGTERM and SIGKILL.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// One process of the handler. Dropping it kills its whole process group.
pub(super) struct HandlerProcess {
    child: Child,
    initialization_timeout: Duration,
    /// The port that it was given to listen on.
    pub(super) port: u16,
    #[cfg(unix)]
    group: Option<nix::unistd::Pid>,
}

/// Why a start came to nothing.
#[derive(Debug, Clone, Error)]
pub(super) enum StartError {
    #[error(transparent)]
    Program(#[from] Unusable),
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
fn worker(spec: &HandlerSpec, port: u16) -> [(&'static str, String); 5] {
    let id = uuid::Uuid::new_v4().to_string();
    WORKER_NAMES.map(|name| {
        let value = match name {
            "FUNCTIONS_APP_ROOT_PATH" => spec.app_root.to_string_lossy().into_owned(),
            name if name.ends_with("_PORT") => port.to_string(),
            _ => id.clone(),
        };
        (name, value)
    })
}

impl HandlerProcess {
    pub(super) async fn start(spec: &HandlerSpec, tail: &Tail) -> Result<Self, StartError> {
        let port = free_port(spec.port).await?;
        let worker = worker(spec, port);
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
            port,
            #[cfg(unix)]
            group,
        })
    }

    /// Waits for any HTTP answer to `GET /`; else says what happened instead.
    pub(super) async fn ready(&mut self) -> Result<(), String> {
        let (port, patience) = (self.port, self.initialization_timeout);
        let answered = async {
            while !answers(port).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            biased;
            status = self.child.wait() => Err(exit_reason(status)),
            answer = tokio::time::timeout(patience, answered) => {
                answer.map_err(|_| format!("did not answer GET / on port {port} in {} s", patience.as_secs()))
            }
        }
    }

    pub(super) async fn exited(&mut self) -> String {
        exit_reason(self.child.wait().await)
    }

    pub(super) async fn stop(&mut self) {
        #[cfg(unix)]
        self.signal(nix::sys::signal::Signal::SIGTERM);
        #[cfg(not(unix))]
        let _ = self.child.start_kill();
        // What outlives this is killed by the drop.
        let _ = tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await;
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

fn exit_reason(status: std::io::Result<std::process::ExitStatus>) -> String {
    match status {
        Ok(status) => format!("ended ({status})"),
        Err(error) => format!("was lost: {error}"),
    }
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
