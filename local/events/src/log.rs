//! Where events go: to the terminal, and to subscribers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use crate::event::Event;
use crate::print::{Stream, print};
use crate::printable::printable_json;

/// Events that a late reader still finds.
const KEPT: usize = 500;
/// Events that a slow reader may be behind before it loses some.
const BEHIND: usize = 1024;

/// How events are printed to stderr as they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// A line for people
    Human,
    /// A JSON object a line
    Json,
    /// Nothing
    Off,
}

/// Where events go. Clones share one.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    print: Print,
    /// Names this run: numbers of another one mean nothing.
    run: String,
    recent: Mutex<Recent>,
    sender: broadcast::Sender<Arc<Kept>>,
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct Recent {
    last: u64,
    events: VecDeque<Arc<Kept>>,
}

/// An event and its number, from 1.
pub struct Kept {
    /// Its place in this run.
    pub number: u64,
    /// What happened.
    pub event: Event,
}

impl Log {
    /// An empty log.
    pub fn new(print: Print) -> Self {
        Self(Arc::new(Inner {
            print,
            run: uuid::Uuid::new_v4().to_string(),
            recent: Mutex::default(),
            sender: broadcast::channel(BEHIND).0,
            ended: watch::channel(false).0,
        }))
    }

    /// Prints `event`, keeps it, and sends it to subscribers.
    pub fn record(&self, mut event: Event) {
        event.without_secrets();
        // A stderr that is closed, or that nobody reads, is no reason to hold a request up.
        match self.0.print {
            Print::Human => print(Stream::Err, event.to_string()),
            Print::Json => print(Stream::Err, json(&event)),
            Print::Off => {}
        }
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.last += 1;
        let kept = Arc::new(Kept {
            number: recent.last,
            event,
        });
        if recent.events.len() == KEPT {
            recent.events.pop_front();
        }
        recent.events.push_back(kept.clone());
        // Under the lock, so that a new reader neither misses an event nor sees it twice. An
        // error means that there is no subscriber.
        let _ = self.0.sender.send(kept);
    }

    /// No more events: the streams of subscribers end, and don't delay the shutdown.
    pub fn end(&self) {
        self.0.ended.send_replace(true);
    }

    /// This run's name.
    pub fn run(&self) -> &str {
        &self.0.run
    }

    /// The last events, the oldest first.
    pub fn recent(&self) -> Vec<Arc<Kept>> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.events.iter().cloned().collect()
    }

    /// The last events, and those that come.
    pub fn listen(&self) -> (Vec<Arc<Kept>>, broadcast::Receiver<Arc<Kept>>) {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let events = recent.events.iter().cloned().collect();
        (events, self.0.sender.subscribe())
    }

    /// Turns true when no more events come.
    pub fn ended(&self) -> watch::Receiver<bool> {
        self.0.ended.subscribe()
    }
}

/// For the log, which counts in milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The event as a line of JSON.
pub fn json(event: &Event) -> String {
    // Strings and numbers under string keys: there is nothing that JSON can't say.
    printable_json(&serde_json::to_string(event).unwrap_or_default())
}
