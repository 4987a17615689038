//! `login`: a new token for later calls, even if one is kept.

use std::process::ExitCode;

use crate::cli::{CallArgs, Output};
use crate::failure::Failure;
use crate::session::{Session, explain, learn};
use crate::terminal::{json, printable, say};

/// `login`: a new token for later calls, even if one is kept.
pub(crate) async fn run(args: CallArgs) -> Result<ExitCode, Failure> {
    let session = Session::new(args)?;
    let outcome = match learn::learn(&session).await {
        Ok(known) => match session.token_source(&known.request).anew().obtain().await {
            Ok(token) => Ok((known, token.user)),
            Err(finding) => Err(Box::new(explain::no_token(
                &session,
                *finding,
                known.challenge,
            ))),
        },
        Err(stopped) => Err(Box::new(explain::stopped(&session, *stopped).await)),
    };
    match outcome {
        Ok((known, user)) => {
            match session.args.output {
                Output::Json => say(&json(
                    &serde_json::json!({"outcome": "ok", "user": user, "scope": known.request.scope}),
                ))?,
                Output::Human => say(&format!(
                    "ready to call as {}",
                    printable(user.as_deref().unwrap_or("an unnamed user"))
                ))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(report) => {
            let report = report.with_commands();
            report.print(session.args.output)?;
            Ok(ExitCode::from(report.exit()))
        }
    }
}
