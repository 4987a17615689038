//! What a person is told of a call that Azure would treat otherwise: once each, at the first one.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper::{Method, Request, Uri};
use local_events::{Stream, print};

/// What has been said. Clones of the host share it.
#[derive(Default)]
pub(super) struct Said([AtomicBool; 5]);

/// What is worth saying. Sources: `copy`, and `docs/functions-host.md`.
#[derive(Clone, Copy)]
pub(super) enum Remark {
    BodyOfUnknownLength,
    ContentHeaders,
    EventStream,
    WebSocket,
    Redirect,
}

/// A call, for a line about it: its query may hold secrets.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) method: &'a Method,
    pub(super) target: &'a Uri,
}

impl<'a> Named<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            target: request.uri(),
        }
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target.path())
    }
}

impl Said {
    /// Says it of the call, unless it was said before. The path is the caller's, and is not shown
    /// with its query.
    pub(super) fn say(&self, remark: Remark, call: Named<'_>, what: &str) {
        if self.0[remark as usize].swap(true, Ordering::Relaxed) {
            return;
        }
        let text = match remark {
            Remark::BodyOfUnknownLength => {
                "it has a body without Content-Length. With enableForwardingHttpRequest Azure's host does not send such a body on, and fails the call; send a Content-Length, or set enableProxyingHttpRequest instead"
            }
            Remark::ContentHeaders => {
                "with enableForwardingHttpRequest Azure's host loses the headers of the content, and so does this one; set enableProxyingHttpRequest instead. Lost:"
            }
            Remark::EventStream => {
                "the handler answers text/event-stream. With enableForwardingHttpRequest Azure's host reads the whole answer before it sends any, so an endless one never arrives; set enableProxyingHttpRequest instead"
            }
            Remark::WebSocket => {
                "it asks for a WebSocket, and is refused: Azure Functions passes none (github.com/Azure/Azure-Functions/issues/738)"
            }
            Remark::Redirect => {
                "the handler answers with a redirect. Under httpWorker Azure's host follows it itself, and the caller gets what is there; with customHandler and enableForwardingHttpRequest the caller gets the redirect"
            }
        };
        let line = format!("[host] {call}: {text} {what}");
        print(Stream::Err, line.trim_end());
    }
}
