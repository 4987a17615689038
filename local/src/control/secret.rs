//! Who may ask: only who can read the state folder knows the secret. A web page can't.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use local_events::{EventNote, Outcome};

/// The answer's body.
const UNKNOWN_CALLER: &str = "not from this machine's greeting-local\n";

/// The answer to a caller without the secret.
pub(crate) fn unknown_caller() -> Response {
    EventNote::new(Outcome::Refused)
        .because("the caller does not know this stack's secret")
        .on((StatusCode::UNAUTHORIZED, UNKNOWN_CALLER))
}

/// The secret of the stack that runs.
#[derive(Clone)]
pub(crate) struct ControlSecret {
    expected: String,
}

impl ControlSecret {
    pub(crate) fn new(secret: &str) -> Self {
        Self {
            expected: format!("Bearer {secret}"),
        }
    }

    /// Whether a request carries it.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        headers.get(header::AUTHORIZATION).is_some_and(|sent| {
            aws_lc_rs::constant_time::verify_slices_are_equal(
                sent.as_bytes(),
                self.expected.as_bytes(),
            )
            .is_ok()
        })
    }
}
