//! The custom handler's process: the port it is given, and the signals that end it.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use greeting_server::authorize::EasyAuth;
use greeting_server::handler::{EASY_AUTH_OFF, alert, serve};
use tokio::net::TcpListener;

/// Where the Functions host says which port it will call.
const PORT: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

fn main() -> ExitCode {
    // By number: tokio reads it from TOKIO_WORKER_THREADS otherwise, and ends where that is blank.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(|error| format!("the asynchronous runtime did not start: {error}"));
    match runtime.and_then(|runtime| runtime.block_on(run())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            alert(&format!("greeting-server: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn run() -> Result<(), String> {
    let port = port(variable(PORT).as_deref())?;
    // Before the port opens, so that no signal can arrive unheard.
    let end = end().map_err(|error| format!("can't listen for signals: {error}"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| format!("can't listen on 127.0.0.1:{port} (from {PORT}): {error}"))?;
    let easy_auth = EasyAuth::from_setting(variable(EasyAuth::SETTING).as_deref());
    if easy_auth == EasyAuth::Off {
        alert(EASY_AUTH_OFF);
    }
    serve(listener, easy_auth, end).await;
    Ok(())
}

/// An environment variable; one that is blank is not set.
fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    (!value.trim().is_empty()).then_some(value)
}

fn port(value: Option<&str>) -> Result<u16, String> {
    let value = value.ok_or_else(|| {
        format!(
            "{PORT} is not set: start this with `func start` or `greeting-local up`, which set it"
        )
    })?;
    match value.parse() {
        Ok(port) if port != 0 => Ok(port),
        _ => Err(format!(
            "{PORT} is {value:?}, which is not a port (1 to 65535)"
        )),
    }
}

/// Resolves at SIGTERM (Azure, `greeting-local`) or Ctrl-C (a terminal).
#[cfg(unix)]
fn end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves at Ctrl-C.
#[cfg(not(unix))]
fn end() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
