//! The guard against DNS rebinding.

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use loopback::NAMES;

/// Refuses other names for this address: a web page could point a name of its own at loopback
/// (DNS rebinding) and then read what is answered.
pub async fn only_localhost(request: Request, next: Next) -> Response {
    let host = request
        .uri()
        .host()
        .or_else(|| {
            let host = request.headers().get(header::HOST)?.to_str().ok()?;
            Some(
                host.rsplit_once(':')
                    .filter(|(_, port)| !port.contains(']'))
                    .map_or(host, |(name, _)| name),
            )
        })
        .unwrap_or("");
    if NAMES.contains(&host) {
        return next.run(request).await;
    }
    (
        StatusCode::MISDIRECTED_REQUEST,
        "This authority is localhost only.\n",
    )
        .into_response()
}
