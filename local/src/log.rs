//! What happened to each request, with its reason: on the terminal of `up`, and for
//! `greeting-local log`. No token is in it, and no claim value but `aud`, `iss`, `tid`, `scp`,
//! `roles` and times.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use clap::ValueEnum;
use http_body_util::channel::Channel;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};

use crate::cli::{LogArgs, Output};
use crate::control;
use crate::failure::Failure;
use crate::say;
use crate::state::{self, Running};

const PATH: &str = "/greeting-local/log";
/// Events that a late reader still finds.
const KEPT: usize = 500;
/// Events that a slow reader may be behind before it loses some.
const BEHIND: usize = 1024;

/// One request and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    /// When it was answered, UTC.
    pub(crate) time: Timestamp,
    pub(crate) method: String,
    /// Without the query, which may hold what nobody should read.
    pub(crate) path: String,
    pub(crate) status: u16,
    /// `passed`, `anonymous`, `refused`, `sign-in`, `own`, `off`,
    /// `https` or `cors`.
    pub(crate) outcome: String,
    /// A code and a sentence, where the gate has refused, or found nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// The delegated scopes of a caller who passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scp: Option<String>,
    /// The app roles of a caller who passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) roles: Vec<String>,
    /// Until the answer's head.
    pub(crate) duration_ms: u64,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::tz::TimeZone::system().to_datetime(self.time);
        let color = match self.status {
            ..400 => AnsiColor::Green,
            400..500 => AnsiColor::Yellow,
            _ => AnsiColor::Red,
        };
        let style = Style::new().fg_color(Some(color.into()));
        write!(
            f,
            "{} {:4} {} {style}{}{style:#}",
            time.strftime("%H:%M:%S"),
            printable(&self.method),
            printable(&self.path),
            self.status,
        )?;
        match (&self.reason, self.outcome.as_str()) {
            (Some(reason), "anonymous") => write!(f, " anonymous ({})", printable(reason))?,
            (Some(reason), "sign-in") => write!(f, " sign-in ({})", printable(reason))?,
            (Some(reason), _) => write!(f, " {}", printable(reason))?,
            (None, "passed") => {
                f.write_str(" passed")?;
                if let Some(scp) = &self.scp {
                    write!(f, ", scp {:?}", scp)?;
                }
                if !self.roles.is_empty() {
                    write!(f, ", roles {:?}", self.roles)?;
                }
            }
            (None, outcome) => write!(f, " {}", printable(outcome))?,
        }
        write!(f, "  {} ms", self.duration_ms)
    }
}

/// Text of a caller's, for a terminal: what would move its cursor or colour it is escaped.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let plain = (!c.is_control()).then_some(c);
            let escaped = c.is_control().then(|| c.escape_default());
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}

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
    recent: Mutex<VecDeque<Arc<Event>>>,
    sender: broadcast::Sender<Arc<Event>>,
    ended: watch::Sender<bool>,
}

impl Log {
    pub(crate) fn new(print: Print) -> Self {
        Self(Arc::new(Inner {
            print,
            recent: Mutex::default(),
            sender: broadcast::channel(BEHIND).0,
            ended: watch::channel(false).0,
        }))
    }

    /// Tells of `event`.
    pub(crate) fn tell(&self, event: Event) {
        // A closed stderr is no reason to refuse a request.
        match self.0.print {
            Print::Human => drop(writeln!(anstream::stderr(), "{event}")),
            Print::Json => drop(writeln!(std::io::stderr(), "{}", json(&event))),
            Print::Off => {}
        }
        let event = Arc::new(event);
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == KEPT {
            recent.pop_front();
        }
        recent.push_back(event.clone());
        // Under the lock, so that a new reader neither misses an event nor sees it twice. An
        // error means that nobody listens.
        let _ = self.0.sender.send(event);
    }

    /// No more events: whoever follows is told so, and holds nobody up.
    pub(crate) fn end(&self) {
        self.0.ended.send_replace(true);
    }

    fn listen(&self) -> (Vec<Arc<Event>>, broadcast::Receiver<Arc<Event>>) {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        (recent.iter().cloned().collect(), self.0.sender.subscribe())
    }
}

fn json(event: &Event) -> String {
    // Strings and numbers under string keys: there is nothing that JSON can't say.
    serde_json::to_string(event).unwrap_or_default()
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    follow: bool,
}

/// The door that `greeting-local log` knocks on; JSON, a line each.
pub(crate) fn router(log: Log, door: control::Door) -> axum::Router {
    let answer = move |headers: HeaderMap, Query(asked): Query<Asked>| async move {
        if !door.opens_to(&headers) {
            return (StatusCode::UNAUTHORIZED, control::STRANGER).into_response();
        }
        lines(&log, asked.follow)
    };
    axum::Router::new().route(PATH, get(answer))
}

fn lines(log: &Log, follow: bool) -> Response {
    let (recent, mut coming) = log.listen();
    let mut ended = log.0.ended.subscribe();
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(16);
    tokio::spawn(async move {
        for event in recent {
            if sender.send_data(line(&event)).await.is_err() {
                return;
            }
        }
        if !follow {
            return;
        }
        loop {
            let sent = tokio::select! {
                event = coming.recv() => match event {
                    Ok(event) => sender.send_data(line(&event)).await,
                    // It reads too slowly; it goes on with what is left.
                    Err(broadcast::error::RecvError::Lagged(_)) => Ok(()),
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                () = async { drop(ended.wait_for(|ended| *ended).await) } => return,
                // So that a reader that has gone is noticed on a quiet day.
                () = tokio::time::sleep(std::time::Duration::from_secs(15)) => {
                    sender.send_data(Bytes::from_static(b"\n")).await
                }
            };
            if sent.is_err() {
                return;
            }
        }
    });
    (
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::new(body),
    )
        .into_response()
}

fn line(event: &Event) -> Bytes {
    format!("{}\n", json(event)).into()
}

/// Prints what the running gate has decided, and with `--follow` what it decides.
///
/// # Errors
/// Nothing runs, or it ends.
pub(crate) async fn run(args: LogArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&state)?;
    let url = format!("{}{PATH}?follow={}", running.control, args.follow);
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
            chunk = response.chunk() => chunk,
            () = &mut interrupted => return Ok(()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_the_caller_wrote() {
        let event = Event {
            time: Timestamp::UNIX_EPOCH,
            method: "GET".into(),
            path: "/a\n\u{1b}[31mb".into(),
            status: 401,
            outcome: "refused".into(),
            reason: Some("wrong-issuer: x\ny".into()),
            scp: None,
            roles: vec![],
            duration_ms: 3,
        };
        let human = anstream::adapter::strip_str(&event.to_string()).to_string();
        assert!(
            human.ends_with(r"GET  /a\n\u{1b}[31mb 401 wrong-issuer: x\ny  3 ms"),
            "{human}"
        );
        assert_eq!(json(&event).lines().count(), 1);
    }
}
