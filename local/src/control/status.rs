//! The endpoint of `greeting-local status`: what the stack knows of itself.

use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::secret::{ControlSecret, unknown_caller};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/status";

/// What stands behind the gate, and whether it can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum Behind {
    /// The handler starts.
    Starting,
    /// The handler takes calls.
    Ready,
    /// The handler has ended, and is not started again.
    Ended,
    /// An app that this program does not run.
    Upstream {
        /// Its address.
        url: String,
    },
}

/// What a running stack says of itself; nothing of it is a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Its process.
    pub(crate) process: u32,
    /// The program's version.
    pub(crate) version: String,
    /// When it was ready, in seconds since 1970, UTC, by this machine's clock.
    pub(crate) since: i64,
    /// What is behind the gate.
    pub(crate) behind: Behind,
    /// Where the Easy Auth settings are from.
    pub(crate) settings: String,
    /// Where the API's registration is from.
    pub(crate) registration: String,
    /// Whom the local authority plays, where not the local tenant itself.
    pub(crate) plays: Option<String>,
    /// The sign-in names of the local tenant's people; none where a real tenant signs in.
    pub(crate) users: Vec<String>,
    /// What is not as it should be, and still allowed.
    pub(crate) notes: Vec<String>,
}

/// How `behind` is found out: filled once the app has been started.
pub(crate) type Health = Arc<OnceLock<Box<dyn Fn() -> Behind + Send + Sync>>>;

/// The endpoint; `about` is all but what changes.
pub(crate) fn router(about: Status, health: Health, secret: ControlSecret) -> axum::Router {
    let answer = move |headers: HeaderMap| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        let behind = health.get().map_or(Behind::Starting, |ask| ask());
        Json(Status { behind, ..about }).into_response()
    };
    axum::Router::new().route(PATH, get(answer))
}
