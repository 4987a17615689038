//! `token get`: the token alone on stdout.

use std::process::ExitCode;

use super::bad_usage;
use crate::cli::CallArgs;
use crate::session::Session;
use crate::terminal::say;

/// `token get`: the token alone on stdout.
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match session.learn().await {
        Ok(known) => session
            .token(&known)
            .await
            .map_err(|finding| Box::new(session.no_token(*finding, known.challenge))),
        Err(report) => Err(report),
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
