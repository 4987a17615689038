//! What authority, gate and handler have decided on each request, with its reason: on the
//! terminal of `up`, for `greeting-local log`, and in the control room. No token and no code is
//! in it, and no claim value but `aud`, `iss`, `tid`, `scp`, `roles` and times.
//!
//! - `event`: one decision; `told`: the authority's
//! - `stream`: those that were, and those that come, over HTTP

mod event;
mod stream;
mod told;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::{broadcast, watch};

pub(crate) use self::event::{Event, Row, Source};
pub(crate) use self::stream::{events, router};
pub(crate) use self::told::{Told, tell};

use crate::cli::{LogArgs, Output};
use crate::control;
use crate::failure::Failure;
use crate::say;
use crate::state::{self, Running};

/// Events that a late reader still finds.
const KEPT: usize = 500;
/// Events that a slow reader may be behind before it loses some.
const BEHIND: usize = 1024;

/// How events are printed to stderr as they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Print {
    /// A line for people
    Human,
    /// A JSON object a line
    Json,
    /// Nothing
    Off,
}

/// Where events go. Clones share one.
#[derive(Clone)]
pub(crate) struct Log(Arc<Inner>);

struct Inner {
    print: Print,
    /// Names this run: numbers of another one mean nothing.
    run: String,
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Arc<Kept>>,
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Recent {
    last: u64,
    events: VecDeque<Arc<Kept>>,
}

/// An event and its number, from 1.
pub(crate) struct Kept {
    pub(crate) number: u64,
    pub(crate) event: Event,
}

impl Log {
    pub(crate) fn new(print: Print) -> Self {
        Self(Arc::new(Inner {
            print,
            run: uuid::Uuid::new_v4().to_string(),
            recent: Mutex::default(),
            sender: broadcast::channel(BEHIND).0,
            ended: watch::channel(false).0,
        }))
    }

    /// Tells of `event`.
    pub(crate) fn tell(&self, mut event: Event) {
        event.tidy();
        // A closed stderr is no reason to refuse a request.
        match self.0.print {
            Print::Human => drop(writeln!(anstream::stderr(), "{event}")),
            Print::Json => drop(writeln!(std::io::stderr(), "{}", json(&event))),
            Print::Off => {}
        }
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.last += 1;
        let kept = Arc::new(Kept {
            number: recent.last,
            event,
        });
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(kept.clone());
        // Under the lock, so that a new reader neither misses an event nor sees it twice. An
        // error means that nobody listens.
        let _ = self.0.sender.send(kept);
    }

    /// No more events: whoever follows is told so, and holds nobody up.
    pub(crate) fn end(&self) {
        self.0.ended.send_replace(true);
    }

    /// This run's name.
    pub(crate) fn run(&self) -> &str {
        &self.0.run
    }

    /// The last events, the oldest first.
    pub(crate) fn recent(&self) -> Vec<Arc<Kept>> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.events.iter().cloned().collect()
    }

    fn listen(&self) -> (Vec<Arc<Kept>>, broadcast::Receiver<Arc<Kept>>) {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let events = recent.events.iter().cloned().collect();
        (events, self.0.sender.subscribe())
    }

    fn ended(&self) -> watch::Receiver<bool> {
        self.0.ended.subscribe()
    }
}

/// For the log, which counts in milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn json(event: &Event) -> String {
    // Strings and numbers under string keys: there is nothing that JSON can't say.
    serde_json::to_string(event).unwrap_or_default()
}

/// Prints what the running stack has decided, and with `--follow` what it decides.
///
/// # Errors
/// Nothing runs, or it ends.
pub(crate) async fn run(args: LogArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&state)?;
    let url = format!("{}{}?follow={}", running.control, stream::PATH, args.follow);
    let client = control::client(&running)?;
    let mut response = client
        .get(url)
        .bearer_auth(&running.control_secret)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| control::not_reached(&error.without_url()))?;
    let mut buffer = Vec::new();
    let interrupted = crate::up::interrupted();
    tokio::pin!(interrupted);
    loop {
        let chunk = tokio::select! {
            // The signal first: it is listened for by the time that anything is printed.
            biased;
            () = &mut interrupted => return Ok(()),
            chunk = response.chunk() => chunk,
        };
        let Some(chunk) = chunk.map_err(|error| control::not_reached(&error.without_url()))? else {
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
            match (args.output, serde_json::from_str::<Event>(text)) {
                (Output::Human, Ok(event)) => say::line(event),
                _ => say::line(text),
            }
        }
    }
}
