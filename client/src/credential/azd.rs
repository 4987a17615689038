//! The Azure Developer CLI's sign-in.

use azure_identity::{AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions};

use super::cache::KeptToken;
use super::tool::Tool;
use super::{Credential, TokenSource};
use crate::diagnosis::{self, Finding};

impl TokenSource<'_> {
    pub(super) async fn by_azd(&self) -> Result<KeptToken, Box<Finding>> {
        let azd = Tool::new("azd");
        let options = AzureDeveloperCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            executor: Some(std::sync::Arc::new(azd.clone())),
        };
        let failed = |error: azure_core::Error| {
            Box::new(diagnosis::azd_failure(&azd.failure(|| error.to_string())))
        };
        let credential = AzureDeveloperCliCredential::new(Some(options)).map_err(failed)?;
        self.by_tool(Credential::Azd, credential)
            .await
            .map_err(failed)
    }
}
