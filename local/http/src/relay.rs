//! One request, relayed over one connection to its server: bodies streamed both ways,
//! trailers and WebSockets passed on, hop-by-hop headers kept out (RFC 9110 section 7.6.1).
//! [`arrival::read`](crate::arrival::read) has read the request before.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::arrival::{asks_for_websocket, folded, items};

/// What a body may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A body, streamed.
pub type BoxBody = UnsyncBoxBody<Bytes, BoxError>;

/// Azure's front end gives up on a silent app after this.
/// <https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout>
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(230);

/// Headers of one connection, which do not travel on; and `Expect`, which our own server has
/// answered by then.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Which protocols a connection may change to. Any other upgrade is passed on as a request that did
/// not ask for one (RFC 9110 section 7.8 allows that): a tunnel of HTTP/2 would carry every path
/// and every header past whoever decides on this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrades {
    /// None.
    None,
    /// WebSocket (RFC 6455).
    WebSocket,
}

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
    upgrades: Upgrades,
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
    let upgrade = (upgrades == Upgrades::WebSocket && asks_for_websocket(&request))
        .then(|| hyper::upgrade::on(&mut request));
    let request = outgoing(request, upgrade.is_some());
    let answer = tokio::time::timeout(patience, sender.send_request(request))
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
    let asked = upgrade.is_some();
    match (switched, upgrade) {
        (true, Some(caller)) if switches_to_websocket(answer.headers()) => {
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
        // No upgrade was requested, so the caller could not follow the new protocol.
        (true, _) => {
            return text(
                StatusCode::BAD_GATEWAY,
                "The app switched to a protocol that it was not asked for.\n",
            );
        }
        _ => {}
    }
    let (mut parts, body) = answer.into_parts();
    let named: Vec<HeaderName> = items(&parts.headers, header::CONNECTION)
        .filter_map(|name| name.parse().ok())
        .collect();
    for name in named {
        parts.headers.remove(name);
    }
    remove_hop_by_hop(&mut parts.headers);
    if switched && asked {
        add_upgrade(&mut parts.headers);
    }
    let mut response = Response::new(body.map_err(Into::into).boxed_unsync());
    *response.status_mut() = parts.status;
    *response.headers_mut() = parts.headers;
    response
}

/// The request as the other side gets it; `websocket` says that it asks for one.
pub(crate) fn outgoing<B: Body>(request: Request<B>, websocket: bool) -> Request<TrailersKept<B>> {
    let (parts, body) = request.into_parts();
    let mut outgoing = Request::new(TrailersKept(body));
    *outgoing.method_mut() = parts.method;
    // Path and query as the caller wrote them, without the authority that an HTTP/2 or
    // absolute-form request carries in its target.
    *outgoing.uri_mut() = parts
        .uri
        .path_and_query()
        .cloned()
        .map_or_else(Uri::default, Uri::from);
    let mut headers = parts.headers;
    let trailers = items(&headers, header::TE).any(|item| item.eq_ignore_ascii_case("trailers"));
    remove_hop_by_hop(&mut headers);
    if websocket {
        add_upgrade(&mut headers);
    } else if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    if !headers.contains_key(header::HOST) {
        // HTTP/1.0 may come without.
        headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    }
    *outgoing.headers_mut() = headers;
    outgoing
}

/// A request's body, less the trailers that would change what was decided: servers merge trailers
/// into headers, where the gate did not read them.
pub(crate) struct TrailersKept<B>(B);

/// Fields that frame, route, authenticate or say what the content is: not for trailers
/// (RFC 9110 section 6.5.1).
const NO_TRAILERS: [&str; 12] = [
    "authorization",
    "connection",
    "contentencoding",
    "contentlength",
    "contenttype",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "te",
    "transferencoding",
    "upgrade",
];

/// Beginnings of the names of the headers that a front end sets for the app.
const FRONT_END: [&str; 5] = ["xms", "xforwarded", "xoriginal", "xazure", "xarr"];

/// Whether a caller's trailer goes on. Names are compared by letters and digits, as the gate
/// compares headers.
pub(crate) fn travels(name: &HeaderName) -> bool {
    let name = folded(name);
    !NO_TRAILERS.contains(&name.as_str()) && !FRONT_END.iter().any(|start| name.starts_with(start))
}

impl<B: Body<Data = Bytes> + Unpin> Body for TrailersKept<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.0).poll_frame(context).map_ok(|frame| {
            frame.into_trailers().map_or_else(
                |data| data,
                |trailers| {
                    let kept = trailers.iter().filter(|(name, _)| travels(name));
                    Frame::trailers(
                        kept.map(|(name, value)| (name.clone(), value.clone()))
                            .collect(),
                    )
                },
            )
        })
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

fn switches_to_websocket(headers: &HeaderMap) -> bool {
    let mut protocols = items(headers, header::UPGRADE);
    protocols
        .next()
        .is_some_and(|protocol| protocol.eq_ignore_ascii_case("websocket"))
        && protocols.next().is_none()
}

fn add_upgrade(headers: &mut HeaderMap) {
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
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

    #[test]
    fn point_2_no_trailer_is_a_header_that_was_decided_on() {
        for (name, expected) in [
            ("x-sum", true),
            ("content-digest", true),
            ("grpc-status", true),
            ("x-ms-client-principal", false),
            ("x.ms.client.principal", false),
            ("x_ms_token_aad_id_token", false),
            ("x-forwarded-for", false),
            ("authorization", false),
            ("content-length", false),
            ("host", false),
        ] {
            assert_eq!(travels(&HeaderName::from_static(name)), expected, "{name}");
        }
    }

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
                    ("connection", "keep-alive, Upgrade"),
                    ("upgrade", "websocket"),
                    ("sec-websocket-version", "13"),
                    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                    ("keep-alive", "5"),
                ],
                &[
                    ("upgrade", "websocket"),
                    ("connection", "upgrade"),
                    ("sec-websocket-version", "13"),
                    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                    ("host", "h"),
                ],
            ),
            // Another protocol, or no handshake, is no upgrade.
            (
                &[
                    ("connection", "Upgrade, HTTP2-Settings"),
                    ("upgrade", "h2c"),
                    ("http2-settings", "AAMAAABkAAQAAP__"),
                ],
                &[("host", "h")],
            ),
            (
                &[("connection", "upgrade"), ("upgrade", "websocket")],
                &[("host", "h")],
            ),
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
            crate::arrival::read(&mut request).unwrap();
            let websocket = asks_for_websocket(&request);
            let request = outgoing(request, websocket);
            assert_eq!(request.headers(), &headers(got), "{sent:?}");
            assert_eq!(request.uri(), "/p?q=1");
        }
    }
}
