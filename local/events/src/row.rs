//! An event as a row of the control room's list, and what that list is filtered by.

use serde::Serialize;

use crate::event::{Event, Kind, Outcome, Source};

/// The authority's actions that look something up which is the same for everybody. Not `userinfo`,
/// which reads a token.
const LOOKED_UP: [&str; 4] = ["discovery", "keys", "resource-manager", "userrealm"];

/// What a person filters by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The gate passed it on, or the handler greeted.
    LetIn,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// Any other status from 400 to 499.
    Refused,
    /// A fault: 500 and above.
    Failed,
    /// A token.
    Issued,
    /// What else was decided.
    Other,
    /// Nothing was decided: polls that wait, and documents that are the same for everybody.
    Routine,
}

impl Class {
    /// Each of them, as a list of choices has them.
    pub const ALL: [Self; 8] = [
        Self::LetIn,
        Self::Unauthorized,
        Self::Forbidden,
        Self::Refused,
        Self::Failed,
        Self::Issued,
        Self::Other,
        Self::Routine,
    ];

    /// As the page and its script know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LetIn => "let-in",
            Self::Unauthorized => "401",
            Self::Forbidden => "403",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Issued => "issued",
            Self::Other => "other",
            Self::Routine => "routine",
        }
    }
}

impl Event {
    /// Whether nothing was decided: a client polls and has to wait, or has looked up what the
    /// authority publishes. Most events are of this kind, and hide the others.
    #[must_use]
    pub fn is_routine(&self) -> bool {
        let looked_up = || {
            let action = self.action.as_deref();
            action.is_some_and(|action| LOOKED_UP.contains(&action))
        };
        match self.outcome {
            Outcome::Pending => true,
            Outcome::Answered => self.status < 400 && looked_up(),
            _ => false,
        }
    }

    /// Whether a device code was given out, for a person to enter.
    pub(crate) fn asks_for_a_device_code(&self) -> bool {
        self.outcome == Outcome::Asked && self.action.as_deref() == Some("devicecode")
    }

    /// What it is filtered by.
    #[must_use]
    pub fn class(&self) -> Class {
        if self.is_routine() {
            return Class::Routine;
        }
        match (self.status, self.source, self.outcome) {
            (401, ..) => Class::Unauthorized,
            (403, ..) => Class::Forbidden,
            (500.., ..) => Class::Failed,
            (400.., ..) => Class::Refused,
            (_, Source::Gate, Outcome::Passed | Outcome::Anonymous | Outcome::Off)
            | (_, Source::Handler, Outcome::Answered) => Class::LetIn,
            (_, _, Outcome::Issued) => Class::Issued,
            _ => Class::Other,
        }
    }
}

/// An event for the control room's list.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its place in this run, by which its page is found.
    pub number: u64,
    /// RFC 3339, UTC.
    pub time: String,
    /// As this machine's clock shows it.
    pub clock: String,
    /// Who has decided.
    pub source: &'static str,
    /// [`Kind`], as the page knows it.
    pub kind: &'static str,
    /// [`Class`], as the page knows it.
    pub class: &'static str,
    /// What was asked.
    pub asked: String,
    /// The HTTP status.
    pub status: u16,
    /// What was answered, and why.
    pub answer: String,
}

impl Row {
    /// The row of the event with this number.
    pub(crate) fn of(number: u64, event: &Event) -> Self {
        Self {
            number,
            time: event.time.to_string(),
            clock: event.clock(),
            source: event.source.name(),
            kind: match event.kind() {
                Kind::Well => "well",
                Kind::Waiting => "waiting",
                Kind::Refused => "refused",
                Kind::Failed => "failed",
            },
            class: event.class().name(),
            asked: event.asked(),
            status: event.status,
            answer: event.answer(),
        }
    }

    /// Whether `text` stands in what the list shows of it, in whatever case.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let shown = format!(
            "{} {} {} {}",
            self.source, self.asked, self.status, self.answer
        );
        shown.to_lowercase().contains(&text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(source: &str, action: &str, status: u16, outcome: &str) -> Event {
        let action = (!action.is_empty()).then_some(action);
        serde_json::from_value(serde_json::json!({
            "time": "2026-11-24T10:00:00Z", "source": source, "action": action, "method": "GET",
            "path": "/api/greeting", "status": status, "outcome": outcome, "duration_ms": 1,
        }))
        .unwrap()
    }

    #[test]
    fn point_11_what_decides_nothing_is_routine_and_a_refusal_never_is() {
        for (source, action, status, outcome, class) in [
            ("authority", "token", 400, "pending", Class::Routine),
            ("authority", "keys", 200, "answered", Class::Routine),
            ("authority", "discovery", 200, "answered", Class::Routine),
            ("authority", "discovery", 404, "refused", Class::Refused),
            ("authority", "keys", 503, "refused", Class::Failed),
            ("authority", "userinfo", 200, "answered", Class::Other),
            ("authority", "token", 200, "issued", Class::Issued),
            ("authority", "token", 400, "refused", Class::Refused),
            ("authority", "token", 401, "refused", Class::Unauthorized),
            ("authority", "devicecode", 200, "asked", Class::Other),
            ("gate", "", 200, "passed", Class::LetIn),
            ("gate", "", 200, "off", Class::LetIn),
            ("gate", "", 403, "passed", Class::Forbidden),
            ("gate", "", 502, "passed", Class::Failed),
            ("gate", "", 401, "refused", Class::Unauthorized),
            ("gate", "", 302, "sign-in", Class::Other),
            ("handler", "", 200, "answered", Class::LetIn),
            ("handler", "", 403, "refused", Class::Forbidden),
        ] {
            let event = event(source, action, status, outcome);
            assert_eq!(event.class(), class, "{source} {action} {status} {outcome}");
        }
    }

    #[test]
    fn point_11_a_row_is_found_by_what_it_shows() {
        let row = Row::of(7, &event("gate", "", 401, "refused"));
        for text in ["", "GATE", "/api/Greeting", "401", "refused"] {
            assert!(row.has(text), "{text}");
        }
        assert!(!row.has("handler"));
    }
}
