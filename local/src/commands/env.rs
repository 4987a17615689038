//! `greeting-local env`.

use local_failure::Failure;

use crate::cli::EnvArgs;
use crate::control::running::Running;
use crate::environment::{lines, tenant_lines, usual_shell};
use crate::{say, state};

/// Prints what a shell evaluates, and what a person then types.
///
/// # Errors
/// Nothing runs.
pub(crate) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let folder = state::folder(args.state.state_dir.as_deref())?;
    let Running { ready, tenant, .. } = Running::load(&folder)?;
    let shell = args
        .shell
        .unwrap_or_else(|| usual_shell(environment::text("SHELL").as_deref()));
    let lines = match tenant {
        Some(_) => lines(shell, args.client, &ready, &folder),
        None => tenant_lines(shell, args.client, &ready),
    };
    for line in lines {
        say::line(line)?;
    }
    Ok(())
}
