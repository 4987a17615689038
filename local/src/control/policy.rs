//! The endpoint of `greeting-local policy`.

use std::num::ParseIntError;
use std::str::FromStr;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_entra::{Authority, Delay, Failures, Policy, REFUSALS, refusal};
use local_events::{EventNote, Outcome, TimeShift};
use serde::{Deserialize, Serialize};

use super::secret::{ControlSecret, unknown_caller};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/policy";

/// What changes; what is absent stays.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) consent: Option<bool>,
    pub(crate) device_code: Option<bool>,
    #[serde(default)]
    pub(crate) refresh_reuse: Option<bool>,
    #[serde(default)]
    pub(crate) resource_slash: Option<bool>,
    pub(crate) refuse: Option<Refuse>,
    #[serde(default)]
    pub(crate) time_shift: Option<TimeShift>,
    #[serde(default)]
    pub(crate) delay: Option<Delay>,
    #[serde(default)]
    pub(crate) failures: Option<Failures>,
}

/// What is in force.
#[derive(Serialize, Deserialize)]
pub(crate) struct InForce {
    #[serde(flatten)]
    pub(crate) policy: Policy,
    pub(crate) time_shift: TimeShift,
}

/// What a policy refuses every user's token with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refuse {
    Nothing,
    /// This AADSTS code.
    With(u32),
}

impl FromStr for Refuse {
    type Err = ParseIntError;

    /// `none`, or a code with or without `AADSTS`, in any letter case.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::Nothing),
            code => {
                let digits = code.strip_prefix("aadsts").unwrap_or(code);
                digits.parse().map(Self::With)
            }
        }
    }
}

impl Change {
    /// Changes the running authority's policy and clock; what they are then.
    ///
    /// # Errors
    /// A code that can't be asked for, with those that can.
    pub(crate) fn apply(&self, authority: &Authority) -> Result<InForce, String> {
        if let Some(Refuse::With(code)) = self.refuse
            && refusal(code).is_none()
        {
            let known: Vec<String> = REFUSALS
                .iter()
                .map(|(known, _, _)| format!("AADSTS{known}"))
                .collect();
            return Err(format!(
                "AADSTS{code} can't be asked for; known: {}",
                known.join(", ")
            ));
        }
        if let Some(shift) = self.time_shift {
            authority.set_time_shift(shift);
        }
        let policy = authority.change_policy(|policy| {
            policy.consent = self.consent.unwrap_or(policy.consent);
            policy.device_code = self.device_code.unwrap_or(policy.device_code);
            policy.refresh_reuse = self.refresh_reuse.unwrap_or(policy.refresh_reuse);
            policy.resource_slash = self.resource_slash.unwrap_or(policy.resource_slash);
            policy.refuse = match self.refuse {
                None => policy.refuse,
                Some(Refuse::Nothing) => None,
                Some(Refuse::With(code)) => Some(code),
            };
            policy.delay = self.delay.unwrap_or(policy.delay);
            policy.failures = self.failures.unwrap_or(policy.failures);
        });
        Ok(InForce {
            policy,
            time_shift: authority.time_shift(),
        })
    }
}

impl InForce {
    /// Each switch, and how it stands.
    pub(crate) fn lines(&self) -> [(&'static str, String); 8] {
        let word = |on: bool| if on { "on" } else { "off" }.to_owned();
        let policy = &self.policy;
        let refused = policy
            .refuse
            .map_or("none".to_owned(), |code| format!("AADSTS{code}"));
        [
            ("consent", word(policy.consent)),
            ("device-code", word(policy.device_code)),
            ("refresh-reuse", word(policy.refresh_reuse)),
            ("resource-slash", word(policy.resource_slash)),
            ("refuse", refused),
            ("time-shift", self.time_shift.to_string()),
            ("delay", policy.delay.to_string()),
            ("fail", policy.failures.to_string()),
        ]
    }

    /// All of it in one line.
    pub(crate) fn words(&self) -> String {
        let words = self.lines().map(|(name, value)| format!("{name} {value}"));
        words.join(", ")
    }
}

/// The endpoint.
pub(crate) fn router(authority: Authority, secret: ControlSecret) -> axum::Router {
    let change = move |headers: HeaderMap, Json(change): Json<Change>| async move {
        if !secret.is_in(&headers) {
            return unknown_caller();
        }
        match change.apply(&authority) {
            Ok(in_force) => EventNote::new(Outcome::Done)
                .because(in_force.words())
                .on(Json(in_force)),
            Err(why) => EventNote::new(Outcome::Refused)
                .because("no such refusal")
                .on((StatusCode::BAD_REQUEST, why)),
        }
    };
    axum::Router::new().route(PATH, post(change))
}
