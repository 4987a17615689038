//! What no type can say: required values, paths, URLs, parameters.

use hyper::header::HeaderName;

use super::{ProxyConvention, Settings, UnauthenticatedAction};

const REGISTRATION: &str = "identityProviders.azureActiveDirectory.registration";

/// What `loginParameters` may not say: the gate says it, and another value would bring an answer that
/// it can't read. A code of PKCE's `code_challenge` it couldn't redeem: it sends no verifier.
const RESERVED: [&str; 7] = [
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
];

impl Settings {
    /// What no type can say.
    pub(super) fn check(&self) -> Result<(), (String, String)> {
        let provider = self.provider();
        if self.platform.enabled && provider.enabled {
            if provider.registration.client_id.is_empty() {
                return Err((
                    format!("{REGISTRATION}.clientId is missing"),
                    "set it".into(),
                ));
            }
            let issuer = reqwest::Url::parse(&provider.registration.open_id_issuer);
            // As the .NET SDK's documentation has it; Azure answers 500 to it (azure-docs-sdk-dotnet#2413).
            let first = issuer
                .as_ref()
                .ok()
                .and_then(|url| url.path_segments()?.next());
            if first.is_some_and(|first| first.eq_ignore_ascii_case("v2.0")) {
                return Err((
                    format!(
                        "{REGISTRATION}.openIdIssuer has v2.0 before the tenant, where Azure finds no configuration"
                    ),
                    "write https://login.microsoftonline.com/TENANT-ID/v2.0".into(),
                ));
            }
            if !issuer.as_ref().is_ok_and(|url| {
                url.scheme() == "https" || (url.scheme() == "http" && loopback::is_loopback(url))
            }) {
                return Err((
                    format!("{REGISTRATION}.openIdIssuer is not an https URL"),
                    "write it as in the provider's Issuer URL, such as https://login.microsoftonline.com/<tenant-id>/v2.0".into(),
                ));
            }
        }
        for path in &self.global_validation.excluded_paths {
            let prefix = path.strip_suffix("/*").unwrap_or(path);
            if !path.starts_with('/') || prefix.contains('*') {
                return Err((
                    format!("globalValidation.excludedPaths has {path:?}"),
                    "write an absolute path, exact or with one trailing /*".into(),
                ));
            }
        }
        if let Some(name) = self.unknown_provider()
            && self.sends_to_sign_in()
        {
            return Err((
                format!(
                    "globalValidation.redirectToProvider is {name:?}, which is no provider's name"
                ),
                "write azureactivedirectory".into(),
            ));
        }
        for parameter in &provider.login.login_parameters {
            let Some((name, value)) = parameter
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
            else {
                return Err((
                    format!("loginParameters has {parameter:?}"),
                    "write each as name=value, such as domain_hint=contoso.com".into(),
                ));
            };
            let no_code = name == "response_type" && !value.split(' ').any(|kind| kind == "code");
            if RESERVED.contains(&name) || no_code {
                return Err((
                    format!("loginParameters sets {name}"),
                    "remove it: the gate itself sets it".into(),
                ));
            }
        }
        let hours = self.login.token_store.token_refresh_extension_hours;
        if !(0.0..=8760.0).contains(&hours) {
            return Err((
                format!("login.tokenStore.tokenRefreshExtensionHours is {hours}"),
                "write hours from 0 to 8760".into(),
            ));
        }
        for (name, path) in [
            (
                "httpSettings.routes.apiPrefix",
                Some(&self.http_settings.routes.api_prefix),
            ),
            (
                "login.routes.logoutEndpoint",
                self.login.routes.logout_endpoint.as_ref(),
            ),
        ] {
            if path
                .is_some_and(|path| !path.starts_with('/') || path.len() < 2 || path.ends_with('/'))
            {
                return Err((
                    format!("{name} is not an absolute path"),
                    "write one such as /.auth, without a trailing slash".into(),
                ));
            }
        }
        let proxy = &self.http_settings.forward_proxy;
        let is_custom = proxy.convention == ProxyConvention::Custom;
        for (name, value) in proxy.custom_names() {
            let is_header = value.is_none_or(|name| name.parse::<HeaderName>().is_ok());
            if is_custom && !is_header {
                return Err((
                    format!("httpSettings.forwardProxy.{name} is no header's name"),
                    "write one such as X-Forwarded-Host".into(),
                ));
            }
        }
        Ok(())
    }

    /// `redirectToProvider`, where it names neither Microsoft's provider nor any other. Azure's
    /// sign-in fails with such a name (reported).
    pub(super) fn unknown_provider(&self) -> Option<&str> {
        let name = self.global_validation.redirect_to_provider.as_deref()?;
        let is = |own: &&str| own.eq_ignore_ascii_case(name);
        (!["azureactivedirectory", "aad"].iter().any(is)).then_some(name)
    }

    /// Whether browsers that nothing authenticates are sent to sign in.
    fn sends_to_sign_in(&self) -> bool {
        let global = &self.global_validation;
        self.platform.enabled
            && global.require_authentication != Some(false)
            && global.unauthenticated_client_action == UnauthenticatedAction::RedirectToLoginPage
    }
}
