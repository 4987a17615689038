//! An app that serves connections one request after the other, ends them at a moment of the test's
//! choice, and remembers what it was sent.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What all connections of the app share.
#[derive(Default)]
pub(crate) struct Shared {
    /// The `x-id` of each request whose head came whole.
    pub(crate) seen: Mutex<Vec<String>>,
    /// Connections that came.
    pub(crate) accepted: AtomicUsize,
    /// Requests that were not the first on their connection.
    pub(crate) further: AtomicUsize,
    /// Bytes of a request that were no request.
    pub(crate) broken: AtomicUsize,
    /// Connections that are open, to be ended from outside.
    open: Mutex<Vec<TcpStream>>,
}

impl Shared {
    /// Ends all connections, whatever they do; returns when the other side has been told.
    pub(crate) fn end_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How often it saw the call with this id.
    pub(crate) fn times(&self, id: &str) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| *seen == id).count()
    }

    pub(crate) fn further(&self) -> usize {
        self.further.load(Ordering::SeqCst)
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// What is done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Goes,
    Ends,
}

/// A request's head.
pub(crate) struct Head {
    pub(crate) text: String,
    pub(crate) id: String,
    pub(crate) length: usize,
    /// Which one it is on its connection, from 0.
    pub(crate) nth: usize,
}

/// One connection.
pub(crate) struct Served {
    pub(crate) stream: TcpStream,
    pub(crate) nth: usize,
    pub(crate) shared: Arc<Shared>,
}

impl Served {
    /// The next request's head; none at the connection's end.
    pub(crate) fn head(&mut self) -> Option<Head> {
        let (mut text, mut byte) = (Vec::new(), [0]);
        while !text.ends_with(b"\r\n\r\n") {
            match self.stream.read(&mut byte) {
                Ok(1) => text.push(byte[0]),
                _ => break,
            }
        }
        // The gate asks whether an app that breaks connections speaks HTTP/2.
        if text.is_empty() || text.starts_with(b"PRI * HTTP/2.0") {
            return None;
        }
        let text = String::from_utf8(text).unwrap();
        if !text.ends_with("\r\n\r\n") || !text.contains(" HTTP/1.1\r\n") {
            self.shared.broken.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        let field = |name: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
        };
        let id = field("x-id").unwrap_or_default();
        let length = field("content-length").map_or(0, |length| length.parse().unwrap());
        self.shared.seen.lock().unwrap().push(id.clone());
        let nth = self.nth;
        self.nth += 1;
        if nth > 0 {
            self.shared.further.fetch_add(1, Ordering::SeqCst);
        }
        Some(Head {
            text,
            id,
            length,
            nth,
        })
    }

    /// So many bytes, or fewer at the connection's end.
    pub(crate) fn read(&mut self, bytes: usize) -> usize {
        let mut read = Vec::new();
        let limited = (&mut self.stream).take(bytes as u64).read_to_end(&mut read);
        limited.map_or(0, |_| read.len())
    }

    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        // Who does not read it any more is the test's concern.
        let _ = self.stream.write_all(bytes.as_ref());
    }
}

/// An answer whose body is the call's id.
pub(crate) fn answer(id: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{id}",
        id.len()
    )
}

/// Serves each connection of `listener` by `serve`, which gets it once for each request that it is
/// ready for.
pub(crate) fn serve(
    listener: TcpListener,
    serve: impl Fn(&mut Served) -> Then + Send + Sync + 'static,
) -> Arc<Shared> {
    let shared = Arc::<Shared>::default();
    let (all, serve) = (shared.clone(), Arc::new(serve));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            // What is written is there.
            stream.set_nodelay(true).unwrap();
            all.accepted.fetch_add(1, Ordering::SeqCst);
            all.open.lock().unwrap().push(stream.try_clone().unwrap());
            let (shared, serve) = (all.clone(), serve.clone());
            std::thread::spawn(move || {
                let mut served = Served {
                    stream,
                    nth: 0,
                    shared,
                };
                while serve(&mut served) == Then::Goes {}
                let _ = served.stream.shutdown(Shutdown::Both);
            });
        }
    });
    shared
}

/// The same on a port of its own.
pub(crate) fn app(
    how: impl Fn(&mut Served) -> Then + Send + Sync + 'static,
) -> (SocketAddr, Arc<Shared>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, serve(listener, how))
}

/// Answers the next request as it should be.
pub(crate) fn well(served: &mut Served) -> Then {
    let Some(head) = served.head() else {
        return Then::Ends;
    };
    if served.read(head.length) < head.length {
        return Then::Ends;
    }
    served.write(answer(&head.id));
    Then::Goes
}
