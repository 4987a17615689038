//! The Easy Auth settings: the `properties` of `Microsoft.Web/sites/config 'authsettingsV2'`.
//!
//! Every property here takes effect; one that is not here is refused by name, never ignored.

use serde::Deserialize;

use crate::failure::Failure;

/// The whole document, camelCase as Azure's ARM API has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Settings {
    /// For editors; no meaning.
    #[serde(rename = "$schema")]
    schema: Option<String>,
    pub(crate) platform: Platform,
    pub(crate) global_validation: GlobalValidation,
    pub(crate) identity_providers: IdentityProviders,
    pub(crate) login: Login,
    pub(crate) http_settings: HttpSettings,
}

/// Whether Easy Auth is on at all.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Platform {
    pub(crate) enabled: bool,
}

impl Default for Platform {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// What happens to a request that nothing authenticates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct GlobalValidation {
    pub(crate) require_authentication: bool,
    pub(crate) unauthenticated_client_action: UnauthenticatedAction,
    /// Exact paths, or a prefix with a trailing `/*`.
    pub(crate) excluded_paths: Vec<String>,
}

impl Default for GlobalValidation {
    fn default() -> Self {
        Self {
            require_authentication: true,
            unauthenticated_client_action: UnauthenticatedAction::Return401,
            excluded_paths: Vec::new(),
        }
    }
}

/// `unauthenticatedClientAction`, less `RedirectToLoginPage`, which is refused by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum UnauthenticatedAction {
    Return401,
    Return403,
    AllowAnonymous,
}

/// The providers; this gate has one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct IdentityProviders {
    pub(crate) azure_active_directory: AzureActiveDirectory,
}

/// The Microsoft identity provider.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct AzureActiveDirectory {
    pub(crate) enabled: bool,
    pub(crate) registration: Registration,
    pub(crate) validation: Validation,
}

impl Default for AzureActiveDirectory {
    fn default() -> Self {
        Self {
            enabled: true,
            registration: Registration::default(),
            validation: Validation::default(),
        }
    }
}

/// Which issuer's tokens, and for which API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Registration {
    pub(crate) open_id_issuer: String,
    pub(crate) client_id: String,
}

/// What a token must say besides its issuer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Validation {
    /// Accepted beside the client id, which always is (App Service documentation).
    pub(crate) allowed_audiences: Vec<String>,
    pub(crate) jwt_claim_checks: JwtClaimChecks,
    pub(crate) default_authorization_policy: AuthorizationPolicy,
}

/// Checks in which an empty list means nobody (observed on Azure).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct JwtClaimChecks {
    pub(crate) allowed_client_applications: Option<Vec<String>>,
    pub(crate) allowed_groups: Option<Vec<String>>,
}

/// Checks in which an empty list means everybody (documented).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct AuthorizationPolicy {
    pub(crate) allowed_applications: Vec<String>,
    pub(crate) allowed_principals: AllowedPrincipals,
}

/// Identities OR groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct AllowedPrincipals {
    pub(crate) identities: Vec<String>,
    pub(crate) groups: Vec<String>,
}

/// Browser sessions; only "off" is available.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct Login {
    pub(crate) token_store: TokenStore,
    /// Removes the `WWW-Authenticate` challenge from a 401.
    #[serde(rename = "disableWWWAuthenticate")]
    pub(crate) disable_www_authenticate: bool,
}

/// `login.tokenStore`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct TokenStore {
    pub(crate) enabled: bool,
}

/// `httpSettings`. `requireHttps` is read; loopback HTTP is exempt, and `up` says so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(crate) struct HttpSettings {
    pub(crate) require_https: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            require_https: true,
        }
    }
}

