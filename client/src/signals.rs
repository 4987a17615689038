//! The signals that end the program: what it has started ends first.

use std::io;

/// 128 and the signal's number, as shells report it (POSIX, Shell Command Language 2.8.2).
const INTERRUPTED: i32 = 130;

/// Waits for the first of them, and returns the exit status to end with: Ctrl-C, SIGTERM, or the
/// closing of the terminal.
///
/// # Errors
/// The system does not pass signals on.
#[cfg(unix)]
pub(crate) async fn end() -> io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt.map(|()| INTERRUPTED),
        _ = terminate.recv() => Ok(143),
        _ = hang_up.recv() => Ok(129),
    }
}

/// Waits for Ctrl-C, and returns the exit status to end with.
///
/// # Errors
/// The system does not pass it on.
#[cfg(not(unix))]
pub(crate) async fn end() -> io::Result<i32> {
    tokio::signal::ctrl_c().await.map(|()| INTERRUPTED)
}
