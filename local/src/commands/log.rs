//! `greeting-local log`: what authority, gate and handler have decided, and why.

use local_events::{Event, interrupted};
use local_failure::Failure;

use crate::cli::{LogArgs, Output};
use crate::control::client;
use crate::control::log::PATH;
use crate::control::running::Found;
use crate::say;

/// Prints what the running stack has decided, and with `--follow` what it decides.
///
/// # Errors
/// Nothing runs, or it ends.
pub(crate) async fn run(args: LogArgs) -> Result<(), Failure> {
    let found = Found::of(args.state.into(), "log")?;
    let running = &found.running;
    let url = format!("{}{}?follow={}", running.control, PATH, args.follow);
    let mut response = client::client(&found)?
        .get(url)
        .bearer_auth(&running.control_secret)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| client::not_reached(&found.home, &error.without_url()))?;
    let mut buffer = Vec::new();
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    loop {
        let chunk = tokio::select! {
            // The signal first: it is listened for by the time that anything is printed.
            biased;
            () = &mut interrupted => return Ok(()),
            chunk = response.chunk() => chunk,
        };
        let Some(chunk) =
            chunk.map_err(|error| client::not_reached(&found.home, &error.without_url()))?
        else {
            return Ok(());
        };
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            if text.is_empty() {
                continue;
            }
            let shown = match (args.output, serde_json::from_str::<Event>(text)) {
                (Output::Human, Ok(event)) => event.to_string(),
                _ => text.to_owned(),
            };
            // A reader who reads nothing does not hold up the end.
            tokio::select! {
                biased;
                () = &mut interrupted => return Ok(()),
                printed = say::line_later(shown) => printed?,
            }
        }
    }
}
