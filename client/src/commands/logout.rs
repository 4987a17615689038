//! `logout`: deletes every kept token and every agreement.

use std::process::ExitCode;

use crate::cli::{LogoutArgs, Output};
use crate::credential::cache::Cache;
use crate::discovery::agreements;
use crate::failure::Failure;
use crate::terminal::{json, say, tell};

/// `logout`: deletes every kept token and every agreement.
pub(crate) async fn run(args: &LogoutArgs) -> Result<ExitCode, Failure> {
    let outcome = match Cache::open() {
        Some(cache) => cache.clear().await,
        None => Ok(false),
    };
    let forgot = outcome
        .and_then(|forgot| agreements::forget().map(|_| forgot))
        .map_err(Failure::NotRemoved)?;
    match (args.output, forgot) {
        (Output::Json, forgot) => say(&json(
            &serde_json::json!({"outcome": "ok", "forgot": forgot}),
        ))?,
        (Output::Human, true) => {
            tell(
                "deleted every kept token; az and azd keep their own (az logout, azd auth logout)",
            );
        }
        (Output::Human, false) => tell("no token was kept"),
    }
    Ok(ExitCode::SUCCESS)
}
