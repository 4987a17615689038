//! The HTTP proxy of `run`, on loopback: what its child opens to Microsoft's sign-in hosts ends at
//! the local authority, which has a certificate of the development CA for each of them.
//!
//! - `route`: what becomes of a request; pure

mod route;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::PROXY_AUTHENTICATE;
use hyper::header::{HeaderValue, PROXY_AUTHORIZATION};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use local_failure::Failure;
use local_http::relay::{BoxBody, text};
use local_http::serve::{Limits, Loopback, RequestBody, Service};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) use self::route::Others;
use self::route::{Credential, Refusal, Route, Target};
use crate::stack::{Protocol, Upstream};

/// This program's own choice: what one child opens at once.
const CONNECTIONS: usize = 256;
/// For another host to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The user name in the proxy's address.
const USER: &str = "run";

/// A proxy that runs.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// In its address; without it, it opens nothing beyond this machine.
    secret: String,
    used: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

struct Inner {
    /// The authority's port.
    authority: u16,
    others: Others,
    /// The whole value of `Proxy-Authorization` (RFC 7617).
    expected: String,
    used: Arc<AtomicBool>,
    stopped: watch::Receiver<bool>,
}

impl Proxy {
    /// Starts it, in front of the authority on this port of loopback.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) async fn start(authority: u16, others: Others) -> Result<Self, Failure> {
        let listener = Loopback::bind(0).await.map_err(|error| {
            let what = "the proxy can't listen on loopback";
            Failure::new(
                what,
                error,
                "end other programs that listen, then run it again",
            )
        })?;
        let port = listener.port;
        let secret = uuid::Uuid::new_v4().simple().to_string();
        let used = Arc::<AtomicBool>::default();
        let (stop, stopped) = watch::channel(false);
        let inner = Arc::new(Inner {
            authority,
            others,
            expected: format!("Basic {}", STANDARD.encode(format!("{USER}:{secret}"))),
            used: used.clone(),
            stopped: stopped.clone(),
        });
        let service: Service = Arc::new(move |request| {
            let inner = inner.clone();
            Box::pin(async move { inner.answer(request).await })
        });
        let limits = Limits {
            connections: CONNECTIONS,
            ..Limits::default()
        };
        let serving = listener.limited(limits).serve(None, service, stopped);
        Ok(Self {
            port,
            secret,
            used,
            stop,
            serving: tokio::spawn(serving),
        })
    }

    /// Its address, with the credential.
    pub(crate) fn url(&self) -> String {
        format!("http://{USER}:{}@127.0.0.1:{}", self.secret, self.port)
    }

    /// Whether anything has come to it.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Ends it, and every tunnel.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // One that panicked has nothing left to stop.
        let _ = self.serving.await;
    }
}

impl Inner {
    async fn answer(&self, mut request: Request<RequestBody>) -> Response<BoxBody> {
        self.used.store(true, Ordering::Relaxed);
        let sent = request.headers_mut().remove(PROXY_AUTHORIZATION);
        let is_it = sent.is_some_and(|sent| {
            verify_slices_are_equal(sent.as_bytes(), self.expected.as_bytes()).is_ok()
        });
        let credential = match is_it {
            true => Credential::Sent,
            false => Credential::Missing,
        };
        let target = match request.method() {
            &Method::CONNECT => Target::Tunnel,
            _ => Target::Plain,
        };
        match route::of(target, request.uri(), self.others, credential) {
            Ok(Route::Authority) => self.tunnel(request, "127.0.0.1", self.authority).await,
            Ok(Route::Tunnel { host, port }) => self.tunnel(request, &host, port).await,
            Ok(Route::Forward(origin)) => forward(request, &origin).await,
            Err(refusal) => refused(&refusal),
        }
    }

    /// Opens the connection first, so that a failure has an answer.
    async fn tunnel(
        &self,
        request: Request<RequestBody>,
        host: &str,
        port: u16,
    ) -> Response<BoxBody> {
        let opening = TcpStream::connect((host, port));
        let mut far = match tokio::time::timeout(CONNECT_TIMEOUT, opening).await {
            Ok(Ok(far)) => far,
            Ok(Err(error)) => {
                let why = format!("{host}:{port} can't be reached: {error}\n");
                return text(StatusCode::BAD_GATEWAY, why);
            }
            Err(_) => {
                let why = format!("{host}:{port} does not answer.\n");
                return text(StatusCode::GATEWAY_TIMEOUT, why);
            }
        };
        let mut stopped = self.stopped.clone();
        tokio::spawn(async move {
            // A client that left meanwhile has no tunnel.
            let Ok(near) = hyper::upgrade::on(request).await else {
                return;
            };
            let mut near = TokioIo::new(near);
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                () = async { drop(stopped.wait_for(|stop| *stop).await) } => {}
            }
        });
        text(StatusCode::OK, "")
    }
}

/// Hands one request of plain http on.
async fn forward(mut request: Request<RequestBody>, origin: &str) -> Response<BoxBody> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(hyper::Uri::default, hyper::Uri::from);
    match Upstream::parse(origin, Protocol::Http1) {
        Ok(upstream) => upstream.call(request).await,
        Err(failure) => text(StatusCode::BAD_GATEWAY, format!("{failure}\n")),
    }
}

fn refused(refusal: &Refusal) -> Response<BoxBody> {
    let status = match refusal {
        Refusal::Credential => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        _ => StatusCode::FORBIDDEN,
    };
    let mut answer = text(status, format!("greeting-local run: {refusal}\n"));
    if *refusal == Refusal::Credential {
        let basic = HeaderValue::from_static("Basic realm=\"greeting-local run\"");
        answer.headers_mut().insert(PROXY_AUTHENTICATE, basic);
    }
    answer
}
