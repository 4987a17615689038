//! One request, relayed to its server: bodies streamed both ways,
//! trailers and WebSockets passed on, hop-by-hop headers kept out (RFC 9110 section 7.6.1).
//! [`arrival::read`](crate::arrival::read) has read the request before.
//!
//! - `client`: the connections to one app; `kept`: which of them serve a further call
//! - `call`: what is sent; `trailers`: which of the caller's go on
//! - `http1`, `http2`: one call over one connection
//! - `first_bytes`: what the other side speaks, where that is not what it was asked in

mod call;
mod client;
mod first_bytes;
mod http1;
mod http2;
mod kept;
mod trailers;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;

pub use self::call::{Call, Protocol};
pub use self::client::{Client, Connection, Failed};
pub use self::first_bytes::speaks_http2;
pub(crate) use self::trailers::{TrailersKept, travels};

use crate::arrival::{asks_for_websocket, items};

/// What a body may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A body, streamed.
pub type BoxBody = UnsyncBoxBody<Bytes, BoxError>;

/// Azure's front end gives up on a silent app after this.
/// <https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout>
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(230);

/// Headers of an answer that are read: twice as many as HAProxy, Envoy and hyper read by themselves.
/// hyper fills room for all of them at each answer.
pub const MAX_HEADERS: usize = 200;

/// Headers of one connection, which do not travel on; and `Expect`, which our own server has
/// answered by then.
fn is_hop_by_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "http2-settings"
            | "keep-alive"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "transfer-encoding"
            | "upgrade"
            | "expect"
    )
}

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
    /// It was asked in HTTP/2, and reset the request's stream before it answered (RFC 9113 section
    /// 6.4).
    Reset,
    /// It answered, and that is no HTTP/1.1.
    Malformed,
    /// Its answer's headers are more than [`MAX_HEADERS`], or longer than hyper reads (400 KB).
    TooLarge,
    /// It was asked in HTTP/1.1, and speaks HTTP/2.
    SpeaksHttp2,
    /// It was asked in HTTP/2, and speaks HTTP/1.1.
    SpeaksHttp1,
    /// It was silent for as long as the caller allows.
    Silent,
    /// The caller broke off its request's body, so the app never had the whole request.
    Unfinished,
}

impl RelayError {
    /// Why an answer in HTTP/1.1 could not be read.
    fn of(error: &hyper::Error) -> Self {
        if error.is_parse_too_large() {
            Self::TooLarge
        } else if error.is_parse() {
            Self::Malformed
        } else {
            Self::Broken
        }
    }
}

/// The answer as the caller gets it. After a 101, the two connections are one.
fn incoming<B>(
    mut answer: Response<B>,
    upgrade: Option<hyper::upgrade::OnUpgrade>,
) -> Response<BoxBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
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
    // Most heads have none, and a look at each name costs less than ten searches.
    while let Some(name) = headers.keys().find(|name| is_hop_by_hop(name)) {
        let name = name.clone();
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
