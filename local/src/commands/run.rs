//! `greeting-local run`: a command for which Microsoft's sign-in hosts are the local authority.
//! Only its environment says so; this process's own, and the shell's, stay as they are.
//!
//! - `child`: the command's process; `variables`: its environment

mod child;
mod variables;

use std::process::ExitCode;

use local_entra::PollInterval;
use local_events::{Detail, Log, Print, flush, tell};
use local_failure::Failure;
use local_http::trust::TrustFiles;

use self::child::Signals;
use self::variables::Given;
use crate::cli::{RunArgs, client_ids};
use crate::control::running::Running;
use crate::deploy;
use crate::environment::java_options;
use crate::proxy::{Others, Proxy};
use crate::stack::{Options, Ports, Protocol, Served, SignInAt, Stack};
use crate::state::{self, Home};

/// For a reader to take what is printed, before the child prints.
const FIRST_LINES: std::time::Duration = std::time::Duration::from_secs(1);

/// Starts stack and proxy, runs the command, and ends them after it.
///
/// # Errors
/// Whatever does not start, by name.
pub(crate) async fn run(args: Box<RunArgs>) -> Result<ExitCode, Failure> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Ok(ExitCode::from(2));
    };
    let (program, arguments) = (program.clone(), arguments.to_vec());
    let others = match args.allow_network {
        true => Others::Reached,
        false => Others::Refused,
    };
    // From here on no signal ends this process before what it has started.
    let mut signals = Signals::listen()
        .map_err(|error| Failure::new("signals can't be listened for", error, "run it again"))?;
    let home = Home::make(args.state.clone().into())?;
    let _owner = state::own(&home)?;
    Running::forget(&home.path);
    let stack = tokio::select! {
        stack = Stack::start(options(*args, &home)?) => stack?,
        number = signals.any() => return Ok(child::ended_by(number)),
    };
    let started = async {
        stack.note(&home).map_err(|error| {
            let what = "what is running could not be written down";
            Failure::new(what, error, "choose another --state-dir")
        })?;
        Proxy::start(stack.authority_port(), others).await
    };
    let proxy = match started.await {
        Ok(proxy) => proxy,
        Err(failure) => {
            stack.running.remove(&home.path);
            stack.stop().await;
            return Err(failure);
        }
    };
    let trust = TrustFiles::of(&home.path);
    let (bundle, ca) = (
        trust.pem.display().to_string(),
        &stack.running.ready.ca_cert,
    );
    let changes = variables::of(&Given {
        proxy: &proxy.url(),
        port: proxy.port,
        bundle: &bundle,
        ca: &ca.display().to_string(),
        java: &java_options(&trust.java.display().to_string()),
        java_before: environment::text("JAVA_TOOL_OPTIONS").as_deref(),
        folder: &home.path,
        running: &stack.running,
    });
    // What a failed start has said stands before what the command says.
    flush(FIRST_LINES);
    let ended = child::run(&program, &arguments, &changes, &mut signals, || {
        stack.asked_to_stop()
    });
    let ended = ended.await;
    let is_used = proxy.is_used();
    stack.running.remove(&home.path);
    proxy.stop().await;
    stack.stop().await;
    let status = ended.map_err(|error| {
        let what = format!("{} can't be started", program.display());
        Failure::new(what, error, "name a program that is on PATH, after --")
    })?;
    // 127 is of a command that was not found: it has ignored nothing.
    if !is_used && status != ExitCode::from(127) {
        tell(
            "note: ",
            "the command asked nothing of the local authority: it did not use the proxy that HTTPS_PROXY names. It may sign in nowhere, ignore proxies (see docs/run.md), or have gone to Microsoft itself",
        );
    }
    Ok(status)
}

/// The stack's, as for `up`, but for the name by which it issues tokens.
fn options(args: RunArgs, home: &Home) -> Result<Options, Failure> {
    let app = match args.upstream.is_some() || args.handler.is_some() {
        true => Served::App,
        false => match deploy::app_root(args.app_root.as_deref()) {
            Ok(Some(_)) => Served::App,
            // A folder that somebody named.
            Err(failure) if args.app_root.is_some() => return Err(failure),
            Ok(None) | Err(_) => Served::Nothing,
        },
    };
    Ok(Options {
        sign_in_at: SignInAt::Microsoft,
        app,
        network: None,
        ports: Ports {
            function: Some(args.port),
            authority: Some(0),
            reserved: None,
        },
        stack: home.stack.clone(),
        app_root: args.app_root,
        handler: args.handler,
        settings: args.settings,
        registrations: args.registration,
        stored_lists: args.behaviour.stored_lists(),
        allow_clients: client_ids(&args.allow_client),
        tenant: None,
        auto_approve: args.auto_approve,
        poll_interval: PollInterval::ENTRA,
        state_dir: home.path.clone(),
        log: Log::of_stack(Print::Off, Detail::Decisions, home.stack.line("log -v")),
        quiet: true,
        upstream: args.upstream,
        upstream_protocol: Protocol::Http1,
        behaviour: args.behaviour.of_the_gate(),
        https: false,
        watch: false,
        time_shift: args.time_shift,
    })
}
