//! `greeting-local up`: runs until Ctrl-C.

use local_easy_auth::Behaviour;
use local_events::{Log, Stream, interrupted, print};
use local_failure::Failure;

use crate::cli::{TenantArgs, UpArgs};
use crate::control::running::{IssuedBy, Running};
use crate::stack::{Options, Stack};
use crate::state;
use crate::tenant::Tenant;

/// Starts the stack, says where it is, and ends it on Ctrl-C or SIGTERM.
///
/// # Errors
/// Whatever does not start, by name.
pub(crate) async fn run(args: UpArgs) -> Result<(), Failure> {
    // Ctrl-C while starting must not leave a handler behind, so it is listened for from here on.
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let state_dir = state::folder(args.state.state_dir.as_deref())?;
    let _owner = state::own(&state_dir)?;
    Running::forget(&state_dir);
    let starting = Stack::start(Options {
        port: args.port,
        authority_port: args.authority_port,
        app_root: args.app_root,
        handler: args.handler,
        settings: args.settings,
        allow_clients: args
            .allow_client
            .iter()
            .map(|id| id.hyphenated().to_string())
            .collect(),
        tenant: tenant(&args.tenant),
        auto_approve: args.auto_approve,
        state_dir: state_dir.clone(),
        log: Log::new(args.log),
        quiet: false,
        upstream: args.upstream,
        behaviour: Behaviour {
            challenge: args.behaviour.challenge,
            claims: args.behaviour.claim_names,
            accept_v1_tokens: args.behaviour.accept_v1_tokens,
            anonymous_with_invalid_token: !args.behaviour.refuse_invalid_tokens,
            ..Behaviour::default()
        },
        https: args.https,
        watch: args.watch,
        time_shift: args.time_shift,
    });
    let stack = tokio::select! {
        stack = starting => stack?,
        () = &mut interrupted => return Ok(()),
    };
    let running = &stack.running;
    let said = running.save(&state_dir).and_then(|()| {
        args.ready_file.as_ref().map_or(Ok(()), |path| {
            state_folder::write_private(path, &serde_json::to_vec_pretty(&running.ready)?)
        })
    });
    if let Err(error) = said {
        stack.stop().await;
        return Err(Failure::new(
            "what is running could not be written down",
            error,
            "choose another --ready-file or --state-dir",
        ));
    }
    announce(&stack);
    for warning in &stack.warnings {
        say(format_args!("note        {warning}"));
    }
    say("Ctrl-C ends it.");
    interrupted.await;
    print(Stream::Err, "stopping …");
    stack.running.remove(&state_dir);
    if let Some(path) = &args.ready_file {
        // A reader must not take a stack that is gone for one that is ready.
        let _ = std::fs::remove_file(path);
    }
    stack.stop().await;
    Ok(())
}

/// The tenant that the arguments name, if they name one.
fn tenant(args: &TenantArgs) -> Option<Tenant> {
    let id = args.tenant.as_ref()?;
    Some(Tenant::new(
        id,
        &args.authority_host,
        args.client_id,
        args.cli_client_id,
    ))
}

/// Says where everything is, and how to call it.
fn announce(stack: &Stack) {
    let ready = &stack.running.ready;
    let url = &ready.function_url;
    say(format_args!("function    {url}"));
    say(format_args!(
        "authority   {}  (tenant {})",
        ready.authority_host, ready.tenant_id
    ));
    say(format_args!("settings    {}", stack.settings_from));
    let ca = ready.ca_cert.display();
    match stack.running.issuer {
        IssuedBy::LocalAuthority => {
            say(format_args!(
                "look        {}/  (decisions and their reasons, tokens to try)",
                ready.authority_host
            ));
            say(format_args!("trust       {ca}"));
            say(format_args!(
                "try         SSL_CERT_FILE={ca} greeting-cli call {url}"
            ));
            let domain = crate::deploy::TENANT_DOMAIN;
            say(format_args!(
                "sign in as  alice@{domain} (bob@ has not consented)"
            ));
        }
        IssuedBy::RealTenant => {
            say(format_args!(
                "try         greeting-cli call {url} --scope {} --tenant {} --authority-host {}",
                ready.scope, ready.tenant_id, ready.authority_host
            ));
            say("sign in as  yourself: az login, or the code that greeting-cli shows");
        }
    }
}

/// A progress line on stderr. It does not wait for a slow reader.
fn say(line: impl std::fmt::Display) {
    print(Stream::Out, line.to_string());
}
