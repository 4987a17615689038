//! The Azure CLI's sign-in.

use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};

use super::cache::KeptToken;
use super::tool::Tool;
use super::{Credential, TokenRequest, TokenSource};
use crate::diagnosis::{self, Code, Finding, ToolFailure};
use crate::terminal::{printable, tell};

/// What az says of a tenant where its account has none to choose: Cloud Shell's and managed
/// identities'. (Since mid-2025 it takes the account's own.)
const NO_TENANT: &str = "Tenant shouldn't be specified";

impl TokenSource<'_> {
    /// As [`by_azure_cli`](Self::by_azure_cli). `Ok(None)`: az is not there, can't be run, is not
    /// signed in or is silent, and another credential may do.
    pub(super) async fn by_azure_cli_if_it_can(&self) -> Result<Option<KeptToken>, Box<Finding>> {
        let (finding, failure) = match self.by_az().await {
            Ok(token) => return Ok(Some(token)),
            Err(failed) => *failed,
        };
        match failure {
            ToolFailure::Silent { .. } => tell(
                "note: az does not answer; going on without it (--credential device-code does not ask it)",
            ),
            ToolFailure::NotStarted { at, said } => {
                let why = said.lines().next().unwrap_or("no word of why").to_owned();
                tell(&printable(&format!(
                    "note: {} can't be run ({why}); going on without it",
                    at.display()
                )));
            }
            _ if matches!(finding.code, Code::AzMissing | Code::AzSignedOut) => {}
            _ => return Err(Box::new(finding)),
        }
        Ok(None)
    }

    pub(super) async fn by_azure_cli(&self) -> Result<KeptToken, Box<Finding>> {
        self.by_az().await.map_err(|failed| Box::new(failed.0))
    }

    async fn by_az(&self) -> Result<KeptToken, Box<(Finding, ToolFailure)>> {
        let TokenRequest { tenant, scope, .. } = self.request;
        let failure = match self.by_az_of(Some(tenant.clone())).await {
            Ok(token) => return Ok(token),
            Err(ToolFailure::Said(said)) if said.contains(NO_TENANT) => {
                match self.by_az_of(None).await {
                    Ok(token) => return Ok(token),
                    Err(failure) => failure,
                }
            }
            Err(failure) => failure,
        };
        let finding = diagnosis::az_failure(&failure, tenant, scope);
        Err(Box::new((finding, failure)))
    }

    async fn by_az_of(&self, tenant_id: Option<String>) -> Result<KeptToken, ToolFailure> {
        let az = Tool::new("az");
        let failed = |error: azure_core::Error| az.failure(|| error.to_string());
        let options = AzureCliCredentialOptions {
            tenant_id,
            executor: Some(std::sync::Arc::new(az.clone())),
            ..Default::default()
        };
        let credential = AzureCliCredential::new(Some(options)).map_err(failed)?;
        self.by_tool(Credential::AzureCli, credential)
            .await
            .map_err(failed)
    }
}
