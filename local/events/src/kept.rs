//! Events that were taken down, and how many of them: a bounded number of decisions, and a bounded
//! number of what decides nothing, so that clients that poll don't push the decisions out.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use crate::event::{Event, json};
use crate::row::Row;

/// Decisions that a late reader still finds; and as many routine events.
const KEPT: usize = 500;

/// An event and its number, from 1.
#[derive(Debug)]
pub struct Kept {
    /// Its place in this run.
    pub number: u64,
    /// What happened.
    pub event: Event,
    /// For readers of JSON: made by the first, for all of them.
    line: OnceLock<String>,
    /// For readers of server-sent events, likewise.
    server_sent: OnceLock<String>,
}

impl Kept {
    fn new(number: u64, event: Event) -> Self {
        Self {
            number,
            event,
            line: OnceLock::new(),
            server_sent: OnceLock::new(),
        }
    }

    /// For a list.
    #[must_use]
    pub fn row(&self) -> Row {
        Row::of(self.number, &self.event)
    }

    /// A line of JSON, with its end.
    pub fn line(&self) -> &str {
        self.line.get_or_init(|| format!("{}\n", json(&self.event)))
    }

    /// Its row as a server-sent event (WHATWG HTML section 9.2.5) that bears its number.
    pub fn server_sent(&self) -> &str {
        self.server_sent.get_or_init(|| {
            // JSON has no line breaks outside of strings, and escapes them in there.
            let row = serde_json::to_string(&self.row()).unwrap_or_default();
            format!("id: {}\ndata: {row}\n\n", self.number)
        })
    }
}

/// What is kept of a run.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    last: u64,
    decisions: VecDeque<Arc<Kept>>,
    routine: VecDeque<Arc<Kept>>,
}

/// Events after a number.
#[derive(Debug)]
pub struct After {
    /// The oldest first.
    pub events: Vec<Arc<Kept>>,
    /// Those in between that are not among them.
    pub missed: u64,
    /// The number of the last event of all.
    pub last: u64,
}

impl Rings {
    /// Takes an event down.
    pub(crate) fn add(&mut self, event: Event) -> Arc<Kept> {
        self.last += 1;
        let ring = if event.is_routine() {
            &mut self.routine
        } else {
            &mut self.decisions
        };
        if ring.len() == KEPT {
            ring.pop_front();
        }
        let kept = Arc::new(Kept::new(self.last, event));
        ring.push_back(kept.clone());
        kept
    }

    /// The number of the last event of all.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The last events with a number beyond `number`, `at_most` so many.
    pub(crate) fn after(&self, number: u64, at_most: usize) -> After {
        let mut decisions = self.decisions.iter().rev().peekable();
        let mut routine = self.routine.iter().rev().peekable();
        let mut events = Vec::new();
        while events.len() < at_most {
            let newer = match (decisions.peek(), routine.peek()) {
                (Some(one), Some(other)) if one.number < other.number => routine.next(),
                (Some(_), _) => decisions.next(),
                (None, _) => routine.next(),
            };
            match newer {
                Some(kept) if kept.number > number => events.push(kept.clone()),
                _ => break,
            }
        }
        events.reverse();
        let taken = u64::try_from(events.len()).unwrap_or(u64::MAX);
        After {
            missed: self.last.saturating_sub(number).saturating_sub(taken),
            events,
            last: self.last,
        }
    }

    /// The one with this number, if it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Kept>> {
        [&self.decisions, &self.routine].iter().find_map(|ring| {
            let at = ring.binary_search_by_key(&number, |kept| kept.number);
            ring.get(at.ok()?).cloned()
        })
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Kept>> {
        self.after(0, usize::MAX).events
    }

    /// Those that have decided something, the oldest first.
    pub(crate) fn decisions(&self) -> Vec<Arc<Kept>> {
        self.decisions.iter().cloned().collect()
    }
}
