//! The Azure CLI, the kept token, and how the gate and the function answer it.

use std::ffi::OsStr;

use azure_core::credentials::Secret;
use azure_identity::Executor as _;
use serde::Deserialize;

use super::Checks;
use crate::cli::CredentialKind;
use crate::clock::{how_long, now};
use crate::credential::MARGIN;
use crate::credential::cache::{self, KeyStore};
use crate::credential::tool::Tool;
use crate::diagnosis::{self, Code, Expected, Finding};
use crate::discovery::challenge::Challenge;
use crate::report::Outcome;
use crate::session::send::{self, Origin};
use crate::session::{Called, Known, Session, explain, learn};
use crate::terminal::quoted;
use crate::token::Decoded;

/// The result of the check of the Azure CLI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AzureCli {
    /// It can give a token.
    SignedIn,
    /// A call would not use it, or it gives no token.
    NotUsed,
}

/// Who is signed in to the Azure CLI.
enum Az {
    SignedIn(String),
    Not(Box<Finding>),
}

pub(super) async fn examine(session: &Session, challenge: &Challenge, checks: &mut Checks) {
    let provided = match session.provided() {
        Ok(provided) => provided,
        Err(finding) => {
            checks.skip(&["audience", "Azure CLI", "key store"], "a token is given");
            no_token(checks, finding);
            return;
        }
    };
    let known = match learn::learn(session).await {
        Ok(known) => known,
        Err(stopped) => {
            checks.skip(
                &["audience", "Azure CLI", "key store"],
                "no token would be asked for",
            );
            let report = explain::stopped(session, *stopped).await;
            for finding in report.findings.into_iter().take(1) {
                no_token(checks, finding);
            }
            return;
        }
    };
    match provided {
        Some(_) => checks.skip(&["audience"], "a token is given"),
        None => audience(session, &known, challenge, checks),
    }
    let az = azure_cli(session, &known, provided.as_ref(), checks).await;
    key_store(session, provided.as_ref(), checks).await;
    let token = match provided {
        Some(token) => Ok((token, Origin::Brought)),
        None => kept(session, &known, az)
            .await
            .map(|token| (token, Origin::AskedFor)),
    };
    match token {
        Ok((token, origin)) => {
            checks.ok("token", described(&token));
            tried(session, &token, origin, challenge, checks).await;
        }
        Err(finding) => no_token(checks, *finding),
    }
}

fn no_token(checks: &mut Checks, finding: Finding) {
    checks.failed("token", finding);
    checks.skip(&["accepted", "scope"], "there is no token to send");
}

/// Whether the gate takes the audience that tokens for this scope have.
fn audience(session: &Session, known: &Known, challenge: &Challenge, checks: &mut Checks) {
    let expected = Expected::of(challenge).with(session.settings.as_ref());
    match diagnosis::audience_of_scope(&known.request.scope, &expected) {
        Ok(seen) => checks.ok("audience", seen),
        Err(finding) => checks.failed("audience", *finding),
    }
}

/// Whether what seals the kept tokens answers.
async fn key_store(session: &Session, provided: Option<&Secret>, checks: &mut Checks) {
    if provided.is_some() || session.args.no_cache {
        checks.skip(&["key store"], "no token is kept");
        return;
    }
    match cache::key_store().await {
        KeyStore::Answers => checks.ok("key store", "it answers"),
        KeyStore::None => checks.skip(
            &["key store"],
            "there is none; tokens are kept in a file that only you can read",
        ),
        KeyStore::Silent => checks.failed("key store", diagnosis::key_store_silent()),
        KeyStore::Fails(why) => checks.failed("key store", diagnosis::key_store_fails(&why)),
    }
}

/// Checked where a call would use it; a failure only where nothing else can be used.
async fn azure_cli(
    session: &Session,
    known: &Known,
    provided: Option<&Secret>,
    checks: &mut Checks,
) -> AzureCli {
    let kind = session.args.credential;
    let unused = match kind {
        _ if provided.is_some() => Some("a token is given"),
        CredentialKind::Auto if known.request.is_local() => {
            Some("a local authority has its own users")
        }
        CredentialKind::Auto | CredentialKind::AzureCli => None,
        _ => Some("another credential is chosen"),
    };
    if let Some(because) = unused {
        checks.skip(&["Azure CLI"], because);
        return AzureCli::NotUsed;
    }
    match signed_in(&known.request.tenant, &known.request.scope).await {
        Az::SignedIn(user) => {
            checks.ok("Azure CLI", user);
            AzureCli::SignedIn
        }
        Az::Not(finding) if kind == CredentialKind::AzureCli => {
            checks.failed("Azure CLI", *finding);
            AzureCli::NotUsed
        }
        Az::Not(finding) => {
            checks.skip(
                &["Azure CLI"],
                &format!("{}; a device code does not need it", finding.summary),
            );
            AzureCli::NotUsed
        }
    }
}

