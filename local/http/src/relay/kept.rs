//! Connections to one server, kept after an answer and used again.
//!
//! A request is never sent twice: it goes over a new connection only where the kept one took no byte
//! of it. What is left is a server that ends an idle connection at the very moment when a request
//! goes out on it; so connections are kept for a second only, which is less than servers wait
//! (Node.js and uvicorn five seconds, most others longer).

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::first_bytes::{FirstBytes, Speaks};
use super::{
    BoxBody, BoxError, MAX_HEADERS, RelayError, Upgrades, asks_for_websocket, incoming, outgoing,
};

/// Connections that wait for a request; further ones are closed after their answer.
const MAX_IDLE: usize = 256;
/// For how long one waits.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The idle connections to one server. Clones share them; with the last clone they are closed.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<Idle>>>);

struct Idle {
    port: u16,
    since: Instant,
    sender: SendRequest<BoxBody>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Unanswered<E> {
    /// There is no connection, and why.
    NotConnected(E),
    /// There was one.
    Relay(RelayError),
}

impl Kept {
    /// Sends `request` to the server, whose port is `port`: over a kept connection, else over the one
    /// that `connect` makes.
    ///
    /// # Errors
    /// There is no connection, or no answer, and why.
    pub async fn relay<B, E>(
        &self,
        port: u16,
        connect: impl AsyncFnOnce() -> Result<TcpStream, E>,
        mut request: Request<B>,
        upgrades: Upgrades,
        patience: Duration,
    ) -> Result<Response<BoxBody>, Unanswered<E>>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let until = tokio::time::Instant::now() + patience;
        let upgrade = (upgrades == Upgrades::WebSocket && asks_for_websocket(&request))
            .then(|| hyper::upgrade::on(&mut request));
        let mut request = outgoing(request, upgrade.is_some())
            .map(|body| body.map_err(Into::into).boxed_unsync());
        // One that changes its protocol is not one of these connections any more.
        while upgrade.is_none()
            && let Some(mut sender) = self.take(port)
        {
            match tokio::time::timeout_at(until, sender.try_send_request(request)).await {
                Err(_) => return Err(Unanswered::Relay(RelayError::Silent)),
                Ok(Ok(answer)) => return Ok(self.answered(port, sender, answer)),
                Ok(Err(mut error)) => match error.take_message() {
                    // Not a byte of it was sent.
                    Some(unsent) => request = unsent,
                    None => return Err(Unanswered::Relay(RelayError::of(error.error()))),
                },
            }
        }
        let stream = connect().await.map_err(Unanswered::NotConnected)?;
        // Small writes (events, WebSocket messages) must not wait for each other.
        let _ = stream.set_nodelay(true);
        let (stream, first_bytes) = FirstBytes::of(stream);
        let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Unanswered::Relay(RelayError::Broken))?;
        // Its errors arrive through the sender or the body.
        tokio::spawn(async move { drop(connection.with_upgrades().await) });
        let answer = timeout(patience, sender.send_request(request))
            .await
            .map_err(|_| Unanswered::Relay(RelayError::Silent))?
            .map_err(|error| {
                Unanswered::Relay(match first_bytes.speaks() {
                    Some(Speaks::Http2) => RelayError::SpeaksHttp2,
                    _ => RelayError::of(&error),
                })
            })?;
        if upgrade.is_some() {
            return Ok(incoming(answer, upgrade));
        }
        Ok(self.answered(port, sender, answer))
    }

    /// Closes those that wait.
    pub fn clear(&self) {
        self.idle().clear();
    }

    fn answered(
        &self,
        port: u16,
        sender: SendRequest<BoxBody>,
        answer: Response<Incoming>,
    ) -> Response<BoxBody> {
        let keeps = Keeps {
            kept: self.clone(),
            port,
        };
        super::incoming(answer.map(|body| Answer::new(body, sender, keeps)), None)
    }

    /// One that can be sent to at once.
    fn take(&self, port: u16) -> Option<SendRequest<BoxBody>> {
        let mut idle = self.idle();
        idle.retain(|one| {
            one.port == port && !one.sender.is_closed() && one.since.elapsed() < MAX_AGE
        });
        // The last one is the least likely to be ended by its server.
        let at = idle.iter().rposition(|one| one.sender.is_ready())?;
        Some(idle.remove(at).sender)
    }

    fn keep(&self, port: u16, sender: SendRequest<BoxBody>) {
        let mut idle = self.idle();
        if idle.len() < MAX_IDLE && !sender.is_closed() {
            idle.push(Idle {
                port,
                since: Instant::now(),
                sender,
            });
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        // Every change is whole by the time that anything could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a connection goes after its answer.
struct Keeps {
    kept: Kept,
    port: u16,
}

/// An answer's body. At its end the connection is kept; one that is not read to its end is closed.
struct Answer {
    body: Incoming,
    connection: Option<(SendRequest<BoxBody>, Keeps)>,
}

impl Answer {
    fn new(body: Incoming, sender: SendRequest<BoxBody>, keeps: Keeps) -> Self {
        let mut answer = Self {
            body,
            connection: Some((sender, keeps)),
        };
        answer.keep_at_end();
        answer
    }

    fn keep_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some((sender, Keeps { kept, port })) = self.connection.take()
        {
            kept.keep(port, sender);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &frame {
            Some(Err(_)) => self.connection = None,
            Some(Ok(_)) => self.keep_at_end(),
            None => {
                if let Some((sender, Keeps { kept, port })) = self.connection.take() {
                    kept.keep(port, sender);
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
