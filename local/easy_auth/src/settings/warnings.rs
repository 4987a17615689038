//! What is valid and may surprise.

use local_http::serve::Scheme;

use super::{ProxyConvention, Settings, UnauthenticatedAction};

/// Characters, of all together (documented).
/// <https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad>
const MAX_IDENTITIES: usize = 500;

/// Instead of a client secret's app setting (documented), on App Service and on Container Apps.
const MANAGED_IDENTITY: [&str; 2] = [
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    "override-use-mi-fic-assertion-client-id",
];

/// What is said of `requireHttps` wherever a stack is called without TLS, as most are.
pub const PLAIN_HTTP: &str = "requireHttps: plain HTTP is accepted here, on loopback only";

impl Settings {
    /// What is valid but may surprise, of a gate with this scheme; printed at start.
    pub fn warnings(&self, scheme: Scheme) -> Vec<String> {
        let checks = &self.provider().validation.jwt_claim_checks;
        let mut warnings = self.notices.clone();
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
        warnings.extend(self.on_azure_otherwise());
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
            warnings.push(PLAIN_HTTP.into());
        }
        warnings
    }

    /// What Azure does not take, or takes for something else.
    fn on_azure_otherwise(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.global_validation.unauthenticated_client_action == UnauthenticatedAction::Return404
        {
            warnings.push("unauthenticatedClientAction: 404 is in Azure's portal and in az (RejectWith404), and not in ARM's list of values".into());
        }
        if let Some(name) = self.unknown_provider() {
            warnings.push(format!("globalValidation.redirectToProvider is {name:?}, which is no provider's name; it has no effect without RedirectToLoginPage"));
        }
        let policy = &self.provider().validation.default_authorization_policy;
        let identities = &policy.allowed_principals.identities;
        let length: usize = identities.iter().map(|id| id.chars().count()).sum();
        if length > MAX_IDENTITIES {
            warnings.push(format!("allowedPrincipals.identities has {length} characters in all, and Azure's limit is {MAX_IDENTITIES}: list groups instead"));
        }
        let scopes = self.provider().login.login_parameters.iter();
        if scopes.filter(|one| one.starts_with("scope=")).count() > 1 {
            warnings.push("loginParameters has scope= more than once: all of them are asked for here, and a user reports that on Azure they do not work together (azure-docs#81536); write one, with spaces".into());
        }
        let secret = &self.provider().registration.client_secret_setting_name;
        let is_managed = |name: &String| {
            MANAGED_IDENTITY
                .iter()
                .any(|own| own.eq_ignore_ascii_case(name))
        };
        if secret.as_ref().is_some_and(is_managed) {
            warnings.push("clientSecretSettingName names a managed identity, which only Azure has: browser sign-in here needs a client secret in an app setting of that name".into());
        }
        let proxy = &self.http_settings.forward_proxy;
        if proxy.convention != ProxyConvention::Custom {
            for (name, _) in proxy
                .custom_names()
                .iter()
                .filter(|(_, value)| value.is_some())
            {
                warnings.push(format!(
                    "httpSettings.forwardProxy.{name} has no effect without convention Custom"
                ));
            }
        }
        if self.clear_inbound_claims_mapping {
            warnings.push("clearInboundClaimsMapping: the principal has the token's own claim names; Microsoft does not document this property".into());
        }
        warnings
    }
}
