//! Accepting connections on loopback, plain or TLS, until shutdown.

mod answering;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::answering::Answering;
use crate::connections::{Connections, Over};
pub use crate::limits::Limits;
pub use crate::peer::{Peer, Scheme};
use crate::relay::BoxBody;
pub use crate::request_body::RequestBody;
use crate::stream::Stream;
pub use crate::unread::Unread;
use crate::unread::{Told, Worded};

/// What answers a request. It has no way to fail: every failure has an answer.
pub type Service = Arc<
    dyn Fn(Request<RequestBody>) -> Pin<Box<dyn Future<Output = Response<BoxBody>> + Send>>
        + Send
        + Sync,
>;

/// What is called for a request that can't be read, and so reaches no service.
pub type Report = Arc<dyn Fn(Unread) + Send + Sync>;

/// How long requests in flight may take when the program ends.
const DRAIN: Duration = Duration::from_secs(5);
/// How long a connection that is ended may take to end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Listeners on `127.0.0.1` and, where there is one, `::1`, on one port: `localhost` is either.
pub struct Loopback {
    listeners: Vec<TcpListener>,
    /// The port of both.
    pub port: u16,
    limits: Limits,
    report: Report,
}

impl Loopback {
    /// Binds `port`, 0 for any, on loopback only.
    ///
    /// # Errors
    /// The port is taken, on either address.
    pub async fn bind(port: u16) -> io::Result<Self> {
        Self::bind_at(Ipv4Addr::LOCALHOST, port).await
    }

    /// Binds `port` as [`Self::bind`] does, and on `address` too, which other machines may reach.
    ///
    /// # Errors
    /// The port is taken, or `address` is none of this machine.
    pub async fn bind_also(address: Ipv4Addr, port: u16) -> io::Result<Self> {
        // 127.0.0.1 is among all addresses, and can't be bound beside them.
        if address == Ipv4Addr::LOCALHOST || address.is_unspecified() {
            return Self::bind_at(address, port).await;
        }
        let mut loopback = Self::bind(port).await?;
        let also = TcpListener::bind((address, loopback.port)).await?;
        loopback.listeners.push(also);
        Ok(loopback)
    }

