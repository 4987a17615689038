//! `greeting-local health`: one line and an exit status, for a container's HEALTHCHECK.

use local_failure::{Failure, Fix};

use crate::cli::HealthArgs;
use crate::control::client;
use crate::control::running::Found;
use crate::control::status::Behind;
use crate::say;

/// Prints one line, where the running stack can be called.
///
/// # Errors
/// Nothing runs, it does not answer, or its handler does not take calls.
pub(crate) async fn run(args: HealthArgs) -> Result<(), Failure> {
    let found = Found::of(args.state.into(), "health")?;
    let status = client::status(&found).await?;
    let url = &found.running.ready.function_url;
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
        Fix::command(found.home.stack.line("status")),
    ))
}
