//! What differs between two captures: pure.

use serde::Serialize;

use super::capture::{Capture, Seen};

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) probe: String,
    /// What of the answer: its status, a header's name, its body, what the app saw.
    pub(crate) what: String,
    pub(crate) first: String,
    pub(crate) second: String,
}

/// Every difference, in the order of the first capture's answers.
pub(crate) fn differences(one: &Capture, other: &Capture) -> Vec<Difference> {
    let mut all = Vec::new();
    for seen in &one.answers {
        match other.answer(&seen.probe) {
            Some(second) => all.extend(of(seen, second)),
            None => all.push(missing(&seen.probe, "answered", "not in the second")),
        }
    }
    for seen in &other.answers {
        if one.answer(&seen.probe).is_none() {
            all.push(missing(&seen.probe, "not in the first", "answered"));
        }
    }
    all
}

fn missing(probe: &str, first: &str, second: &str) -> Difference {
    Difference {
        probe: probe.into(),
        what: "answer".into(),
        first: first.into(),
        second: second.into(),
    }
}

fn of(one: &Seen, other: &Seen) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut compare = |what: &str, first: String, second: String| {
        if first != second {
            all.push(Difference {
                probe: one.probe.clone(),
                what: what.into(),
                first,
                second,
            });
        }
    };
    compare("status", one.status.to_string(), other.status.to_string());
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in one.headers.iter().chain(&other.headers) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    for name in names {
        let values = |seen: &Seen| match seen.headers(name).collect::<Vec<_>>() {
            values if values.is_empty() => "none".to_owned(),
            values => values.join(", "),
        };
        compare(name, values(one), values(other));
    }
    let json = |value: &serde_json::Value| value.to_string();
    compare(
        "other headers",
        one.other_headers.join(", "),
        other.other_headers.join(", "),
    );
    compare(
        "body",
        json(&serde_json::json!(one.body)),
        json(&serde_json::json!(other.body)),
    );
    compare(
        "app",
        json(&serde_json::json!(one.app)),
        json(&serde_json::json!(other.app)),
    );
    all
}
