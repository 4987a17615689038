//! The connections to one app: each serves one call at a time, and is kept for the next one.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use hyper::Response;
use tokio::net::TcpStream;

use super::call::{Call, NotSent, Protocol};
use super::http1::Http1;
use super::http2::Http2;
use super::kept::{Kept, WAIT};
use super::{BoxBody, RelayError};
use crate::limits::Limits;

/// How long a connection may stay idle beyond its time, so that many are ended at once.
const SWEEP: Duration = Duration::from_millis(100);

/// A client of one app. One that was started again is another app, and gets another client.
pub struct Client {
    protocol: Protocol,
    state: Mutex<State>,
}

struct State {
    kept: Kept<Open>,
    /// Whether a task ends those that have been idle for too long.
    is_swept: bool,
}

/// A connection on which all is answered.
enum Open {
    Http1(Box<Http1>),
    Http2(Http2),
}

impl Open {
    fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(http1) => http1.is_open(),
            Self::Http2(http2) => http2.is_open(),
        }
    }

    async fn begin(stream: TcpStream, protocol: Protocol) -> Result<Self, RelayError> {
        // Small writes (events, WebSocket messages) must not wait for each other.
        let _ = stream.set_nodelay(true);
        Ok(match protocol {
            Protocol::Http1 => Self::Http1(Http1::begin(stream).await?),
            Protocol::Http2 => Self::Http2(Http2::begin(stream).await?),
        })
    }

    async fn send(
        self,
        call: Call,
        patience: Duration,
        client: &Arc<Client>,
    ) -> Result<Response<BoxBody>, NotSent> {
        let client = client.clone();
        match self {
            Self::Http1(http1) => {
                let keep = move |http1| client.put(Self::Http1(http1));
                http1.send(call, patience, keep).await
            }
            Self::Http2(http2) => {
                let keep = move |http2| client.put(Self::Http2(http2));
                let answer = tokio::time::timeout(patience, http2.send(call, keep)).await;
                answer.unwrap_or(Err(NotSent::silent()))
            }
        }
    }
}

/// A connection for one call.
pub struct Connection {
    client: Arc<Client>,
    way: Way,
}

enum Way {
    Kept(Open),
    New(TcpStream),
}

/// Why a call has no answer.
pub enum Failed {
    /// The app had ended the kept connection, before any byte of the call was written: it can be
    /// sent on another.
    Unsent(Box<Call>),
    /// It was sent, as far as one knows, and is not to be sent again.
    Unanswered(RelayError),
}

impl Client {
    /// Of an app that is spoken to in `protocol`; no connection yet.
    #[must_use]
    pub fn new(protocol: Protocol) -> Arc<Self> {
        Arc::new(Self {
            protocol,
            state: Mutex::new(State {
                // More calls than connections of callers come at once over HTTP/2 only.
                kept: Kept::new(Limits::default().connections),
                is_swept: false,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No change is left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection of an earlier call, if one is open.
    #[must_use]
    pub fn kept(self: &Arc<Self>) -> Option<Connection> {
        let open = self.state().kept.take(Instant::now(), Open::is_open)?;
        Some(Connection {
            client: self.clone(),
            way: Way::Kept(open),
        })
    }

    /// A new connection.
    #[must_use]
    pub fn begin(self: &Arc<Self>, stream: TcpStream) -> Connection {
        Connection {
            client: self.clone(),
            way: Way::New(stream),
        }
    }

    /// Ends what has been idle for too long, and says when to do so again.
    fn sweep(&self, now: Instant) -> Option<Instant> {
        let mut state = self.state();
        let next = state.kept.end_idle(now);
        state.is_swept = next.is_some();
        next
    }

    /// Keeps a connection whose call is answered to its end.
    fn put(self: &Arc<Self>, open: Open) {
        let mut state = self.state();
        let put = state.kept.put(open, Instant::now());
        if put.is_ok() && !state.is_swept {
            state.is_swept = true;
            tokio::spawn(sweep(Arc::downgrade(self)));
        }
        // Before a connection is ended that is not kept.
        drop(state);
    }
}

/// Ends what has been idle for too long, until there is nothing.
async fn sweep(client: Weak<Client>) {
    while let Some(client) = client.upgrade() {
        let now = Instant::now();
        let Some(next) = client.sweep(now) else {
            return;
        };
        // Meanwhile nobody else may need it.
        drop(client);
        tokio::time::sleep_until(next.max(now + SWEEP).into()).await;
    }
}

impl Connection {
    /// Sends `call`, and nothing else meanwhile.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(self, call: Call, patience: Duration) -> Result<Response<BoxBody>, Failed> {
        let client = &self.client;
        match self.way {
            Way::Kept(open) => client.send_again(open, call, patience).await,
            // One of many calls, whose room the others need not have.
            Way::New(stream) => Box::pin(client.send_first(stream, call, patience)).await,
        }
    }
}

impl Client {
    async fn send_again(
        self: &Arc<Self>,
        open: Open,
        call: Call,
        patience: Duration,
    ) -> Result<Response<BoxBody>, Failed> {
        open.send(call, patience, self).await.map_err(|not_sent| {
            if not_sent.unsent.is_some() || not_sent.why == RelayError::Broken {
                self.state().kept.was_ended();
            }
            let why = Failed::Unanswered(not_sent.why);
            let unsent = not_sent.unsent.map(Box::new);
            unsent.map_or(why, Failed::Unsent)
        })
    }

    async fn send_first(
        self: &Arc<Self>,
        stream: TcpStream,
        call: Call,
        patience: Duration,
    ) -> Result<Response<BoxBody>, Failed> {
        // An app that ends even a new connection does so again.
        let answer = async {
            let open = Open::begin(stream, self.protocol).await?;
            let answer = open.send(call, patience, self).await;
            answer.map_err(|not_sent| not_sent.why)
        };
        let mut answer = pin!(answer);
        let answer = match tokio::time::timeout(WAIT, answer.as_mut()).await {
            Ok(answer) => answer,
            Err(_) => {
                self.state().kept.gives_way(Instant::now());
                let answer = answer.await;
                self.state().kept.has_waited(Instant::now());
                answer
            }
        };
        answer.map_err(Failed::Unanswered)
    }
}
