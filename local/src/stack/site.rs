//! What App Service tells an app of its site and of its Easy Auth, as environment variables.
//!
//! Documented (Environment variables and app settings reference): `WEBSITE_AUTH_ENABLED`,
//! `…_V2_CONFIG_JSON`, `WEBSITE_HOSTNAME`, `…_SITE_NAME`, `…_SKU`. The other names of Easy Auth are
//! its system settings there; their values are those that apps read: Backstage's and
//! DurableFunctionsMonitor's sources, and a public dump of an app's environment.

use local_easy_auth::{Settings, UnauthenticatedAction};

/// The plan that an app is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// As `deploy/main.bicep` has it, for Functions.
    FlexConsumption,
    /// A web app's.
    Standard,
}

impl Plan {
    fn sku(self) -> &'static str {
        match self {
            Self::FlexConsumption => "FlexConsumption",
            Self::Standard => "Standard",
        }
    }
}

fn boolean(value: bool) -> String {
    if value { "True" } else { "False" }.to_owned()
}

/// The variables, none of them a secret.
pub(super) fn variables(settings: &Settings, host: &str, plan: Plan) -> Vec<(String, String)> {
    let provider = settings.provider();
    let global = &settings.global_validation;
    // The actions that have a name of this variable's time; the others' is not known.
    let action = match global.unauthenticated_client_action {
        _ if global.require_authentication == Some(false) => Some("AllowAnonymous"),
        UnauthenticatedAction::AllowAnonymous => Some("AllowAnonymous"),
        UnauthenticatedAction::RedirectToLoginPage => Some("RedirectToLoginPage"),
        _ => None,
    };
    let redirects = action == Some("RedirectToLoginPage");
    let on = settings.platform.enabled;
    let all = [
        ("WEBSITE_AUTH_ENABLED", Some(boolean(on))),
        (
            "WEBSITE_AUTH_CLIENT_ID",
            Some(provider.registration.client_id.clone()),
        ),
        (
            "WEBSITE_AUTH_OPENID_ISSUER",
            Some(provider.registration.open_id_issuer.clone()),
        ),
        (
            "WEBSITE_AUTH_ALLOWED_AUDIENCES",
            Some(provider.validation.allowed_audiences.join(",")),
        ),
        (
            "WEBSITE_AUTH_TOKEN_STORE",
            Some(boolean(settings.login.token_store.enabled)),
        ),
        ("WEBSITE_AUTH_LOGOUT_PATH", Some("/.auth/logout".to_owned())),
        ("WEBSITE_AUTH_AUTO_AAD", Some(boolean(false))),
        (
            "WEBSITE_AUTH_UNAUTHENTICATED_ACTION",
            action.filter(|_| on).map(str::to_owned),
        ),
        (
            "WEBSITE_AUTH_DEFAULT_PROVIDER",
            (on && redirects).then(|| "AzureActiveDirectory".to_owned()),
        ),
        (
            "WEBSITE_AUTH_V2_CONFIG_JSON",
            // Strings, numbers and lists under string keys: nothing that JSON can't say.
            Some(serde_json::to_string(settings).unwrap_or_default()),
        ),
        ("WEBSITE_HOSTNAME", Some(host.to_owned())),
        ("WEBSITE_SITE_NAME", Some("greeting-local".to_owned())),
        ("WEBSITE_SKU", Some(plan.sku().to_owned())),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}
