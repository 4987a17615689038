//! The Azure Developer CLI's sign-in.

use azure_identity::{AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions};

use super::Seeker;
use super::cache::Entry;
use crate::diagnosis::{self, Finding};

impl Seeker<'_> {
    pub(super) async fn by_azd(&self) -> Result<Entry, Box<Finding>> {
        let options = AzureDeveloperCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            ..Default::default()
        };
        let failed =
            |error: azure_core::Error| Box::new(diagnosis::azd_failure(&error.to_string()));
        let credential = AzureDeveloperCliCredential::new(Some(options)).map_err(failed)?;
        self.by_tool("azd", credential).await.map_err(failed)
    }
}
