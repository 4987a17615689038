//! `greeting-local up`: runs until Ctrl-C.
//!
//! - `announcement`: what it says at start

mod announcement;

use std::net::Ipv4Addr;
use std::process::ExitCode;

use command_line::characters::writable;
use local_entra::PollInterval;
use local_events::{Log, Stream, interrupted, print, tell_command};
use local_failure::{Failure, Fix};
use local_http::public_host::PublicHost;

use self::announcement::{Detail, announcement};
use crate::cli::{TenantArgs, UpArgs, client_ids};
use crate::commands::detach;
use crate::control::running::Running;
use crate::say::{self, Layout};
use crate::stack::{Network, Options, Ports, Protocol, Served, SignInAt, Stack};
use crate::state::ports::Reserved;
use crate::state::{self, Home, StackRef};
use crate::tenant::Tenant;
use crate::typed::Typed;

/// Starts the stack, says where it is, and ends it on Ctrl-C or SIGTERM.
///
/// # Errors
/// Whatever does not start, by name.
pub(crate) async fn run(args: UpArgs) -> Result<ExitCode, Failure> {
    if args.detach {
        return detach::run(&args.state.into()).await;
    }
    let detail = match args.verbose {
        true => Detail::All,
        false => Detail::Short,
    };
    let shown_events = args.shown_events();
    let network = network(args.listen, args.public_host)?;
    // Ctrl-C while starting must not leave a handler behind, so it is listened for from here on.
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let home = Home::make(args.state.into())?;
    let _owner = state::own(&home)?;
    Running::forget(&home.path);
    let log = Log::of_stack(args.log, shown_events, home.stack.line("log -v"));
    let tenant = tenant(&args.tenant);
    let open_to = network
        .as_ref()
        .map(|network| open_to(network.listen, &network.name, tenant.as_ref()));
    let starting = Stack::start(Options {
        sign_in_at: SignInAt::ThisMachine,
        app: Served::App,
        network,
        ports: Ports {
            function: args.port,
            authority: args.authority_port,
            reserved: Reserved::of(&home),
        },
        stack: home.stack.clone(),
        app_root: args.app_root,
        handler: args.handler,
        settings: args.settings,
        registrations: args.registration,
        stored_lists: args.behaviour.stored_lists(),
        allow_clients: client_ids(&args.allow_client),
        tenant,
        auto_approve: args.auto_approve,
        poll_interval: PollInterval::ENTRA,
        state_dir: home.path.clone(),
        log,
        quiet: false,
        upstream: args.upstream,
        upstream_protocol: match args.upstream_http2 {
            true => Protocol::Http2,
            false => Protocol::Http1,
        },
        behaviour: args.behaviour.of_the_gate(),
        https: args.https,
        watch: args.watch,
        time_shift: args.time_shift,
    });
    let stack = tokio::select! {
        stack = starting => stack?,
        () = &mut interrupted => return Ok(ExitCode::SUCCESS),
    };
    let running = &stack.running;
    let said = stack.note(&home).and_then(|()| {
        let Some(path) = &args.ca_file else {
            return Ok(());
        };
        local_http::tls::publish(path, &std::fs::read(&running.ready.ca_cert)?)
    });
    let said = said.and_then(|()| {
        args.ready_file.as_ref().map_or(Ok(()), |path| {
            state_folder::write_private_of_this_run(
                path,
                &serde_json::to_vec_pretty(&running.ready)?,
            )
        })
    });
    if let Err(error) = said {
        stack.stop().await;
        return Err(Failure::new(
            "what is running could not be written down",
            error,
            "choose another --ready-file, --ca-file or --state-dir",
        ));
    }
    let lines = args.detached.unwrap_or_else(Layout::of_stdout);
    let serve = async {
        for line in announcement(&stack, &home.stack, detail, lines, open_to.as_deref()) {
            say::line_later(line).await?;
        }
        if args.detached.is_some() {
            detach::let_go(&home).await?;
        } else {
            say::line_later("Ctrl-C ends it.").await?;
        }
        say_who_waits(stack.log(), &home.stack).await;
        Ok(())
    };
    // Whoever does not read these lines holds up neither requests nor the end.
    let served = tokio::select! {
        () = interrupted => Ok(()),
        () = stack.asked_to_stop() => Ok(()),
        served = serve => served,
    };
    print(Stream::Err, writable("stopping …"));
    stack.running.remove(&home.path);
    if let Some(path) = &args.ready_file {
        // A reader must not take a stack that is gone for one that is ready.
        let _ = std::fs::remove_file(path);
    }
    stack.stop().await;
    served.map(|()| ExitCode::SUCCESS)
}

/// How others reach the stack: both flags say it, so that neither alone opens anything.
fn network(listen: Option<Ipv4Addr>, name: Option<PublicHost>) -> Result<Option<Network>, Failure> {
    match (listen, name) {
        (None, None) => Ok(None),
        (Some(listen), Some(name)) => Ok(Some(Network { listen, name })),
        (Some(listen), None) => Err(Failure::new(
            "--listen needs --public-host",
            "certificate and issuer carry the name by which others call this machine",
            Fix::command(Typed::here().own(&format!(
                "up --listen {listen} --public-host greeting-local"
            ))),
        )),
        (None, Some(name)) => Err(Failure::new(
            "--public-host needs --listen",
            "without it only this machine can call, by the name localhost",
            Fix::command(Typed::here().own(&format!("up --listen 0.0.0.0 --public-host {name}"))),
        )),
    }
}

/// Who can reach the stack over a network, and what that lets them do.
fn open_to(listen: Ipv4Addr, name: &PublicHost, tenant: Option<&Tenant>) -> String {
    let can = match tenant {
        None => "sign in as every local user and call the function",
        Some(_) => "call the gate, with a token of the tenant",
    };
    format!(
        "whoever reaches {listen} can, as {name}, {can}; approve, policy, log and the control room are this machine's alone"
    )
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

/// Says how to approve, each time that a device code begins to wait for a person.
async fn say_who_waits(log: &Log, stack: &StackRef) {
    let approve = stack.line("approve");
    let mut device_code = log.device_code();
    while device_code.changed().await.is_ok() {
        tell_command(Stream::Out, "a device code waits for", approve.as_str());
    }
    std::future::pending::<()>().await;
}
