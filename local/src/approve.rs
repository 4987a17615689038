//! `greeting-local approve`, and the door of the authority that it knocks on.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde::{Deserialize, Serialize};

use crate::authority::{ApproveError, Authority};
use crate::cli::ApproveArgs;
use crate::control;
use crate::failure::Failure;
use crate::log::Told;
use crate::say;
use crate::state::{self, Running};

const PATH: &str = "/greeting-local/approve";

#[derive(Serialize, Deserialize)]
struct Decision {
    code: String,
    user: String,
    deny: bool,
}

/// The door: a web page can't approve.
pub(crate) fn router(authority: Authority, door: control::Door) -> axum::Router {
    axum::Router::new().route(
        PATH,
        post(
            move |headers: HeaderMap, Json(decision): Json<Decision>| async move {
                if !door.opens_to(&headers) {
                    return control::stranger();
                }
                let (told, outcome) = if decision.deny {
                    ("declined", authority.deny(&decision.code))
                } else {
                    let approved = authority.approve(&decision.code, &decision.user);
                    ("approved", approved)
                };
                match outcome {
                    Ok(()) => Told::new(told).because("from the shell").on(StatusCode::OK),
                    Err(error) => Told::new("refused")
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

/// Approves or declines a device code at the running authority.
///
/// # Errors
/// Nothing runs, the code is not pending, or the user is unknown.
pub(crate) async fn run(args: ApproveArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&state)?.with_authority("approve")?;
    let response = control::client(&running)?
        .post(format!("{}{PATH}", running.control))
        .bearer_auth(&running.control_secret)
        .json(&Decision {
            code: args.code.clone(),
            user: args.user.clone(),
            deny: args.deny,
        })
        .send()
        .await
        .map_err(|error| control::not_reached(&error.without_url()))?;
    if response.status() == StatusCode::OK {
        if args.deny {
            say::line(format_args!("declined {}", args.code));
        } else {
            say::line(format_args!("approved {} as {}", args.code, args.user));
        }
        return Ok(());
    }
    let why = response.text().await.unwrap_or_default();
    Err(Failure::new(
        format!("the code {} was not approved", args.code.escape_debug()),
        why,
        "see: greeting-local approve --help",
    ))
}
