//! The guard against DNS rebinding.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use loopback::NAMES;

use crate::arrival;

/// Refuses other names for this address: a web page could point a name of its own at loopback
/// (DNS rebinding) and then read what is answered.
pub async fn only_localhost(mut request: Request, next: Next) -> Response {
    if let Err(why) = arrival::read(&mut request) {
        return (why.status(), format!("{why}\n")).into_response();
    }
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let named = host.as_ref().map_or("", Authority::host);
    if NAMES.iter().any(|name| name.eq_ignore_ascii_case(named)) {
        return next.run(request).await;
    }
    (
        StatusCode::MISDIRECTED_REQUEST,
        "This authority is localhost only.\n",
    )
        .into_response()
}
