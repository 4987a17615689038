//! A stream as the relay reads it: it remembers the first bytes, by which the other side's protocol
//! is known where it is not the one that it was asked in, and looks at the socket itself before it
//! is used again.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, ToSocketAddrs};

/// A frame's head in HTTP/2 (RFC 9113 section 4.1).
const HEAD: usize = 9;
/// What a client of HTTP/2 sends first: the magic, and a SETTINGS frame with nothing in it
/// (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
/// For an app to answer that.
const PATIENCE: Duration = Duration::from_secs(2);

/// A protocol that is recognised for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    Http1,
    Http2,
}

/// The protocol of an answer that begins with these bytes. A server of HTTP/2 sends SETTINGS first,
/// or GOAWAY where it does not like what it got; both are of the connection, which is stream 0.
fn speaks(start: &[u8]) -> Option<Speaks> {
    const SETTINGS: u8 = 0x4;
    const GOAWAY: u8 = 0x7;
    if start.starts_with(b"HTTP/1.") {
        return Some(Speaks::Http1);
    }
    let &[high, middle, low, kind, _flags, 0, 0, 0, 0] = start.first_chunk::<HEAD>()? else {
        return None;
    };
    let length = u32::from_be_bytes([0, high, middle, low]);
    let is_frame = match kind {
        SETTINGS => length.is_multiple_of(6),
        GOAWAY => length >= 8,
        _ => false,
    };
    is_frame.then_some(Speaks::Http2)
}

/// Whether the app there answers a client of HTTP/2 as a server of HTTP/2. No request is sent.
pub async fn speaks_http2(address: impl ToSocketAddrs) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(PREFACE).await?;
        let mut start = [0; HEAD];
        stream.read_exact(&mut start).await?;
        Ok::<_, io::Error>(speaks(&start) == Some(Speaks::Http2))
    };
    let asked = tokio::time::timeout(PATIENCE, ask).await;
    matches!(asked, Ok(Ok(true)))
}

/// What is known of a stream while somebody else holds it.
#[derive(Clone, Default)]
pub(super) struct FirstBytes(Arc<Shared>);

#[derive(Default)]
struct Shared {
    first: Mutex<Vec<u8>>,
    looks: AtomicBool,
}

impl FirstBytes {
    /// Of this stream.
    pub(super) fn of(stream: TcpStream) -> (Remembering, Self) {
        let first = Self::default();
        let stream = Remembering {
            stream,
            missing: HEAD,
            shared: first.0.clone(),
        };
        (stream, first)
    }

    /// What they say.
    pub(super) fn speaks(&self) -> Option<Speaks> {
        speaks(&self.0.first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next read asks the system whether there is an end, or something that nobody asked for:
    /// what the runtime knows of the socket is some tasks old.
    pub(super) fn look(&self) {
        self.0.looks.store(true, Ordering::Release);
    }
}

/// A stream whose first bytes are remembered.
pub(super) struct Remembering {
    stream: TcpStream,
    /// How many of them are still to come.
    missing: usize,
    shared: Arc<Shared>,
}

impl Remembering {
    /// What stands in the way of a request on a connection where all is answered; `Ok` where it is
    /// at its end.
    fn obstacle(&self) -> Option<io::Result<()>> {
        match SockRef::from(&self.stream).peek(&mut [MaybeUninit::uninit()]) {
            Ok(0) => Some(Ok(())),
            Ok(_) => Some(Err(io::ErrorKind::InvalidData.into())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl AsyncRead for Remembering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.shared.looks.swap(false, Ordering::AcqRel)
            && let Some(obstacle) = self.obstacle()
        {
            return Poll::Ready(obstacle);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if self.missing > 0 {
            let read = &buffer.filled()[before..];
            let read = &read[..read.len().min(self.missing)];
            let mut first = self
                .shared
                .first
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            first.extend(read);
            drop(first);
            self.missing -= read.len();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Remembering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_17_the_first_bytes_say_the_protocol_or_nothing() {
        for (start, expected) in [
            (&b"HTTP/1.1 400 Bad Request\r\n"[..], Some(Speaks::Http1)),
            (b"HTTP/1.0 200", Some(Speaks::Http1)),
            // SETTINGS with two settings; and its acknowledgement.
            (
                b"\x00\x00\x0c\x04\x00\x00\x00\x00\x00\x00\x03",
                Some(Speaks::Http2),
            ),
            (b"\x00\x00\x00\x04\x01\x00\x00\x00\x00", Some(Speaks::Http2)),
            // GOAWAY.
            (b"\x00\x00\x08\x07\x00\x00\x00\x00\x00", Some(Speaks::Http2)),
            // A length that SETTINGS can't have, another stream, another frame.
            (b"\x00\x00\x05\x04\x00\x00\x00\x00\x00", None),
            (b"\x00\x00\x0c\x04\x00\x00\x00\x00\x01", None),
            (b"\x00\x00\x0c\x01\x00\x00\x00\x00\x00", None),
            // TLS, another protocol, too little, nothing.
            (b"\x15\x03\x01\x00\x02\x02\x46\x00\x00", None),
            (b"220 mail ESMTP", None),
            (b"\x00\x00\x0c\x04", None),
            (b"", None),
        ] {
            assert_eq!(speaks(start), expected, "{start:?}");
        }
    }
}
