//! Where events go: to the terminal, and to subscribers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{broadcast, watch};

use crate::event::{Event, json};
use crate::kept::{After, Kept, Rings};
use crate::print::{Stream, print_later};
use crate::tell::tell_command;
use crate::width::{columns, is_long, within};

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

/// Which events a person is shown. JSON has all of them: programs choose for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Those that have decided something.
    Decisions,
    /// Polls, discovery and key fetches too.
    Everything,
}

impl Detail {
    /// Whether a person is shown `event`.
    #[must_use]
    pub fn shows(self, event: &Event) -> bool {
        self == Self::Everything || !event.is_routine()
    }
}

/// Where events go. Clones share one.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    print: Print,
    detail: Detail,
    /// The command that shows a person everything.
    everything_by: String,
    /// Whether it was said that some events are not printed.
    said_that_some_are_not: AtomicBool,
    /// Names this run: numbers of another one mean nothing.
    run: String,
    rings: Mutex<Rings>,
    sender: broadcast::Sender<Arc<Kept>>,
    /// The number of the last event, while somebody is told.
    last: watch::Sender<u64>,
    /// The number of the last one that gave out a device code for a person to enter.
    device_code: watch::Sender<u64>,
    ended: watch::Sender<bool>,
}

impl Log {
    /// An empty log.
    pub fn new(print: Print, detail: Detail) -> Self {
        Self::of_stack(print, detail, "greeting-local log -v")
    }

    /// An empty log, of a stack whose events are all shown by the command `everything_by`.
    pub fn of_stack(print: Print, detail: Detail, everything_by: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            print,
            detail,
            everything_by: everything_by.into(),
            said_that_some_are_not: AtomicBool::new(false),
            run: uuid::Uuid::new_v4().to_string(),
            rings: Mutex::default(),
            sender: broadcast::channel(BEHIND).0,
            last: watch::channel(0).0,
            device_code: watch::channel(0).0,
            ended: watch::channel(false).0,
        }))
    }

    /// Keeps `event`, prints it, and sends it to subscribers. Whoever is answered meanwhile does
    /// not wait for its text: the thread that prints makes it, and readers make theirs.
    pub fn record(&self, mut event: Event) {
        event.without_secrets();
        let mut rings = self.rings();
        let kept = rings.add(event);
        // Under the lock, so that lines are in the order of their numbers, and a new reader neither
        // misses an event nor sees it twice.
        self.print(&kept);
        // Telling nobody costs as much as telling somebody.
        if self.0.last.receiver_count() > 0 {
            self.0.last.send_replace(kept.number);
        }
        if kept.event.asks_for_a_device_code() {
            self.0.device_code.send_replace(kept.number);
        }
        // An error means that there is no subscriber.
        let _ = self.0.sender.send(kept);
    }

    /// A stderr that is closed, or that nobody reads, is no reason to hold a request up.
    fn print(&self, kept: &Arc<Kept>) {
        match self.0.print {
            Print::Human if self.0.detail.shows(&kept.event) => {
                let kept = kept.clone();
                print_later(Stream::Err, move |text, paint| {
                    let start = text.len();
                    // A String takes everything.
                    let _ = kept.event.write_line(text, paint);
                    if is_long(&text[start..]) {
                        let line = within(columns(Stream::Err), text.split_off(start));
                        text.push_str(&line);
                    }
                });
            }
            Print::Human => {
                if !self.0.said_that_some_are_not.swap(true, Ordering::Relaxed) {
                    let words = "polls, discovery and key fetches are not shown; to see them";
                    tell_command(Stream::Err, words, self.0.everything_by.as_str());
                }
            }
            Print::Json => {
                let kept = kept.clone();
                print_later(Stream::Err, move |text, _| {
                    text.push_str(&json(&kept.event));
                });
            }
            Print::Off => {}
        }
    }

    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.0.rings.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.rings().all()
    }

    /// The last of them that have decided something, the oldest first.
    pub fn decisions(&self) -> Vec<Arc<Kept>> {
        self.rings().decisions()
    }

    /// The last events with a number beyond `number`, `at_most` so many.
    pub fn after(&self, number: u64, at_most: usize) -> After {
        self.rings().after(number, at_most)
    }

    /// The event with this number, if it is still kept.
    pub fn get(&self, number: u64) -> Option<Arc<Kept>> {
        self.rings().get(number)
    }

    /// The last events, and each of those that come.
    pub fn listen(&self) -> (Vec<Arc<Kept>>, broadcast::Receiver<Arc<Kept>>) {
        let rings = self.rings();
        (rings.all(), self.0.sender.subscribe())
    }

    /// The number of the last event: for readers who look when they have time, by [`Log::after`].
    pub fn last(&self) -> watch::Receiver<u64> {
        // Under the lock, so that it is told from here on.
        let rings = self.rings();
        self.0.last.send_replace(rings.last());
        self.0.last.subscribe()
    }

    /// Changes when a device code begins to wait for a person: for whoever would otherwise be woken
    /// by each request.
    pub fn device_code(&self) -> watch::Receiver<u64> {
        self.0.device_code.subscribe()
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
