//! What an administrator changes: policy and keys. Forms of this origin only.

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use local_events::{EventNote, Outcome};
use serde::Deserialize;

use super::done::Done;
use super::{Shared, foreign_form};
use crate::control::policy::Change;

pub(super) const POLICY: &str = "/control-room/policy";
pub(super) const ROTATE: &str = "/control-room/rotate-keys";

/// The whole policy, as the form shows it.
#[derive(Deserialize)]
pub(super) struct PolicyForm {
    consent: String,
    device_code: String,
    refuse: String,
}

pub(super) async fn policy(
    State(room): State<Shared>,
    headers: HeaderMap,
    Form(wanted): Form<PolicyForm>,
) -> Response {
    if !room.authority.is_from_here(&headers) {
        return foreign_form();
    }
    let Ok(refuse) = wanted.refuse.parse() else {
        return no_such_refusal();
    };
    let change = Change {
        consent: Some(wanted.consent == "on"),
        device_code: Some(wanted.device_code == "on"),
        refuse: Some(refuse),
        // The shell's: `greeting-local policy`.
        ..Change::default()
    };
    match change.apply(&room.authority) {
        Ok(in_force) => EventNote::new(Outcome::Done)
            .because(in_force.words())
            .on(back(Done::Policy)),
        Err(_) => no_such_refusal(),
    }
}

fn no_such_refusal() -> Response {
    EventNote::new(Outcome::Refused)
        .because("no such refusal")
        .on(back(Done::Failed))
}

pub(super) async fn rotate(State(room): State<Shared>, headers: HeaderMap) -> Response {
    if !room.authority.is_from_here(&headers) {
        return foreign_form();
    }
    match room.authority.rotate_keys() {
        Ok(kid) => EventNote::new(Outcome::Done)
            .because(format!("signing with {kid}"))
            .on(back(Done::Keys)),
        Err(_) => EventNote::new(Outcome::Refused)
            .because("no key can be made, or kept")
            .on(back(Done::Failed)),
    }
}

/// To the page, which says what was done: reloading it does nothing twice.
fn back(done: Done) -> Response {
    Redirect::to(done.url()).into_response()
}
