//! Decisions as they are taken, for the page's script.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use local_events::{EventNote, Outcome};
use local_http::page;
use serde::Deserialize;

use super::Shared;
use crate::control::log;

pub(super) const PATH: &str = "/control-room/events";
pub(super) const SCRIPT: &str = "/control-room/script.js";
/// For every page that has something to copy.
pub(super) const COPY: &str = "/control-room/copy.js";

#[derive(Deserialize)]
pub(super) struct EventsQuery {
    /// The number of the last event that the page has.
    #[serde(default)]
    after: u64,
}

/// Server-sent events, for this origin only.
pub(super) async fn events(
    State(room): State<Shared>,
    Query(asked): Query<EventsQuery>,
    headers: HeaderMap,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // Browsers say whose page it is (Fetch Metadata). Another's could not read the answer anyway,
    // but need not hold a connection either.
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        let note = EventNote::new(Outcome::Refused).because("another site's page asked for it");
        return note.on((StatusCode::FORBIDDEN, "not from this page\n"));
    }
    // A browser that connects again says where it was.
    let after = text("last-event-id").and_then(|id| id.parse().ok());
    let mut response = log::events(&room.log, after.unwrap_or(asked.after));
    page::keep_out(response.headers_mut());
    response
}

pub(super) async fn script() -> Response {
    page::file("text/javascript; charset=utf-8", include_str!("script.js"))
}

pub(super) async fn copy() -> Response {
    page::file("text/javascript; charset=utf-8", include_str!("copy.js"))
}
