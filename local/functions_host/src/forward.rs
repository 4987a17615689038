//! One call: from the gate to the handler, and its answer back.
//!
//! `copy`: the request as the real host copies it; `said`: what Azure would treat otherwise.

mod copy;
mod said;

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use local_http::arrival::asks_for_websocket;
use local_http::identifier::Identifier;
use local_http::relay::{
    BoxBody, BoxError, Call, Connection, Failed, Protocol, RelayError, Upgrades, answer, text,
};
use tokio::net::TcpStream;

use self::copy::HOST_VERSION;
use self::said::{Named, Remark, Said};
use super::app::{Forwarding, Function, FunctionApp, HomePage, Redirects};
use super::invocation::Invocation;
use super::process::{Handler, RESTART_TIMEOUT, Readiness};
use super::refusals::Refusals;

/// The host version that handlers are given: the major version we behave as.
const VERSION: &str = "4.0.0";
/// What the host calls itself.
const AGENT: &str = "Azure-Functions-Host/4.0.0";
const RUNNING: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Function app</title><h1>Your Function app is up and running</h1></html>\n";

/// The Functions host of one app.
#[derive(Clone)]
pub struct Host {
    current: Arc<RwLock<Current>>,
    refusals: Refusals,
    said: Arc<Said>,
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
            said: Arc::default(),
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

    /// Whether the handler takes calls now.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.current().handler.readiness()
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
        let app = current.app.clone();
        let hsts = app.answers.hsts(request.headers()).cloned();
        let (method, path) = (request.method(), request.uri().path());
        let mut answer = match app.function(method, path) {
            Some(_) if asks_for_websocket(&request) => {
                self.said.say(Remark::WebSocket, Named::of(&request), "");
                text(
                    StatusCode::NOT_IMPLEMENTED,
                    "Azure Functions pass no WebSocket, and so this host refuses it. greeting-local up --upstream passes them, as App Service does.\n",
                )
            }
            Some(function) => self.invoke(&current, function, request).await,
            None if path == "/" => home_page(app.answers.home_page),
            None => text(StatusCode::NOT_FOUND, not_found(&app)),
        };
        app.answers.add(hsts, answer.headers_mut());
        answer
    }
}

/// The app's front page, for any method (azure-functions-host 89dc438d,
/// src/WebJobs.Script.WebHost/Middleware/HomepageMiddleware.cs:23-30).
fn home_page(shown: HomePage) -> Response<BoxBody> {
    match shown {
        HomePage::Shown => answer(StatusCode::OK, "text/html; charset=utf-8", RUNNING),
        HomePage::Off => {
            let mut response = text(StatusCode::NO_CONTENT, "");
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
    }
}

fn not_found(app: &FunctionApp) -> String {
    let mut text = "No function has this route and method.\n".to_owned();
    if !app.left_out.is_empty() {
        text.push_str("These functions do not run here:\n");
    }
    for function in &app.left_out {
        text.push_str(&format!("  {}: {}\n", function.name, function.why));
    }
    text
}

impl Host {
    /// Has the handler answer.
    async fn invoke<B>(
        &self,
        current: &Current,
        function: &Function,
        request: Request<B>,
    ) -> Response<BoxBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let begun = Instant::now();
        let id = Identifier::next();
        let (method, target) = (request.method().clone(), request.uri().clone());
        let forwarding = current.app.forwarding;
        let request = self.for_handler(request, forwarding, function, id);
        let (mut response, why_not) = current.forward(request).await;
        let call = Named {
            method: &method,
            target: &target,
        };
        self.remark_on_answer(&response, forwarding, call);
        let invocation = Invocation {
            id,
            method,
            target,
            status: response.status(),
            why_not,
            duration: begun.elapsed(),
            refusals: self.refusals.clone(),
        };
        response.extensions_mut().insert(invocation);
        response
    }

    /// The request as the handler gets it.
    fn for_handler<B: Body>(
        &self,
        mut request: Request<B>,
        forwarding: Forwarding,
        function: &Function,
        invocation: Identifier,
    ) -> Request<B> {
        let is_empty = request.body().is_end_stream();
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let call = Named {
            method: &method,
            target: &uri,
        };
        let headers = request.headers_mut();
        add_headers(headers, invocation);
        let path = match forwarding {
            // YARP passes the request as it is, its User-Agent alone among the agents.
            Forwarding::Proxy => return request,
            Forwarding::Copy => Cow::Borrowed(uri.path()),
            Forwarding::AtFunctionName(_) => Cow::Owned(format!("/{}", function.name)),
        };
        copy::add_user_agent(headers, AGENT);
        let lost = copy::remove_content_headers(headers);
        if !lost.is_empty() {
            self.said
                .say(Remark::ContentHeaders, call, &lost.join(", "));
        }
        if copy::has_body_of_unknown_length(headers, is_empty) {
            self.said.say(Remark::BodyOfUnknownLength, call, "");
        }
        // Without a query the path is all that there is to write.
        if (uri.query().is_some() || path != uri.path())
            && let Some(target) = copy::target(&uri, &path)
        {
            *request.uri_mut() = target;
        }
        request
    }

    fn remark_on_answer(
        &self,
        response: &Response<BoxBody>,
        forwarding: Forwarding,
        call: Named<'_>,
    ) {
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        if is_stream && forwarding != Forwarding::Proxy {
            self.said.say(Remark::EventStream, call, "");
        }
        let redirects =
            response.status().is_redirection() && response.headers().contains_key(header::LOCATION);
        if redirects && forwarding == Forwarding::AtFunctionName(Redirects::Followed) {
            self.said.say(Remark::Redirect, call, "");
        }
    }
}

