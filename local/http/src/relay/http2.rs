//! The relay to an app that is spoken to in HTTP/2 without TLS, by prior knowledge (RFC 9113
//! section 3.3), as gRPC's servers expect it.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::first_bytes::{FirstBytes, Speaks};
use super::trailers::TrailersKept;
use super::{BoxBody, BoxError, RelayError, incoming, outgoing};

/// Headers of an answer, in octets. What HTTP/1.1 has room for here.
const HEADERS: u32 = 400 * 1024;

/// As [`relay`](super::relay), in HTTP/2: the connection is this request's alone, no request is
/// repeated, and no WebSocket passes.
///
/// # Errors
/// There is no answer, and why.
pub async fn relay_http2<B>(
    stream: TcpStream,
    request: Request<B>,
    patience: Duration,
) -> Result<Response<BoxBody>, RelayError>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    let _ = stream.set_nodelay(true);
    let (stream, first_bytes) = FirstBytes::of(stream);
    let failed = |error: hyper::Error| match first_bytes.speaks() {
        Some(Speaks::Http1) => RelayError::SpeaksHttp1,
        _ if is_reset(&error) => RelayError::Reset,
        _ => RelayError::Broken,
    };
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    // It ends with its only request; errors arrive through the sender or the body.
    tokio::spawn(async move { drop(connection.await) });
    let answer = tokio::time::timeout(patience, sender.send_request(as_http2(request)))
        .await
        .map_err(|_| RelayError::Silent)?
        .map_err(failed)?;
    Ok(incoming(answer, None))
}

/// Whether the other side ended the request's stream, and not the connection.
fn is_reset(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &h2::Error| error.is_reset() && error.is_remote())
}

/// The request as an HTTP/2 server gets it: its `Host` is the authority (RFC 9113 section 8.3.1),
/// and no header speaks of a connection (section 8.2.2).
fn as_http2<B: Body>(request: Request<B>) -> Request<TrailersKept<B>> {
    let mut request = outgoing(request, false);
    *request.version_mut() = hyper::Version::HTTP_2;
    let headers = request.headers_mut();
    headers.remove(header::CONNECTION);
    let host = headers.remove(header::HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let mut target = request.uri().clone().into_parts();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(authority.unwrap_or(Authority::from_static("localhost")));
    if target.path_and_query.is_none() {
        target.path_and_query = Some(PathAndQuery::from_static("/"));
    }
    if let Ok(target) = Uri::from_parts(target) {
        *request.uri_mut() = target;
    }
    request
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    #[test]
    fn point_17_the_request_is_one_of_http2() {
        let mut request = Request::post("/svc.Greeter/Hello?x=1")
            .header("host", "app.example:7071")
            .header("te", "trailers")
            .header("connection", "te, x-own")
            .header("x-own", "1")
            .header("x-keep", "1")
            .body(Empty::<Bytes>::new())
            .unwrap();
        crate::arrival::read(&mut request).unwrap();
        let request = as_http2(request);
        assert_eq!(
            request.uri(),
            "http://app.example:7071/svc.Greeter/Hello?x=1"
        );
        let headers: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, ["te: trailers", "x-keep: 1"]);
    }
}
