//! A connection in HTTP/1.1, and one call over it at a time.
//!
//! No task of its own drives it: whoever waits for the answer, or reads it, does. So a call is one
//! task, from the caller's socket to the app's and back; and hyper's look for the connection's end,
//! the writing of the head and our look at the socket are one step, between which an app's end is
//! not missed. Only where the app answers before it has the whole request does a task move both ways
//! at once; such a connection is not kept.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::header::{self, HeaderMap};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::call::{Call, NotSent, Upload};
use super::first_bytes::{FirstBytes, Remembering, Speaks};
use super::{BoxBody, MAX_HEADERS, RelayError, incoming};

/// A connection.
pub(super) struct Http1 {
    sender: SendRequest<Upload>,
    /// None once it has ended.
    connection: Option<Connection<TokioIo<Remembering>, Upload>>,
    first_bytes: FirstBytes,
    /// When the app has been silent for too long: set anew for each call, which costs less than a
    /// timer of its own.
    silence: Pin<Box<Sleep>>,
}

impl Http1 {
    /// Over `stream`.
    pub(super) async fn begin(stream: TcpStream) -> Result<Box<Self>, RelayError> {
        let (stream, first_bytes) = FirstBytes::of(stream);
        let (sender, connection) = Builder::new()
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| RelayError::Broken)?;
        Ok(Box::new(Self {
            sender,
            connection: Some(connection),
            first_bytes,
            silence: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }))
    }

    /// Reads and writes what can be.
    fn drive(&mut self, context: &mut Context<'_>) {
        let connection = self.connection.as_mut().map(Pin::new);
        // Its errors arrive through the sender or the body.
        if connection.is_some_and(|connection| connection.poll(context).is_ready()) {
            // What it holds unsent comes back only when it is dropped.
            self.connection = None;
        }
    }

    /// Whether all is sent and answered.
    fn is_idle(&self) -> bool {
        self.connection.is_some() && self.sender.is_ready()
    }

    /// Whether the other side has left it open, and sent nothing of its own accord.
    pub(super) fn is_open(&mut self) -> bool {
        self.first_bytes.look();
        self.drive(&mut Context::from_waker(Waker::noop()));
        self.is_idle()
    }

    /// Sends `call`, and waits for its answer for as long as `patience`. `keep` gets the connection
    /// back when all is sent and answered.
    pub(super) async fn send(
        mut self: Box<Self>,
        call: Call,
        patience: Duration,
        keep: impl FnOnce(Box<Self>) + Send + Unpin + 'static,
    ) -> Result<Response<BoxBody>, NotSent> {
        let Call {
            request,
            upgrade,
            progress,
        } = call;
        if self.is_idle() {
            self.first_bytes.look();
        }
        let mut sending = pin!(self.sender.try_send_request(request));
        if upgrade.is_some()
            && let Some(connection) = self.connection.take()
        {
            tokio::spawn(async move { drop(connection.with_upgrades().await) });
        }
        self.silence.as_mut().reset(Instant::now() + patience);
        let answer = poll_fn(|context| {
            self.drive(context);
            let answer = sending.as_mut().poll(context).map(Some);
            if answer.is_pending() && self.silence.as_mut().poll(context).is_ready() {
                return Poll::Ready(None);
            }
            answer
        });
        let Some(answer) = answer.await else {
            return Err(NotSent::silent());
        };
        let answer = answer.map_err(|mut error| {
            let why = match self.first_bytes.speaks() {
                Some(Speaks::Http2) => RelayError::SpeaksHttp2,
                _ => progress.blame(RelayError::of(error.error())),
            };
            let unsent = error.take_message().map(|request| (request, why));
            (why, unsent)
        });
        let answer = match answer {
            Ok(answer) => answer,
            Err((why, unsent)) => {
                let unsent = unsent.map(|(request, _)| Call {
                    request,
                    upgrade,
                    progress,
                });
                return Err(NotSent { why, unsent });
            }
        };
        if !progress.is_over() {
            if let Some(connection) = self.connection.take() {
                tokio::spawn(async move { drop(connection.await) });
            }
            return Ok(incoming(answer, upgrade));
        }
        let keep = is_framed_once(answer.headers()).then_some(keep);
        let answer = answer.map(|body| Answer::new(body, self, keep));
        Ok(incoming(answer, upgrade))
    }
}

/// Whether an answer says its length in one way only: one with two was perhaps not made by who seems
/// to have made it, and ends its connection (RFC 9112 section 6.3).
fn is_framed_once(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::TRANSFER_ENCODING)
        || !headers.contains_key(header::CONTENT_LENGTH)
}

/// The body of an answer, which drives its connection, and hands it back at its end.
struct Answer<K> {
    body: Incoming,
    /// None once it is over.
    http1: Option<Box<Http1>>,
    /// Who keeps the connection.
    keep: Option<K>,
}

impl<K: FnOnce(Box<Http1>)> Answer<K> {
    fn new(body: Incoming, http1: Box<Http1>, keep: Option<K>) -> Self {
        let mut answer = Self {
            body,
            http1: Some(http1),
            keep,
        };
        if answer.body.is_end_stream() {
            answer.end();
        }
        answer
    }

    /// The answer is read to its end. Nobody waits for its connection any more.
    fn end(&mut self) {
        let (Some(mut http1), Some(keep)) = (self.http1.take(), self.keep.take()) else {
            return;
        };
        if !http1.is_idle() {
            http1.drive(&mut Context::from_waker(Waker::noop()));
        }
        if http1.is_idle() {
            keep(http1);
        }
    }
}

impl<K: FnOnce(Box<Http1>) + Unpin> Body for Answer<K> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        let mut frame = Pin::new(&mut this.body).poll_frame(context);
        if frame.is_pending()
            && let Some(http1) = &mut this.http1
        {
            http1.drive(context);
            frame = Pin::new(&mut this.body).poll_frame(context);
        }
        match &frame {
            Poll::Ready(None) => this.end(),
            // What is at its end is not asked again.
            Poll::Ready(Some(Ok(_))) if this.body.is_end_stream() => this.end(),
            Poll::Ready(Some(Err(_))) => this.http1 = None,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
