//! The time by which tokens are issued and checked.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// Ten years, in seconds: longer than anything that is issued here lives.
const FURTHEST: i64 = 315_360_000;

/// The time, in seconds since 1970 (UTC). Clones share one shift, which moves while they run.
#[derive(Clone, Default)]
pub struct Clock {
    /// Seconds ahead of this machine's clock.
    shift: Arc<AtomicI64>,
}

/// Seconds by which a clock is ahead of this machine's, or behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct TimeShift(i64);

impl Clock {
    /// This machine's clock, set ahead by `shift`.
    pub fn shifted(shift: TimeShift) -> Self {
        Self {
            shift: Arc::new(AtomicI64::new(shift.0)),
        }
    }

    /// Sets it, and every clone of it, ahead of this machine's clock by `shift`.
    pub fn set(&self, shift: TimeShift) {
        // The number is all there is to see: nothing else is ordered by it.
        self.shift.store(shift.0, Ordering::Relaxed);
    }

    /// By how much it is ahead.
    pub fn shift(&self) -> TimeShift {
        TimeShift(self.shift.load(Ordering::Relaxed))
    }

    /// The same as [`now`](Self::now), where it is not this machine's time.
    pub fn shifted_now(&self) -> Option<i64> {
        (self.shift() != TimeShift::default()).then(|| self.now())
    }

    /// Seconds since 1970; 0 on a clock before that.
    pub fn now(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            .unwrap_or(0)
            .saturating_add(self.shift().0)
    }
}

/// What is no [`TimeShift`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a time shift is a number of seconds, from -315360000 to 315360000 (ten years), for example 3600 or -600"
)]
pub struct NoTimeShift;

impl TryFrom<i64> for TimeShift {
    type Error = NoTimeShift;

    fn try_from(seconds: i64) -> Result<Self, NoTimeShift> {
        let is_near = (-FURTHEST..=FURTHEST).contains(&seconds);
        is_near.then_some(Self(seconds)).ok_or(NoTimeShift)
    }
}

impl From<TimeShift> for i64 {
    fn from(shift: TimeShift) -> Self {
        shift.0
    }
}

impl FromStr for TimeShift {
    type Err = NoTimeShift;

    fn from_str(text: &str) -> Result<Self, NoTimeShift> {
        let seconds: i64 = text.parse().map_err(|_| NoTimeShift)?;
        Self::try_from(seconds)
    }
}

impl fmt::Display for TimeShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_24_a_shift_is_bounded_and_every_clone_of_a_clock_has_it() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-600", Some(-600)),
            ("315360000", Some(FURTHEST)),
            ("315360001", None),
            ("-315360001", None),
            ("9223372036854775808", None),
            ("1h", None),
            ("", None),
        ] {
            let read = text.parse::<TimeShift>().ok().map(i64::from);
            assert_eq!(read, expected, "{text}");
        }
        let clock = Clock::default();
        let clone = clock.clone();
        assert_eq!(clone.shifted_now(), None);
        clock.set(TimeShift(FURTHEST));
        assert_eq!(clone.shift(), TimeShift(FURTHEST));
        assert!(clone.shifted_now() > Some(FURTHEST));
    }
}
