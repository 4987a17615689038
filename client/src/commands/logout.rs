//! `logout`: forgets every token and every agreement.

use std::process::ExitCode;

use crate::cli::{LogoutArgs, Output};
use crate::credential::cache::Cache;
use crate::discovery::agreements;
use crate::terminal::{json, say, tell};

/// `logout`: forgets every token and every agreement.
pub(crate) async fn run(args: &LogoutArgs) -> ExitCode {
    let outcome = match Cache::open() {
        Some(cache) => cache.clear().await,
        None => Ok(false),
    };
    let forgot = match outcome.and_then(|forgot| agreements::forget().map(|_| forgot)) {
        Ok(forgot) => forgot,
        Err(error) => {
            tell(&format!(
                "error: the tokens could not be removed: {error}\n\n  fix  remove the greeting-cli folder in your state folder by hand"
            ));
            return ExitCode::FAILURE;
        }
    };
    match (args.output, forgot) {
        (Output::Json, forgot) => say(&json(
            &serde_json::json!({"outcome": "ok", "forgot": forgot}),
        )),
        (Output::Human, true) => {
            tell("forgot every token; az and azd keep theirs (az logout, azd auth logout)");
        }
        (Output::Human, false) => tell("there was no token to forget"),
    }
    ExitCode::SUCCESS
}
