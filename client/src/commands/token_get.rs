//! `token get`: the token alone on stdout.

use std::process::ExitCode;

use super::bad_usage;
use crate::cli::CallArgs;
use crate::session::{Session, explain, learn};
use crate::terminal::say;

/// `token get`: the token alone on stdout.
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match learn::learn(&session).await {
        Ok(known) => session
            .token(&known)
            .await
            .map_err(|finding| Box::new(explain::no_token(&session, *finding, known.challenge))),
        Err(stopped) => Err(Box::new(explain::stopped(&session, *stopped).await)),
    };
    match outcome {
        Ok(token) => {
            say(token.secret());
            ExitCode::SUCCESS
        }
        Err(report) => {
            // stdout is for the token; a program that wants JSON gets it all the same.
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}
