//! The Azure CLI's sign-in.

use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};

use super::cache::KeptToken;
use super::tool::Tool;
use super::{Credential, TokenRequest, TokenSource};
use crate::diagnosis::{self, Finding};

impl TokenSource<'_> {
    pub(super) async fn by_azure_cli(&self) -> Result<KeptToken, Box<Finding>> {
        let options = AzureCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            executor: Some(std::sync::Arc::new(Tool("az"))),
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
