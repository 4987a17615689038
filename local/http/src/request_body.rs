//! A request's body, and what becomes of what nobody has read of it.
//!
//! Left unread, it would be taken for the next request, so hyper closes the connection, without a
//! word in the answer. Here a small rest is read and dropped, and the connection is used again; with
//! a larger one the answer announces the close, and [`stream`](crate::stream) sees that it arrives.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::{Request, StatusCode, Version, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use crate::limits::Limits;
use crate::peer::Peer;
use crate::relay::BoxError;

/// How much of a body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Nothing,
    Known(u64),
    Unknown,
    /// Its time is over.
    Late,
}

/// What is known of one request's body by whoever answers it.
pub(crate) struct Rest {
    left: Mutex<Left>,
    /// The caller waits for `100 Continue`, which is sent when the body is first read.
    waits: AtomicBool,
    http1: bool,
    peer: Peer,
    limits: Limits,
    lingering: Arc<Semaphore>,
    /// Whether somebody still reads the body, and whether there is an answer.
    reading: AtomicBool,
    answered: AtomicBool,
    /// There once it was decided that the rest is read, so that the answer and who reads agree.
    permit: Mutex<Option<OwnedSemaphorePermit>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rest {
    pub(crate) fn of<B>(
        request: &Request<B>,
        peer: Peer,
        limits: Limits,
        lingering: Arc<Semaphore>,
    ) -> Arc<Self> {
        Arc::new(Self {
            left: Mutex::new(Left::Nothing),
            waits: AtomicBool::new(request.headers().contains_key(header::EXPECT)),
            http1: request.version() <= Version::HTTP_11,
            peer,
            limits,
            lingering,
            reading: AtomicBool::new(true),
            answered: AtomicBool::new(false),
            permit: Mutex::default(),
        })
    }

    fn left(&self) -> Left {
        *lock(&self.left)
    }

    fn set(&self, left: Left) {
        *lock(&self.left) = left;
    }

    /// Whether nothing is left, or so little that it is read.
    fn will_be_read(&self) -> bool {
        match self.left() {
            Left::Nothing => true,
            Left::Known(length) if length <= self.limits.rest => {
                !self.waits.load(Ordering::Relaxed) && self.reserve()
            }
            Left::Known(_) | Left::Unknown | Left::Late => false,
        }
    }

    fn reserve(&self) -> bool {
        let mut permit = lock(&self.permit);
        if permit.is_none() {
            *permit = self.lingering.clone().try_acquire_owned().ok();
        }
        permit.is_some()
    }

    /// Whether this answer has to say that it is the connection's last. HTTP/2 resets the stream.
    pub(crate) fn closes(&self, status: StatusCode) -> bool {
        self.answered.store(true, Ordering::Relaxed);
        if !self.http1 {
            return false;
        }
        // An app may answer while it reads on; one that refuses does not.
        let is_error = status.is_client_error() || status.is_server_error();
        if self.left() == Left::Unknown && self.reading.load(Ordering::Relaxed) && !is_error {
            return false;
        }
        !self.will_be_read()
    }

    /// Whether what its reader has left is to be read.
    fn is_drained(&self) -> bool {
        match self.left() {
            Left::Nothing => false,
            // The answer may not have announced the close.
            Left::Unknown if self.answered.load(Ordering::Relaxed) => self.reserve(),
            Left::Known(_) | Left::Unknown | Left::Late => self.will_be_read(),
        }
    }

    /// Whether the body took longer than it may.
    pub(crate) fn is_late(&self) -> bool {
        self.left() == Left::Late
    }
}

/// A request's body.
pub struct RequestBody {
    /// None once it is over, or given up.
    body: Option<Incoming>,
    rest: Arc<Rest>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, rest: Arc<Rest>) -> Self {
        rest.set(left(&body));
        Self {
            body: Some(body),
            rest,
            deadline: None,
        }
    }

    /// Who sends it.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.rest.peer
    }

    /// The same body, which fails if it is not all here in time: for what this program itself
    /// answers. What an app takes may take as long as the app likes.
    #[must_use]
    pub fn in_time(mut self) -> Self {
        self.deadline = Some(Box::pin(tokio::time::sleep(self.rest.limits.body)));
        self
    }
}

fn left(body: &Incoming) -> Left {
    if body.is_end_stream() {
        return Left::Nothing;
    }
    body.size_hint().exact().map_or(Left::Unknown, Left::Known)
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        this.rest.waits.store(false, Ordering::Relaxed);
        let frame = Pin::new(&mut *body).poll_frame(context);
        match &frame {
            Poll::Ready(None) => this.rest.set(Left::Nothing),
            Poll::Ready(Some(Ok(_))) => this.rest.set(left(body)),
            Poll::Ready(Some(Err(_))) => this.rest.set(Left::Unknown),
            Poll::Pending => {
                let deadline = this.deadline.as_mut().map(|sleep| sleep.as_mut());
                if deadline.is_some_and(|sleep| sleep.poll(context).is_ready()) {
                    this.rest.set(Left::Late);
                    return Poll::Ready(Some(Err("the request's body took too long".into())));
                }
            }
        }
        frame.map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        let rest = self.rest.clone();
        let Some(body) = self.body.take() else {
            return;
        };
        rest.reading.store(false, Ordering::Relaxed);
        // Over HTTP/2 the stream would be reset, for which a client such as curl drops the answer.
        if !rest.is_drained() {
            return;
        }
        tokio::spawn(async move {
            // If it does not come in time, or is more, hyper closes the connection.
            let _ =
                tokio::time::timeout(rest.limits.linger, drop_up_to(rest.limits.rest, body)).await;
            drop(rest); // and its permit
        });
    }
}

async fn drop_up_to(mut left: u64, mut body: Incoming) {
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length as u64) {
            Some(less) => left = less,
            None => return,
        }
    }
}
