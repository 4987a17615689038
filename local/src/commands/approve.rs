//! `greeting-local approve`.

use axum::http::StatusCode;
use local_entra::Waiting;
use local_failure::{Failure, Fix};

use crate::cli::ApproveArgs;
use crate::control::approve::{ApproveRequest, PATH};
use crate::control::client;
use crate::control::running::Found;
use crate::say;
use crate::typed::Typed;

/// Approves or declines a device code at the running authority.
///
/// # Errors
/// Nothing runs, the code is not pending, or the user is unknown.
pub(crate) async fn run(args: ApproveArgs) -> Result<(), Failure> {
    let found = Found::of(args.state.into(), "approve")?.with_authority("approve")?;
    let running = &found.running;
    let code = match args.code {
        Some(code) => code,
        None => only_one(&found).await?,
    };
    let response = client::client(&found)?
        .post(format!("{}{PATH}", running.control))
        .bearer_auth(&running.control_secret)
        .json(&ApproveRequest {
            code: code.clone(),
            user: args.user.clone(),
            deny: args.deny,
        })
        .send()
        .await
        .map_err(|error| client::not_reached(&found.home, &error.without_url()))?;
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
        Fix::with("see", Typed::here().own("approve --help")),
    ))
}

/// The code of the only sign-in that waits.
async fn only_one(found: &Found) -> Result<String, Failure> {
    let answer = client::ask(found, reqwest::Method::GET, PATH).await?;
    let waiting: Vec<Waiting> = answer
        .json()
        .await
        .map_err(|error| client::not_reached(&found.home, &error.without_url()))?;
    match waiting.as_slice() {
        [] => Err(Failure::new(
            "no device code waits for a person",
            "none was asked for, or each was approved, was declined, or ended after 15 minutes",
            Fix::with("ask for one", Typed::here().program("greeting-cli", "call")),
        )),
        [one] => Ok(one.user_code.clone()),
        several => {
            let lines = several.iter().map(|one| {
                let line = found.home.stack.line(&format!("approve {}", one.user_code));
                format!("\n  {line}   {}, for {} s", one.client, one.seconds)
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
