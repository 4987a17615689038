//! `greeting-local stop`.

use std::time::Duration;

use local_failure::{Failure, Fix};

use crate::cli::StopArgs;
use crate::control::client;
use crate::control::running::Found;
use crate::control::stop::PATH;
use crate::say;
use crate::state::{self, Home};

/// For the stack to let go of its state folder: requests in flight and the handler get ten seconds
/// each, and a little is for the rest.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at the folder's lock.
const PAUSE: Duration = Duration::from_millis(20);

/// Ends the running stack, and returns once it is gone.
///
/// # Errors
/// Nothing runs, or it does not end.
pub(crate) async fn run(args: StopArgs) -> Result<(), Failure> {
    let found = Found::of(args.state.into(), "stop")?;
    let folder = found.home.path.as_path();
    if let Err(why) = client::ask(&found, reqwest::Method::POST, PATH).await
        && state::has_owner(folder)
    {
        return Err(silent(&found.home, why));
    }
    let gone = async {
        while state::has_owner(folder) {
            tokio::time::sleep(PAUSE).await;
        }
    };
    if tokio::time::timeout(PATIENCE, gone).await.is_err() {
        return Err(Failure::new(
            "the stack was asked to end, and has not ended",
            format!(
                "it still holds {} after {} seconds",
                folder.display(),
                PATIENCE.as_secs()
            ),
            Fix::with(
                "wait for it, or end its process, which this names",
                found.home.stack.line("status"),
            ),
        ));
    }
    say::line(format_args!(
        "stopped {}",
        found.running.ready.function_url.escape_debug()
    ))
}

/// A process holds the folder, and does not do what it is asked for.
fn silent(home: &Home, why: Failure) -> Failure {
    match state::owner(&home.path) {
        Some(process) => Failure::new(
            "the stack does not answer",
            format!(
                "process {process} runs it, and holds {}",
                home.path.display()
            ),
            Fix::with("end that process", format!("kill -9 {process}")),
        ),
        None => why,
    }
}
