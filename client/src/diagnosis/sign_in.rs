//! No token: what the authority or the Azure CLI said, as a cause. One row a code.

use crate::known_clients::DEVELOPER_CLIENT;
use crate::oauth::device_code::AuthorityError;
use serde_json::Value;

use super::aadsts::AADSTS;
use super::{Code, Finding};
use crate::provenance::Source;

/// A refusal of the authority, as a finding.
pub(crate) fn refusal(error: &AuthorityError, client: &str, tenant: &str, scope: &str) -> Finding {
    let fill = |text: &str| {
        text.replace("{client}", client)
            .replace("{tenant}", tenant)
            .replace("{scope}", scope)
    };
    let row = AADSTS.iter().find(|row| {
        error.error_codes.contains(&row.number)
            || named(&error.error_description) == Some(row.number)
    });
    let finding = match (row, error.error.as_str()) {
        (Some(row), _) => Finding::proved(row.code, fill(row.summary), fill(row.fix)),
        (None, "authorization_declined" | "access_denied") => Finding::proved(
            Code::SignInDeclined,
            "the user declined at the sign-in page",
            "run it again and approve",
        ),
        (None, "expired_token" | "code_expired") => Finding::proved(
            Code::CodeExpired,
            "the code expired before it was approved",
            "run it again and enter the code sooner",
        ),
        (None, other) => Finding::proved(
            Code::AuthorityRefused,
            format!("the authority refused ({other}) for a reason that is not in the catalogue"),
            "look the code up: https://login.microsoftonline.com/error",
        ),
    };
    // Entra's own first line, complete: people search for it.
    let first = error.error_description.lines().next().unwrap_or_default();
    let first = first.split(" Trace ID:").next().unwrap_or(first);
    let mut finding = finding.saw(
        "authority",
        format!("{}: {first}", error.error),
        Value::Null,
        Source::Answer,
    );
    for (what, value, label) in [
        ("trace id", &error.trace_id, "Trace ID: "),
        ("correlation id", &error.correlation_id, "Correlation ID: "),
        ("time", &error.timestamp, "Timestamp: "),
    ] {
        // The Azure CLI passes on the sentence only, with the ids at its end.
        let value = value
            .as_deref()
            .or_else(|| labelled(&error.error_description, label));
        if let Some(value) = value {
            finding = finding.saw(what, value, Value::Null, Source::Answer);
        }
    }
    finding
}

/// What follows a label, up to the next one.
fn labelled<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let value = text.split_once(label)?.1.lines().next()?;
    let value = value.split(" Correlation ID: ").next()?;
    value.split(" Timestamp: ").next()
}

/// The number in `AADSTS65001: …`.
fn named(text: &str) -> Option<u64> {
    let digits = text.split_once("AADSTS")?.1;
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// What the Azure CLI's credential said, as a finding.
pub(crate) fn az_failure(said: &str, tenant: &str, scope: &str) -> Finding {
    let lower = said.to_lowercase();
    if lower.contains("not found on path")
        || lower.contains("no such file")
        || lower.contains("not recognized")
    {
        Finding::proved(
            Code::AzMissing,
            "the Azure CLI (az) is not on the PATH",
            "install it, or use --credential device-code",
        )
    } else if lower.contains("az login") && named(said).is_none() {
        Finding::proved(
            Code::AzSignedOut,
            "the Azure CLI is not signed in",
            format!("az login --scope {scope}"),
        )
    } else if named(said).is_some() {
        let begins = said.find("AADSTS").unwrap_or(0);
        let error = AuthorityError {
            error: "az".into(),
            error_description: said[begins..].trim().to_owned(),
            ..AuthorityError::default()
        };
        // az signs in as the Azure CLI's own client, whatever client this program uses.
        refusal(&error, DEVELOPER_CLIENT, tenant, scope)
    } else {
        Finding::likely(
            Code::AzFailed,
            "the Azure CLI gave no token",
            "run it by hand: az account get-access-token --scope <scope> --query expiresOn",
        )
        .saw("az", said.trim(), Value::Null, Source::Answer)
    }
}

/// What the Azure Developer CLI's credential said, as a finding.
pub(crate) fn azd_failure(said: &str) -> Finding {
    Finding::proved(
        Code::AzdFailed,
        "the Azure Developer CLI (azd) gave no token",
        "azd auth login; or --credential azure-cli or device-code",
    )
    .saw("azd", said.trim(), Value::Null, Source::Answer)
}

#[cfg(test)]
mod tests;
