//! `greeting-local health`: one line and an exit status, for a container's HEALTHCHECK.

use local_failure::Failure;

use crate::cli::HealthArgs;
use crate::control::client;
use crate::control::running::Running;
use crate::control::status::Behind;
use crate::{say, state};

/// Prints one line, where the running stack can be called.
///
/// # Errors
/// Nothing runs, it does not answer, or its handler does not take calls.
pub(crate) async fn run(args: HealthArgs) -> Result<(), Failure> {
    let folder = state::folder(args.state.state_dir.as_deref())?;
    let running = Running::load(&folder)?;
    let status = client::status(&running).await?;
    let url = &running.ready.function_url;
    let not_yet = match status.behind {
        Behind::Ready | Behind::Upstream { .. } => {
            return say::line(format!("healthy: {url} takes calls"));
        }
        Behind::Starting => "the handler starts",
        Behind::Ended => "the handler has ended",
    };
    Err(Failure::new(
        format!("{url} takes no calls"),
        not_yet,
        "greeting-local status",
    ))
}
