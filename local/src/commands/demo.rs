//! `greeting-local demo`: the whole story in one command, every outcome really obtained over
//! HTTP, through `greeting-cli`, authority, gate, host and handler.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output as Finished, Stdio};

use anstyle::{AnsiColor, Style};
use local_child::Stdin;
use local_easy_auth::{Behaviour, StoredLists};
use local_entra::{Authority, MintSpec, PollInterval, Signature};
use local_events::{Detail, Log, Print, Stream, TimeShift, print};
use local_failure::Failure;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Child;

use crate::cli::{DemoArgs, Output};
use crate::stack::{Options, Ports, Protocol, Stack};
use crate::state::StackRef;
use crate::{deploy, programs, say};

/// The seed's sentence, to the letter.
const GREETING: &str = "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";
const USER: &str = "alice@greeting.test";

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

fn cases() -> Vec<Case> {
    let token = |name, status, finding, spec| Case {
        name,
        credential: Credential::Token(Box::new(spec)),
        status,
        finding: Some(finding),
    };
    vec![
        Case {
            name: "signed in, with Greeting.Read",
            credential: Credential::DeviceCode,
            status: 200,
            finding: None,
        },
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
    for (number, case) in cases().iter().enumerate() {
        let seen = cli.call(stack, case, output).await?;
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
            for line in seen.shown.trim_end().lines() {
                say::line_later(format!("   {line}").trim_end()).await?;
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
            say::line_later("\nAll six as expected. To keep it running: greeting-local up").await?;
        }
        Output::Human => say::line_later("\nNot all were as expected.").await?,
    }
    Ok(if all_as_expected {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What came of a case.
struct Seen {
    status: u64,
    report: Value,
    shown: String,
}

impl Seen {
    fn is(&self, case: &Case) -> bool {
        let first = self.report["findings"][0]["code"].as_str();
        let greeted = self.report["greeting"].as_str() == Some(GREETING);
        self.status == case.status && first == case.finding && greeted == (case.status == 200)
    }
}

/// The real `greeting-cli`.
struct Cli<'a> {
    path: PathBuf,
    state: &'a Path,
}

impl Cli<'_> {
    async fn call(&self, stack: &Stack, case: &Case, output: Output) -> Result<Seen, Failure> {
        let finished = self.run(stack, case, Output::Json).await?;
        let report: Value = serde_json::from_slice(&finished.stdout).map_err(|error| {
            Failure::new(
                format!(
                    "greeting-cli gave no report for {:?}: {}",
                    case.name, finished.status
                ),
                format!("{error}\n{}", String::from_utf8_lossy(&finished.stderr)),
                "build greeting-cli and greeting-local from the same source",
            )
        })?;
        // What a person would see; signing in once is enough.
        let shown = match (output, &case.credential) {
            (Output::Json, _) => String::new(),
            (Output::Human, Credential::DeviceCode) => {
                report["greeting"].as_str().unwrap_or("").to_owned()
            }
            (Output::Human, _) => {
                let finished = self.run(stack, case, Output::Human).await?;
                String::from_utf8_lossy(&finished.stderr).into_owned()
            }
        };
        Ok(Seen {
            status: report["status"].as_u64().unwrap_or(0),
            report,
            shown,
        })
    }

    async fn run(&self, stack: &Stack, case: &Case, output: Output) -> Result<Finished, Failure> {
        let ready = &stack.running.ready;
        let launcher = programs::launcher()?;
        let mut command = launcher.command(&self.path, Stdin::Piped);
        command
            .args(["call", &ready.function_url, "--output"])
            .arg(if output == Output::Json {
                "json"
            } else {
                "human"
            })
            .env("SSL_CERT_FILE", &ready.ca_cert)
            .env("XDG_STATE_HOME", self.state)
            // It writes to a pipe, and what it writes may be shown on a terminal.
            .env_remove("NO_COLOR")
            .env("CLICOLOR_FORCE", if shows_colour() { "1" } else { "0" })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // The caller's own configuration is not part of the story.
        for name in [
            "GREETING_URL",
            "GREETING_SCOPE",
            "GREETING_CREDENTIAL",
            "GREETING_ACCESS_TOKEN",
            "AZURE_AUTHORITY_HOST",
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "HTTPS_PROXY",
            "HTTP_PROXY",
            "ALL_PROXY",
            "https_proxy",
            "http_proxy",
            "all_proxy",
        ] {
            command.env_remove(name);
        }
        let failed = |error: std::io::Error| {
            Failure::new(
                "greeting-cli did not run",
                error,
                "build it: cargo build -p greeting-cli",
            )
        };
        let token =
            match &case.credential {
                Credential::DeviceCode => {
                    command.args([
                        "--credential",
                        "device-code",
                        "--client-id",
                        deploy::CLI_CLIENT_ID,
                    ]);
                    None
                }
                Credential::None => {
                    command.args(["--credential", "none"]);
                    None
                }
                Credential::Token(spec) => {
                    command.args(["--access-token", "-"]);
                    let token = local_authority(stack)?.mint(spec);
                    Some(token.map_err(|error| {
                        Failure::new("no token was made", error, FOR_THE_MAKERS)
                    })?)
                }
            };
        let spawned = launcher.spawn(command, Stdin::Piped).await;
        let mut child = spawned.map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take()
            && let Some(token) = token
        {
            // A CLI that has ended already says why by itself.
            let _ = stdin.write_all(token.as_bytes()).await;
        }
        if matches!(case.credential, Credential::DeviceCode) {
            sign_in(stack, &mut child).await?;
        }
        child.wait_with_output().await.map_err(failed)
    }
}

/// What there is to do about a demo that its own stack fails.
const FOR_THE_MAKERS: &str = "there is nothing to change here: this is a bug of greeting-local";

/// The demo's own authority.
fn local_authority(stack: &Stack) -> Result<&Authority, Failure> {
    stack.authority().ok_or_else(|| {
        Failure::new(
            "there is no local authority",
            "a real tenant issues the tokens",
            FOR_THE_MAKERS,
        )
    })
}

/// Whether what this program prints keeps its colours.
fn shows_colour() -> bool {
    anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never
}

/// Plays the person: reads the code that the CLI shows, and approves it at the authority.
async fn sign_in(stack: &Stack, child: &mut Child) -> Result<(), Failure> {
    let Some(stderr) = child.stderr.take() else {
        return Ok(());
    };
    let mut lines = BufReader::new(stderr).lines();
    let mut said = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let prompt: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(code) = prompt["user_code"].as_str() {
            print(
                Stream::Err,
                format!(
                    "  sign-in    device code {code}, approved as {USER}; waiting for greeting-cli to ask again …"
                ),
            );
            local_authority(stack)?
                .approve(code, USER)
                .map_err(|error| {
                    Failure::new("the device code was not approved", error, FOR_THE_MAKERS)
                })?;
            // The rest of what it says must be read, or a full pipe would stop it.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(());
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(Failure::new(
        "greeting-cli showed no device code",
        said,
        "correct what it says there",
    ))
}
