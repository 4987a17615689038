//! The endpoint of `greeting-local approve`.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use local_entra::{ApproveError, Authority};
use local_events::{EventNote, Outcome};
use serde::{Deserialize, Serialize};

use super::secret::{ControlSecret, unknown_caller};

/// Where it is.
pub(crate) const PATH: &str = "/greeting-local/approve";

/// The request to approve or decline a code.
#[derive(Serialize, Deserialize)]
pub(crate) struct ApproveRequest {
    pub(crate) code: String,
    /// None: the first of the tenant.
    pub(crate) user: Option<String>,
    pub(crate) deny: bool,
}

/// The secret: a web page can't approve.
pub(crate) fn router(authority: Authority, secret: ControlSecret) -> axum::Router {
    let (who_waits, who_may_ask) = (authority.clone(), secret.clone());
    let waiting = move |headers: HeaderMap| async move {
        if !who_may_ask.is_in(&headers) {
            return unknown_caller();
        }
        Json(who_waits.waiting()).into_response()
    };
    axum::Router::new().route(
        PATH,
        get(waiting).post(
            move |headers: HeaderMap, Json(request): Json<ApproveRequest>| async move {
                if !secret.is_in(&headers) {
                    return unknown_caller();
                }
                let first = authority.directory().users().first();
                let first = first.map_or("", |user| user.upn.as_str());
                let user = request.user.as_deref().unwrap_or(first);
                let (outcome, decided) = if request.deny {
                    (Outcome::Declined, authority.deny(&request.code))
                } else {
                    let approved = authority.approve(&request.code, user);
                    (Outcome::Approved, approved)
                };
                match decided {
                    Ok(()) => EventNote::new(outcome)
                        .because("from the shell")
                        .on((StatusCode::OK, user.to_owned())),
                    Err(error) => EventNote::new(Outcome::Refused)
                        .because(error.line())
                        .on((StatusCode::BAD_REQUEST, explain(&authority, &error))),
                }
            },
        ),
    )
}

/// Why, and what there is instead.
fn explain(authority: &Authority, error: &ApproveError) -> String {
    match error {
        ApproveError::NoSuchCode => {
            format!("{error}; check it on the device, codes end after 15 minutes")
        }
        ApproveError::NoSuchUser(_) => format!("{error}; it has {}", authority.sign_in_names()),
        ApproveError::Disabled(_) => error.to_string(),
    }
}
