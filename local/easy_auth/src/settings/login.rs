//! `login`: browser sessions.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::values::Span;

/// Browser sessions.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct LoginRoutes {
    /// A path of the app that signs out, besides /.auth/logout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_endpoint: Option<String>,
}

/// `login.tokenStore`. The store is this process's memory.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum CookieConvention {
    /// `timeToExpiration` after sign-in.
    FixedTime,
    /// The token's own `exp`. In the file-based form: IdentityDerived.
    IdentityProviderDerived,
}

/// The nonce that binds an ID token to the sign-in that asked for it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
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
