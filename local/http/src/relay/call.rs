//! One call, as an app gets it: its head is ready to be sent, and its body is watched on its way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header;
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::upgrade::OnUpgrade;
use hyper::{Request, Uri};

use super::{BoxBody, BoxError, RelayError, TrailersKept, Upgrades, asks_for_websocket, outgoing};

/// What an app is spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS, by prior knowledge (RFC 9113 section 3.3).
    Http2,
}

/// A call that is not sent yet.
pub struct Call {
    pub(super) request: Request<Upload>,
    /// The caller's side of a WebSocket.
    pub(super) upgrade: Option<OnUpgrade>,
    pub(super) progress: Progress,
}

impl Call {
    /// `request`, for an app that is spoken to in `protocol`. Over HTTP/2 no WebSocket passes.
    #[must_use]
    pub fn new<B>(mut request: Request<B>, protocol: Protocol, upgrades: Upgrades) -> Self
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let upgrade = (protocol == Protocol::Http1
            && upgrades == Upgrades::WebSocket
            && asks_for_websocket(&request))
        .then(|| hyper::upgrade::on(&mut request));
        let request = match protocol {
            Protocol::Http1 => outgoing(request, upgrade.is_some()),
            Protocol::Http2 => as_http2(request),
        };
        let mut progress = Progress(None);
        let request = request.map(|body| {
            if body.is_end_stream() {
                return Upload(None);
            }
            let reached = Arc::new(AtomicU8::new(GOING));
            progress = Progress(Some(reached.clone()));
            let body = body.map_err(Into::into).boxed_unsync();
            Upload(Some(Watched { body, reached }))
        });
        Self {
            request,
            upgrade,
            progress,
        }
    }
}

/// Why there is no answer, and the call, where none of it was written.
pub(super) struct NotSent {
    pub(super) why: RelayError,
    pub(super) unsent: Option<Call>,
}

impl NotSent {
    /// It was sent, and there was no answer in time.
    pub(super) fn silent() -> Self {
        Self {
            why: RelayError::Silent,
            unsent: None,
        }
    }
}

const GOING: u8 = 0;
const OVER: u8 = 1;
const FAILED: u8 = 2;

/// How far a request's body has come; none where it has none.
pub(super) struct Progress(Option<Arc<AtomicU8>>);

impl Progress {
    /// Whether all of it was taken.
    pub(super) fn is_over(&self) -> bool {
        let reached = self.0.as_ref();
        reached.is_none_or(|reached| reached.load(Ordering::Acquire) == OVER)
    }

    /// Why there is no answer, where the connection only shows that it is broken: the caller's own
    /// break ends the app's connection, too.
    pub(super) fn blame(&self, error: RelayError) -> RelayError {
        let reached = self.0.as_ref();
        let failed = reached.is_some_and(|reached| reached.load(Ordering::Acquire) == FAILED);
        match error {
            RelayError::Broken | RelayError::Reset if failed => RelayError::Unfinished,
            other => other,
        }
    }
}

/// A request's body on its way to the app.
pub(super) struct Upload(Option<Watched>);

struct Watched {
    body: BoxBody,
    reached: Arc<AtomicU8>,
}

impl Watched {
    fn reach(&self, how_far: u8) {
        self.reached.store(how_far, Ordering::Release);
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(watched) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut watched.body).poll_frame(context);
        match &frame {
            Poll::Ready(None) => watched.reach(OVER),
            Poll::Ready(Some(Err(_))) => watched.reach(FAILED),
            // What is at its end is not asked again.
            Poll::Ready(Some(Ok(frame))) if frame.is_trailers() || watched.body.is_end_stream() => {
                watched.reach(OVER);
            }
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        let watched = self.0.as_ref();
        watched.is_none_or(|watched| watched.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let watched = self.0.as_ref();
        watched.map_or_else(
            || SizeHint::with_exact(0),
            |watched| watched.body.size_hint(),
        )
    }
}

/// The request as an HTTP/2 server gets it: its `Host` is the authority (RFC 9113 section 8.3.1),
/// and no header speaks of a connection (section 8.2.2).
fn as_http2<B: Body>(request: Request<B>) -> Request<TrailersKept<B>> {
    let mut request = outgoing(request, false);
    *request.version_mut() = hyper::Version::HTTP_2;
    let headers = request.headers_mut();
    headers.remove(header::CONNECTION);
    let host = headers.remove(header::HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let mut target = request.uri().clone().into_parts();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(authority.unwrap_or(Authority::from_static("localhost")));
    if target.path_and_query.is_none() {
        target.path_and_query = Some(PathAndQuery::from_static("/"));
    }
    if let Ok(target) = Uri::from_parts(target) {
        *request.uri_mut() = target;
    }
    request
}

#[cfg(test)]
mod tests {
    use http_body_util::Empty;

    use super::*;

    #[test]
    fn point_17_the_request_is_one_of_http2() {
        let mut request = Request::post("/svc.Greeter/Hello?x=1")
            .header("host", "app.example:7071")
            .header("te", "trailers")
            .header("connection", "te, x-own")
            .header("x-own", "1")
            .header("x-keep", "1")
            .body(Empty::<Bytes>::new())
            .unwrap();
        crate::arrival::read(&mut request).unwrap();
        let request = as_http2(request);
        assert_eq!(
            request.uri(),
            "http://app.example:7071/svc.Greeter/Hello?x=1"
        );
        let headers: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(headers, ["te: trailers", "x-keep: 1"]);
    }
}
