//! `login`: a new token for later calls, whatever is kept.

use std::process::ExitCode;

use super::bad_usage;
use crate::cli::{CallArgs, Output};
use crate::session::{Session, explain, learn};
use crate::terminal::{json, printable, say};

/// `login`: a new token for later calls, whatever is kept.
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match learn::learn(&session).await {
        Ok(known) => match session.seeker(&known.request).anew().get().await {
            Ok(_) => Ok(known),
            Err(finding) => Err(Box::new(explain::no_token(
                &session,
                *finding,
                known.challenge,
            ))),
        },
        Err(stopped) => Err(Box::new(explain::stopped(&session, *stopped).await)),
    };
    match outcome {
        Ok(known) => {
            let user = session
                .seeker(&known.request)
                .kept()
                .await
                .and_then(|entry| entry.user);
            match session.args.output {
                Output::Json => say(&json(
                    &serde_json::json!({"outcome": "ok", "user": user, "scope": known.request.scope}),
                )),
                Output::Human => say(&format!(
                    "ready to call as {}",
                    printable(user.as_deref().unwrap_or("an unnamed user"))
                )),
            }
            ExitCode::SUCCESS
        }
        Err(report) => {
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}
