//! One request, relayed over one connection to whoever answers it: bodies streamed both ways,
//! trailers and protocol upgrades (WebSocket) passed on, hop-by-hop headers kept out
//! (RFC 9110 section 7.6.1).

use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a body may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A body, streamed.
pub type BoxBody = UnsyncBoxBody<Bytes, BoxError>;

/// Azure's front end gives up on a silent app after this.
/// <https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout>
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(230);

/// Headers of one connection, which do not travel on; and `Expect`, which our own server has
/// answered by then.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayError {
    /// The other side ended, or broke the connection, before it answered.
    Broken,
    /// It was silent for as long as the caller allows.
    Silent,
}

/// Sends `request` over `stream`, a connection of its own: a pooled one may be gone by the time
/// it is used, and what was sent on it must not be sent twice.
///
/// # Errors
/// There is no answer, and why.
pub async fn relay<B>(
    stream: TcpStream,
    mut request: Request<B>,
    patience: Duration,
) -> Result<Response<BoxBody>, RelayError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    // Small writes (events, WebSocket messages) must not wait for each other.
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| RelayError::Broken)?;
    // Its errors arrive through the sender or the body.
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    let upgrade = upgrade_of(request.headers())
        .is_some()
        .then(|| hyper::upgrade::on(&mut request));
    let answer = tokio::time::timeout(patience, sender.send_request(outgoing(request)))
        .await
        .map_err(|_| RelayError::Silent)?
        .map_err(|_| RelayError::Broken)?;
    Ok(incoming(answer, upgrade))
}

/// The answer as the caller gets it. After a 101, the two connections are one.
fn incoming(
    mut answer: Response<hyper::body::Incoming>,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
) -> Response<BoxBody> {
    let switched = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
    let protocol = upgrade_of(answer.headers()).filter(|_| switched);
    match (switched, upgrade) {
        (true, Some(caller)) => {
            let app = hyper::upgrade::on(&mut answer);
            tokio::spawn(async move {
                let (Ok(caller), Ok(app)) = tokio::join!(caller, app) else {
                    return; // one of them went away while switching
                };
                let (mut caller, mut app) = (TokioIo::new(caller), TokioIo::new(app));
                // Its end, however it comes, is both connections' end.
                let _ = tokio::io::copy_bidirectional(&mut caller, &mut app).await;
            });
        }
        // Nobody asked for it, so nobody could speak what follows.
        (true, None) => {
            return text(
                StatusCode::BAD_GATEWAY,
                "The app switched protocols unasked.\n",
            );
        }
        _ => {}
    }
    let (mut parts, body) = answer.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    if let Some(protocol) = protocol {
        add_upgrade(&mut parts.headers, protocol);
    }
    let mut response = Response::new(body.map_err(Into::into).boxed_unsync());
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}

/// The request as the other side gets it.
fn outgoing<B: Body>(request: Request<B>) -> Request<B> {
    let (parts, body) = request.into_parts();
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = parts.method;
    // Path and query as the caller wrote them, without the authority that an HTTP/2 or
    // absolute-form request carries in its target.
    *outgoing.uri_mut() = parts
        .uri
        .path_and_query()
        .cloned()
        .map_or_else(Uri::default, Uri::from);
    let mut headers = parts.headers;
    let upgrade = upgrade_of(&headers);
    let trailers = lists(&headers, header::TE, "trailers");
    remove_hop_by_hop(&mut headers);
    if let Some(protocol) = upgrade {
        add_upgrade(&mut headers, protocol);
    } else if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    if !headers.contains_key(header::HOST) {
        let host = parts
            .uri
            .authority()
            .and_then(|host| HeaderValue::from_str(host.as_str()).ok());
        headers.insert(
            header::HOST,
            host.unwrap_or(HeaderValue::from_static("localhost")),
        );
    }
    *outgoing.headers_mut() = headers;
    outgoing
}

/// The protocol that an upgrade names, where `Connection` says that there is one.
fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    lists(headers, header::CONNECTION, "upgrade")
        .then(|| headers.get(header::UPGRADE).cloned())
        .flatten()
}

fn add_upgrade(headers: &mut HeaderMap, protocol: HeaderValue) {
    headers.insert(header::UPGRADE, protocol);
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
}

/// Whether the comma-separated `name` has `item`.
fn lists(headers: &HeaderMap, name: HeaderName, item: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(item))
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // `Connection: x-ms-client-principal` must not take away what the gate set.
        .filter(|name: &HeaderName| !name.as_str().starts_with("x-ms-"))
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// A plain answer of our own.
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<BoxBody> {
    answer(status, "text/plain; charset=utf-8", body)
}

/// An answer of our own.
pub fn answer(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<BoxBody> {
    let body = Full::new(body.into()).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn what_belongs_to_one_connection_stays_there() {
        for (sent, got) in [
            (
                &[
                    ("connection", "close, x-own"),
                    ("x-own", "1"),
                    ("x-keep", "1"),
                ][..],
                &[("x-keep", "1"), ("host", "h")][..],
            ),
            (
                &[
                    ("connection", "x-ms-client-principal"),
                    ("x-ms-client-principal", "p"),
                ],
                &[("x-ms-client-principal", "p"), ("host", "h")],
            ),
            (
                &[
                    ("connection", "keep-alive, Upgrade"),
                    ("upgrade", "websocket"),
                    ("keep-alive", "5"),
                ],
                &[
                    ("upgrade", "websocket"),
                    ("connection", "upgrade"),
                    ("host", "h"),
                ],
            ),
            // Without Connection: upgrade it is no upgrade.
            (&[("upgrade", "websocket")], &[("host", "h")]),
            (
                &[
                    ("te", "gzip, trailers"),
                    ("trailer", "x-sum"),
                    ("transfer-encoding", "chunked"),
                ],
                &[
                    ("trailer", "x-sum"),
                    ("te", "trailers"),
                    ("connection", "te"),
                    ("host", "h"),
                ],
            ),
            (
                &[("te", "gzip"), ("expect", "100-continue")],
                &[("host", "h")],
            ),
        ] {
            let mut request = Request::get("http://h/p?q=1")
                .body(Full::<Bytes>::default())
                .unwrap();
            *request.headers_mut() = headers(sent);
            let request = outgoing(request);
            assert_eq!(request.headers(), &headers(got), "{sent:?}");
            assert_eq!(request.uri(), "/p?q=1");
        }
    }
}
