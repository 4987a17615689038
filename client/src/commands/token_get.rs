//! `token get`: the token alone on stdout.

use std::process::ExitCode;

use crate::cli::CallArgs;
use crate::failure::Failure;
use crate::session::{Session, explain, learn};
use crate::terminal::say;

/// `token get`: the token alone on stdout.
pub(crate) async fn run(args: CallArgs) -> Result<ExitCode, Failure> {
    let session = Session::new(args)?;
    let outcome = match learn::learn(&session).await {
        Ok(known) => session
            .token_source(&known.request)
            .get()
            .await
            .map_err(|finding| Box::new(explain::no_token(&session, *finding, known.challenge))),
        Err(stopped) => Err(Box::new(explain::stopped(&session, *stopped).await)),
    };
    match outcome {
        Ok(token) => {
            say(token.secret())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(report) => {
            // stdout is for the token; a program that wants JSON gets it all the same.
            let report = report.with_commands();
            report.print(session.args.output)?;
            Ok(ExitCode::from(report.exit()))
        }
    }
}
