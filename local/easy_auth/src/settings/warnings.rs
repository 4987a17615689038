//! What is valid and may surprise.

use local_http::serve::Scheme;

use super::{Settings, UnauthenticatedAction};

impl Settings {
    /// What is valid but may surprise, of a gate with this scheme; printed at start.
    pub fn warnings(&self, scheme: Scheme) -> Vec<String> {
        let checks = &self.provider().validation.jwt_claim_checks;
        let mut warnings = Vec::new();
        if !self.platform.enabled {
            warnings
                .push("Easy Auth is off (platform.enabled is false): nothing is checked".into());
            return warnings;
        }
        for (name, list) in [
            (
                "allowedClientApplications",
                &checks.allowed_client_applications,
            ),
            ("allowedGroups", &checks.allowed_groups),
        ] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                warnings.push(format!(
                    "jwtClaimChecks.{name} is an empty list: every valid token gets 403"
                ));
            }
        }
        if self.is_multi_tenant() {
            warnings.push("the issuer names no tenant: anybody of any tenant is let in, unless the app setting WEBSITE_AUTH_AAD_ALLOWED_TENANTS lists tenants".into());
        }
        let global = &self.global_validation;
        if global.require_authentication.is_none() {
            warnings.push("globalValidation.requireAuthentication is not set; taken for true here, but set it: Azure's default is not documented".into());
        }
        if global.require_authentication == Some(false)
            || global.unauthenticated_client_action == UnauthenticatedAction::AllowAnonymous
        {
            warnings.push("anonymous callers reach the app, without a principal".into());
        }
        if !self.provider().enabled {
            warnings.push("azureActiveDirectory.enabled is false: no token authenticates".into());
        }
        if self.http_settings.require_https && scheme == Scheme::Http {
            warnings.push(
                "httpSettings.requireHttps: plain HTTP is accepted here, on loopback only".into(),
            );
        }
        warnings
    }
}
