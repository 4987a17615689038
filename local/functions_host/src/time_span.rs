//! .NET's `TimeSpan`, as the settings of host.json are written.
//!
//! <https://learn.microsoft.com/dotnet/api/system.timespan.parse>

use std::time::Duration;

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeSpan {
    /// Nothing, or longer.
    Of(Duration),
    /// Less than nothing.
    Negative(Duration),
}

impl TimeSpan {
    /// Reads `hh:mm`, `hh:mm:ss`, `d.hh:mm:ss` with a fraction of seconds, or a number of days.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let length = length(text)?;
        Some(if negative {
            Self::Negative(length)
        } else {
            Self::Of(length)
        })
    }
}

fn length(text: &str) -> Option<Duration> {
    let mut parts: Vec<&str> = text.split(':').collect();
    if let [days] = parts.as_slice() {
        return seconds(number(days, 10_675_199)?, 0, 0, 0);
    }
    let days = match (parts.len(), parts[0].split_once('.')) {
        (2 | 3, Some((days, hours))) => {
            parts[0] = hours;
            days
        }
        (4, None) => parts.remove(0),
        (2 | 3, None) => "0",
        _ => return None,
    };
    let (whole, fraction) = match parts.get(2) {
        Some(text) => text.split_once('.').unwrap_or((text, "0")),
        None => ("0", "0"),
    };
    let time = seconds(
        number(days, 10_675_199)?,
        number(parts[0], 23)?,
        number(parts[1], 59)?,
        number(whole, 59)?,
    )?;
    // Ticks are 100 ns.
    if fraction.len() > 7 {
        return None;
    }
    let ticks = number(&format!("{fraction:0<7}"), 9_999_999)?;
    Some(time + Duration::from_nanos(ticks * 100))
}

fn seconds(days: u64, hours: u64, minutes: u64, seconds: u64) -> Option<Duration> {
    let minutes = (days * 24 + hours) * 60 + minutes;
    minutes
        .checked_mul(60)
        .and_then(|all| all.checked_add(seconds))
        .map(Duration::from_secs)
}

fn number(text: &str, most: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_what_dotnet_reads() {
        const DAY: u64 = 86_400;
        for (text, seconds) in [
            ("00:05:00", Some(300)),
            ("00:05", Some(300)),
            ("1.12:00:00", Some(DAY + 43_200)),
            ("1:12:00:00", Some(DAY + 43_200)),
            ("10", Some(10 * DAY)),
            (" 3 ", Some(3 * DAY)),
            ("24:00:00", None),
            ("00:60:00", None),
            ("5 min", None),
            ("", None),
            (":", None),
            ("99999999999999999999", None),
        ] {
            let expected = seconds.map(|s| TimeSpan::Of(Duration::from_secs(s)));
            assert_eq!(TimeSpan::parse(text), expected, "{text}");
        }
        assert_eq!(
            TimeSpan::parse("00:00:01.5"),
            Some(TimeSpan::Of(Duration::from_millis(1500)))
        );
        assert_eq!(
            TimeSpan::parse("-1"),
            Some(TimeSpan::Negative(Duration::from_secs(DAY)))
        );
    }
}
