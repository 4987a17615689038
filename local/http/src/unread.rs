//! Requests that hyper can't read: it answers them itself, with a bare status, before any service
//! sees them. Here that answer gets words, and its reason is reported.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Why hyper could not read a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What it was answered with.
    pub status: StatusCode,
    /// In words, for caller and log.
    pub reason: String,
}

impl Unread {
    /// None where the connection failed for another reason.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let error = error.downcast_ref::<hyper::Error>()?;
        let why = error.to_string();
        if error.is_parse_too_large() {
            return Some(Self {
                status: match why.as_str() {
                    "URI too long" => StatusCode::URI_TOO_LONG,
                    _ => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                },
                reason: format!("the request can't be read: {why}"),
            });
        }
        error.is_parse().then(|| Self {
            status: StatusCode::BAD_REQUEST,
            reason: match why.as_str() {
                "invalid URI" => "the address has characters that must be percent-encoded (write \" as %22, < as %3C, > as %3E)".to_owned(),
                _ => format!("the request can't be read: {why}"),
            },
        })
    }

    fn answer(&self) -> Vec<u8> {
        let body = format!("{}\n", self.reason);
        let date = httpdate::fmt_http_date(std::time::SystemTime::now());
        format!(
            "HTTP/1.1 {}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\ndate: {date}\r\n\r\n{body}",
            self.status,
            body.len(),
        )
        .into_bytes()
    }
}

/// What a connection knows beside its bytes.
#[derive(Clone, Default)]
pub(crate) struct Told {
    /// How many answers the service has given.
    pub(crate) answers: Arc<AtomicUsize>,
    /// Why the connection ended, if a request could not be read.
    pub(crate) unread: Arc<OnceLock<Unread>>,
}

/// A stream that holds an answer back that no service gave, until it is known why it was given.
pub(crate) struct Worded<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> {
    /// None once dropped.
    stream: Option<S>,
    told: Told,
    /// How many of the service's answers have begun to be written.
    written: usize,
    held: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Worded<S> {
    pub(crate) fn new(stream: S, told: Told) -> Self {
        Self {
            stream: Some(stream),
            told,
            written: 0,
            held: Vec::new(),
        }
    }

    fn inner(&mut self) -> io::Result<Pin<&mut S>> {
        let stream = self.stream.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Whether `bytes` are to be held: hyper's own answer, and no answer of the service is due.
    fn holds(&mut self, bytes: &[u8]) -> bool {
        let answers = self.told.answers.load(Ordering::Acquire);
        let is_due = answers > self.written;
        self.written = answers;
        !is_due && is_hypers_own(bytes)
    }

    /// Writes what was held: it was an answer like any other.
    fn release(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            match self.inner()?.poll_write(context, &held) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.held = held[written..].to_vec(),
                other => {
                    self.held = held;
                    return other.map_ok(drop);
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The whole of an answer without a body, to what can't be read.
fn is_hypers_own(bytes: &[u8]) -> bool {
    const MOST: usize = 200;
    let statuses = ["400", "414", "431"].map(|status| format!("HTTP/1.1 {status} "));
    bytes.len() <= MOST
        && bytes.ends_with(b"\r\n\r\n")
        && statuses
            .iter()
            .any(|start| bytes.starts_with(start.as_bytes()))
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Drop for Worded<S> {
    fn drop(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let held = std::mem::take(&mut self.held);
        let answer = self.told.unread.get().map_or(held, Unread::answer);
        if let (Some(mut stream), Ok(runtime)) =
            (self.stream.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                // The caller may be gone.
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            });
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> AsyncRead for Worded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Who reads on had no reason to end: it was not hyper's own.
        ready!(self.release(context))?;
        self.inner()?.poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> AsyncWrite for Worded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.release(context))?;
        if self.holds(bytes) {
            self.held = bytes.to_vec();
            return Poll::Ready(Ok(bytes.len()));
        }
        self.inner()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [one] = buffers {
            return self.poll_write(context, one);
        }
        ready!(self.release(context))?;
        self.written = self.told.answers.load(Ordering::Acquire);
        self.inner()?.poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.held.is_empty() {
            // hyper closes before it says why; the drop closes.
            return Poll::Ready(Ok(()));
        }
        self.inner()?.poll_shutdown(context)
    }
}
