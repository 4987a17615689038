//! The Azure CLI's sign-in.

use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};

use super::cache::KeptToken;
use super::tool::Tool;
use super::{Credential, TokenRequest, TokenSource};
use crate::diagnosis::{self, Code, Finding};
use crate::terminal::tell;

impl TokenSource<'_> {
    /// As [`by_azure_cli`](Self::by_azure_cli). `Ok(None)`: az is not there, not signed in, or
    /// silent, and another credential may do.
    pub(super) async fn by_azure_cli_if_it_can(&self) -> Result<Option<KeptToken>, Box<Finding>> {
        let az = Tool::new("az");
        match self.by_az(&az).await {
            Ok(token) => Ok(Some(token)),
            Err(_) if az.is_silent() => {
                tell(
                    "note: az does not answer; going on without it (--credential device-code does not ask it)",
                );
                Ok(None)
            }
            Err(finding) if matches!(finding.code, Code::AzMissing | Code::AzSignedOut) => Ok(None),
            Err(finding) => Err(finding),
        }
    }

    pub(super) async fn by_azure_cli(&self) -> Result<KeptToken, Box<Finding>> {
        self.by_az(&Tool::new("az")).await
    }

    async fn by_az(&self, az: &Tool) -> Result<KeptToken, Box<Finding>> {
        let options = AzureCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            executor: Some(std::sync::Arc::new(az.clone())),
            ..Default::default()
        };
        let credential = AzureCliCredential::new(Some(options))
            .map_err(|error| Box::new(self.az_failed(&error)))?;
        self.by_tool(Credential::AzureCli, credential)
            .await
            .map_err(|error| Box::new(self.az_failed(&error)))
    }

    fn az_failed(&self, error: &azure_core::Error) -> Finding {
        let TokenRequest { tenant, scope, .. } = self.request;
        diagnosis::az_failure(&error.to_string(), tenant, scope)
    }
}
