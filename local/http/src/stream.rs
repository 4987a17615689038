//! A connection's stream, which is not closed while its caller may still be sending.
//!
//! A socket that is closed with unread bytes is reset, and the reset destroys the answer that is on
//! its way (RFC 9112 section 9.6). So only the writing side is closed; what still comes is read and
//! dropped until the caller closes too, for a limited time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::connections::Place;

/// A TCP stream with its place among the connections.
pub(crate) struct Stream {
    /// None once dropped.
    tcp: Option<TcpStream>,
    // Its drop is what it is for.
    _place: Place,
    /// Whether something was sent that a reset would destroy.
    has_written: bool,
    /// Whether the caller has closed its side: then no reset can come of closing ours.
    is_read_to_end: bool,
    linger: Duration,
    lingering: Arc<Semaphore>,
}

impl Stream {
    pub(crate) fn new(
        stream: TcpStream,
        place: Place,
        linger: Duration,
        lingering: Arc<Semaphore>,
    ) -> Self {
        Self {
            tcp: Some(stream),
            _place: place,
            has_written: false,
            is_read_to_end: false,
            linger,
            lingering,
        }
    }

    fn inner(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        let stream = self.tcp.as_mut().map(Pin::new);
        stream.ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let Some(mut stream) = self.tcp.take() else {
            return;
        };
        if !self.has_written || self.is_read_to_end {
            return;
        }
        let (Ok(permit), Ok(runtime)) = (
            self.lingering.clone().try_acquire_owned(),
            tokio::runtime::Handle::try_current(),
        ) else {
            return;
        };
        let linger = self.linger;
        runtime.spawn(async move {
            let _ = stream.shutdown().await;
            let _ = tokio::time::timeout(linger, drop_all(&mut stream)).await;
            drop((stream, permit));
        });
    }
}

async fn drop_all(stream: &mut TcpStream) {
    let mut bytes = vec![0; 64 * 1024];
    while stream.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let read = ready!(self.inner()?.poll_read(context, buffer));
        if read.is_err() || (room > 0 && buffer.filled().len() == before) {
            self.is_read_to_end = true;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        self.inner()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner()?.poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        self.inner()?.poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }
}
