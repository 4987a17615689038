//! The endpoint of `greeting-local rotate-keys`.

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_entra::Authority;
use local_events::{EventNote, Outcome};

use super::secret::{ControlSecret, unknown_caller};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/rotate-keys";

/// The endpoint.
pub(crate) fn router(authority: Authority, secret: ControlSecret) -> axum::Router {
    let rotate = move |headers: HeaderMap| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        match authority.rotate_keys() {
            Ok(kid) => EventNote::new(Outcome::Done)
                .because(format!("signing with {kid}"))
                .on(kid),
            Err(error) => EventNote::new(Outcome::Refused)
                .because("no key can be made, or kept")
                .on((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        }
    };
    axum::Router::new().route(PATH, post(rotate))
}
