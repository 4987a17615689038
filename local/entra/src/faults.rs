//! Trouble on request: answers that are slow, or fail at a rate, so that a client's retries can be
//! tried. At the endpoints that clients repeat: discovery, keys, device code, token and managed
//! identity. The statuses and `Retry-After` are what Microsoft's clients repeat a request for; the
//! body is Entra's envelope, with a code of Microsoft's table (AADSTS90033, AADSTS90055). No capture.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use local_events::{EventNote, Outcome};
use serde_json::json;

use super::Authority;
use super::error::{AuthorityError, correlation, with_ids};

/// After how many seconds a client may ask again.
const RETRY_AFTER: u32 = 1;

/// A layer around the endpoints that clients repeat.
pub(super) async fn on_request(
    State(authority): State<Authority>,
    request: Request,
    next: Next,
) -> Response {
    let Some(status) = drawn_status(&authority).await else {
        return next.run(request).await;
    };
    let correlation = correlation(request.headers());
    let error = AuthorityError::Failing(status);
    let response = error.response(correlation, authority.clock().now());
    failed(&authority, with_ids(response, correlation))
}

/// The same around the app's managed identity, whose envelope is another one (that of its other
/// refusals).
pub(super) async fn on_identity_request(
    State(authority): State<Authority>,
    request: Request,
    next: Next,
) -> Response {
    let Some(status) = drawn_status(&authority).await else {
        return next.run(request).await;
    };
    let message = "An error was asked for by a policy of greeting-local: --fail.";
    let body = json!({"statusCode": status.as_u16(), "message": message});
    failed(&authority, (status, Json(body)).into_response())
}

/// Waits as long as each answer has to; the status of this one, if it is to fail.
async fn drawn_status(authority: &Authority) -> Option<StatusCode> {
    let policy = authority.policy();
    if let Some(wait) = policy.delay.wait() {
        tokio::time::sleep(wait).await;
    }
    policy.failures.status(drawn())
}

fn failed(authority: &Authority, mut response: Response) -> Response {
    if [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ]
    .contains(&response.status())
    {
        let seconds = HeaderValue::from(RETRY_AFTER);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    EventNote::new(Outcome::Refused)
        .because(format!("policy --fail {}", authority.policy().failures))
        .on(response)
}

/// A random number. Without randomness the request fails: it was asked for.
fn drawn() -> u32 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u32::from_be_bytes(bytes),
        Err(_) => 0,
    }
}
