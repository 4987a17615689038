//! The endpoint of `greeting-local policy`.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use local_entra::{Authority, Policy, REFUSALS, refusal};
use local_events::Told;
use serde::{Deserialize, Serialize};

use super::door::{Door, stranger};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/policy";

/// What changes; what is absent stays.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) consent: Option<bool>,
    pub(crate) device_code: Option<bool>,
    /// 0 refuses nobody.
    pub(crate) refuse: Option<u32>,
}

impl Change {
    /// Changes the running authority's policy; what it is then.
    ///
    /// # Errors
    /// A code that can't be asked for, with those that can.
    pub(crate) fn apply(&self, authority: &Authority) -> Result<Policy, String> {
        if let Some(code) = self
            .refuse
            .filter(|code| *code != 0 && refusal(*code).is_none())
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
        Ok(authority.change_policy(|policy| {
            policy.consent = self.consent.unwrap_or(policy.consent);
            policy.device_code = self.device_code.unwrap_or(policy.device_code);
            policy.refuse = match self.refuse {
                None => policy.refuse,
                Some(0) => None,
                code => code,
            };
        }))
    }
}

/// A policy in one line.
pub(crate) fn words(policy: &Policy) -> String {
    let word = |on: bool| if on { "on" } else { "off" };
    format!(
        "consent {}, device-code {}, refuse {}",
        word(policy.consent),
        word(policy.device_code),
        refused(policy)
    )
}

/// The refusal of a policy.
pub(crate) fn refused(policy: &Policy) -> String {
    policy
        .refuse
        .map_or("none".to_owned(), |code| format!("AADSTS{code}"))
}

/// The endpoint.
pub(crate) fn router(authority: Authority, door: Door) -> axum::Router {
    let change = move |headers: HeaderMap, Json(change): Json<Change>| async move {
        if !door.opens_to(&headers) {
            return stranger();
        }
        match change.apply(&authority) {
            Ok(policy) => Told::new("done").because(words(&policy)).on(Json(policy)),
            Err(why) => Told::new("refused")
                .because("no such refusal")
                .on((StatusCode::BAD_REQUEST, why)),
        }
    };
    axum::Router::new().route(PATH, post(change))
}
