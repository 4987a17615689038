//! The endpoint of `greeting-local stop`.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_events::{EventNote, Outcome};
use tokio::sync::Notify;

use super::secret::{ControlSecret, unknown_caller};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/stop";

/// The endpoint; who runs the stack waits for `asked`.
pub(crate) fn router(asked: Arc<Notify>, secret: ControlSecret) -> axum::Router {
    let stop = move |headers: HeaderMap| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        // A permit is kept for one who waits only later.
        asked.notify_one();
        EventNote::new(Outcome::Done)
            .because("the stack ends")
            .on(StatusCode::OK)
    };
    axum::Router::new().route(PATH, post(stop))
}
