//! One connection's requests, and what becomes of each beside its answer.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::Semaphore;

use super::{Peer, Service};
use crate::connections::{InFlight, Watch};
use crate::relay::{BoxBody, BoxError, text};
use crate::request_body::{RequestBody, Rest};
use crate::unread::Told;

/// What one connection's requests are answered with.
#[derive(Clone)]
pub(crate) struct Answering {
    pub(crate) service: Service,
    pub(crate) peer: Peer,
    pub(crate) watch: Watch,
    pub(crate) lingering: Arc<Semaphore>,
    pub(crate) told: Told,
}

impl Answering {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<BoxBody> {
        let answered = self.watch.request(request.version());
        let limits = *self.watch.limits();
        let rest = Rest::of(&request, self.peer, limits, self.lingering.clone());
        let connects = request.method() == Method::CONNECT;
        let request = request.map(|body| RequestBody::new(body, rest.clone()));
        let mut response = (self.service)(request).await;
        self.told.answers.fetch_add(1, Ordering::Release);
        if rest.is_late() {
            response = text(
                StatusCode::REQUEST_TIMEOUT,
                "The request's body took too long. Send it again, whole.\n",
            );
        }
        // A tunnel (RFC 9110 section 9.3.6) goes on as well.
        let tunnels = connects && response.status().is_success();
        if tunnels || response.status() == StatusCode::SWITCHING_PROTOCOLS {
            answered.goes_on();
        } else if rest.closes(response.status()) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response.map(|body| {
            BoxBody::new(Answer {
                body,
                _answered: answered,
            })
        })
    }
}

/// The body of an answer: its request is answered when this is over.
struct Answer {
    body: BoxBody,
    // Its drop is what it is for.
    _answered: InFlight,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
