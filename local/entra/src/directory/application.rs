//! An app registration, as Microsoft Graph's `application` has it; what is not here has no effect.

use serde::Deserialize;

/// The API's registration or a client's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Application {
    pub(super) app_id: String,
    #[serde(default)]
    pub(super) identifier_uris: Vec<String>,
    #[serde(default)]
    pub(super) api: Api,
    #[serde(default)]
    pub(super) is_fallback_public_client: bool,
    #[serde(default)]
    pub(super) public_client: Platform,
    #[serde(default)]
    pub(super) web: Platform,
    #[serde(default)]
    pub(super) spa: Platform,
    #[serde(default)]
    pub(super) required_resource_access: Vec<Access>,
    #[serde(default)]
    pub(super) app_roles: Vec<AppRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppRole {
    /// A role may have none: it is assigned then, and no token says so.
    #[serde(default)]
    pub(super) value: Option<String>,
    pub(super) allowed_member_types: Vec<String>,
    pub(super) is_enabled: bool,
}

/// `web`, `spa` or `publicClient`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Platform {
    #[serde(default)]
    pub(super) redirect_uris: Vec<String>,
    #[serde(default)]
    pub(super) implicit_grant_settings: ImplicitGrant,
}

/// What authorize may give without a code; of `web` only.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImplicitGrant {
    #[serde(default)]
    pub(super) enable_id_token_issuance: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Api {
    pub(super) requested_access_token_version: Option<u8>,
    #[serde(default)]
    pub(super) oauth2_permission_scopes: Vec<Scope>,
    #[serde(default)]
    pub(super) pre_authorized_applications: Vec<PreAuthorized>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Scope {
    pub(super) id: String,
    pub(super) value: String,
    pub(super) is_enabled: bool,
    pub(super) user_consent_display_name: Option<String>,
    pub(super) user_consent_description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PreAuthorized {
    pub(super) app_id: String,
    pub(super) delegated_permission_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Access {
    pub(super) resource_app_id: String,
    #[serde(default)]
    pub(super) resource_access: Vec<ResourceAccess>,
}

/// One permission of a resource.
#[derive(Deserialize)]
pub(super) struct ResourceAccess {
    pub(super) id: String,
    /// `Scope` is delegated, `Role` an app role.
    #[serde(rename = "type")]
    pub(super) kind: String,
}
