//! `greeting-local approve`.

use axum::http::StatusCode;
use local_entra::Waiting;
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
    let code = match args.code {
        Some(code) => code,
        None => only_one(&running).await?,
    };
    let response = client::client(&running)?
        .post(format!("{}{PATH}", running.control))
        .bearer_auth(&running.control_secret)
        .json(&ApproveRequest {
            code: code.clone(),
            user: args.user.clone(),
            deny: args.deny,
        })
        .send()
        .await
        .map_err(|error| client::not_reached(&error.without_url()))?;
    if response.status() == StatusCode::OK {
        return if args.deny {
            say::line(format_args!("declined {code}"))
        } else {
            let user = response.text().await.unwrap_or_default();
            say::line(format_args!("approved {code} as {user}"))
        };
    }
    let why = response.text().await.unwrap_or_default();
    Err(Failure::new(
        format!("the code {} was not approved", code.escape_debug()),
        why,
        "see: greeting-local approve --help",
    ))
}

/// The code of the only sign-in that waits.
async fn only_one(running: &Running) -> Result<String, Failure> {
    let answer = client::ask(running, reqwest::Method::GET, PATH).await?;
    let waiting: Vec<Waiting> = answer
        .json()
        .await
        .map_err(|error| client::not_reached(&error.without_url()))?;
    match waiting.as_slice() {
        [] => Err(Failure::new(
            "no device code waits for a person",
            "none was asked for, or each was approved, was declined, or ended after 15 minutes",
            "ask for one: greeting-cli call",
        )),
        [one] => Ok(one.user_code.clone()),
        several => {
            let lines = several.iter().map(|one| {
                format!(
                    "\n  greeting-local approve {}   {}, for {} s",
                    one.user_code, one.client, one.seconds
                )
            });
            Err(Failure::new(
                "several device codes wait for a person",
                format!(
                    "which of them is meant is not said:{}",
                    lines.collect::<String>()
                ),
                "approve one by its code, as above",
            ))
        }
    }
}
