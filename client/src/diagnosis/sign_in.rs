//! No token: what the authority or the Azure CLI said, as a cause. One row a code.

use greeting_cli::device_code::AuthorityError;
use serde_json::Value;

use super::{Finding, Source};

/// AADSTS number, finding, what happened, what to do. `{client}`, `{scope}` and `{tenant}` are
/// filled. Source: Microsoft's error-code reference and the catalogue of this project.
const AADSTS: &[(u64, &str, &str, &str)] = &[
    (
        65001,
        "consent-required",
        "nobody has consented to client {client} for {scope}",
        "pre-authorize the client in the API's registration (preAuthorizedApplications; portal: Expose an API, Authorized client applications), or sign in interactively and consent: az login --scope {scope}",
    ),
    (
        7_000_218,
        "public-client-off",
        "client {client} is not a public client, and a device code needs one",
        "set isFallbackPublicClient to true in its registration (portal: Authentication, Allow public client flows)",
    ),
    (
        500_011,
        "unknown-resource",
        "the tenant has no service principal for the API in {scope}",
        "az ad sp create --id <the API's client id>; or check --scope and --tenant",
    ),
    (
        700_016,
        "unknown-client",
        "the tenant does not know the client {client}",
        "check --client-id and --tenant",
    ),
    (
        700_038,
        "unknown-client",
        "{client} is no client id",
        "check --client-id: the Application (client) ID of the client's registration",
    ),
    (
        90002,
        "unknown-tenant",
        "there is no tenant {tenant}",
        "check --tenant: az account show --query tenantId -o tsv",
    ),
    (
        900_023,
        "unknown-tenant",
        "{tenant} is neither a tenant's id nor a domain",
        "check --tenant: az account show --query tenantId -o tsv",
    ),
    (
        650_057,
        "permission-not-requested",
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)",
    ),
    (
        650_056,
        "permission-not-requested",
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)",
    ),
    (
        7_000_215,
        "client-secret",
        "the client secret is wrong; often its id was pasted for its value",
        "make a new one and copy its Value: az ad app credential reset --id {client}",
    ),
    (
        7_000_222,
        "client-secret",
        "the client secret has expired",
        "az ad app credential reset --id {client}",
    ),
    (
        700_025,
        "client-secret",
        "a public client sent a secret",
        "send none, or use a confidential client",
    ),
    (
        50011,
        "redirect-mismatch",
        "the redirect address is not among the client's",
        "add http://localhost as Mobile and desktop redirect URI of {client}",
    ),
    (
        900_971,
        "redirect-mismatch",
        "the client has no redirect address",
        "add http://localhost as Mobile and desktop redirect URI of {client}",
    ),
    (
        90009,
        "token-for-itself",
        "the client asked for a token for itself",
        "use its GUID as the resource: --scope <client id>/.default; or another client for the API",
    ),
    (
        70011,
        "scope-not-defined",
        "{scope} is not a scope",
        "--scope api://<the API's client id>/Greeting.Read",
    ),
    (
        65005,
        "scope-not-defined",
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or correct --scope",
    ),
    (
        650_053,
        "scope-not-defined",
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or correct --scope",
    ),
    (
        53003,
        "blocked-by-policy",
        "Conditional Access blocks this sign-in; many tenants block device codes",
        "use --credential azure-cli on a managed machine, or ask the administrator",
    ),
    (
        53000,
        "blocked-by-policy",
        "Conditional Access wants a compliant device",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        53001,
        "blocked-by-policy",
        "Conditional Access wants a domain-joined device",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        50076,
        "mfa-required",
        "a second factor is needed",
        "sign in again with it: az login --tenant {tenant} --scope {scope}",
    ),
    (
        50079,
        "mfa-required",
        "a second factor has to be registered",
        "register it in a browser, then sign in again",
    ),
    (
        50055,
        "password-expired",
        "the password has expired",
        "change it in a browser, then sign in again",
    ),
    (
        50020,
        "user-not-in-tenant",
        "the user is not in the tenant {tenant}",
        "--tenant <the user's>, or have them invited as a guest",
    ),
    (
        50194,
        "user-not-in-tenant",
        "the client is single-tenant and another tenant was asked",
        "--tenant <the client's own tenant>",
    ),
    (
        90094,
        "admin-consent",
        "only an administrator can consent to {scope}",
        "have one run: az ad app permission admin-consent --id {client}",
    ),
    (
        700_082,
        "refresh-expired",
        "the earlier sign-in has expired",
        "sign in again",
    ),
    (
        50173,
        "refresh-expired",
        "the earlier sign-in was revoked",
        "sign in again",
    ),
];

