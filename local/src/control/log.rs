//! Events over HTTP: as JSON lines for `greeting-local log`, and as server-sent events (WHATWG
//! HTML section 9.2) for the control room. Their text is made once for all readers, and what has
//! come while a reader was busy is one chunk for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use local_events::{Kept, Log};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};

use super::secret::{ControlSecret, unknown_caller};

/// The path of the log's endpoint.
pub(crate) const PATH: &str = "/greeting-local/log";
/// So that a reader that has gone is noticed on a quiet day.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A person does not read faster: what comes within this time is one chunk.
const GLANCE: Duration = Duration::from_millis(250);
/// Nor more at a glance: the last of these, and the count of the others.
pub(crate) const AT_A_GLANCE: usize = 200;

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    follow: bool,
}

/// A line among the events: how many a slow reader has lost here.
#[derive(Serialize, Deserialize)]
pub(crate) struct Lost {
    pub(crate) lost: u64,
}

/// JSON, a line each.
const LINES: &str = "application/x-ndjson";

/// The endpoint that `greeting-local log` reads; JSON, a line each.
pub(crate) fn router(log: Log, secret: ControlSecret) -> axum::Router {
    let answer = move |headers: HeaderMap, Query(asked): Query<LogQuery>| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        let (recent, coming) = log.listen();
        let first: String = recent.iter().map(|kept| kept.line()).collect();
        if !asked.follow {
            // Not by a channel, which loses what is sent just before its end while it is read.
            return (head(LINES), first).into_response();
        }
        let ended = log.ended();
        streamed(LINES, |sender| lines(sender, first, coming, ended))
    };
    axum::Router::new().route(PATH, get(answer))
}

/// Server-sent events: those after number `after`, and those that come. Each bears its number, so
/// that a reader who comes again goes on where it was; the first says which run numbers them.
pub(crate) fn events(log: &Log, after: u64) -> Response {
    let log = log.clone();
    streamed("text/event-stream", move |sender| {
        server_sent(sender, log, after)
    })
}

/// An answer whose body `write` writes, until the reader goes or `write` ends.
fn streamed<F>(
    content_type: &'static str,
    write: impl FnOnce(Sender<Bytes, Infallible>) -> F,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, body) = Channel::<Bytes, Infallible>::new(16);
    tokio::spawn(write(sender));
    (head(content_type), Body::new(body)).into_response()
}

fn head(content_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
    ]
}

/// `first`, and then those that come, all of which a reader wants who follows.
async fn lines(
    mut sender: Sender<Bytes, Infallible>,
    first: String,
    mut coming: broadcast::Receiver<Arc<Kept>>,
    mut ended: watch::Receiver<bool>,
) {
    let mut text = first;
    while sender.send_data(text.into()).await.is_ok() {
        text = tokio::select! {
            kept = coming.recv() => match kept {
                Ok(kept) => kept.line().to_owned(),
                Err(RecvError::Lagged(lost)) => lost_line(lost),
                Err(RecvError::Closed) => return,
            },
            () = end_of(&mut ended) => return,
            () = tokio::time::sleep(HEARTBEAT) => "\n".to_owned(),
        };
        loop {
            match coming.try_recv() {
                Ok(kept) => text.push_str(kept.line()),
                Err(TryRecvError::Lagged(lost)) => text.push_str(&lost_line(lost)),
                Err(_) => break,
            }
        }
    }
}

fn lost_line(lost: u64) -> String {
    let line = serde_json::to_string(&Lost { lost }).unwrap_or_default();
    format!("{line}\n")
}

/// The last of what comes, for somebody who looks on.
async fn server_sent(mut sender: Sender<Bytes, Infallible>, log: Log, after: u64) {
    let mut last = log.last();
    let mut ended = log.ended();
    let mut seen = after;
    let mut text = format!("event: run\ndata: {}\n\n", log.run());
    loop {
        last.mark_unchanged();
        let new = log.after(seen, AT_A_GLANCE);
        seen = new.last;
        if new.missed > 0 {
            text.push_str(&format!("event: missed\ndata: {}\n\n", new.missed));
        }
        text.extend(new.events.iter().map(|kept| kept.server_sent()));
        if sender
            .send_data(std::mem::take(&mut text).into())
            .await
            .is_err()
        {
            return;
        }
        // What came while it was sent is for the next glance.
        tokio::select! {
            () = tokio::time::sleep(GLANCE) => {}
            () = end_of(&mut ended) => return,
        }
        tokio::select! {
            changed = last.changed() => match changed {
                Ok(()) => {}
                Err(_) => return,
            },
            () = end_of(&mut ended) => return,
            () = tokio::time::sleep(HEARTBEAT) => text.push_str(":\n\n"),
        }
    }
}

/// Returns when no more events come.
async fn end_of(ended: &mut watch::Receiver<bool>) {
    drop(ended.wait_for(|ended| *ended).await);
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use local_events::{Detail, Event, Print};

    use super::*;

    fn record(log: &Log, events: usize) {
        let event: Event = serde_json::from_str(
            r#"{"time": "2026-11-24T10:00:00Z", "source": "gate", "method": "GET", "path": "/",
                "status": 401, "outcome": "refused", "duration_ms": 1}"#,
        )
        .unwrap();
        for _ in 0..events {
            log.record(event.clone());
        }
    }

    async fn chunk(body: &mut Channel<Bytes, Infallible>) -> String {
        let frame = body.frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn point_11_a_slow_reader_of_lines_is_told_how_many_it_has_lost() {
        let log = Log::new(Print::Off, Detail::Everything);
        let (_, coming) = log.listen();
        record(&log, 1_500);
        let (sender, mut body) = Channel::<Bytes, Infallible>::new(16);
        let first = "first\n".to_owned();
        let task = tokio::spawn(lines(sender, first, coming, log.ended()));
        assert_eq!(chunk(&mut body).await, "first\n");
        let rest = chunk(&mut body).await;
        let lines: Vec<&str> = rest.lines().collect();
        let Lost { lost } = serde_json::from_str(lines[0]).unwrap();
        assert!(lost > 0);
        assert_eq!(lines.len() as u64 - 1 + lost, 1_500, "one chunk");
        log.end();
        task.await.unwrap();
    }

    #[tokio::test]
    async fn point_11_who_looks_on_gets_the_last_in_one_chunk_and_the_count_of_the_others() {
        let log = Log::new(Print::Off, Detail::Everything);
        record(&log, 450);
        let (sender, mut body) = Channel::<Bytes, Infallible>::new(16);
        let task = tokio::spawn(server_sent(sender, log.clone(), 0));
        let first = chunk(&mut body).await;
        assert!(first.contains("event: missed\ndata: 250\n\n"), "{first}");
        assert_eq!(first.matches("id: ").count(), AT_A_GLANCE);
        assert!(first.contains("id: 251\n") && first.ends_with("\n\n"));
        record(&log, 3);
        let next = chunk(&mut body).await;
        assert_eq!(next.matches("id: ").count(), 3, "{next}");
        assert!(!next.contains("missed"), "{next}");
        log.end();
        task.await.unwrap();
    }
}
