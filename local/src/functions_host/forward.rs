//! One call: from the gate to the handler, and its answer back.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::app::FunctionApp;
use super::process::{Handler, RESTART_TIMEOUT};

/// What a body may fail with.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// A body, streamed.
pub(crate) type BoxBody = UnsyncBoxBody<Bytes, BoxError>;

/// The host version that handlers are told: the major version we behave as.
const HOST_VERSION: &str = "4.0.0";
/// Azure's front end gives up on a silent HTTP function after this.
/// <https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout>
const ANSWER_TIMEOUT: Duration = Duration::from_secs(230);
const RUNNING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Function app</title><h1>Your Function app is up and running</h1></html>\n";

/// Headers of one connection, which do not travel on (RFC 9110, 7.6.1); and
/// `Expect`, which our own server has answered.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// The Functions host of one app.
#[derive(Clone)]
pub(crate) struct Host {
    app: Arc<FunctionApp>,
    handler: Arc<Handler>,
}

impl Host {
    /// A host that routes by `app` and forwards to `handler`.
    pub(crate) fn new(app: FunctionApp, handler: Arc<Handler>) -> Self {
        Self {
            app: Arc::new(app),
            handler,
        }
    }

    /// Answers one call. Headers that only the gate may set must be as the gate
    /// left them: they are forwarded like all others.
    pub(crate) async fn call<B>(&self, request: Request<B>) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let (method, path) = (request.method(), request.uri().path());
        if self.app.matches(method, path) {
            return self.forward(request).await;
        }
        match (method, path) {
            (&Method::GET | &Method::HEAD, "/") => {
                answer(StatusCode::OK, "text/html; charset=utf-8", RUNNING)
            }
            _ => text(
                StatusCode::NOT_FOUND,
                "No function has this route and method.\n",
            ),
        }
    }

    async fn forward<B>(&self, request: Request<B>) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let Some(stream) = self.connect().await else {
            return text(
                StatusCode::SERVICE_UNAVAILABLE,
                "The function's handler is not running; see the output of greeting-local.\n",
            );
        };
        // One connection a call: a pooled one may be gone by the time it is
        // used, and what was sent on it must not be sent twice.
        let Ok((mut sender, connection)) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await
        else {
            return broken();
        };
        // Its errors arrive through the sender or the body.
        tokio::spawn(async move { drop(connection.await) });
        match tokio::time::timeout(ANSWER_TIMEOUT, sender.send_request(outgoing(request))).await {
            Ok(Ok(response)) => {
                let (mut parts, body) = response.into_parts();
                remove_hop_by_hop(&mut parts.headers);
                let mut response = Response::new(body.map_err(Into::into).boxed_unsync());
                *response.status_mut() = parts.status;
                *response.headers_mut() = parts.headers;
                response
            }
            Ok(Err(_)) => broken(),
            Err(_) => text(
                StatusCode::GATEWAY_TIMEOUT,
                "The function's handler did not answer in 230 seconds.\n",
            ),
        }
    }

    /// Connects to the handler. Refused means that it has just ended: nothing
    /// was sent yet, so waiting for its next start loses nothing.
    async fn connect(&self) -> Option<TcpStream> {
        let connect = async {
            loop {
                let port = self.handler.port().await?;
                if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
                    return Some(stream);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(RESTART_TIMEOUT, connect)
            .await
            .ok()
            .flatten()
    }
}

/// The request as the handler gets it: all of the caller's, and the host's own
/// headers.
fn outgoing<B: Body>(request: Request<B>) -> Request<B> {
    let (parts, body) = request.into_parts();
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = parts.method;
    // Path and query as the caller wrote them, without the authority that an
    // HTTP/2 or absolute-form request carries in its target.
    *outgoing.uri_mut() = parts
        .uri
        .path_and_query()
        .cloned()
        .map_or_else(Uri::default, Uri::from);
    let mut headers = parts.headers;
    remove_hop_by_hop(&mut headers);
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
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        headers.insert("x-azure-functions-invocationid", id);
    }
    headers.insert(
        "x-azure-functions-hostversion",
        HeaderValue::from_static(HOST_VERSION),
    );
    let agent = HeaderValue::from_static("Azure-Functions-Host/4.0.0");
    headers.insert(header::USER_AGENT, agent);
    *outgoing.headers_mut() = headers;
    outgoing
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

fn broken() -> Response<BoxBody> {
    text(
        StatusCode::BAD_GATEWAY,
        "The function's handler ended, or broke the connection, before it answered; the call was not repeated.\n",
    )
}

fn text(status: StatusCode, body: &'static str) -> Response<BoxBody> {
    answer(status, "text/plain; charset=utf-8", body)
}

fn answer(status: StatusCode, content_type: &'static str, body: &'static str) -> Response<BoxBody> {
    let body = Full::new(Bytes::from_static(body.as_bytes())).map_err(|never| match never {});
    let mut response = Response::new(body.boxed_unsync());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
