//! `greeting-local env`.

use std::path::Path;

use local_failure::{Failure, Fix};

use crate::cli::{EnvArgs, EnvOutput};
use crate::control::running::{Found, Ready, Running};
use crate::environment::form::{dotenv, for_shell, for_unset, json};
use crate::environment::{Client, Line, about, app_lines, lines, managed_identity, tenant_lines};
use crate::say;
use crate::shell::{Shell, usual_shell};
use crate::state::StackRef;

/// Prints what a shell evaluates, and what a person then types.
///
/// # Errors
/// Nothing runs, or a value has no form that was asked for.
pub(crate) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let stack = StackRef::from(args.state.clone());
    let shell = args
        .shell
        .unwrap_or_else(|| usual_shell(environment::text("SHELL").as_deref()));
    let found = Found::of(stack.clone(), "env").and_then(|found| of(args, shell, found));
    let lines = match found {
        // A shell outlives the stack that it was pointed at.
        Err(_) if args.unset && args.client != Some(Client::App) => {
            let lines = lines(shell, args.client, &nothing(), Path::new(""));
            about(&stack).into_iter().chain(lines).collect()
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
                Fix::command(stack.line("env --output json")),
            )
        })?,
    };
    for line in printed {
        say::line(line)?;
    }
    Ok(())
}

/// The lines for the stack that runs.
fn of(args: &EnvArgs, shell: Shell, found: Found) -> Result<Vec<Line>, Failure> {
    let Found { home, running } = found;
    // Of a real tenant's stack Microsoft's host is the right one.
    if !args.unset && args.client != Some(Client::App) && running.tenant.is_some() {
        running.ready.reached_by_a_shell()?;
    }
    let mut all = Vec::new();
    if args.client != Some(Client::App) {
        all.extend(about(&home.stack));
    }
    if args.client == Some(Client::ManagedIdentity) {
        running.local_tenant("env --for managed-identity")?;
        let identity = running.managed_identity.iter();
        all.extend(identity.flat_map(managed_identity::lines));
    }
    let of_app = app_lines(&running.told_to_app());
    let Running { ready, tenant, .. } = running;
    all.extend(match tenant {
        _ if args.client == Some(Client::App) => of_app,
        Some(_) => lines(shell, args.client, &ready, &home.path),
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
