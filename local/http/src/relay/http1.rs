//! The relay in HTTP/1.1, over a connection of the call's own.
//!
//! Connections are not kept for further calls. A server may end an idle one at any moment, also
//! right after an answer and without a word (RFC 9112 section 9.3), and what was sent on it by then
//! must not be sent twice: calls were lost. And one that is kept open holds up a server that serves
//! one connection at a time.

use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::first_bytes::{FirstBytes, Speaks};
use super::{
    BoxBody, BoxError, MAX_HEADERS, RelayError, Upgrades, asks_for_websocket, incoming, outgoing,
};

/// Sends `request` over `stream`, and nothing else.
///
/// # Errors
/// There is no answer, and why.
pub async fn relay<B>(
    stream: TcpStream,
    mut request: Request<B>,
    upgrades: Upgrades,
    patience: Duration,
) -> Result<Response<BoxBody>, RelayError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    // Small writes (events, WebSocket messages) must not wait for each other.
    let _ = stream.set_nodelay(true);
    let (stream, first_bytes) = FirstBytes::of(stream);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(MAX_HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| RelayError::Broken)?;
    // Its errors arrive through the sender or the body.
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    let upgrade = (upgrades == Upgrades::WebSocket && asks_for_websocket(&request))
        .then(|| hyper::upgrade::on(&mut request));
    let request = outgoing(request, upgrade.is_some());
    let answer = tokio::time::timeout(patience, sender.send_request(request))
        .await
        .map_err(|_| RelayError::Silent)?
        .map_err(|error| match first_bytes.speaks() {
            Some(Speaks::Http2) => RelayError::SpeaksHttp2,
            _ => RelayError::of(&error),
        })?;
    Ok(incoming(answer, upgrade))
}
