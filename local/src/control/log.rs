//! Events over HTTP: as JSON lines for `greeting-local log`, and as server-sent events (WHATWG
//! HTML section 9.2) for the control room.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http_body_util::channel::Channel;
use local_events::{Kept, Log, json};
use serde::Deserialize;
use tokio::sync::broadcast;

use super::secret::{ControlSecret, unknown_caller};

/// The path of the log's endpoint.
pub(crate) const PATH: &str = "/greeting-local/log";
/// So that a reader that has gone is noticed on a quiet day.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    follow: bool,
}

/// The endpoint that `greeting-local log` reads; JSON, a line each.
pub(crate) fn router(log: Log, secret: ControlSecret) -> axum::Router {
    let answer = move |headers: HeaderMap, Query(asked): Query<LogQuery>| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        let (recent, coming) = log.listen();
        let first = recent.iter().map(|kept| line(kept)).collect();
        let stream = LogBody {
            log,
            first,
            coming: asked.follow.then_some(coming),
            write: line,
            heartbeat: "\n",
        };
        stream.answer("application/x-ndjson")
    };
    axum::Router::new().route(PATH, get(answer))
}

/// Server-sent events: those after number `after`, and those that come. Each bears its number, so
/// that a reader who comes again goes on where it was; the first says which run numbers them.
pub(crate) fn events(log: &Log, after: u64) -> Response {
    let (recent, coming) = log.listen();
    let mut first = format!("event: run\ndata: {}\n\n", log.run());
    let missed = recent.iter().filter(|kept| kept.number > after);
    first.extend(missed.map(|kept| server_sent(kept)));
    let stream = LogBody {
        log: log.clone(),
        first,
        coming: Some(coming),
        write: server_sent,
        heartbeat: ":\n\n",
    };
    stream.answer("text/event-stream")
}

fn line(kept: &Kept) -> String {
    format!("{}\n", json(&kept.event))
}

fn server_sent(kept: &Kept) -> String {
    // JSON has no line breaks outside of strings, and escapes them in there.
    let row = serde_json::to_string(&kept.event.row()).unwrap_or_default();
    format!("id: {}\ndata: {row}\n\n", kept.number)
}

/// What a reader gets.
struct LogBody {
    log: Log,
    first: String,
    /// None: no more than the first.
    coming: Option<broadcast::Receiver<Arc<Kept>>>,
    write: fn(&Kept) -> String,
    heartbeat: &'static str,
}

impl LogBody {
    fn answer(self, content_type: &'static str) -> Response {
        let (sender, body) = Channel::<Bytes, Infallible>::new(16);
        tokio::spawn(self.send(sender));
        let headers = [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (headers, Body::new(body)).into_response()
    }

    /// Until the reader goes, or the log ends.
    async fn send(self, mut sender: http_body_util::channel::Sender<Bytes, Infallible>) {
        if sender.send_data(self.first.into()).await.is_err() {
            return;
        }
        let Some(mut coming) = self.coming else {
            return;
        };
        let mut ended = self.log.ended();
        loop {
            let text = tokio::select! {
                kept = coming.recv() => match kept {
                    Ok(kept) => (self.write)(&kept),
                    // It reads too slowly; it goes on with what is left.
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                () = async { drop(ended.wait_for(|ended| *ended).await) } => return,
                () = tokio::time::sleep(HEARTBEAT) => self.heartbeat.to_owned(),
            };
            if sender.send_data(text.into()).await.is_err() {
                return;
            }
        }
    }
}
