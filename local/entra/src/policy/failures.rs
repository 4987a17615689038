//! How slow answers are, and how many fail: as people write it, bounded.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

/// Longer than clients wait for an answer.
const LONGEST: Duration = Duration::from_secs(300);
/// What a failing answer may have for its status.
const STATUSES: [u16; 5] = [429, 500, 502, 503, 504];
/// A rate's unit: one of so many.
const WHOLE: u32 = 1_000_000;

/// How long each answer waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delay(Duration);

/// Which answers fail, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Failures {
    /// None.
    #[default]
    Never,
    /// So many of a million.
    Some {
        /// With this status.
        status: u16,
        /// Of a million.
        rate: u32,
    },
}

/// What is no [`Delay`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a delay is a number and its unit, at most 300s, for example 2s or 500ms; or none")]
pub struct NoDelay;

/// What is no [`Failures`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a failure is a status and a rate from 0 to 1 with at most six decimals, for example 503:0.2 or 429:1; or none. The status is 429, 500, 502, 503 or 504"
)]
pub struct NoFailures;

impl Delay {
    /// The time, if there is any.
    pub(crate) fn wait(self) -> Option<Duration> {
        (!self.0.is_zero()).then_some(self.0)
    }
}

impl FromStr for Delay {
    type Err = NoDelay;

    fn from_str(text: &str) -> Result<Self, NoDelay> {
        if text == "none" {
            return Ok(Self::default());
        }
        let number = |digits: &str| digits.parse::<u64>().map_err(|_| NoDelay);
        let delay = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(digits), _) => Duration::from_millis(number(digits)?),
            (None, Some(digits)) => Duration::from_secs(number(digits)?),
            (None, None) => return Err(NoDelay),
        };
        if delay > LONGEST {
            return Err(NoDelay);
        }
        Ok(Self(delay))
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_millis()) {
            (0, 0) => f.write_str("none"),
            (seconds, 0) => write!(f, "{seconds}s"),
            _ => write!(f, "{}ms", self.0.as_millis()),
        }
    }
}

impl FromStr for Failures {
    type Err = NoFailures;

    fn from_str(text: &str) -> Result<Self, NoFailures> {
        if text == "none" {
            return Ok(Self::Never);
        }
        let (status, rate) = text.split_once(':').ok_or(NoFailures)?;
        let status = status.parse().map_err(|_| NoFailures)?;
        if !STATUSES.contains(&status) {
            return Err(NoFailures);
        }
        Ok(match millionths(rate).ok_or(NoFailures)? {
            0 => Self::Never,
            rate => Self::Some { status, rate },
        })
    }
}

/// A decimal number from 0 to 1, exactly.
fn millionths(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = !decimals.is_empty() && decimals.bytes().all(|b| b.is_ascii_digit());
    if decimals.len() > 6 || !is_number {
        return None;
    }
    let rest: u32 = format!("{decimals:0<6}").parse().ok()?;
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(WHOLE),
        _ => None,
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("none"),
            Self::Some { status, rate } if *rate >= WHOLE => write!(f, "{status}:1"),
            Self::Some { status, rate } => {
                let decimals = format!("{rate:06}");
                write!(f, "{status}:0.{}", decimals.trim_end_matches('0'))
            }
        }
    }
}

impl TryFrom<String> for Delay {
    type Error = NoDelay;

    fn try_from(text: String) -> Result<Self, NoDelay> {
        text.parse()
    }
}

impl From<Delay> for String {
    fn from(delay: Delay) -> Self {
        delay.to_string()
    }
}

impl TryFrom<String> for Failures {
    type Error = NoFailures;

    fn try_from(text: String) -> Result<Self, NoFailures> {
        text.parse()
    }
}

impl From<Failures> for String {
    fn from(failures: Failures) -> Self {
        failures.to_string()
    }
}

impl Failures {
    /// The status that an answer fails with, if it does. `drawn` is any number, each as likely.
    pub(crate) fn status(self, drawn: u32) -> Option<StatusCode> {
        match self {
            Self::Some { status, rate } if drawn % WHOLE < rate => {
                StatusCode::from_u16(status).ok()
            }
            Self::Some { .. } | Self::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_24_delays_and_failures_are_bounded_and_written_as_they_are_read() {
        for (text, written) in [
            ("2s", Some("2s")),
            ("500ms", Some("500ms")),
            ("1500ms", Some("1500ms")),
            ("2000ms", Some("2s")),
            ("0s", Some("none")),
            ("none", Some("none")),
            ("300s", Some("300s")),
            ("301s", None),
            ("300001ms", None),
            ("18446744073709551616s", None),
            ("2", None),
            ("-1s", None),
            ("2 s", None),
            ("1.5s", None),
            ("2m", None),
            ("", None),
        ] {
            let read = text.parse::<Delay>().ok().map(|delay| delay.to_string());
            assert_eq!(read.as_deref(), written, "{text}");
        }
        for (text, written) in [
            ("503:0.2", Some("503:0.2")),
            ("503:0.000001", Some("503:0.000001")),
            ("429:1", Some("429:1")),
            ("429:1.0", Some("429:1")),
            ("500:0.50", Some("500:0.5")),
            ("503:0", Some("none")),
            ("none", Some("none")),
            ("503:1.1", None),
            ("503:2", None),
            ("503:-0.2", None),
            ("503:+0.2", None),
            ("503:0.", None),
            ("503:.2", None),
            ("503:0.0000001", None),
            ("503:20%", None),
            ("503", None),
            ("200:0.2", None),
            ("404:1", None),
            (":1", None),
            ("", None),
        ] {
            let read = text.parse::<Failures>().ok().map(|one| one.to_string());
            assert_eq!(read.as_deref(), written, "{text}");
        }
    }

    #[test]
    fn item_24_a_rate_is_a_share_of_all_draws() {
        let failing = |text: &str| {
            let failures: Failures = text.parse().unwrap();
            (0..WHOLE)
                .filter(|drawn| failures.status(*drawn).is_some())
                .count()
        };
        assert_eq!(failing("503:0"), 0);
        assert_eq!(failing("503:0.2"), 200_000);
        assert_eq!(failing("503:0.000001"), 1);
        assert_eq!(failing("503:1"), 1_000_000);
        let always: Failures = "429:1".parse().unwrap();
        for drawn in [0, WHOLE - 1, WHOLE, u32::MAX] {
            assert_eq!(always.status(drawn), Some(StatusCode::TOO_MANY_REQUESTS));
        }
    }
}
