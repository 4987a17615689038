//! Which connections to an app are kept for the next call, and which one that call gets. No I/O:
//! what a connection is, and what the time is, is the caller's.
//!
//! A server may end an idle connection at any moment, also right after an answer and without a word
//! (RFC 9112 section 9.3). What was sent on it by then is lost, for no request is sent twice. So:
//!
//! - A new app has to show that it keeps its connections: until one of them has been idle and open
//!   for [`PROOF`], none is used again sooner than that. It has to again after it ended one
//!   unannounced.
//! - None is used that was idle for [`IDLE`].
//! - The one that was idle for the shortest time is used first.
//!
//! And a server that serves one connection at a time must not wait for a call on the one that is
//! kept, while a call waits on another: see [`Kept::gives_way`].

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How long a connection is kept. Servers end an idle one after a time of their own, of which the
/// shortest in use are 2 (Gunicorn) and 5 seconds (Node.js, Uvicorn, Apache).
pub(super) const IDLE: Duration = Duration::from_secs(1);
/// What an app that ends connections without a word may take to do it after its answer.
const PROOF: Duration = Duration::from_millis(100);
/// How long a call waits for the first answer on a new connection before others give way to it.
pub(super) const WAIT: Duration = Duration::from_secs(1);
/// How long none is kept in order that the waiting call is answered.
pub(super) const GIVES_WAY: Duration = Duration::from_millis(250);
/// How long an app is known to serve one connection at a time.
const ONE_AT_A_TIME: Duration = Duration::from_secs(60);

/// The connections to one app that are idle.
pub(super) struct Kept<C> {
    /// The one that has been idle for longest first.
    idle: VecDeque<Idle<C>>,
    most: usize,
    /// Whether this app was seen to leave an idle connection open.
    persists: bool,
    /// A call waits; until when the others give way to it, and whether one has.
    giving_way: Option<(Instant, GaveWay)>,
    /// The app serves one connection at a time: none is kept until then.
    unkept_until: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum GaveWay {
    None,
    Some,
}

struct Idle<C> {
    connection: C,
    since: Instant,
}

impl<C> Kept<C> {
    /// None yet, and never more than `most`.
    pub(super) fn new(most: usize) -> Self {
        Self {
            idle: VecDeque::new(),
            most,
            persists: false,
            giving_way: None,
            unkept_until: None,
        }
    }

    /// A connection for a call. Whether one `is_open` is asked only of those that have to prove it:
    /// it costs a system call, which sending does anyway.
    pub(super) fn take(&mut self, now: Instant, is_open: impl Fn(&mut C) -> bool) -> Option<C> {
        self.end_idle(now);
        while !self.persists {
            let oldest = self.idle.front()?;
            if now.saturating_duration_since(oldest.since) < PROOF {
                return None;
            }
            // One that is closed has shown the contrary, by which the others are as they were.
            let mut oldest = self.idle.pop_front()?;
            if is_open(&mut oldest.connection) {
                self.persists = true;
                return Some(oldest.connection);
            }
        }
        self.idle.pop_back().map(|idle| idle.connection)
    }

    /// Keeps a connection whose call is answered, or hands it back.
    pub(super) fn put(&mut self, connection: C, now: Instant) -> Result<(), C> {
        if self.unkept_until.is_some_and(|until| now < until) {
            return Err(connection);
        }
        if let Some((until, gave_way)) = &mut self.giving_way
            && now < *until
        {
            *gave_way = GaveWay::Some;
            return Err(connection);
        }
        if self.idle.len() >= self.most {
            return Err(connection);
        }
        self.idle.push_back(Idle {
            connection,
            since: now,
        });
        Ok(())
    }

    /// The app has ended a kept connection unannounced: it may have ended them all.
    pub(super) fn was_ended(&mut self) {
        self.persists = false;
        self.idle.clear();
    }

