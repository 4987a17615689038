//! The door through which this program's other commands reach the stack that runs. Only who can
//! read the state folder knows the secret: a web page can't.

use std::fmt::Display;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use crate::failure::Failure;
use crate::log::Told;
use crate::state::Running;

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

/// A client that trusts the running stack's CA and nobody else.
///
/// # Errors
/// The CA can't be read.
pub(crate) fn client(running: &Running) -> Result<reqwest::Client, Failure> {
    let pem = std::fs::read(&running.ready.ca_cert).map_err(|error| not_reached(&error))?;
    let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| not_reached(&error))?;
    reqwest::Client::builder()
        .tls_certs_only([certificate])
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| not_reached(&error))
}

/// The stack that runs, by what the state folder says, does not answer.
pub(crate) fn not_reached(error: &dyn Display) -> Failure {
    Failure::new(
        "the running greeting-local was not reached",
        error,
        "is it still running? start it with: greeting-local up",
    )
}
