//! The app settings `WEBSITE_AUTH_…`: which take effect here, which are the platform's to write, and
//! which name no setting.
//!
//! <https://learn.microsoft.com/azure/app-service/reference-app-settings>

use super::behaviour::{Behaviour, ChallengeForm};

/// What becomes of a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Read by [`Behaviour::read`].
    Here,
    /// Only of v1 settings; with v2 ones this property is its place.
    Property(&'static str),
    /// None here, and why.
    None(&'static str),
    /// The platform writes it for the app, as this program does.
    Platform,
}

use Effect::{Here, None as NoEffect, Platform, Property};

const PREFIX: &str = "WEBSITE_AUTH_";
const OF_MEMORY: &str = "sessions and tokens are in memory, and end with the run";
const OF_TOMCAT: &str = "it is for Tomcat";

/// Documented names, less the prefix; then those that only the platform writes.
const SETTINGS: &[(&str, Effect)] = &[
    ("AAD_ALLOWED_TENANTS", Here),
    ("AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL", Here),
    ("PRM_DEFAULT_WITH_SCOPES", Here),
    ("USE_LEGACY_CLAIMS", Here),
    ("PRESERVE_URL_FRAGMENT", Here),
    (
        "NONCE_DURATION",
        Property("login.nonce.nonceExpirationInterval"),
    ),
    ("VALIDATE_NONCE", Property("login.nonce.validateNonce")),
    (
        "DISABLE_WWWAUTHENTICATE",
        Property("identityProviders.azureActiveDirectory.login.disableWWWAuthenticate"),
    ),
    (
        "TOKEN_REFRESH_HOURS",
        Property("login.tokenStore.tokenRefreshExtensionHours"),
    ),
    ("STATE_DIRECTORY", NoEffect(OF_MEMORY)),
    ("TOKEN_CONTAINER_SASURL", NoEffect(OF_MEMORY)),
    ("ENCRYPTION_KEY", NoEffect(OF_MEMORY)),
    ("SIGNING_KEY", NoEffect(OF_MEMORY)),
    (
        "DISABLE_IDENTITY_FLOW",
        NoEffect("it is for ASP.NET on Windows"),
    ),
    ("SKIP_PRINCIPAL", NoEffect(OF_TOMCAT)),
    ("EXPIRED_SESSION_LOGOFF", NoEffect(OF_TOMCAT)),
    ("HIDE_DEPRECATED_SID", NoEffect("it is for Mobile Apps")),
    (
        "TRACE_LEVEL",
        NoEffect("greeting-local log shows every decision"),
    ),
    (
        "ENABLED",
        // HostAssignmentContext.cs of azure-functions-host (89dc438d): "App settings take
        // precedence over site config for easy auth enabled".
        NoEffect(
            "in Azure Functions it wins over these settings, so that False turns authentication off there: remove it",
        ),
    ),
    ("V2_CONFIG_JSON", Platform),
    ("LOGOUT_PATH", Platform),
    ("RUNTIME_VERSION", Platform),
    ("API_PREFIX", Platform),
    ("TOKEN_STORE", Platform),
    ("MOBILE_COMPAT", Platform),
    ("AAD_BYPASS_SINGLE_TENANCY_CHECK", Platform),
    ("COOKIE_EXPIRATION_TIME", Platform),
    ("COOKIE_EXPIRATION_MODE", Platform),
    ("PROXY_HEADER_CONVENTION", Platform),
    ("PROXY_HOST_HEADER", Platform),
    ("PROXY_PROTO_HEADER", Platform),
    ("REQUIRE_HTTPS", Platform),
    ("DEFAULT_PROVIDER", Platform),
    ("UNAUTHENTICATED_ACTION", Platform),
    ("EXTERNAL_REDIRECT_URLS", Platform),
    ("CUSTOM_IDPS", Platform),
    ("CUSTOM_AUTHZ_SETTINGS", Platform),
    ("CLIENT_ID", Platform),
    ("CLIENT_SECRET", Platform),
    ("CLIENT_SECRET_SETTING_NAME", Platform),
    ("CLIENT_SECRET_CERTIFICATE_THUMBPRINT", Platform),
    ("OPENID_ISSUER", Platform),
    ("ALLOWED_AUDIENCES", Platform),
    ("LOGIN_PARAMS", Platform),
    ("AUTO_AAD", Platform),
    ("AAD_CLAIMS_AUTHORIZATION", Platform),
    ("FROM_FILE", Platform),
    ("FILE_PATH", Platform),
    ("CONFIG_DIR", Platform),
    ("ZUMO_USE_TOKEN_STORE_CLAIMS", Platform),
];

/// Beginnings of the other providers' names, which the platform writes.
const OF_PROVIDERS: [&str; 5] = ["GOOGLE_", "FB_", "GITHUB_", "TWITTER_", "MSA_"];

/// What to say of the app settings of these names; `secret` is the one that
/// `clientSecretSettingName` names, whatever it is called.
pub fn app_setting_warnings<'a>(
    names: impl IntoIterator<Item = &'a str>,
    secret: Option<&str>,
    behaviour: &Behaviour,
) -> Vec<String> {
    let is_secret = |name: &str| secret.is_some_and(|own| own.eq_ignore_ascii_case(name));
    let mut warnings: Vec<String> = names
        .into_iter()
        .filter(|name| !is_secret(name))
        .filter_map(|name| said(name, behaviour))
        .collect();
    warnings.sort_unstable();
    warnings.dedup();
    warnings
}

