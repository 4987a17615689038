//! The Easy Auth settings: the `properties` of `Microsoft.Web/sites/config 'authsettingsV2'`.
//!
//! - `provider`, `login`, `http`: the sections; `values`: forms of values
//! - `read`: a file's text; `check`: what no type says
//! - `warnings`: what is valid and may surprise; `changes`: what is in force and not in the file
//!
//! The forms that the settings come in are the crate `settings_file`'s to read. Every property here
//! takes effect; what else a file has is named at start, with the nearest name that is known. The
//! doc comments are the descriptions of the JSON Schema in `deploy/authsettingsV2.schema.json`.
//!
//! <https://learn.microsoft.com/azure/templates/microsoft.web/sites/config-authsettingsv2>

mod changes;
mod check;
mod http;
mod login;
mod provider;
mod read;
mod values;
mod warnings;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::changes::StoredLists;
pub(crate) use self::http::{HttpSettings, ProxyConvention};
pub(crate) use self::login::{CookieConvention, Login};
pub(crate) use self::provider::{AzureActiveDirectory, IdentityProviders};
pub use self::warnings::PLAIN_HTTP;

/// Easy Auth's settings, as `properties` of Azure's authsettingsV2 has them.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Settings {
    /// For editors; no meaning.
    #[serde(rename = "$schema", skip_serializing)]
    schema: Option<String>,
    /// Whether Easy Auth is on at all.
    pub platform: Platform,
    /// What happens to a request that nothing authenticates.
    pub global_validation: GlobalValidation,
    /// The providers; this gate has one.
    pub identity_providers: IdentityProviders,
    /// Browser sessions.
    pub login: Login,
    /// How requests reach the gate.
    pub http_settings: HttpSettings,
    /// True gives the principal the token's own claim names. In public templates and in Azure's
    /// answers; Microsoft does not document it, and this reading of its name is inferred.
    #[serde(skip_serializing_if = "is_false")]
    pub clear_inbound_claims_mapping: bool,
    /// What is in the file and has no effect.
    #[serde(skip)]
    notices: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Whether Easy Auth is on at all.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Platform {
    /// Off, every request passes and nothing is checked, removed or added.
    pub enabled: bool,
}

impl Default for Platform {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// What happens to a request that nothing authenticates.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GlobalValidation {
    /// False is AllowAnonymous. Absent, it is taken for true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_authentication: Option<bool>,
    pub unauthenticated_client_action: UnauthenticatedAction,
    /// For RedirectToLoginPage; this gate has one provider, azureactivedirectory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_to_provider: Option<String>,
    /// Paths that need no authentication: exact, or a prefix with a trailing /*.
    pub excluded_paths: Vec<String>,
}

impl Default for GlobalValidation {
    fn default() -> Self {
        Self {
            require_authentication: None,
            unauthenticated_client_action: UnauthenticatedAction::Return401,
            redirect_to_provider: None,
            excluded_paths: Vec::new(),
        }
    }
}

/// The answer to a request that nothing authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum UnauthenticatedAction {
    /// Browsers are sent to sign in; other callers get 401.
    RedirectToLoginPage,
    /// On to the app, without a principal.
    AllowAnonymous,
    /// 401 with a challenge. In the file-based form: RejectWith401.
    Return401,
    /// 403.
    Return403,
    /// 404, as the portal and az offer it (RejectWith404); ARM's list of values has it not.
    Return404,
}

/// Where `changes` and the policy find their lists.
pub(crate) const ALLOWED_APPLICATIONS: &str =
    "validation.defaultAuthorizationPolicy.allowedApplications";
pub(crate) const ALLOWED_CLIENT_APPLICATIONS: &str =
    "validation.jwtClaimChecks.allowedClientApplications";

impl Settings {
    /// The one provider.
    pub fn provider(&self) -> &AzureActiveDirectory {
        &self.identity_providers.azure_active_directory
    }

    /// The issuer URL without a trailing slash.
    pub fn issuer(&self) -> &str {
        self.provider()
            .registration
            .open_id_issuer
            .trim_end_matches('/')
    }

    /// Whether something in here is about signing browsers in.
    pub fn signs_browsers_in(&self) -> bool {
        let provider = self.provider();
        self.platform.enabled
            && provider.enabled
            && (self.global_validation.unauthenticated_client_action
                == UnauthenticatedAction::RedirectToLoginPage
                || self.login.token_store.enabled
                || provider.registration.client_secret_setting_name.is_some()
                || !provider.login.login_parameters.is_empty())
    }

    /// Whether the issuer is on this machine.
    pub fn has_loopback_issuer(&self) -> bool {
        reqwest::Url::parse(self.issuer()).is_ok_and(|url| loopback::is_loopback(&url))
    }

    /// Whether the issuer names no tenant, so that any tenant's users may come (documented).
    pub fn is_multi_tenant(&self) -> bool {
        ["common", "organizations"].iter().any(|name| {
            self.issuer()
                .split('/')
                .skip(3)
                .any(|segment| segment.eq_ignore_ascii_case(name))
        })
    }

    /// Whether `path` needs no authentication. A path that an app could read as another one
    /// (dot segments, escapes, backslashes) never matches a prefix.
    pub fn is_excluded(&self, path: &str) -> bool {
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

/// The JSON Schema of the settings, for editors: what `deploy/authsettingsV2.schema.json` holds.
#[cfg(test)]
fn schema() -> serde_json::Value {
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
    });
    let schema = settings.into_generator().into_root_schema_for::<Settings>();
    serde_json::Value::from(schema)
}

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
