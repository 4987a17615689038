//! `identityProviders`: whose tokens are accepted, and of whom.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The providers; this gate has one.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct IdentityProviders {
    pub azure_active_directory: AzureActiveDirectory,
}

/// The Microsoft identity provider.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ProviderLogin {
    /// More parameters of the sign-in request, each `name=value`.
    pub login_parameters: Vec<String>,
    /// Removes the `WWW-Authenticate` challenge from a 401.
    #[serde(rename = "disableWWWAuthenticate")]
    pub disable_www_authenticate: bool,
}

/// What a token must say besides its issuer.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Validation {
    /// Accepted beside the client id, which always is.
    pub allowed_audiences: Vec<String>,
    pub jwt_claim_checks: JwtClaimChecks,
    pub default_authorization_policy: AuthorizationPolicy,
}

/// Checks in which an empty list means nobody (observed on Azure).
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AuthorizationPolicy {
    /// Client ids (`azp`, `appid`).
    pub allowed_applications: Vec<String>,
    pub allowed_principals: AllowedPrincipals,
}

/// Identities or groups: one of the two is enough.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AllowedPrincipals {
    /// Object ids of users or service principals (`oid`).
    pub identities: Vec<String>,
    /// Object ids of groups (`groups`).
    pub groups: Vec<String>,
}
