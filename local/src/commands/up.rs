//! `greeting-local up`: runs until Ctrl-C.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use local_easy_auth::{Behaviour, StoredLists};
use local_entra::{Directory, PollInterval};
use local_events::{Log, Stream, interrupted, print};
use local_failure::Failure;
use local_http::public_host::PublicHost;

use crate::cli::{TenantArgs, UpArgs};
use crate::commands::detach;
use crate::control::running::Running;
use crate::say;
use crate::stack::{Network, Options, Ports, Protocol, Stack};
use crate::state::ports::Reserved;
use crate::state::{self, Home};
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
    let detail = detail(&args);
    let log = Log::new(args.log, args.shown_events());
    let network = network(args.listen, args.public_host)?;
    // Ctrl-C while starting must not leave a handler behind, so it is listened for from here on.
    let interrupted = interrupted();
    tokio::pin!(interrupted);
    let home = Home::make(args.state.into())?;
    let _owner = state::own(&home)?;
    Running::forget(&home.path);
    let tenant = tenant(&args.tenant);
    let open_to = network
        .as_ref()
        .map(|network| open_to(network.listen, &network.name, tenant.as_ref()));
    let starting = Stack::start(Options {
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
        stored_lists: if args.behaviour.stored_empty_lists {
            StoredLists::EmptyWhereAbsent
        } else {
            StoredLists::AsInTheFile
        },
        allow_clients: args
            .allow_client
            .iter()
            .map(|id| id.hyphenated().to_string())
            .collect(),
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
        behaviour: Behaviour {
            challenge: args.behaviour.challenge,
            claims: args.behaviour.claim_names,
            browser_by: args.behaviour.browser_by,
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
            state_folder::write_private(path, &serde_json::to_vec_pretty(&running.ready)?)
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
    if let Some(open_to) = open_to {
        print(Stream::Out, say::labelled("open to", &open_to));
    }
    let typed = Typed::of(&home.stack);
    for line in announcement(&stack, &typed, detail) {
        print(Stream::Out, line);
    }
    if args.detached {
        detach::let_go(&home).await?;
    } else {
        print(Stream::Out, "Ctrl-C ends it.");
    }
    tokio::select! {
        () = interrupted => {}
        () = stack.asked_to_stop() => {}
        () = say_who_waits(stack.log(), &typed) => {}
    }
    print(Stream::Err, "stopping …");
    stack.running.remove(&home.path);
    if let Some(path) = &args.ready_file {
        // A reader must not take a stack that is gone for one that is ready.
        let _ = std::fs::remove_file(path);
    }
    stack.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// How others reach the stack: both flags say it, so that neither alone opens anything.
fn network(listen: Option<Ipv4Addr>, name: Option<PublicHost>) -> Result<Option<Network>, Failure> {
    match (listen, name) {
        (None, None) => Ok(None),
        (Some(listen), Some(name)) => Ok(Some(Network { listen, name })),
        (Some(listen), None) => Err(Failure::new(
            "--listen needs --public-host",
            "certificate and issuer carry the name by which others call this machine",
            format!("greeting-local up --listen {listen} --public-host greeting-local"),
        )),
        (None, Some(name)) => Err(Failure::new(
            "--public-host needs --listen",
            "without it only this machine can call, by the name localhost",
            format!("greeting-local up --listen 0.0.0.0 --public-host {name}"),
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

/// Who can sign in.
fn users(directory: &Directory) -> String {
    match directory.users_file() {
        None => {
            let domain = crate::deploy::TENANT_DOMAIN;
            format!("alice@{domain}, without a password; bob@{domain} has not consented")
        }
        Some(file) => {
            let all = directory.users();
            let names: Vec<&str> = all.iter().take(3).map(|user| user.upn.as_str()).collect();
            let more = match all.len() - names.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more}, without a password ({file})", names.join(", "))
        }
    }
}

/// The apps beside the protected API and its client.
fn registered(stack: &Stack) -> Vec<(&'static str, String)> {
    let apps = stack.authority().into_iter();
    apps.flat_map(|authority| authority.directory().more_apps())
        .map(|(name, id, file)| ("registered", format!("{name} {id} ({file})")))
        .collect()
}

/// How much is said at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// What is needed first, and what is not as the files say.
    Short,
    /// And where all of it is from.
    All,
}

fn detail(args: &UpArgs) -> Detail {
    if args.verbose {
        Detail::All
    } else {
        Detail::Short
    }
}

/// That the function can be called, how, and what is not as it may seem.
fn announcement(stack: &Stack, typed: &Typed, detail: Detail) -> Vec<String> {
    let ready = &stack.running.ready;
    let mut labels = vec![("ready", ready.function_url.clone())];
    if stack.authority().is_some() {
        labels.push(("control room", format!("{}/", ready.authority_host)));
    }
    labels.extend(stack.sources.plays.clone().map(|plays| ("plays", plays)));
    if detail == Detail::All {
        labels.extend(origins(stack));
    }
    labels.extend(stack.warnings.iter().map(|note| ("note", note.clone())));
    let mut lines: Vec<String> = labels
        .iter()
        .map(|(label, value)| say::labelled(label, value))
        .collect();
    if detail == Detail::All {
        // A command keeps its line, so that it can be pasted.
        lines.push(format!("{:<14}{}", "call it", whole_call(stack)));
    }
    lines.push(typed.where_to().to_owned());
    lines.push(format!("  {}", typed.env()));
    lines.push(format!("  {}", typed.program("greeting-cli", "call")));
    lines
}

/// Where all of it is from, and who signs in.
fn origins(stack: &Stack) -> Vec<(&'static str, String)> {
    let ready = &stack.running.ready;
    let authority = format!("{}/{}", ready.authority_host, ready.tenant_id);
    let mut lines = vec![
        ("authority", authority),
        ("settings", stack.sources.settings.clone()),
        ("registration", stack.sources.registration.clone()),
    ];
    lines.extend(registered(stack));
    match stack.authority() {
        Some(authority) => lines.extend([
            ("CA to trust", ready.ca_cert.display().to_string()),
            ("users", users(authority.directory())),
        ]),
        None => lines.push((
            "users",
            "the tenant's: az login, or the code that greeting-cli shows".to_owned(),
        )),
    }
    lines
}

/// The call for a POSIX shell that has none of the stack's variables.
fn whole_call(stack: &Stack) -> String {
    let ready = &stack.running.ready;
    let (url, client) = (&ready.function_url, &ready.cli_client_id);
    match stack.authority() {
        Some(_) => format!(
            "SSL_CERT_FILE={} greeting-cli call {url} --client-id {client}",
            state_folder::quoted(&ready.ca_cert)
        ),
        None => format!(
            "greeting-cli call {url} --scope {} --tenant {} --authority-host {} --client-id {client}",
            ready.scope, ready.tenant_id, ready.authority_host
        ),
    }
}

/// Says how to approve, each time that a device code begins to wait for a person.
async fn say_who_waits(log: &Log, typed: &Typed) {
    let approve = typed.own("approve");
    let mut device_code = log.device_code();
    while device_code.changed().await.is_ok() {
        print(Stream::Out, format!("a device code waits for: {approve}"));
    }
    std::future::pending::<()>().await;
}
