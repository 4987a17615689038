//! What is served beside the function: the authority, its pages, and what commands ask.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use local_easy_auth::Rules;
use local_entra::Authority;
use local_events::{Log, record_events};
use local_http::dns_rebinding_guard::{only_known_names, only_this_machine};
use local_http::page;
use local_http::public_host::PublicHost;
use tokio::sync::Notify;

use crate::control::running::Ready;
use crate::control::secret::ControlSecret;
use crate::control::status::{Health, Status};
use crate::control::{approve, log, policy, rotate_keys, status, stop};
use crate::control_room::{self, App, Room};
use crate::deploy::Sources;
use crate::state::StackRef;

/// The largest form is a few hundred bytes.
const MAX_BODY: usize = 64 * 1024;

/// What the pages show.
pub(super) struct Shown {
    pub(super) rules: Arc<Rules>,
    pub(super) ready: Ready,
    pub(super) state_dir: PathBuf,
    pub(super) stack: StackRef,
    pub(super) sources: Sources,
    pub(super) function: App,
    pub(super) warnings: Vec<String>,
    pub(super) status: Status,
    pub(super) health: Health,
    pub(super) asked_to_stop: Arc<Notify>,
    /// By which a network calls this machine, if one may.
    pub(super) public_host: Option<PublicHost>,
}

/// Every page and endpoint; without a local authority only the log's.
pub(super) fn router(
    authority: Option<&Authority>,
    secret: &ControlSecret,
    log: &Log,
    shown: Shown,
) -> Router {
    let open = authority.map(|authority| authority.router().merge(page::router()));
    let own = match authority {
        Some(authority) => Router::new()
            .merge(approve::router(authority.clone(), secret.clone()))
            .merge(policy::router(authority.clone(), secret.clone()))
            .merge(rotate_keys::router(authority.clone(), secret.clone()))
            .merge(control_room::router(Room {
                authority: authority.clone(),
                rules: shown.rules,
                log: log.clone(),
                ready: shown.ready,
                state_dir: shown.state_dir,
                stack: shown.stack,
                sources: shown.sources,
                function: shown.function,
                warnings: shown.warnings,
            })),
        None => Router::new(),
    };
    let own = own
        .merge(log::router(log.clone(), secret.clone()))
        .merge(status::router(shown.status, shown.health, secret.clone()))
        .merge(stop::router(shown.asked_to_stop, secret.clone()))
        .route_layer(middleware::from_fn_with_state(
            shown.public_host.clone(),
            only_this_machine,
        ));
    open.unwrap_or_default()
        .merge(own)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            shown.public_host,
            only_known_names,
        ))
        .layer(middleware::from_fn_with_state(log.clone(), record_events))
        .layer(middleware::map_response(page::private))
}

#[cfg(test)]
mod tests;
