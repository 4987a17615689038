//! `greeting-local env`.

use std::path::Path;

use local_failure::Failure;

use crate::cli::{EnvArgs, EnvOutput};
use crate::control::running::{Ready, Running};
use crate::environment::form::{dotenv, for_shell, for_unset, json};
use crate::environment::{Client, Line, app_lines, lines, managed_identity, tenant_lines};
use crate::environment::{Shell, usual_shell};
use crate::{say, state};

/// Prints what a shell evaluates, and what a person then types.
///
/// # Errors
/// Nothing runs, or a value has no form that was asked for.
pub(crate) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let folder = state::folder(args.state.state_dir.as_deref())?;
    let shell = args
        .shell
        .unwrap_or_else(|| usual_shell(environment::text("SHELL").as_deref()));
    let found = Running::load(&folder).and_then(|running| of(args, shell, running, &folder));
    let lines = match found {
        // A shell outlives the stack that it was pointed at.
        Err(_) if args.unset && args.client != Some(Client::App) => {
            lines(shell, args.client, &nothing(), &folder)
        }
        found => found?,
    };
    let printed = match args.output {
        _ if args.unset => for_unset(shell, &lines),
        EnvOutput::Shell => for_shell(shell, &lines),
        EnvOutput::Json => vec![json(&lines)],
        EnvOutput::Dotenv => dotenv(&lines).map_err(|no_form| {
            Failure::new(
                format!("{} can't be written to a .env file", no_form.0),
                "its value has quotes or backslashes that programs read differently there",
                "greeting-local env --output json",
            )
        })?,
    };
    for line in printed {
        say::line(line)?;
    }
    Ok(())
}

/// The lines for the stack that runs.
fn of(args: &EnvArgs, shell: Shell, running: Running, folder: &Path) -> Result<Vec<Line>, Failure> {
    let mut all = Vec::new();
    if args.client == Some(Client::ManagedIdentity) {
        running.local_tenant("env --for managed-identity")?;
        let identity = running.managed_identity.iter();
        all.extend(identity.flat_map(managed_identity::lines));
    }
    let of_app = app_lines(&running.told_to_app());
    let Running { ready, tenant, .. } = running;
    all.extend(match tenant {
        _ if args.client == Some(Client::App) => of_app,
        Some(_) => lines(shell, args.client, &ready, folder),
        None => tenant_lines(shell, args.client, &ready),
    });
    Ok(all)
}

/// Where only the variables' names count.
fn nothing() -> Ready {
    Ready {
        function_url: String::new(),
        authority_host: String::new(),
        tenant_id: String::new(),
        api_client_id: String::new(),
        cli_client_id: String::new(),
        scope: String::new(),
        ca_cert: "".into(),
    }
}
