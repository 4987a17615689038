//! Trouble on request: answers that are slow, or fail at a rate, so that a client's retries can be
//! tried. At the endpoints that clients repeat: discovery, keys, device code and token. The
//! statuses and `Retry-After` are what Microsoft's clients repeat a request for; the body is
//! Entra's envelope, with a code of Microsoft's table (AADSTS90033, AADSTS90055). No capture.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use local_events::{EventNote, Outcome};

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
    let policy = authority.policy();
    if let Some(wait) = policy.delay.wait() {
        tokio::time::sleep(wait).await;
    }
    match policy.failures.status(drawn()) {
        None => next.run(request).await,
        Some(status) => {
            let correlation = correlation(request.headers());
            let error = AuthorityError::Failing(status);
            let mut response = error.response(correlation, authority.clock().now());
            if [
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
            ]
            .contains(&status)
            {
                let seconds = HeaderValue::from(RETRY_AFTER);
                response.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            EventNote::new(Outcome::Refused)
                .because(format!("policy --fail {}", policy.failures))
                .on(with_ids(response, correlation))
        }
    }
}

/// A random number. Without randomness the request fails: it was asked for.
fn drawn() -> u32 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u32::from_be_bytes(bytes),
        Err(_) => 0,
    }
}