impl Settings {
    /// Reads `text`; `source` names it in errors.
    ///
    /// # Errors
    /// Bad JSON, an unknown or unsupported property, or a required value that is missing.
    pub(crate) fn parse(text: &str, source: &str) -> Result<Self, Failure> {
        let what = || format!("the Easy Auth settings in {source} can't be used");
        let settings: Self = serde_json::from_str(text).map_err(|error| {
            Failure::new(
                what(),
                error,
                "correct that property, or remove it: what is here takes effect or is refused, never ignored",
            )
        })?;
        let provider = &settings.identity_providers.azure_active_directory;
        let required = [
            ("clientId", &provider.registration.client_id),
            ("openIdIssuer", &provider.registration.open_id_issuer),
        ];
        if settings.platform.enabled && provider.enabled {
            for (name, value) in required {
                if value.is_empty() {
                    return Err(Failure::new(
                        what(),
                        format!(
                            "identityProviders.azureActiveDirectory.registration.{name} is missing"
                        ),
                        "set it",
                    ));
                }
            }
        }
        if settings.login.token_store.enabled {
            return Err(Failure::new(
                what(),
                "login.tokenStore.enabled is true, and browser sessions are not offered locally",
                "set it to false: bearer tokens do not use the token store",
            ));
        }
        for path in &settings.global_validation.excluded_paths {
            let prefix = path.strip_suffix("/*").unwrap_or(path);
            if !path.starts_with('/') || prefix.contains('*') {
                return Err(Failure::new(
                    what(),
                    format!("globalValidation.excludedPaths has {path:?}"),
                    "write an absolute path, exact or with one trailing /*",
                ));
            }
        }
        Ok(settings)
    }

    /// What is legal but will surprise somebody; printed at start.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let provider = &self.identity_providers.azure_active_directory;
        let checks = &provider.validation.jwt_claim_checks;
        let mut warnings = Vec::new();
        if !self.platform.enabled {
            warnings
                .push("Easy Auth is off (platform.enabled is false): nothing is checked".into());
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
        if self.http_settings.require_https {
            warnings.push(
                "httpSettings.requireHttps: plain HTTP is accepted here, on loopback only".into(),
            );
        }
        warnings
    }

    /// Whether `path` needs no authentication. A path that an app could read as another one
    /// (dot segments, escapes, backslashes) never matches a prefix.
    pub(crate) fn is_excluded(&self, path: &str) -> bool {
        let ambiguous = ["/.", "//", "%", "\\"]
            .iter()
            .any(|trap| path.contains(trap));
        self.global_validation.excluded_paths.iter().any(|pattern| {
            match pattern.strip_suffix("/*") {
                Some(prefix) => {
                    !ambiguous
                        && path
                            .strip_prefix(prefix)
                            .is_some_and(|rest| rest.starts_with('/'))
                }
                None => path == pattern,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Failure> {
        Settings::parse(text, "test.json")
    }

    #[test]
    fn the_shipped_settings_are_understood() {
        let settings = parse(&crate::deploy::auth_settings("localhost:7443")).unwrap();
        assert!(settings.global_validation.require_authentication);
        assert_eq!(
            settings
                .identity_providers
                .azure_active_directory
                .validation
                .allowed_audiences,
            [format!("api://{}", crate::deploy::API_CLIENT_ID)]
        );
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        for (text, names) in [
            (r#"{"platfrom":{}}"#, "platfrom"),
            (
                r#"{"globalValidation":{"requireAuthentication":"yes"}}"#,
                "invalid type",
            ),
            (
                r#"{"globalValidation":{"unauthenticatedClientAction":"RedirectToLoginPage"}}"#,
                "RedirectToLoginPage",
            ),
            (r#"{"platform":{"enabled":true}}"#, "clientId"),
            (
                r#"{"platform":{"enabled":false},"login":{"tokenStore":{"enabled":true}}}"#,
                "tokenStore",
            ),
            (
                r#"{"platform":{"enabled":false},"globalValidation":{"excludedPaths":["/a*b"]}}"#,
                "/a*b",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(names), "{error} does not name {names}");
        }
    }

    #[test]
    fn excluded_paths_are_exact_or_a_prefix() {
        let settings = parse(
            r#"{"platform":{"enabled":false},"globalValidation":{"excludedPaths":["/health","/open/*"]}}"#,
        )
        .unwrap();
        for (path, excluded) in [
            ("/health", true),
            ("/health/", false),
            ("/healthy", false),
            ("/open/a", true),
            ("/open", false),
            ("/opening", false),
            ("/open/../api/greeting", false),
            ("/open/%2e%2e/api/greeting", false),
            ("/api/greeting", false),
        ] {
            assert_eq!(settings.is_excluded(path), excluded, "{path}");
        }
    }
}
