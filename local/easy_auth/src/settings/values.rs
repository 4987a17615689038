//! Forms of values that JSON has no type for.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// A .NET TimeSpan, `[d.]hh:mm:ss`, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(JsonSchema))]
#[cfg_attr(test, schemars(with = "String"))]
pub struct Span(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        span(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom(format!("{text:?} is not hh:mm:ss")))
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
        let days = if days > 0 {
            format!("{days}.")
        } else {
            String::new()
        };
        to.serialize_str(&format!("{days}{hours:02}:{minutes:02}:{seconds:02}"))
    }
}

fn span(text: &str) -> Option<i64> {
    let (days, time) = match text.split_once('.') {
        Some((days, time)) => (days.parse::<u16>().ok()?, time),
        None => (0, text),
    };
    let mut parts = time.split(':').map(|part| part.parse::<u16>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(
        ((i64::from(days) * 24 + i64::from(hours)) * 60 + i64::from(minutes)) * 60
            + i64::from(seconds),
    )
}
