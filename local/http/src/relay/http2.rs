//! The relay to an app that is spoken to in HTTP/2 without TLS, by prior knowledge (RFC 9113
//! section 3.3), as gRPC's servers expect it.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::Response;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::call::{Call, NotSent, Progress, Upload};
use super::first_bytes::{FirstBytes, Speaks};
use super::{BoxBody, RelayError, incoming};

/// Headers of an answer, in octets. What HTTP/1.1 has room for here.
const HEADERS: u32 = 400 * 1024;

/// A connection. A task of its own drives it: the other side's own frames need an answer.
pub(super) struct Http2 {
    sender: SendRequest<Upload>,
    first_bytes: FirstBytes,
}

impl Http2 {
    /// Over `stream`.
    pub(super) async fn begin(stream: TcpStream) -> Result<Self, RelayError> {
        let (stream, first_bytes) = FirstBytes::of(stream);
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .max_header_list_size(HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| why(&error, &first_bytes))?;
        // It ends when there is no sender; errors arrive through the sender or the body.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            first_bytes,
        })
    }

    /// Whether the other side has left it open.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends `call`; no other call is on this connection, whose slow reader would hold them up.
    /// `keep` gets it back when all is sent and answered.
    pub(super) async fn send(
        mut self,
        call: Call,
        keep: impl FnOnce(Self) + Send + Unpin + 'static,
    ) -> Result<Response<BoxBody>, NotSent> {
        let Call {
            request, progress, ..
        } = call;
        match self.sender.try_send_request(request).await {
            Ok(answer) => {
                let answer = answer.map(|body| {
                    let end = Some((self, progress, keep));
                    let mut answer = Answer { body, end };
                    if answer.body.is_end_stream() {
                        answer.end();
                    }
                    answer
                });
                Ok(incoming(answer, None))
            }
            Err(mut error) => Err(NotSent {
                why: progress.blame(why(error.error(), &self.first_bytes)),
                unsent: error.take_message().map(|request| Call {
                    request,
                    upgrade: None,
                    progress,
                }),
            }),
        }
    }
}

fn why(error: &hyper::Error, first_bytes: &FirstBytes) -> RelayError {
    match first_bytes.speaks() {
        Some(Speaks::Http1) => RelayError::SpeaksHttp1,
        _ if is_reset(error) => RelayError::Reset,
        _ => RelayError::Broken,
    }
}

/// The body of an answer, at whose end its connection is handed back.
struct Answer<K> {
    body: Incoming,
    /// None once it is over.
    end: Option<(Http2, Progress, K)>,
}

impl<K: FnOnce(Http2)> Answer<K> {
    /// The answer is read to its end.
    fn end(&mut self) {
        if let Some((http2, progress, keep)) = self.end.take()
            && progress.is_over()
            && http2.is_open()
        {
            keep(http2);
        }
    }
}

impl<K: FnOnce(Http2) + Unpin> Body for Answer<K> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(None) => self.end(),
            // What is at its end is not asked again.
            Poll::Ready(Some(Ok(sent))) if sent.is_trailers() || self.body.is_end_stream() => {
                self.end();
            }
            Poll::Ready(Some(Err(_))) => self.end = None,
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

/// Whether the other side ended the request's stream, and not the connection.
fn is_reset(error: &hyper::Error) -> bool {
    let source = error.source().and_then(|source| source.downcast_ref());
    source.is_some_and(|error: &h2::Error| error.is_reset() && error.is_remote())
}
