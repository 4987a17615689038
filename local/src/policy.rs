//! `greeting-local policy` and `rotate-keys`: what an administrator changes while the stack runs.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde::{Deserialize, Serialize};

use crate::authority::{Authority, Policy, refusal};
use crate::cli::{PolicyArgs, RotateKeysArgs, Switch};
use crate::control;
use crate::failure::Failure;
use crate::log::Told;
use crate::say;
use crate::state::{self, Running};

const POLICY: &str = "/greeting-local/policy";
const ROTATE: &str = "/greeting-local/rotate-keys";

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
            let known: Vec<String> = crate::authority::REFUSALS
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
fn refused(policy: &Policy) -> String {
    policy
        .refuse
        .map_or("none".to_owned(), |code| format!("AADSTS{code}"))
}

/// The door of both.
pub(crate) fn router(authority: Authority, door: control::Door) -> axum::Router {
    let (other_authority, other_door) = (authority.clone(), door.clone());
    let change = move |headers: HeaderMap, Json(change): Json<Change>| async move {
        if !door.opens_to(&headers) {
            return control::stranger();
        }
        match change.apply(&authority) {
            Ok(policy) => Told::new("done").because(words(&policy)).on(Json(policy)),
            Err(why) => Told::new("refused")
                .because("no such refusal")
                .on((StatusCode::BAD_REQUEST, why)),
        }
    };
    let rotate = move |headers: HeaderMap| async move {
        if !other_door.opens_to(&headers) {
            return control::stranger();
        }
        match other_authority.rotate_keys() {
            Ok(kid) => Told::new("done")
                .because(format!("signing with {kid}"))
                .on(kid),
            Err(error) => Told::new("refused")
                .because("no key can be made, or kept")
                .on((StatusCode::INTERNAL_SERVER_ERROR, error.to_string())),
        }
    };
    axum::Router::new()
        .route(POLICY, post(change))
        .route(ROTATE, post(rotate))
}

/// Changes the running authority's policy, and prints what it is now.
///
/// # Errors
/// Nothing runs, or the code is not known.
pub(crate) async fn run(args: PolicyArgs) -> Result<(), Failure> {
    let refuse = match args.refuse.as_deref() {
        None => None,
        Some("none") => Some(0),
        Some(code) => {
            let digits = code.strip_prefix("AADSTS").unwrap_or(code);
            Some(digits.parse().map_err(|_| {
                Failure::new(
                    format!("--refuse {code} is no code"),
                    "a code is AADSTS and digits, or none",
                    "for example: --refuse AADSTS50076",
                )
            })?)
        }
    };
    let on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
    let change = Change {
        consent: on(args.consent),
        device_code: on(args.device_code),
        refuse,
    };
    let answer = knock(args.state.state_dir.as_deref(), POLICY, &change).await?;
    let policy: Policy = answer
        .json()
        .await
        .map_err(|error| control::not_reached(&error))?;
    let word = |on: bool| if on { "on" } else { "off" };
    say::line(format_args!("consent      {}", word(policy.consent)));
    say::line(format_args!("device-code  {}", word(policy.device_code)));
    say::line(format_args!("refuse       {}", refused(&policy)));
    Ok(())
}

/// Has the running authority sign with a new key.
///
/// # Errors
/// Nothing runs, or no key can be made.
pub(crate) async fn rotate(args: RotateKeysArgs) -> Result<(), Failure> {
    let answer = knock(args.state.state_dir.as_deref(), ROTATE, &()).await?;
    let kid = answer
        .text()
        .await
        .map_err(|error| control::not_reached(&error))?;
    say::line(format_args!(
        "signing with {kid}; the key before is published until its tokens have ended"
    ));
    Ok(())
}

async fn knock(
    state_dir: Option<&std::path::Path>,
    path: &str,
    body: &impl Serialize,
) -> Result<reqwest::Response, Failure> {
    let command = if path == ROTATE {
        "rotate-keys"
    } else {
        "policy"
    };
    let running = Running::load(&state::folder(state_dir)?)?.with_authority(command)?;
    let answer = control::client(&running)?
        .post(format!("{}{path}", running.control))
        .bearer_auth(&running.control_secret)
        .json(body)
        .send()
        .await
        .map_err(|error| control::not_reached(&error.without_url()))?;
    if answer.status() == StatusCode::OK {
        return Ok(answer);
    }
    let why = answer.text().await.unwrap_or_default();
    Err(Failure::new(
        "the running authority did not do that",
        why,
        "",
    ))
}
