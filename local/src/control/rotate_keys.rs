//! The endpoint of `greeting-local rotate-keys`.

use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_entra::Authority;
use local_events::Told;

use super::door::{Door, stranger};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/rotate-keys";

/// The endpoint.
pub(crate) fn router(authority: Authority, door: Door) -> axum::Router {
    let rotate = move |headers: HeaderMap| async move {
        if !door.opens_to(&headers) {
            return stranger();
        }
        match authority.rotate_keys() {
            Ok(kid) => Told::new("done")
                .because(format!("signing with {kid}"))
                .on(kid),
            Err(error) => Told::new("refused")
                .because("no key can be made, or kept")
                .on((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        }
    };
    axum::Router::new().route(PATH, post(rotate))
}