    /// Binds `port` on this IPv4 address and on `::1`.
    async fn bind_at(address: Ipv4Addr, port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((address, port)).await?;
        let port = v4.local_addr()?.port();
        let mut listeners = vec![v4];
        match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(v6) => listeners.push(v6),
            // Another program on ::1 would get what is meant for this one.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => {} // no IPv6 on this machine
        }
        Ok(Self {
            listeners,
            port,
            limits: Limits::default(),
            report: Arc::new(|_| {}),
        })
    }

    /// The same listeners with other limits.
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same listeners, which call `report` for each request that can't be read.
    #[must_use]
    pub fn reporting(mut self, report: Report) -> Self {
        self.report = report;
        self
    }

    /// Serves every connection with `service` until `stop` turns true, then drains.
    pub async fn serve(
        self,
        tls: Option<TlsAcceptor>,
        service: Service,
        stop: watch::Receiver<bool>,
    ) {
        let connections = Connections::new(self.limits);
        let loops = self.listeners.into_iter().map(|listener| {
            tokio::spawn(accept(
                listener,
                tls.clone(),
                service.clone(),
                connections.clone(),
                self.report.clone(),
                stop.clone(),
            ))
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
    connections: Arc<Connections>,
    report: Report,
    mut stop: watch::Receiver<bool>,
) {
    let mut serving = JoinSet::new();
    loop {
        while serving.try_join_next().is_some() {}
        let accepting = async {
            let accepted = listener.accept().await?;
            Ok::<_, io::Error>((accepted, connections.place().await))
        };
        let ((stream, address), place) = tokio::select! {
            accepted = accepting => match accepted {
                Ok(accepted) => accepted,
                // A caller that is gone already.
                Err(error) if is_callers(&error) => continue,
                // Out of descriptors, most likely: a connection that is idle can free one.
                Err(_) => {
                    connections.end_longest_idle();
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            // An error means that the sender is gone, which ends the service too.
            () = async { drop(stop.wait_for(|stop| *stop).await) } => break,
        };
        let peer = Peer {
            address,
            called: stream.local_addr().ok(),
            scheme: match tls {
                Some(_) => Scheme::Https,
                None => Scheme::Http,
            },
        };
        let (tls, service, stop) = (tls.clone(), service.clone(), stop.clone());
        let (connections, report) = (connections.clone(), report.clone());
        serving.spawn(async move {
            // Small writes (events, WebSocket messages) must not wait for each other.
            let _ = stream.set_nodelay(true);
            let answering = Answering {
                service,
                peer,
                watch: place.watch(),
                lingering: connections.lingering.clone(),
                told: Told::default(),
            };
            let unread = answering.told.unread.clone();
            let linger = connections.limits.linger;
            let stream = Stream::new(stream, place, linger, connections.lingering.clone());
            connection(stream, tls, answering, stop).await;
            if let Some(unread) = unread.get() {
                report(unread.clone());
            }
        });
    }
    drop(listener);
    let all = async { while serving.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(DRAIN, all).await;
}

/// Whether `accept` failed because of its caller alone.
fn is_callers(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

async fn connection(
    stream: Stream,
    tls: Option<TlsAcceptor>,
    answering: Answering,
    stop: watch::Receiver<bool>,
) {
    // A connection's error is its caller's: a reset, a bad handshake, rubbish on the wire.
    let Some(tls) = tls else {
        return serve_stream(stream, answering, stop).await;
    };
    let watch = answering.watch.clone();
    tokio::select! {
        handshake = tls.accept(stream) => if let Ok(stream) = handshake {
            serve_stream(stream, answering, stop).await;
        },
        _ = watch.over() => {}
    }
}

async fn serve_stream<S>(stream: S, answering: Answering, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (watch, told) = (answering.watch.clone(), answering.told.clone());
    let mut builder = Builder::new(TokioExecutor::new());
    // The watch looks at all that a head may take, without a timer for each.
    builder.http1().header_read_timeout(None);
    builder.http2().timer(TokioTimer::new());
    let hyper_service = service_fn(move |request| {
        let answering = answering.clone();
        async move { Ok::<_, Infallible>(answering.answer(request).await) }
    });
    let stream = TokioIo::new(Worded::new(stream, told.clone()));
    let serving = builder.serve_connection_with_upgrades(stream, hyper_service);
    let mut serving = std::pin::pin!(serving);
    let ending = async {
        tokio::select! {
            over = watch.over() => Ending::Over(over),
            // An error means that the sender is gone, which ends the service too.
            () = async { drop(stop.wait_for(|stop| *stop).await) } => Ending::Stopped,
        }
    };
    // Asked only when it was woken, and not at each step of each request.
    let mut ending = FuturesUnordered::from_iter([ending]);
    let ending = tokio::select! {
        served = serving.as_mut() => {
            let unread = served.err().and_then(|error| Unread::of(&*error));
            if let Some(unread) = unread {
                // Before the stream is dropped, which then answers with it.
                let _ = told.unread.set(unread);
            }
            return;
        }
        Some(ending) = ending.next() => ending,
    };
    match ending {
        Ending::Over(over) => {
            // An HTTP/2 caller is told which of its requests are answered, and has to confirm
            // that; a place is not kept for a caller that does not.
            serving.as_mut().graceful_shutdown();
            let patience = match over {
                Over::Idle => FAREWELL,
                Over::PlaceNeeded => Duration::ZERO,
            };
            let ended = tokio::time::timeout(patience, serving.as_mut()).await;
            if ended.is_err() && watch.is_answering() {
                let _ = tokio::time::timeout(FAREWELL, serving).await;
            }
        }
        Ending::Stopped => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}

/// Why a connection ends that could be served further.
enum Ending {
    Over(Over),
    /// The program ends.
    Stopped,
}

/// A router as a service.
#[must_use]
pub fn router_service(router: axum::Router) -> Service {
    Arc::new(move |mut request: Request<RequestBody>| {
        let mut router = router.clone();
        let peer = request.body().peer();
        request.extensions_mut().insert(peer);
        let request = request.map(RequestBody::in_time);
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

#[cfg(test)]
mod tests;
