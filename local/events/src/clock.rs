//! The time by which tokens are issued and checked.

use std::time::{SystemTime, UNIX_EPOCH};

/// The time, in seconds since 1970 (UTC).
#[derive(Clone, Copy, Default)]
pub struct Clock {
    /// Seconds ahead of this machine's clock.
    shift: i64,
}

impl Clock {
    /// This machine's clock, set ahead by `shift` seconds.
    pub fn shifted(shift: i64) -> Self {
        Self { shift }
    }

    /// The same as [`now`](Self::now), where it is not this machine's time.
    pub fn shifted_now(self) -> Option<i64> {
        (self.shift != 0).then(|| self.now())
    }

    /// Seconds since 1970; 0 on a clock before that.
    pub fn now(self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| i64::try_from(since.as_secs()).ok())
            .unwrap_or(0)
            .saturating_add(self.shift)
    }
}
