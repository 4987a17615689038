//! The Easy Auth settings: the `properties` of `Microsoft.Web/sites/config 'authsettingsV2'`.
//!
//! - `read`: a file's text; `values`: forms of values; `check`: what no type says
//! - `warnings`: what is valid and may surprise; `changes`: what is in force and not in the file
//!
//! The forms that the settings come in are the crate `settings_file`'s to read. Every property here
//! takes effect; what else a file has is named at start, with the nearest name that is known. The
//! doc comments are the descriptions of the JSON Schema in `deploy/authsettingsV2.schema.json`.
//!
//! <https://learn.microsoft.com/azure/templates/microsoft.web/sites/config-authsettingsv2>

mod changes;
mod check;
mod read;
mod values;
mod warnings;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::values::Span;

pub use self::changes::StoredLists;

/// Easy Auth's settings, as `properties` of Azure's authsettingsV2 has them.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
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

/// The providers; this gate has one.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct IdentityProviders {
    pub azure_active_directory: AzureActiveDirectory,
}

/// The Microsoft identity provider.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AzureActiveDirectory {
    /// Off, no token and no sign-in authenticates anybody.
    pub enabled: bool,
    pub registration: Registration,
    pub login: ProviderLogin,
    pub validation: Validation,
}

impl Default for AzureActiveDirectory {
    fn default() -> Self {
        Self {
            enabled: true,
            registration: Registration::default(),
            login: ProviderLogin::default(),
            validation: Validation::default(),
        }
    }
}

/// Which issuer's tokens, and for which API.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Registration {
    /// The Issuer URL, such as `https://login.microsoftonline.com/<tenant-id>/v2.0`.
    pub open_id_issuer: String,
    /// The application (client) id of the API's registration; always an accepted audience.
    pub client_id: String,
    /// The app setting that holds the client secret; only browser sign-in uses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_setting_name: Option<String>,
}

/// How people are sent to sign in, and callers challenged.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProviderLogin {
    /// More parameters of the sign-in request, each `name=value`.
    pub login_parameters: Vec<String>,
    /// Removes the `WWW-Authenticate` challenge from a 401.
    #[serde(rename = "disableWWWAuthenticate")]
    pub disable_www_authenticate: bool,
}

/// What a token must say besides its issuer.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Validation {
    /// Accepted beside the client id, which always is.
    pub allowed_audiences: Vec<String>,
    pub jwt_claim_checks: JwtClaimChecks,
    pub default_authorization_policy: AuthorizationPolicy,
}

/// Checks in which an empty list means nobody (observed on Azure).
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct JwtClaimChecks {
    /// Client ids (`azp`, `appid`); absent means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_client_applications: Option<Vec<String>>,
    /// Group object ids (`groups`); absent means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_groups: Option<Vec<String>>,
}

/// Checks in which an empty list means everybody (documented).
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AuthorizationPolicy {
    /// Client ids (`azp`, `appid`).
    pub allowed_applications: Vec<String>,
    pub allowed_principals: AllowedPrincipals,
}

/// Identities or groups: one of the two is enough.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AllowedPrincipals {
    /// Object ids of users or service principals (`oid`).
    pub identities: Vec<String>,
    /// Object ids of groups (`groups`).
    pub groups: Vec<String>,
}

/// Browser sessions.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Login {
    pub routes: LoginRoutes,
    pub token_store: TokenStore,
    /// Keeps `#…` of the page that a browser wanted, through the sign-in.
    pub preserve_url_fragments_for_logins: bool,
    /// URLs that a sign-in or sign-out may end at, besides this origin's own.
    pub allowed_external_redirect_urls: Vec<String>,
    pub cookie_expiration: CookieExpiration,
    pub nonce: Nonce,
}

/// `login.routes`.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct LoginRoutes {
    /// A path of the app that signs out, besides /.auth/logout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_endpoint: Option<String>,
}

/// `login.tokenStore`. The store is this process's memory.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct TokenStore {
    /// On, /.auth/me and /.auth/refresh answer, and sessions bring X-MS-TOKEN-AAD-* headers.
    pub enabled: bool,
    /// Hours after a session's end in which /.auth/refresh still revives it.
    pub token_refresh_extension_hours: f64,
}

impl Default for TokenStore {
    fn default() -> Self {
        Self {
            enabled: false,
            token_refresh_extension_hours: 72.0,
        }
    }
}

/// How long a session's cookie lives.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct CookieExpiration {
    pub convention: CookieConvention,
    /// hh:mm:ss, for FixedTime.
    pub time_to_expiration: Span,
}

impl Default for CookieExpiration {
    fn default() -> Self {
        Self {
            convention: CookieConvention::FixedTime,
            time_to_expiration: Span(8 * 3600),
        }
    }
}

/// What decides a session's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum CookieConvention {
    /// `timeToExpiration` after sign-in.
    FixedTime,
    /// The token's own `exp`. In the file-based form: IdentityDerived.
    IdentityProviderDerived,
}

/// The nonce that binds an ID token to the sign-in that asked for it.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Nonce {
    /// False accepts an ID token that answers another sign-in.
    pub validate_nonce: bool,
    /// hh:mm:ss in which a sign-in has to be finished.
    pub nonce_expiration_interval: Span,
}

impl Default for Nonce {
    fn default() -> Self {
        Self {
            validate_nonce: true,
            nonce_expiration_interval: Span(300),
        }
    }
}

/// How requests reach the gate.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct HttpSettings {
    /// Redirects http to https; loopback without --https is exempt.
    pub require_https: bool,
    pub routes: HttpRoutes,
    pub forward_proxy: ForwardProxy,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            require_https: true,
            routes: HttpRoutes::default(),
            forward_proxy: ForwardProxy::default(),
        }
    }
}

/// `httpSettings.routes`.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct HttpRoutes {
    /// Where the gate's own pages are.
    pub api_prefix: String,
}

impl Default for HttpRoutes {
    fn default() -> Self {
        Self {
            api_prefix: "/.auth".to_owned(),
        }
    }
}

/// Which headers of a proxy in front name the URL that the caller asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ForwardProxy {
    pub convention: ProxyConvention,
    /// For Custom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_host_header_name: Option<String>,
    /// For Custom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_proto_header_name: Option<String>,
}

impl ForwardProxy {
    /// Those for Custom, by name.
    fn custom_names(&self) -> [(&'static str, Option<&str>); 2] {
        [
            (
                "customHostHeaderName",
                self.custom_host_header_name.as_deref(),
            ),
            (
                "customProtoHeaderName",
                self.custom_proto_header_name.as_deref(),
            ),
        ]
    }
}

/// `httpSettings.forwardProxy.convention`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ProxyConvention {
    /// No header is read.
    #[default]
    NoProxy,
    /// X-Forwarded-Host and X-Forwarded-Proto.
    Standard,
    /// The two headers that are named.
    Custom,
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
pub(crate) fn schema() -> serde_json::Value {
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
