//! What no type can say: required values, paths, URLs, parameters.

use super::{ProxyConvention, Settings};

/// What `loginParameters` may not say, since the gate says it.
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
            for (name, value) in [
                ("clientId", &provider.registration.client_id),
                ("openIdIssuer", &provider.registration.open_id_issuer),
            ] {
                if value.is_empty() {
                    return Err((
                        format!(
                            "identityProviders.azureActiveDirectory.registration.{name} is missing"
                        ),
                        "set it".into(),
                    ));
                }
            }
            let issuer = reqwest::Url::parse(&provider.registration.open_id_issuer);
            if !issuer.as_ref().is_ok_and(|url| {
                url.scheme() == "https" || (url.scheme() == "http" && loopback::is_loopback(url))
            }) {
                return Err((
                    "identityProviders.azureActiveDirectory.registration.openIdIssuer is not an https URL".into(),
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
        if let Some(name) = &self.global_validation.redirect_to_provider
            && !["azureactivedirectory", "aad"].contains(&name.to_ascii_lowercase().as_str())
        {
            return Err((
                format!("globalValidation.redirectToProvider is {name:?}"),
                "write azureactivedirectory: the local gate has the Microsoft provider only".into(),
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
        let custom = [
            ("customHostHeaderName", &proxy.custom_host_header_name),
            ("customProtoHeaderName", &proxy.custom_proto_header_name),
        ];
        for (name, value) in custom {
            let bad = match value {
                Some(name) => name.parse::<hyper::header::HeaderName>().is_err(),
                None => false,
            };
            if bad || (value.is_some() && proxy.convention != ProxyConvention::Custom) {
                return Err((
                    format!("httpSettings.forwardProxy.{name} has no effect"),
                    "write a header's name, with convention Custom".into(),
                ));
            }
        }
        Ok(())
    }
}