/// A refusal of the authority, as a finding.
pub(crate) fn refusal(error: &AuthorityError, client: &str, tenant: &str, scope: &str) -> Finding {
    let fill = |text: &str| {
        text.replace("{client}", client)
            .replace("{tenant}", tenant)
            .replace("{scope}", scope)
    };
    let row = AADSTS.iter().find(|(code, ..)| {
        error.error_codes.contains(code) || named(&error.error_description) == Some(*code)
    });
    let finding = match (row, error.error.as_str()) {
        (Some((_, code, summary, fix)), _) => Finding::proved(code, fill(summary), fill(fix)),
        (None, "authorization_declined" | "access_denied") => Finding::proved(
            "sign-in-declined",
            "the person at the sign-in page declined",
            "run it again and approve",
        ),
        (None, "expired_token" | "code_expired") => Finding::proved(
            "code-expired",
            "the code expired before it was approved",
            "run it again and enter the code sooner",
        ),
        (None, other) => Finding::proved(
            "authority-refused",
            format!("the authority refused ({other}) for a reason that is not in the catalogue"),
            "look the code up: https://login.microsoftonline.com/error",
        ),
    };
    // Entra's own first line, whole: people search for it.
    let first = error.error_description.lines().next().unwrap_or_default();
    let first = first.split(" Trace ID:").next().unwrap_or(first);
    let mut finding = finding.saw(
        "authority",
        format!("{}: {first}", error.error),
        Value::Null,
        Source::Answer,
    );
    for (what, value) in [
        ("trace id", &error.trace_id),
        ("correlation id", &error.correlation_id),
        ("time", &error.timestamp),
    ] {
        if let Some(value) = value {
            finding = finding.saw(what, value.as_str(), Value::Null, Source::Answer);
        }
    }
    finding
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
            "az-missing",
            "the Azure CLI (az) is not on the PATH",
            "install it, or use --credential device-code",
        )
    } else if lower.contains("az login") && named(said).is_none() {
        Finding::proved(
            "az-signed-out",
            "the Azure CLI is not signed in",
            format!("az login --scope {scope}"),
        )
    } else if named(said).is_some() {
        let error = AuthorityError {
            error: "az".into(),
            error_description: said.trim().to_owned(),
            ..AuthorityError::default()
        };
        // az signs in as the Azure CLI's own client, whatever this program was told.
        refusal(&error, crate::cli::DEVELOPER_CLIENT, tenant, scope)
    } else {
        Finding::likely(
            "az-failed",
            "the Azure CLI gave no token",
            "run it by hand: az account get-access-token --scope <scope> --query expiresOn",
        )
        .saw("az", said.trim(), Value::Null, Source::Answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_code_and_by_text() {
        for (number, code, ..) in AADSTS {
            let by_code = AuthorityError {
                error: "x".into(),
                error_codes: vec![*number],
                ..AuthorityError::default()
            };
            let by_text = AuthorityError {
                error: "x".into(),
                error_description: format!("AADSTS{number}: words. Trace ID: t"),
                ..AuthorityError::default()
            };
            for error in [by_code, by_text] {
                let finding = refusal(&error, "client-1", "tenant-1", "scope-1");
                assert_eq!(finding.code, *code);
                assert!(
                    !finding.summary.contains('{') && !finding.fix.contains('{'),
                    "{finding:?}"
                );
            }
        }
    }

    #[test]
    fn what_no_row_knows_is_shown_whole() {
        let error = AuthorityError {
            error: "invalid_grant".into(),
            error_description: "AADSTS123456: something new. Trace ID: t".into(),
            error_codes: vec![123_456],
            trace_id: Some("trace-1".into()),
            ..AuthorityError::default()
        };
        let finding = refusal(&error, "c", "t", "s");
        assert_eq!(finding.code, "authority-refused");
        let seen = serde_json::to_string(&finding.evidence).unwrap();
        assert!(
            seen.contains("AADSTS123456: something new.") && seen.contains("trace-1"),
            "{seen}"
        );
        for (error, code) in [
            ("authorization_declined", "sign-in-declined"),
            ("expired_token", "code-expired"),
        ] {
            let error = AuthorityError {
                error: error.into(),
                ..AuthorityError::default()
            };
            assert_eq!(refusal(&error, "c", "t", "s").code, code);
        }
    }

    #[test]
    fn the_azure_cli_is_understood() {
        for (said, code) in [
            ("Azure CLI not found on PATH", "az-missing"),
            (
                "ERROR: Please run 'az login' to setup account.",
                "az-signed-out",
            ),
            (
                "AADSTS65001: The user has not consented. Please run: az login --scope x",
                "consent-required",
            ),
            ("out of memory", "az-failed"),
        ] {
            assert_eq!(az_failure(said, "t", "s").code, code, "{said}");
        }
    }
}
