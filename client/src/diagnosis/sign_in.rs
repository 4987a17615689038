//! No token: what the authority said, as a cause. One row a code.

use crate::guid::is_guid;
use crate::known_clients::DEVELOPER_CLIENT;
use crate::oauth::device_code::AuthorityError;
use serde_json::Value;

use super::aadsts::{AADSTS, look_up};
use super::{Certainty, Code, Finding};
use crate::provenance::Source;

/// The API that a scope names, of the first where there are several.
fn api_of(scopes: &str) -> String {
    let first = scopes.split_ascii_whitespace().next().unwrap_or_default();
    let named = first.rsplit_once('/').map(|(api, _)| api.to_owned());
    named.unwrap_or_else(|| "api://<the API's client id>".to_owned())
}

/// A refusal of the authority, as a finding.
pub(crate) fn refusal(error: &AuthorityError, client: &str, tenant: &str, scope: &str) -> Finding {
    let fill = |text: &str| {
        text.replace("{client}", &secret_forms::word(client))
            .replace("{tenant}", &secret_forms::word(tenant))
            .replace("{scope}", &secret_forms::word(scope))
            .replace("{api}", &api_of(&secret_forms::word(scope)))
    };
    let row = AADSTS.iter().find(|row| {
        error.error_codes.contains(&row.number)
            || named(&error.error_description) == Some(row.number)
    });
    let number = error
        .error_codes
        .first()
        .copied()
        .or_else(|| named(&error.error_description));
    let finding = match (row, error.error.as_str(), number) {
        (Some(row), _, _) => {
            let fix = match row.number {
                500_011 => by_client_id(scope),
                65001 if client != DEVELOPER_CLIENT => fill(
                    "consent once, in a browser: greeting-cli call URL --credential browser; or pre-authorize {client} in the API's registration (preAuthorizedApplications; portal: Expose an API, Authorized client applications)",
                ),
                50076 | 50074 if client != DEVELOPER_CLIENT => {
                    "sign in with it, in a browser: greeting-cli call URL --credential browser"
                        .to_owned()
                }
                _ => fill(row.fix),
            };
            Finding::proved(row.code, fill(row.summary), fix)
        }
        (None, "authorization_declined", _) => declined(),
        // RFC 6749 section 4.1.2.1: the person denied, or somebody else did.
        (None, "access_denied", None) => Finding {
            certainty: Certainty::Likely,
            ..declined()
        },
        (None, "expired_token" | "code_expired", _) => Finding::proved(
            Code::CodeExpired,
            "the code expired before it was approved",
            "run it again and enter the code sooner",
        ),
        (None, other, number) => unlisted(other, number),
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

fn declined() -> Finding {
    Finding::proved(
        Code::SignInDeclined,
        "the user declined at the sign-in page",
        "run it again and approve",
    )
}

/// A reason that the catalogue does not have: Microsoft's table of codes may.
fn unlisted(error: &str, number: Option<u64>) -> Finding {
    let summary = match number.and_then(look_up) {
        Some(known) => format!("the authority refused ({error}): {}", known.meaning),
        None => {
            format!("the authority refused ({error}) for a reason that is not in the catalogue")
        }
    };
    let fix = match number {
        Some(number) => {
            format!("look it up: https://login.microsoftonline.com/error?code={number}")
        }
        None => "look the code up: https://login.microsoftonline.com/error".to_owned(),
    };
    Finding::proved(Code::AuthorityRefused, summary, fix)
}

/// AADSTS500011: an API can be named by its client id whatever its App ID URI is.
fn by_client_id(scope: &str) -> String {
    let (api, name) = scope.rsplit_once('/').unwrap_or((scope, ".default"));
    let id = api
        .split('/')
        .rfind(|part| is_guid(part))
        .unwrap_or("<the API's client id>");
    format!(
        "the API's App ID URI may be another; its client id always names it: greeting-cli call URL --scope {id}/{name}; if that fails too, it has no service principal in this tenant: az ad sp create --id {id}"
    )
}

/// A client that the environment named, where it is the wrong kind: a service principal's, as a
/// rule, and not to be made a public client for a greeting.
pub(crate) fn with_client_from(finding: Finding, client: &str, from: Source) -> Finding {
    if finding.code != Code::PublicClientOff || from != Source::Environment {
        return finding;
    }
    Finding {
        fix: "unset AZURE_CLIENT_ID, so that the Azure CLI's client signs in; or name a public client: greeting-cli call URL --client-id CLIENT".into(),
        ..finding
    }
    .saw("client", client, "a public client", Source::Environment)
}

/// What follows a label, up to the next one.
fn labelled<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let value = text.split_once(label)?.1.lines().next()?;
    let value = value.split(" Correlation ID: ").next()?;
    value.split(" Timestamp: ").next()
}

/// The number in `AADSTS65001: …`.
pub(super) fn named(text: &str) -> Option<u64> {
    let digits = text.split_once("AADSTS")?.1;
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests;
