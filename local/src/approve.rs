//! `greeting-local approve`, and the door of the authority that it knocks on.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use serde::{Deserialize, Serialize};

use crate::authority::Authority;
use crate::cli::ApproveArgs;
use crate::failure::Failure;
use crate::say;
use crate::state::{self, Running};

const PATH: &str = "/greeting-local/approve";

#[derive(Serialize, Deserialize)]
struct Decision {
    code: String,
    user: String,
    deny: bool,
}

/// The door. Only who can read the state folder knows the secret: a web page can't approve.
pub(crate) fn router(authority: Authority, secret: String) -> axum::Router {
    let expected = format!("Bearer {secret}");
    axum::Router::new().route(
        PATH,
        post(
            move |headers: HeaderMap, Json(decision): Json<Decision>| async move {
                let sent = headers
                    .get(header::AUTHORIZATION)
                    .map(|value| value.as_bytes());
                let known = sent.is_some_and(|sent| {
                    aws_lc_rs::constant_time::verify_slices_are_equal(sent, expected.as_bytes())
                        .is_ok()
                });
                if !known {
                    return (
                        StatusCode::UNAUTHORIZED,
                        "not from this machine's greeting-local\n".to_owned(),
                    );
                }
                let outcome = if decision.deny {
                    authority.deny(&decision.code)
                } else {
                    authority.approve(&decision.code, &decision.user)
                };
                match outcome {
                    Ok(()) => (StatusCode::OK, String::new()),
                    Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
                }
            },
        ),
    )
}

/// Approves or declines a device code at the running authority.
///
/// # Errors
/// Nothing runs, the code is not pending, or the user is unknown.
pub(crate) async fn run(args: ApproveArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&state)?;
    let not_reached = |error: &dyn std::fmt::Display| {
        Failure::new(
            "the running greeting-local was not reached",
            error,
            "is it still running? start it with: greeting-local up",
        )
    };
    let pem = std::fs::read(&running.ready.ca_cert).map_err(|error| not_reached(&error))?;
    let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| not_reached(&error))?;
    let response = reqwest::Client::builder()
        .tls_certs_only([certificate])
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| not_reached(&error))?
        .post(format!("{}{PATH}", running.ready.authority_host))
        .bearer_auth(&running.control_secret)
        .json(&Decision {
            code: args.code.clone(),
            user: args.user.clone(),
            deny: args.deny,
        })
        .send()
        .await
        .map_err(|error| not_reached(&error))?;
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
        "check the code on the device; codes end after 15 minutes",
    ))
}
