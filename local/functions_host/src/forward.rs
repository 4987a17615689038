//! One call: from the gate to the handler, and its answer back.

use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use greeting_server::refusal_line::INVOCATION_HEADER;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use local_http::relay::{self, BoxBody, BoxError, RelayError, Upgrades, answer, text};
use tokio::net::TcpStream;

use super::app::FunctionApp;
use super::invocation::Invocation;
use super::process::{Handler, RESTART_TIMEOUT};
use super::refusals::Refusals;

/// The host version that handlers are given: the major version we behave as.
const HOST_VERSION: &str = "4.0.0";
const RUNNING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Function app</title><h1>Your Function app is up and running</h1></html>\n";

/// The Functions host of one app.
#[derive(Clone)]
pub struct Host {
    current: Arc<RwLock<Current>>,
    refusals: Refusals,
}

/// What a reload replaces as one.
#[derive(Clone)]
struct Current {
    app: Arc<FunctionApp>,
    handler: Arc<Handler>,
}

impl Host {
    /// A host that routes by `app` and forwards to `handler`; `refusals` are what it logs of refusals.
    pub fn new(app: FunctionApp, handler: Arc<Handler>, refusals: Refusals) -> Self {
        let current = Current {
            app: Arc::new(app),
            handler,
        };
        Self {
            current: Arc::new(RwLock::new(current)),
            refusals,
        }
    }

    fn current(&self) -> Current {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on, calls go to this app and this handler; the one before is handed back.
    pub fn replace(&self, app: FunctionApp, handler: Arc<Handler>) -> Arc<Handler> {
        let app = Arc::new(app);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, Current { app, handler }).handler
    }

    /// Ends the handler.
    pub async fn stop(&self) {
        self.current().handler.stop().await;
    }

    /// Answers one call. Headers that only the gate may set must be as the gate
    /// left them: they are forwarded like all others.
    pub async fn call<B>(&self, request: Request<B>) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let current = self.current();
        let (method, path) = (request.method(), request.uri().path());
        if current.app.matches(method, path) {
            return self.invoke(&current, request).await;
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
}

impl Host {
    /// Has the handler answer.
    async fn invoke<B>(&self, current: &Current, mut request: Request<B>) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let begun = Instant::now();
        let id = uuid::Uuid::new_v4().to_string();
        add_headers(request.headers_mut(), &id);
        let (method, path) = (
            request.method().to_string(),
            request.uri().path().to_owned(),
        );
        let (mut response, why_not) = current.forward(request).await;
        let invocation = Invocation {
            id,
            method,
            path,
            status: response.status(),
            why_not,
            duration: begun.elapsed(),
            refusals: self.refusals.clone(),
        };
        response.extensions_mut().insert(invocation);
        response
    }
}

impl Current {
    /// The handler's answer; or the host's own, and why there is none of the handler's.
    async fn forward<B>(&self, request: Request<B>) -> (Response<BoxBody>, Option<&'static str>)
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let Some(stream) = self.connect().await else {
            let answer = text(
                StatusCode::SERVICE_UNAVAILABLE,
                "The function's handler is not running; see the output of greeting-local.\n",
            );
            return (answer, Some("it is not running"));
        };
        // Functions pass no WebSocket (azure-functions-host: only HTTP is forwarded).
        match relay::relay(stream, request, Upgrades::None, self.app.timeout).await {
            Ok(response) => (response, None),
            Err(RelayError::Broken) => (
                text(
                    StatusCode::BAD_GATEWAY,
                    "The function's handler ended, or broke the connection, before it answered; the call was not repeated.\n",
                ),
                Some("it ended, or broke the connection, before it answered"),
            ),
            Err(RelayError::Silent) => (
                text(
                    StatusCode::GATEWAY_TIMEOUT,
                    format!(
                        "The function's handler did not answer in {} seconds.\n",
                        self.app.timeout.as_secs()
                    ),
                ),
                Some("it did not answer in time"),
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

/// The host's own headers; the caller's are all kept.
fn add_headers(headers: &mut HeaderMap, invocation: &str) {
    if let Ok(id) = HeaderValue::from_str(invocation) {
        headers.insert(INVOCATION_HEADER, id);
    }
    headers.insert(
        "x-azure-functions-hostversion",
        HeaderValue::from_static(HOST_VERSION),
    );
    let agent = HeaderValue::from_static("Azure-Functions-Host/4.0.0");
    headers.insert(header::USER_AGENT, agent);
}

#[cfg(test)]
mod tests;
