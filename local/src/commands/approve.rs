//! `greeting-local approve`.

use axum::http::StatusCode;
use local_failure::Failure;

use crate::cli::ApproveArgs;
use crate::control::approve::{ApproveRequest, PATH};
use crate::control::client;
use crate::control::running::Running;
use crate::{say, state};

/// Approves or declines a device code at the running authority.
///
/// # Errors
/// Nothing runs, the code is not pending, or the user is unknown.
pub(crate) async fn run(args: ApproveArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&state)?.with_authority("approve")?;
    let response = client::client(&running)?
        .post(format!("{}{PATH}", running.control))
        .bearer_auth(&running.control_secret)
        .json(&ApproveRequest {
            code: args.code.clone(),
            user: args.user.clone(),
            deny: args.deny,
        })
        .send()
        .await
        .map_err(|error| client::not_reached(&error.without_url()))?;
    if response.status() == StatusCode::OK {
        return if args.deny {
            say::line(format_args!("declined {}", args.code))
        } else {
            say::line(format_args!("approved {} as {}", args.code, args.user))
        };
    }
    let why = response.text().await.unwrap_or_default();
    Err(Failure::new(
        format!("the code {} was not approved", args.code.escape_debug()),
        why,
        "see: greeting-local approve --help",
    ))
}
