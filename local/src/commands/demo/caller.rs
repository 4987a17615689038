//! `greeting-cli`, as the demo calls it.

use std::path::{Path, PathBuf};
use std::process::{Output as Finished, Stdio};

use command_line::characters::writable;
use local_child::Stdin;
use local_entra::Authority;
use local_events::{Stream, print};
use local_failure::Failure;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Child;

use super::{Case, Credential};
use crate::cli::Output;
use crate::stack::Stack;
use crate::{deploy, programs};

/// The seed's sentence, to the letter.
const GREETING: &str = "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";
const USER: &str = "alice@greeting.test";

/// What came of a case.
pub(super) struct Seen {
    pub(super) status: u64,
    pub(super) report: Value,
    pub(super) shown: String,
}

impl Seen {
    /// Whether it is what had to come of it.
    pub(super) fn is(&self, case: &Case) -> bool {
        let first = self.report["findings"][0]["code"].as_str();
        let greeted = self.report["greeting"].as_str() == Some(GREETING);
        self.status == case.status && first == case.finding && greeted == (case.status == 200)
    }
}

/// The real `greeting-cli`.
pub(super) struct Cli<'a> {
    pub(super) path: PathBuf,
    /// Where it keeps tokens.
    pub(super) state: &'a Path,
}

impl Cli<'_> {
    /// The call of a case, and what a person would see of it, if one looks.
    pub(super) async fn call(
        &self,
        stack: &Stack,
        case: &Case,
        output: Output,
    ) -> Result<Seen, Failure> {
        let token =
            match &case.credential {
                Credential::DeviceCode | Credential::None => None,
                Credential::Token(spec) => {
                    let token = local_authority(stack)?.mint(spec);
                    Some(token.map_err(|error| {
                        Failure::new("no token was made", error, FOR_THE_MAKERS)
                    })?)
                }
            };
        let finished = self
            .run(stack, case, token.as_deref(), Output::Json)
            .await?;
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
                let finished = self
                    .run(stack, case, token.as_deref(), Output::Human)
                    .await?;
                String::from_utf8_lossy(&finished.stderr).into_owned()
            }
        };
        Ok(Seen {
            status: report["status"].as_u64().unwrap_or(0),
            report,
            shown,
        })
    }

    async fn run(
        &self,
        stack: &Stack,
        case: &Case,
        token: Option<&str>,
        output: Output,
    ) -> Result<Finished, Failure> {
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
        command.args(match &case.credential {
            Credential::DeviceCode => &[
                "--credential",
                "device-code",
                "--client-id",
                deploy::CLI_CLIENT_ID,
            ][..],
            Credential::None => &["--credential", "none"],
            Credential::Token(_) => &["--access-token", "-"],
        });
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
                writable(&format!(
                    "  sign-in    device code {code}, approved as {USER}\n             greeting-cli asks again soon …"
                )),
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
