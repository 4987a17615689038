//! How commands ask.

use std::fmt::Display;
use std::time::Duration;

use local_failure::{Failure, Fix};
use reqwest::StatusCode;
use serde::Serialize;

use super::running::Found;
use super::status::{self, Status};
use crate::state::{self, Home};
use crate::typed::Typed;

/// For an answer that costs the stack nothing.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A client that trusts the running stack's CA and no other.
///
/// # Errors
/// The CA can't be read.
pub(crate) fn client(found: &Found) -> Result<reqwest::Client, Failure> {
    let not_reached = |error: &dyn Display| not_reached(&found.home, error);
    let ca = &found.running.ready.ca_cert;
    let pem = state_folder::read_regular(ca)
        .map_err(|error| state::unusable(&state_folder::Unusable::new(ca, error)))?;
    let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| not_reached(&error))?;
    reqwest::Client::builder()
        .tls_certs_only([certificate])
        .no_proxy()
        .connect_timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| not_reached(&error))
}

/// The stack that runs, by what the state folder says, does not answer.
pub(crate) fn not_reached(home: &Home, error: &dyn Display) -> Failure {
    Failure::new(
        "the running greeting-local was not reached",
        error,
        Fix::with("is it still running? start it with", home.stack.line("up")),
    )
}

/// What the running stack says of itself.
///
/// # Errors
/// As [`ask`].
pub(crate) async fn status(found: &Found) -> Result<Status, Failure> {
    ask(found, reqwest::Method::GET, status::PATH)
        .await?
        .json()
        .await
        .map_err(|error| not_reached(&found.home, &error.without_url()))
}

/// Asks the running stack at `path`, where its answer is always the same 200.
///
/// # Errors
/// It does not answer, or not so.
pub(crate) async fn ask(
    found: &Found,
    method: reqwest::Method,
    path: &str,
) -> Result<reqwest::Response, Failure> {
    client(found)?
        .request(method, format!("{}{path}", found.running.control))
        .bearer_auth(&found.running.control_secret)
        .timeout(ANSWER_TIMEOUT)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| not_reached(&found.home, &error.without_url()))
}

/// Asks the running authority at `path` to do `body`, as `command`.
///
/// # Errors
/// The stack has no local authority, or that refuses.
pub(crate) async fn post(
    command: &str,
    found: &Found,
    path: &str,
    body: &impl Serialize,
) -> Result<reqwest::Response, Failure> {
    found.running.local_tenant(command)?;
    let answer = client(found)?
        .post(format!("{}{path}", found.running.control))
        .bearer_auth(&found.running.control_secret)
        .json(body)
        .send()
        .await
        .map_err(|error| not_reached(&found.home, &error.without_url()))?;
    if answer.status() == StatusCode::OK {
        return Ok(answer);
    }
    let why = answer.text().await.unwrap_or_default();
    Err(Failure::new(
        "the running authority did not do that",
        why,
        Fix::with(
            "correct what it names, or see",
            Typed::here().own(&format!("{command} --help")),
        ),
    ))
}
