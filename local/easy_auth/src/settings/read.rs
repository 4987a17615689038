//! From a file's text to settings, or to the one property that is wrong, by its name.

use local_failure::Failure;
use local_http::serve::Scheme;
use serde_json::Value;

use super::{ProxyConvention, Settings, UnauthenticatedAction, schema};

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

/// Properties of Azure's that say nothing to its gate either: the portal's and the platform's
/// own marks.
const WITHOUT_EFFECT: [&str; 2] = [
    "platform.runtimeVersion",
    "identityProviders.azureActiveDirectory.isAutoProvisioned",
];

/// Azure's properties that this gate does not have, and what to do about it.
const REFUSED: [(&str, &str); 16] = [
    (
        "platform.configFilePath",
        "name that file with --settings instead",
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateThumbprint",
        CERTIFICATE,
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateIssuer",
        CERTIFICATE,
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateSubjectAlternativeName",
        CERTIFICATE,
    ),
    ("identityProviders.facebook", PROVIDER),
    ("identityProviders.gitHub", PROVIDER),
    ("identityProviders.google", PROVIDER),
    ("identityProviders.twitter", PROVIDER),
    ("identityProviders.apple", PROVIDER),
    ("identityProviders.legacyMicrosoftAccount", PROVIDER),
    ("identityProviders.azureStaticWebApps", PROVIDER),
    ("identityProviders.customOpenIdConnectProviders", PROVIDER),
    // Its name in the file-based form.
    ("identityProviders.openIdConnectProviders", PROVIDER),
    ("login.tokenStore.fileSystem", STORE),
    ("login.tokenStore.azureBlobStorage", STORE),
    (
        "login.disableWWWAuthenticate",
        "write identityProviders.azureActiveDirectory.login.disableWWWAuthenticate",
    ),
];
const CERTIFICATE: &str =
    "remove it: the local authority takes a client secret (clientSecretSettingName), or none";
const PROVIDER: &str =
    "remove it, or leave its registration empty: the local gate has the Microsoft provider only";
const STORE: &str = "remove it: locally the token store is memory, and ends with the run";

impl Settings {
    /// Reads `text`, the properties alone or the whole ARM resource; `source` names it in errors.
    ///
    /// # Errors
    /// Bad JSON, an unknown or unsupported property, or a required value that is missing.
    pub fn parse(text: &str, source: &str) -> Result<Self, Failure> {
        let failed = |why: String, fix: String| {
            Failure::new(
                format!("the Easy Auth settings in {source} can't be used"),
                why,
                fix,
            )
        };
        let mut value = settings_file::read(text.as_bytes()).map_err(|unusable| {
            let fix = unusable.fix().unwrap_or("correct it there");
            failed(unusable.to_string(), fix.to_owned())
        })?;
        remove_inert(&mut value);
        for path in WITHOUT_EFFECT {
            remove(&mut value, path);
        }
        for (path, fix) in REFUSED {
            if let Some(found) = find(&value, path) {
                if is_unconfigured(found) {
                    remove(&mut value, path);
                } else {
                    return Err(failed(format!("{path} is not offered locally"), fix.into()));
                }
            }
        }
        // serde would also take a struct's members from a list, by their order.
        if let Some(path) = not_an_object(&schema(), &value, "") {
            return Err(failed(
                format!("{path} is not an object"),
                "write it as { … }".into(),
            ));
        }
        if let Some(unknown) = unknown(&schema(), &value, "") {
            let fix = match &unknown.nearest {
                Some(name) => format!("did you mean {name}?"),
                None => format!("the names there are: {}", unknown.known.join(", ")),
            };
            return Err(failed(
                format!("there is no property {}", unknown.path),
                format!("{fix} (What is here takes effect or is refused, never ignored.)"),
            ));
        }
        let settings: Self = serde_path_to_error::deserialize(&value).map_err(|error| {
            failed(
                format!("{}: {}", error.path(), error.inner()),
                "correct that value".into(),
            )
        })?;
        settings.check().map_err(|(why, fix)| failed(why, fix))?;
        Ok(settings)
    }

    /// What no type can say.
    fn check(&self) -> Result<(), (String, String)> {
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

/// Removes null members: Azure's API answers them for what is not set.
fn remove_inert(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !member.is_null());
        members.values_mut().for_each(remove_inert);
    }
}

/// Whether a provider that Azure's API lists is one that is not set up: it answers
/// `{"enabled": true, "registration": {}}` for those.
fn is_unconfigured(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| name == "enabled" || is_unconfigured(member)),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn find<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.')
        .try_fold(value, |value, name| value.get(name))
}

fn remove(value: &mut Value, path: &str) {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parent
        .split('.')
        .filter(|name| !name.is_empty())
        .try_fold(value, |value, name| value.get_mut(name));
    if let Some(Value::Object(members)) = parent {
        members.shift_remove(name);
    }
}

struct Unknown {
    path: String,
    nearest: Option<String>,
    known: Vec<String>,
}

/// Where `schema` has an object and `value` has something else.
fn not_an_object(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let known = schema["properties"].as_object()?;
    let Value::Object(members) = value else {
        let path = if path.is_empty() {
            "the document"
        } else {
            path
        };
        return Some(path.to_owned());
    };
    members.iter().find_map(|(name, member)| {
        not_an_object(
            known.get(name)?,
            member,
            format!("{path}.{name}").trim_start_matches('.'),
        )
    })
}

/// The first member of `value` that `schema` does not know.
fn unknown(schema: &Value, value: &Value, path: &str) -> Option<Unknown> {
    let (Some(known), Value::Object(members)) = (schema["properties"].as_object(), value) else {
        return None;
    };
    members.iter().find_map(|(name, member)| {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match known.get(name) {
            Some(schema) => unknown(schema, member, &path),
            None => Some(Unknown {
                nearest: nearest(name, known.keys()),
                known: known.keys().cloned().collect(),
                path,
            }),
        }
    })
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Option<String> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| {
            let likeness = strsim::jaro_winkler(&name, &known.to_ascii_lowercase());
            (likeness, known)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known.clone())
}
