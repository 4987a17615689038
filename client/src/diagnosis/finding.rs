//! A cause, with what shows it and what to do about it.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::code::Code;
use crate::provenance::Source;
use crate::terminal::quoted;

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Certainty {
    /// The evidence admits nothing else.
    Proved,
    /// It fits, and something else might.
    Likely,
}

/// One thing seen beside what was expected.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Evidence {
    pub(crate) what: Cow<'static, str>,
    pub(crate) seen: Value,
    pub(crate) expected: Value,
    pub(crate) source: Source,
}

/// A cause, with what shows it and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    pub(crate) certainty: Certainty,
    pub(crate) summary: String,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) fix: String,
}

impl Finding {
    pub(crate) fn proved(code: Code, summary: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            code,
            certainty: Certainty::Proved,
            summary: summary.into(),
            evidence: Vec::new(),
            fix: fix.into(),
        }
    }

    pub(crate) fn likely(code: Code, summary: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Likely,
            ..Self::proved(code, summary, fix)
        }
    }

    /// With the call's address in the commands of its fix, so that they paste. A fix has `URL` in
    /// its place, since who finds a cause does not know the call.
    pub(crate) fn with_url(self, url: &str) -> Self {
        let url = quoted(url);
        let fix = ["greeting-cli call", "greeting-cli login"]
            .into_iter()
            .fold(self.fix, |fix, command| {
                fix.replace(&format!("{command} URL"), &format!("{command} {url}"))
            });
        Self { fix, ..self }
    }

    /// The same finding, proved.
    pub(super) fn sure(self) -> Self {
        Self {
            certainty: Certainty::Proved,
            ..self
        }
    }

    /// The same finding, likely.
    pub(super) fn unsure(self) -> Self {
        Self {
            certainty: Certainty::Likely,
            ..self
        }
    }

    /// Adds a pair.
    pub(crate) fn saw(
        mut self,
        what: impl Into<Cow<'static, str>>,
        seen: impl Into<Value>,
        expected: impl Into<Value>,
        source: Source,
    ) -> Self {
        // One shape for programs: a list of accepted values, or null where there is none.
        let expected = match expected.into() {
            list @ (Value::Array(_) | Value::Null) => list,
            one => Value::Array(vec![one]),
        };
        self.evidence.push(Evidence {
            what: what.into(),
            seen: seen.into(),
            expected,
            source,
        });
        self
    }
}
