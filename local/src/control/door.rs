//! Who may ask: only who can read the state folder knows the secret. A web page can't.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use local_events::Told;

/// What a caller without the secret is told.
const STRANGER: &str = "not from this machine's greeting-local\n";

/// The answer to a caller without the secret.
pub(crate) fn stranger() -> Response {
    Told::new("refused")
        .because("the caller does not know this stack's secret")
        .on((StatusCode::UNAUTHORIZED, STRANGER))
}

/// Knows the secret.
#[derive(Clone)]
pub(crate) struct Door {
    expected: String,
}

impl Door {
    pub(crate) fn new(secret: &str) -> Self {
        Self {
            expected: format!("Bearer {secret}"),
        }
    }

    /// Whether the caller knows it too.
    pub(crate) fn opens_to(&self, headers: &HeaderMap) -> bool {
        headers.get(header::AUTHORIZATION).is_some_and(|sent| {
            aws_lc_rs::constant_time::verify_slices_are_equal(
                sent.as_bytes(),
                self.expected.as_bytes(),
            )
            .is_ok()
        })
    }
}