impl Current {
    /// The handler's answer; or the host's own, and why there is none of the handler's.
    async fn forward<B>(&self, request: Request<B>) -> (Response<BoxBody>, Option<&'static str>)
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        // Functions pass no WebSocket (azure-functions-host: only HTTP is forwarded).
        let mut call = Call::new(request, Protocol::Http1, Upgrades::None);
        let error = loop {
            let Some(connection) = self.connect().await else {
                let answer = text(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The function's handler is not running; see the output of greeting-local.\n",
                );
                return (answer, Some("it is not running"));
            };
            call = match connection.send(call, self.app.timeout).await {
                Ok(response) => return (response, None),
                Err(Failed::Unanswered(error)) => break error,
                Err(Failed::Unsent(call)) => *call,
            };
        };
        match error {
            RelayError::Malformed | RelayError::SpeaksHttp2 | RelayError::SpeaksHttp1 => (
                text(
                    StatusCode::BAD_GATEWAY,
                    "The function's handler answered something that is not HTTP/1.1, as which Azure's host would not read it either.\n",
                ),
                Some("its answer is not HTTP/1.1"),
            ),
            RelayError::TooLarge => (
                text(
                    StatusCode::BAD_GATEWAY,
                    "The function's handler answered with more headers than are read here.\n",
                ),
                Some("its answer has more headers than are read"),
            ),
            // A stream is HTTP/2's, which no handler is spoken to in.
            RelayError::Broken | RelayError::Reset => (
                text(
                    StatusCode::BAD_GATEWAY,
                    "The function's handler ended, or broke the connection, before it answered; the call was not repeated.\n",
                ),
                Some("it ended, or broke the connection, before it answered"),
            ),
            RelayError::Silent => (
                text(
                    StatusCode::GATEWAY_TIMEOUT,
                    format!(
                        "The function's handler did not answer in {} seconds.\n",
                        self.app.timeout.as_secs()
                    ),
                ),
                Some("it did not answer in time"),
            ),
            RelayError::Unfinished => (
                text(
                    StatusCode::BAD_REQUEST,
                    "The request's body broke off before its end; send it again, whole.\n",
                ),
                Some("the caller broke off the request's body"),
            ),
        }
    }

    /// A connection to the handler. Refused means that it has just ended: nothing
    /// was sent yet, so waiting for its next start loses nothing.
    async fn connect(&self) -> Option<Connection> {
        // Most calls find one that is kept, and need no timer.
        let listening = self.handler.listening_now();
        if let Some(kept) = listening.and_then(|listening| listening.client.kept()) {
            return Some(kept);
        }
        let connect = async {
            loop {
                let listening = self.handler.listening().await?;
                if let Some(kept) = listening.client.kept() {
                    return Some(kept);
                }
                let address = (Ipv4Addr::LOCALHOST, listening.port);
                if let Ok(stream) = TcpStream::connect(address).await {
                    return Some(listening.client.begin(stream));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Of few calls, whose room the others need not have.
        tokio::time::timeout(RESTART_TIMEOUT, Box::pin(connect))
            .await
            .ok()
            .flatten()
    }
}

/// The host's own headers.
fn add_headers(headers: &mut HeaderMap, invocation: Identifier) {
    headers.insert(copy::INVOCATION_ID, invocation.header());
    headers.insert(HOST_VERSION, HeaderValue::from_static(VERSION));
}

#[cfg(test)]
mod tests;