    /// A call has waited for [`WAIT`] on a new connection, which the app may not have accepted: it
    /// may be waiting on one that is kept. So none is, for a moment.
    pub(super) fn gives_way(&mut self, now: Instant) {
        let gave_way = match self.idle.is_empty() {
            true => GaveWay::None,
            false => GaveWay::Some,
        };
        self.idle.clear();
        self.giving_way = Some((now + GIVES_WAY, gave_way));
    }

    /// The call that waited is answered. If that is because another connection was ended, the app
    /// serves one at a time.
    pub(super) fn has_waited(&mut self, now: Instant) {
        if let Some((until, GaveWay::Some)) = self.giving_way
            && now < until
        {
            self.unkept_until = Some(now + ONE_AT_A_TIME);
        }
    }

    /// Ends what has been idle for too long; says when the next one will have been.
    pub(super) fn end_idle(&mut self, now: Instant) -> Option<Instant> {
        while let Some(oldest) = self.idle.front() {
            let until = oldest.since + IDLE;
            if now < until {
                return Some(until);
            }
            self.idle.pop_front();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn kept() -> (Kept<u32>, Instant) {
        (Kept::new(3), Instant::now())
    }

    fn open(_: &mut u32) -> bool {
        true
    }

    #[test]
    fn point_3_an_app_shows_first_that_it_keeps_connections() {
        let (mut kept, start) = kept();
        kept.put(1, start).unwrap();
        kept.put(2, start + 10 * MS).unwrap();
        assert_eq!(kept.take(start + 99 * MS, open), None);
        // It has closed the first, which proves nothing of the second.
        let second = |connection: &mut u32| *connection == 2;
        assert_eq!(kept.take(start + 105 * MS, second), None);
        assert_eq!(kept.take(start + 110 * MS, second), Some(2));
        // From now on at once, the one that was idle last first.
        kept.put(3, start + 111 * MS).unwrap();
        kept.put(4, start + 112 * MS).unwrap();
        assert_eq!(kept.take(start + 112 * MS, |_| false), Some(4));
        // Until it ends one.
        kept.was_ended();
        assert_eq!(kept.take(start + 113 * MS, open), None);
        kept.put(5, start + 114 * MS).unwrap();
        assert_eq!(kept.take(start + 115 * MS, open), None);
    }

    #[test]
    fn point_3_idle_connections_end_in_time_and_are_few() {
        let (mut kept, start) = kept();
        for connection in 1..=3 {
            kept.put(connection, start + connection * MS).unwrap();
        }
        assert_eq!(kept.put(4, start + 4 * MS), Err(4));
        assert_eq!(kept.end_idle(start + IDLE), Some(start + MS + IDLE));
        assert_eq!(
            kept.end_idle(start + 2 * MS + IDLE),
            Some(start + 3 * MS + IDLE)
        );
        assert_eq!(kept.take(start + 3 * MS + IDLE, open), None);
        assert_eq!(kept.end_idle(start + 3 * MS + IDLE), None);
    }

    #[test]
    fn point_3_kept_connections_give_way_to_a_call_that_waits() {
        let (mut kept, start) = kept();
        kept.put(1, start).unwrap();
        kept.gives_way(start + MS);
        assert_eq!(kept.take(start + PROOF, open), None);
        assert_eq!(kept.put(2, start + 2 * MS), Err(2));
        // Answered then: one at a time.
        kept.has_waited(start + 3 * MS);
        assert_eq!(kept.put(3, start + MS + GIVES_WAY), Err(3));
        assert_eq!(kept.put(4, start + 3 * MS + ONE_AT_A_TIME), Ok(()));

        // An app that is slow: none was ended for the call, or it was answered long after.
        let (mut kept, start) = self::kept();
        kept.gives_way(start);
        kept.has_waited(start + MS);
        assert_eq!(kept.put(1, start + GIVES_WAY), Ok(()));
        kept.gives_way(start + GIVES_WAY);
        kept.has_waited(start + 2 * GIVES_WAY);
        assert_eq!(kept.put(2, start + 2 * GIVES_WAY), Ok(()));
    }
}
