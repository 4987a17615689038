//! How often a handler is replaced: what writes to its own sources at each start must not keep the
//! machine busy.

use std::time::{Duration, Instant};

/// From one to the next.
const BETWEEN: Duration = Duration::from_secs(2);

/// When the last one began.
#[derive(Debug, Default)]
pub(super) struct Pace(Option<Instant>);

impl Pace {
    /// How long to wait at `now`.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.0.map_or(Duration::ZERO, |last| {
            (last + BETWEEN).saturating_duration_since(now)
        })
    }

    /// One begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.0 = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_9_28_reloads_in_8_seconds_are_not_possible() {
        let start = Instant::now();
        let (mut pace, mut now, mut reloads) = (Pace::default(), start, 0);
        // A change waits whenever the loop looks, and each reload takes no time at all.
        while now - start < Duration::from_secs(8) {
            match pace.wait(now) {
                Duration::ZERO => {
                    pace.begin(now);
                    reloads += 1;
                }
                wait => now += wait,
            }
        }
        assert_eq!(reloads, 4);
    }

    #[test]
    fn the_first_change_waits_for_nothing() {
        assert_eq!(Pace::default().wait(Instant::now()), Duration::ZERO);
    }
}
