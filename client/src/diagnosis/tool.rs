//! No token: how az or azd failed, as a cause, with its own words.

use std::path::PathBuf;

use serde_json::Value;

use super::sign_in::{named, refusal};
use super::{Code, Finding};
use crate::known_clients::DEVELOPER_CLIENT;
use crate::oauth::device_code::AuthorityError;
use crate::provenance::Source;
use crate::scope::resource_of;

/// How a tool gave no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToolFailure {
    /// The PATH has no such program.
    NotOnPath,
    /// The PATH has it, and the system can't run it: its interpreter is gone, for example.
    NotStarted { at: PathBuf, said: String },
    /// It ended with these words.
    Said(String),
    /// It did not answer within the time that it is given.
    Silent { seconds: u64 },
    /// Something else, in the words of what runs it.
    Strange(String),
}

/// Why the Azure CLI gave no token.
pub(crate) fn az_failure(failure: &ToolFailure, tenant: &str, scope: &str) -> Finding {
    let shown = secret_forms::word(scope);
    let failed = |summary: String, fix: String| Finding::likely(Code::AzFailed, summary, fix);
    let by_hand =
        format!("run it by hand: az account get-access-token --scope {shown} --query expiresOn");
    match failure {
        ToolFailure::NotOnPath => Finding::proved(
            Code::AzMissing,
            "the Azure CLI (az) is not on the PATH",
            "install it, or use greeting-cli call URL --credential device-code",
        ),
        ToolFailure::NotStarted { at, said } => failed(
            format!("{} is there, and can't be run", at.display()),
            "install the Azure CLI again (its interpreter may be gone), or use greeting-cli call URL --credential device-code"
                .to_owned(),
        )
        .saw("az", said.as_str(), Value::Null, Source::Answer),
        ToolFailure::Silent { seconds } => failed(
            format!("az did not answer within {seconds} s"),
            format!("{by_hand}; or do without az: greeting-cli call URL --credential device-code"),
        ),
        ToolFailure::Strange(said) => failed("the Azure CLI gave no token".to_owned(), by_hand)
            .saw("az", said.trim(), Value::Null, Source::Answer),
        ToolFailure::Said(said) => az_said(said, tenant, scope),
    }
}

fn az_said(said: &str, tenant: &str, scope: &str) -> Finding {
    let shown = secret_forms::word(scope);
    if let Some(number) = named(said) {
        let begins = said.find("AADSTS").unwrap_or(0);
        let error = AuthorityError {
            error: "az".into(),
            error_description: said[begins..].trim().to_owned(),
            ..AuthorityError::default()
        };
        // az signs in as the Azure CLI's own client, whatever client this program uses.
        let finding = refusal(&error, DEVELOPER_CLIENT, tenant, scope);
        return if number == 1_002_012 {
            as_service_principal(finding, scope)
        } else {
            finding
        };
    }
    let signed_out = said
        .to_lowercase()
        .contains("run 'az login' to setup account");
    let wants_login = said.to_lowercase().contains("az login");
    let finding = if signed_out {
        Finding::proved(
            Code::AzSignedOut,
            "the Azure CLI is not signed in",
            format!("az login --scope {shown}"),
        )
    } else if wants_login {
        Finding::likely(
            Code::AzSignedOut,
            "the Azure CLI wants a new sign-in",
            format!("az login --scope {shown}"),
        )
    } else {
        Finding::likely(
            Code::AzFailed,
            "the Azure CLI gave no token",
            format!(
                "run it by hand: az account get-access-token --scope {shown} --query expiresOn"
            ),
        )
    };
    finding.saw("az", words(said), Value::Null, Source::Answer)
}

/// AADSTS1002012: az is signed in as a program, not as a user.
fn as_service_principal(finding: Finding, scope: &str) -> Finding {
    let api = secret_forms::word(resource_of(scope));
    Finding {
        summary: format!(
            "az is signed in as a service principal, which has to ask for {api}/.default; its token then has app roles and no scope"
        ),
        fix: format!(
            "where the API accepts an app role: greeting-cli call URL --scope {api}/.default; where it wants a scope, sign in as a user: az login --scope {}",
            secret_forms::word(scope)
        ),
        ..finding
    }
}

/// The words that a person needs of an output: a Python traceback ends with them.
fn words(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let from = match lines.iter().any(|line| line.starts_with("Traceback")) {
        true => lines.len().saturating_sub(1),
        false => 0,
    };
    lines[from..]
        .iter()
        .take(4)
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Why the Azure Developer CLI gave no token.
pub(crate) fn azd_failure(failure: &ToolFailure) -> Finding {
    const USUAL: &str = "azd auth login; or greeting-cli call URL --credential device-code";
    let failed = |summary: String, fix: &str| Finding::proved(Code::AzdFailed, summary, fix);
    let usual = "the Azure Developer CLI (azd) gave no token";
    match failure {
        ToolFailure::NotOnPath => Finding::proved(
            Code::AzdMissing,
            "the Azure Developer CLI (azd) is not on the PATH",
            "install it, or use greeting-cli call URL --credential device-code",
        ),
        ToolFailure::NotStarted { at, said } => failed(
            format!("{} is there, and can't be run", at.display()),
            "install azd again, or use greeting-cli call URL --credential device-code",
        )
        .saw("azd", said.as_str(), Value::Null, Source::Answer),
        ToolFailure::Silent { seconds } => failed(
            format!("azd did not answer within {seconds} s"),
            "azd auth login --check-status; or greeting-cli call URL --credential device-code",
        ),
        ToolFailure::Strange(said) => {
            failed(usual.to_owned(), USUAL).saw("azd", said.trim(), Value::Null, Source::Answer)
        }
        ToolFailure::Said(said) => {
            let Azd { words, suggestion } = Azd::read(said);
            let finding = failed(usual.to_owned(), suggestion.as_deref().unwrap_or(USUAL));
            finding.saw("azd", words, Value::Null, Source::Answer)
        }
    }
}

/// What azd writes of a failure. Before 1.23.7 a `consoleMessage` with the text as data, since then
/// an object with `error` and sometimes `suggestion`, up to 1.24 after an empty `consoleMessage`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Azd {
    words: String,
    suggestion: Option<String>,
}

impl Azd {
    fn read(said: &str) -> Self {
        let text = |value: &Value, pointer: &str| {
            let text = value.pointer(pointer)?.as_str()?.trim();
            let text = text.strip_prefix("ERROR:").unwrap_or(text).trim();
            let text = text.strip_prefix("Suggestion:").unwrap_or(text).trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let mut words = Vec::new();
        let mut suggestion = None;
        let mut objects = serde_json::Deserializer::from_str(said).into_iter::<Value>();
        // What is not JSON is shown as it is.
        while let Some(Ok(object)) = objects.next() {
            let message = ["/error", "/error/message", "/data/message", "/message"]
                .into_iter()
                .find_map(|pointer| text(&object, pointer));
            words.extend(message);
            suggestion = suggestion.or_else(|| text(&object, "/suggestion"));
        }
        let rest = said[objects.byte_offset()..].trim();
        if !rest.is_empty() {
            words.push(rest.to_owned());
        }
        Self {
            words: words.join(" "),
            suggestion,
        }
    }
}

#[cfg(test)]
mod tests;