/// Who az says is signed in: `user` of `az account show`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    #[serde(default)]
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(rename = "cloudShellID", default)]
    is_cloud_shell: bool,
}

impl Account {
    /// In words, with what its tokens lack.
    fn words(&self) -> String {
        let name = &self.name;
        match (self.kind.as_str(), name.as_str()) {
            ("servicePrincipal", "systemAssignedIdentity" | "userAssignedIdentity") => format!(
                "signed in as a managed identity ({name}): its tokens have app roles and no scope"
            ),
            ("servicePrincipal", _) => format!(
                "signed in as the service principal {name}: its tokens have app roles and no scope"
            ),
            _ if self.is_cloud_shell => format!("signed in as {name}, by Cloud Shell"),
            _ => format!("signed in as {name}"),
        }
    }
}

async fn signed_in(tenant: &str, scope: &str) -> Az {
    // az is a script: Windows has no other way to start those.
    let (shell, run) = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("/bin/sh", "-c")
    };
    let command = "az account show --query user --output json";
    let az = Tool::new("az");
    let outcome = az
        .run(OsStr::new(shell), &[OsStr::new(run), OsStr::new(command)])
        .await;
    let account = match &outcome {
        Ok(output) if output.status.success() => {
            serde_json::from_slice::<Account>(&output.stdout).ok()
        }
        _ => None,
    };
    match account {
        Some(account) => Az::SignedIn(account.words()),
        None => {
            let failure = az.failure(|| "its answer is not the JSON of an account".to_owned());
            Az::Not(Box::new(diagnosis::az_failure(&failure, tenant, scope)))
        }
    }
}

/// A kept token, or one from az: both need no sign-in.
async fn kept(session: &Session, known: &Known, az: AzureCli) -> Result<Secret, Box<Finding>> {
    let mut token_source = session.token_source(&known.request);
    let kept = token_source.kept().await;
    let usable = kept
        .is_some_and(|entry| entry.expires_at > now() + MARGIN || entry.refresh_token.is_some());
    let quiet = matches!(
        session.args.credential,
        CredentialKind::AzureCli | CredentialKind::Azd
    );
    if usable || quiet {
        return token_source.get().await;
    }
    if az == AzureCli::SignedIn {
        token_source.kind = CredentialKind::AzureCli;
        return token_source.get().await;
    }
    Err(Box::new(Finding::proved(
        Code::NoToken,
        "no token is kept for this function",
        format!(
            "greeting-cli login {}",
            quoted(&crate::http::without_query(&session.url))
        ),
    )))
}

fn described(token: &Secret) -> String {
    let Ok(decoded) = Decoded::parse(token.secret()) else {
        return "opaque".to_owned();
    };
    let left = decoded.time("exp").map_or_else(
        || "an unknown time".to_owned(),
        |exp| how_long(exp.saturating_sub(now()).max(0)),
    );
    format!("scopes {}, {left} left", decoded.scopes().join(" "))
}

/// How the gate answers it, and then the function.
async fn tried(
    session: &Session,
    token: &Secret,
    origin: Origin,
    challenge: &Challenge,
    checks: &mut Checks,
) {
    let Called { report, reply } =
        send::send(session, token, origin, Some(challenge.clone())).await;
    let finding = report.findings.into_iter().next();
    let by_function =
        |finding: &Finding| matches!(finding.code, Code::MissingScope | Code::AppOnlyToken);
    match (report.outcome, finding) {
        (Outcome::Ok, None) => {
            checks.ok("accepted", "the gate let it through");
            let greeting = reply.map(|reply| reply.answer.body).unwrap_or_default();
            checks.ok("scope", greeting.trim());
        }
        (_, Some(finding)) if by_function(&finding) => {
            checks.ok("accepted", "the gate let it through");
            checks.failed("scope", finding);
        }
        (_, finding) => {
            let finding = finding.unwrap_or_else(|| {
                let status = report.status.unwrap_or_default();
                Finding::likely(
                    Code::UnexpectedAnswer,
                    format!("no known cause explains a {status}"),
                    "run greeting-cli call -v, which shows the request and the answer",
                )
            });
            checks.failed("accepted", finding);
            checks.skip(&["scope"], "the function was not reached");
        }
    }
}
