//! A request in the clear, written as it is spelled: to this machine, through no proxy.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::{BODY_LIMIT, Request, texts, unreached};
use crate::conformance::normal::Raw;
use crate::http::{Unreached, UnreachedKind};

/// Sends it over a connection of its own.
///
/// # Errors
/// Nothing answered in time.
pub(super) async fn send(
    origin: &Url,
    request: &Request,
    timeout: Duration,
) -> Result<Raw, Unreached> {
    match tokio::time::timeout(timeout, exchange(origin, request)).await {
        Ok(outcome) => {
            outcome.map_err(|error| unreached(UnreachedKind::Refused, error.to_string()))
        }
        Err(_) => Err(unreached(
            UnreachedKind::Timeout,
            "no answer in time".to_owned(),
        )),
    }
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn exchange(origin: &Url, request: &Request) -> Result<Raw, Failed> {
    let addresses = origin.socket_addrs(|| None)?;
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the exchange: nothing is asked twice on it.
    let connection = tokio::spawn(connection);
    let mut builder = hyper::Request::builder()
        .method(request.method.as_str())
        .uri(request.target.as_str())
        .header("host", origin.authority());
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let response = sender
        .send_request(builder.body(Empty::<Bytes>::new())?)
        .await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY_LIMIT).collect().await?.to_bytes();
    connection.abort();
    Ok(Raw {
        status: head.status.as_u16(),
        headers: texts(&head.headers),
        body: body.to_vec(),
    })
}
