//! `greeting-local demo`: the whole story in one command, every outcome really obtained over
//! HTTP, through `greeting-cli`, authority, gate, host and handler.
//!
//! - `caller`: `greeting-cli`, and the person who approves

mod caller;

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use local_easy_auth::{Behaviour, StoredLists};
use local_entra::{MintSpec, PollInterval, Signature};
use local_events::{Detail, Log, Print, TimeShift};
use local_failure::Failure;
use serde_json::{Value, json};

use self::caller::Cli;
use crate::cli::{DemoArgs, Output};
use crate::stack::{Options, Ports, Protocol, Served, SignInAt, Stack};
use crate::state::StackRef;
use crate::typed::Typed;
use crate::{deploy, programs, say};

/// Where a case's token comes from.
enum Credential {
    /// The device-code flow, with a person who approves.
    DeviceCode,
    None,
    Token(Box<MintSpec>),
}

/// One call, and what has to come of it.
struct Case {
    name: &'static str,
    credential: Credential,
    status: u64,
    /// The code of the first finding; a success has none.
    finding: Option<&'static str>,
}

/// A device-code sign-in.
const SIGNED_IN: Case = Case {
    name: "signed in, with Greeting.Read",
    credential: Credential::DeviceCode,
    status: 200,
    finding: None,
};

fn refused() -> Vec<Case> {
    let token = |name, status, finding, spec| Case {
        name,
        credential: Credential::Token(Box::new(spec)),
        status,
        finding: Some(finding),
    };
    vec![
        Case {
            name: "no token",
            credential: Credential::None,
            status: 401,
            finding: Some("no-token"),
        },
        token(
            "an expired token",
            401,
            "expired",
            MintSpec {
                lifetime_seconds: -3600,
                ..MintSpec::default()
            },
        ),
        token(
            "a token for another API",
            401,
            "wrong-api",
            MintSpec {
                // Another application's id; greeting-cli does not send tokens of Microsoft's APIs.
                audiences: vec!["b9f0c3ce-7a8e-4c1d-9a55-3f6f5d0e2a71".to_owned()],
                ..MintSpec::default()
            },
        ),
        token(
            "a forged token",
            401,
            "bad-signature",
            MintSpec {
                signature: Signature::Forged,
                ..MintSpec::default()
            },
        ),
        token(
            "a token without Greeting.Read",
            403,
            "missing-scope",
            MintSpec {
                scopes: Some(vec!["Profile.Read".to_owned()]),
                ..MintSpec::default()
            },
        ),
    ]
}

/// Runs the demo. Success only if every outcome was the expected one.
///
/// # Errors
/// The stack or the CLI does not start.
pub(crate) async fn run(args: DemoArgs) -> Result<ExitCode, Failure> {
    tokio::select! {
        outcome = story(args.output) => outcome,
        // Dropping the story kills the handler and the CLI.
        () = local_events::interrupted() => Ok(ExitCode::from(130)),
    }
}

async fn story(output: Output) -> Result<ExitCode, Failure> {
    let cli = programs::find("greeting-cli", None).await?;
    let state = tempfile::tempdir()
        .map_err(|error| Failure::new("no folder for the demo's keys", error, "set TMPDIR"))?;
    // Its own app, not one that stands in the current folder.
    let app = state.path().join("app");
    deploy::write_function_app(&app)
        .map_err(|error| Failure::new("no folder for the demo's app", error, "set TMPDIR"))?;
    let stack = Stack::start(Options {
        sign_in_at: SignInAt::ThisMachine,
        app: Served::App,
        network: None,
        ports: Ports {
            function: Some(0),
            authority: Some(0),
            ..Ports::default()
        },
        stack: StackRef::default(),
        app_root: Some(app),
        handler: None,
        settings: None,
        registrations: Vec::new(),
        stored_lists: StoredLists::AsInTheFile,
        allow_clients: Vec::new(),
        tenant: None,
        auto_approve: None,
        // The code is approved as soon as it is shown.
        poll_interval: PollInterval::SHORT,
        state_dir: state.path().to_owned(),
        log: Log::new(Print::Off, Detail::Everything),
        quiet: true,
        upstream: None,
        upstream_protocol: Protocol::Http1,
        behaviour: Behaviour::default(),
        https: false,
        watch: false,
        time_shift: TimeShift::default(),
    })
    .await?;
    let told = tell(
        &stack,
        &Cli {
            path: cli,
            state: state.path(),
        },
        output,
    )
    .await;
    stack.stop().await;
    told
}

async fn tell(stack: &Stack, cli: &Cli<'_>, output: Output) -> Result<ExitCode, Failure> {
    let ready = &stack.running.ready;
    if output == Output::Human {
        say::line_later("A local stand-in for Azure, which runs until this demo ends:").await?;
        say::line_later(format!(
            "  authority  {}/{}",
            ready.authority_host, ready.tenant_id
        ))
        .await?;
        say::line_later(format!("  function   {}", ready.function_url)).await?;
    }
    let mut results = Vec::new();
    let mut all_as_expected = true;
    let refused = refused();
    // The others call while the sign-in waits: a client asks again after a second at the earliest.
    let (greeted, others) = tokio::try_join!(cli.call(stack, &SIGNED_IN, output), async {
        let mut others = Vec::new();
        for case in &refused {
            others.push((case, cli.call(stack, case, output).await?));
        }
        Ok(others)
    })?;
    let told = std::iter::once((&SIGNED_IN, greeted)).chain(others);
    for (number, (case, seen)) in told.enumerate() {
        let as_expected = seen.is(case);
        all_as_expected &= as_expected;
        if output == Output::Human {
            let (style, verdict) = if as_expected {
                (AnsiColor::Green.on_default(), "as expected")
            } else {
                (AnsiColor::Red.on_default().bold(), "NOT as expected")
            };
            say::line_later(format!(
                "\n{bold}{}. {}: {}{bold:#} {style}({verdict}){style:#}",
                number + 1,
                case.name,
                seen.status,
                bold = Style::new().bold(),
            ))
            .await?;
            // As it is printed there: greeting-cli takes 80 columns.
            for line in seen.shown.trim_end().lines() {
                say::line_later(line).await?;
            }
        }
        results.push(json!({
            "case": case.name,
            "status": seen.status,
            "greeting": seen.report["greeting"],
            "findings": seen.report["findings"],
            "as_expected": as_expected,
        }));
    }
    match output {
        Output::Json => say::line_later(format!("{:#}", Value::Array(results))).await?,
        Output::Human if all_as_expected => {
            say::line_later("\nAll six as expected. To keep it running:").await?;
            say::line_later(format!("  {}", Typed::here().own("up"))).await?;
        }
        Output::Human => say::line_later("\nNot all were as expected.").await?,
    }
    Ok(if all_as_expected {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