fn said(name: &str, behaviour: &Behaviour) -> Option<String> {
    let folded = name.to_ascii_uppercase();
    // WEBSITES_AUTH_… and WEBSITE_AUTHENTICATION_… are ways to write it, too.
    if !folded.starts_with("WEBSITE_AUTH") && !folded.starts_with("WEBSITES_AUTH") {
        return None;
    }
    let known = folded.strip_prefix(PREFIX).and_then(|rest| {
        let own = SETTINGS.iter().find(|(own, _)| *own == rest);
        let of_provider = || OF_PROVIDERS.iter().any(|start| rest.starts_with(start));
        own.map(|(_, effect)| *effect)
            .or_else(|| of_provider().then_some(Platform))
    });
    let named = format!("app setting {name}");
    match known {
        Some(Here) if name != folded => Some(format!(
            "{named} is not read: write it in upper case, {folded}"
        )),
        Some(Here)
            if folded.ends_with("_PRM_DEFAULT_WITH_SCOPES") && behaviour.is_container_app() =>
        {
            Some(format!(
                "{named} has no effect with --challenge container-apps: Container Apps publish no such metadata"
            ))
        }
        Some(Here) => None,
        Some(Property(property)) => Some(format!(
            "{named} has no effect: it is for the v1 settings; set {property}"
        )),
        Some(NoEffect(why)) => Some(format!("{named} has no effect here: {why}")),
        Some(Platform) => Some(format!(
            "{named} has no effect: the platform itself writes it, from the settings"
        )),
        None => Some(match nearest(&folded) {
            Some(meant) => format!("app setting {name} is not known; did you mean {meant}?"),
            None => format!("{named} is not known and has no effect"),
        }),
    }
}

/// The documented name that `name` is most like.
fn nearest(name: &str) -> Option<String> {
    SETTINGS
        .iter()
        .filter(|(_, effect)| *effect != Platform)
        .map(|(own, _)| format!("{PREFIX}{own}"))
        .map(|own| (strsim::jaro_winkler(name, &own), own))
        .filter(|(likeness, _)| *likeness > 0.92)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, own)| own)
}

impl Behaviour {
    /// Whether the platform is Container Apps.
    pub(crate) fn is_container_app(&self) -> bool {
        self.challenge == ChallengeForm::ContainerApps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_23_each_name_takes_effect_or_is_named() {
        let said = |name: &str| {
            app_setting_warnings(
                [name],
                Some("WEBSITE_AUTH_MY_SECRET"),
                &Behaviour::default(),
            )
            .join("\n")
        };
        for quiet in [
            "PATH",
            "WEBSITE_SITE_NAME",
            "WEBSITE_WARMUP_PATH",
            "WEBSITE_AUTH_PRESERVE_URL_FRAGMENT",
            "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
            "WEBSITE_AUTH_MY_SECRET",
        ] {
            assert_eq!(said(quiet), "", "{quiet}");
        }
        for (name, says) in [
            (
                "WEBSITE_AUTH_PRESERVE_URL_FRAGMENTS",
                "did you mean WEBSITE_AUTH_PRESERVE_URL_FRAGMENT?",
            ),
            (
                "WEBSITE_AUTH_AAD_ALLOWED_TENANT",
                "did you mean WEBSITE_AUTH_AAD_ALLOWED_TENANTS?",
            ),
            (
                "WEBSITES_AUTH_USE_LEGACY_CLAIMS",
                "did you mean WEBSITE_AUTH_USE_LEGACY_CLAIMS?",
            ),
            (
                "website_auth_use_legacy_claims",
                "WEBSITE_AUTH_USE_LEGACY_CLAIMS",
            ),
            (
                "WEBSITE_AUTH_NONCE_DURATION",
                "set login.nonce.nonceExpirationInterval",
            ),
            ("WEBSITE_AUTH_SIGNING_KEY", "in memory"),
            ("WEBSITE_AUTH_LOGOUT_PATH", "the platform itself writes it"),
            ("WEBSITE_AUTH_GOOGLE_CLIENT_ID", "the platform itself"),
            ("WEBSITE_AUTH_ZZZ", "is not known"),
        ] {
            assert!(said(name).contains(says), "{name}: {}", said(name));
        }
    }

    #[test]
    fn point_25_container_apps_publish_no_metadata() {
        let name = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";
        let read = |challenge| {
            let behaviour = Behaviour {
                challenge,
                ..Behaviour::default()
            };
            behaviour.read(|asked| (asked == name).then(|| "a".to_owned()))
        };
        let container = read(ChallengeForm::ContainerApps).unwrap();
        assert_eq!(container.metadata_scopes, None);
        let said = app_setting_warnings([name], None, &container);
        assert!(said[0].contains("no effect with --challenge container-apps"));
        let linux = read(ChallengeForm::Linux).unwrap();
        assert!(linux.metadata_scopes.is_some());
        assert!(app_setting_warnings([name], None, &linux).is_empty());
    }
}
