//! Accepting connections on loopback, plain or TLS, until shutdown.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::relay::BoxBody;

/// Who is at the other end; an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// Where it calls from.
    pub address: SocketAddr,
    /// Https where it came by TLS.
    pub scheme: Scheme,
}

/// The two schemes of the web (RFC 9110 section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As a URL has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// What answers a request. It has no way to fail: every failure has an answer.
pub type Service = Arc<
    dyn Fn(Request<Incoming>) -> Pin<Box<dyn Future<Output = Response<BoxBody>> + Send>>
        + Send
        + Sync,
>;

/// How long requests in flight may take when the program ends.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a caller may take to say what it wants: slow ones can't hold a connection.
const HEADERS: Duration = Duration::from_secs(30);

/// Listeners on `127.0.0.1` and, where there is one, `::1`, on one port: `localhost` is either.
pub struct Loopback {
    listeners: Vec<TcpListener>,
    /// The port of both.
    pub port: u16,
}

impl Loopback {
    /// Binds `port`, 0 for any. Only loopback: other addresses can't be asked for.
    ///
    /// # Errors
    /// The port is taken, on either address.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = v4.local_addr()?.port();
        let mut listeners = vec![v4];
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(v6) => listeners.push(v6),
            // Another program on ::1 would get what is meant for this one.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => {} // no IPv6 on this machine
        }
        Ok(Self { listeners, port })
    }

    /// Serves every connection with `service` until `stop` turns true, then drains.
    pub async fn serve(
        self,
        tls: Option<TlsAcceptor>,
        service: Service,
        stop: watch::Receiver<bool>,
    ) {
        let loops = self.listeners.into_iter().map(|listener| {
            tokio::spawn(accept(listener, tls.clone(), service.clone(), stop.clone()))
        });
        for accepting in loops.collect::<Vec<_>>() {
            // A loop that panicked has nothing left to drain.
            let _ = accepting.await;
        }
    }
}

async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: Service,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = Arc::new(GracefulShutdown::new());
    loop {
        let (stream, address) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of descriptors, or a caller gone already: neither ends the service.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            // An error means that the sender is gone, which ends the service too.
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
        };
        let watcher = graceful.watcher();
        let peer = Peer {
            address,
            scheme: match tls {
                Some(_) => Scheme::Https,
                None => Scheme::Http,
            },
        };
        tokio::spawn(connection(
            stream,
            peer,
            tls.clone(),
            service.clone(),
            watcher,
        ));
    }
    drop(listener);
    let Ok(graceful) = Arc::try_unwrap(graceful) else {
        return; // not reached: connections hold watchers, not the Arc
    };
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    tls: Option<TlsAcceptor>,
    service: Service,
    watcher: Watcher,
) {
    // Small writes (events, WebSocket messages) must not wait for each other.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS);
    builder.http2().timer(TokioTimer::new());
    let hyper_service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let answer = service(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    // A connection's error is its caller's: a reset, a bad handshake, rubbish on the wire.
    match tls {
        None => {
            let io = TokioIo::new(stream);
            let serving = builder.serve_connection_with_upgrades(io, hyper_service);
            let _ = watcher.watch(serving).await;
        }
        Some(tls) => {
            let handshake = tokio::time::timeout(HEADERS, tls.accept(stream)).await;
            if let Ok(Ok(stream)) = handshake {
                let io = TokioIo::new(stream);
                let serving = builder.serve_connection_with_upgrades(io, hyper_service);
                let _ = watcher.watch(serving).await;
            }
        }
    }
}

/// A router as a service.
#[must_use]
pub fn router_service(router: axum::Router) -> Service {
    Arc::new(move |request: Request<Incoming>| {
        let mut router = router.clone();
        Box::pin(async move {
            let answer = tower_service_call(&mut router, request.map(Body::new)).await;
            answer.map(|body| BoxBody::new(body.map_err(Into::into)))
        })
    })
}

async fn tower_service_call(
    router: &mut axum::Router,
    request: Request<Body>,
) -> axum::response::Response {
    use hyper::service::Service as _;
    let service = hyper_util::service::TowerToHyperService::new(router.clone());
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
