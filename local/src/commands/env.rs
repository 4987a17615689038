//! `greeting-local env`.

use local_failure::Failure;

use crate::cli::EnvArgs;
use crate::control::running::Running;
use crate::environment::{Client, app_lines, lines, managed_identity, tenant_lines, usual_shell};
use crate::{say, state};

/// Prints what a shell evaluates, and what a person then types.
///
/// # Errors
/// Nothing runs.
pub(crate) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let folder = state::folder(args.state.state_dir.as_deref())?;
    let shell = args
        .shell
        .unwrap_or_else(|| usual_shell(environment::text("SHELL").as_deref()));
    let running = Running::load(&folder)?;
    let of_identity = match args.client {
        Some(Client::ManagedIdentity) => {
            running.local_tenant("env --for managed-identity")?;
            let identity = running.managed_identity.iter();
            identity
                .flat_map(|identity| managed_identity::lines(shell, identity))
                .collect()
        }
        _ => Vec::new(),
    };
    let of_app = app_lines(shell, &running.told_to_app());
    let Running { ready, tenant, .. } = running;
    let lines = match tenant {
        _ if args.client == Some(Client::App) => of_app,
        Some(_) => lines(shell, args.client, &ready, &folder),
        None => tenant_lines(shell, args.client, &ready),
    };
    for line in of_identity.into_iter().chain(lines) {
        say::line(line)?;
    }
    Ok(())
}
