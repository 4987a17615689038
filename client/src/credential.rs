//! Where a token comes from.

use azure_core::credentials::{Secret, TokenCredential};
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
use greeting_cli::device_code::{AuthorityError, DeviceCodeCredential, DeviceCodePrompt};
use reqwest::Client;
use serde_json::json;
use url::Url;

use crate::cli::{CredentialKind, Output};
use crate::diagnosis::{self, Finding, SCOPE, Source};
use crate::report::{printable, tell};
use crate::trust;

/// For whom, from whom.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

/// The scope of this function's API.
pub(crate) fn scope_of(resource: &str) -> String {
    if resource.contains("://") {
        format!("{}/{SCOPE}", resource.trim_end_matches('/'))
    } else {
        format!("api://{resource}/{SCOPE}")
    }
}

/// Gets a token.
///
/// # Errors
/// Why there is none.
pub(crate) async fn get(
    kind: CredentialKind,
    http: &Client,
    request: &Request,
    output: Output,
) -> Result<Secret, Box<Finding>> {
    match kind {
        CredentialKind::DeviceCode => device_code(http, request, output).await,
        CredentialKind::AzureCli => azure_cli(request).await,
        CredentialKind::Auto => {
            // A local authority is not the one that az is signed in to, unless told so.
            let local = Url::parse(&request.authority).is_ok_and(|url| trust::is_loopback(&url));
            if !local {
                match azure_cli(request).await {
                    Err(finding) if matches!(finding.code, "az-missing" | "az-signed-out") => {}
                    other => return other,
                }
            }
            device_code(http, request, output).await
        }
        CredentialKind::None => Err(Box::new(Finding::proved(
            "no-token",
            "--credential none asks for no token",
            "--credential device-code or azure-cli",
        ))),
    }
}

async fn device_code(
    http: &Client,
    request: &Request,
    output: Output,
) -> Result<Secret, Box<Finding>> {
    let Request {
        authority,
        tenant,
        client_id,
        scope,
    } = request;
    let credential =
        DeviceCodeCredential::new(http.clone(), authority, tenant, client_id, move |prompt| {
            show(prompt, output)
        })
        .map_err(|error| {
            Box::new(Finding::proved(
                "authority-refused",
                error.to_string(),
                "check --authority-host and --tenant",
            ))
        })?;
    match credential.get_token(&[scope], None).await {
        Ok(token) => Ok(token.token),
        Err(error) => Err(Box::new(match error.downcast_ref::<AuthorityError>() {
            Some(refused) => diagnosis::refusal(refused, client_id, tenant, scope),
            None => match error.downcast_ref::<reqwest::Error>() {
                Some(failed) => match Url::parse(authority) {
                    Ok(url) => diagnosis::unreached(&url, &crate::http::Unreached::of(failed)),
                    Err(_) => unanswered(authority, &error.to_string()),
                },
                None => unanswered(authority, &error.to_string()),
            },
        })),
    }
}

fn unanswered(authority: &str, why: &str) -> Finding {
    Finding::proved(
        "authority-refused",
        "the authority gave no OAuth answer",
        "check --authority-host and --tenant",
    )
    .saw(
        "authority",
        authority,
        serde_json::Value::Null,
        Source::Answer,
    )
    .saw("said", why, serde_json::Value::Null, Source::Answer)
}

/// The code and where it goes: a line of JSON for programs, plain lines for people.
fn show(prompt: &DeviceCodePrompt, output: Output) {
    let minutes = prompt.expires_in / 60;
    match output {
        Output::Json => tell(
            &json!({
                "type": "device_code",
                "user_code": prompt.user_code,
                "verification_uri": prompt.verification_uri,
                "expires_in": prompt.expires_in,
                "message": prompt.message,
            })
            .to_string(),
        ),
        Output::Human => tell(&format!(
            "To sign in, open {} and enter this code within {minutes} min:\n\n    {}\n",
            printable(&prompt.verification_uri),
            printable(&prompt.user_code)
        )),
    }
}

async fn azure_cli(request: &Request) -> Result<Secret, Box<Finding>> {
    let fail = |error: azure_core::Error| {
        Box::new(diagnosis::az_failure(
            &error.to_string(),
            &request.tenant,
            &request.scope,
        ))
    };
    let options = AzureCliCredentialOptions {
        tenant_id: Some(request.tenant.clone()),
        ..Default::default()
    };
    let credential = AzureCliCredential::new(Some(options)).map_err(fail)?;
    Ok(credential
        .get_token(&[&request.scope], None)
        .await
        .map_err(fail)?
        .token)
}
