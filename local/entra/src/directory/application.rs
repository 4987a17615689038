//! An app registration, as Microsoft Graph's `application` has it; what is not here has no effect.

use serde::Deserialize;
use serde_json::Value;

use super::optional_claims::OptionalClaims;
use super::{DirectoryError, Source, members, reading};

/// The registration of an API, of a client, or of what is both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Application {
    /// What its file is called.
    #[serde(skip)]
    pub(super) file: String,
    /// What the file says that takes no effect.
    #[serde(skip)]
    pub(super) without_effect: Vec<String>,
    pub(crate) app_id: String,
    #[serde(default)]
    pub(super) display_name: Option<String>,
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
    pub(super) group_membership_claims: Option<String>,
    #[serde(default)]
    pub(super) optional_claims: OptionalClaims,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppRole {
    #[serde(default)]
    pub(super) id: String,
    /// A role may have none: it is assigned then, and no token says so.
    #[serde(default)]
    pub(super) value: Option<String>,
    pub(super) allowed_member_types: Vec<String>,
    pub(super) is_enabled: bool,
}

impl AppRole {
    /// Whether it is for apps (`Application`) or people (`User`), and enabled.
    pub(super) fn is_for(&self, kind: &str) -> bool {
        self.is_enabled && self.allowed_member_types.iter().any(|known| known == kind)
    }
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
    /// Who may consent to it: `User`, or `Admin` for administrators alone.
    #[serde(rename = "type", default)]
    pub(super) kind: Option<String>,
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

impl Scope {
    /// Whether none but an administrator may consent to it.
    pub(super) fn is_admins(&self) -> bool {
        self.kind.as_deref() == Some("Admin")
    }
}

impl Application {
    /// Whether an assertion for `audience` is for this app. Letter case counts (captured:
    /// company-communicator#214), as it does nowhere else.
    pub(crate) fn is_audience(&self, audience: &str) -> bool {
        self.app_id == audience || self.identifier_uris.iter().any(|uri| uri == audience)
    }

    /// Reads a registration's file.
    pub(super) fn read(source: &Source) -> Result<Self, DirectoryError> {
        let mut app: Self = reading::read(source)?;
        app.file.clone_from(&source.name);
        // It is printed in lines and lists.
        app.display_name = app.display_name.map(|name| local_events::printable(&name));
        if let Some((word, meant)) = app.unknown_membership_word() {
            let why = format!(
                "{word:?} is none of None, SecurityGroup, ApplicationGroup, DirectoryRole and All"
            );
            return Err(DirectoryError {
                file: source.name.clone(),
                path: "groupMembershipClaims".to_owned(),
                why: match meant {
                    Some(meant) => format!("{why}; did you mean {meant}?"),
                    None => why,
                },
            });
        }
        let whole: Value = reading::read(source)?;
        app.without_effect = members::without_effect(&whole);
        Ok(app)
    }

    /// Whether it has this application (client) id.
    pub(crate) fn is(&self, id: &str) -> bool {
        self.app_id.eq_ignore_ascii_case(id)
    }

    /// Whether `resource` names it, by id or identifier URI.
    pub(crate) fn is_named(&self, resource: &str) -> bool {
        let mut uris = self.identifier_uris.iter();
        self.is(resource) || uris.any(|uri| uri.eq_ignore_ascii_case(resource))
    }

    /// Its identifier URIs.
    pub(crate) fn identifier_uris(&self) -> Vec<&str> {
        self.identifier_uris.iter().map(String::as_str).collect()
    }

    /// Its scopes that are enabled.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        let scopes = self.api.oauth2_permission_scopes.iter();
        scopes
            .filter(|scope| scope.is_enabled)
            .map(|scope| scope.value.as_str())
    }

    /// A scope's name and description for people, where there are some.
    pub(crate) fn consent_texts(&self, scope: &str) -> Option<(&str, &str)> {
        let mut scopes = self.api.oauth2_permission_scopes.iter();
        let scope = scopes.find(|known| known.value == scope)?;
        let name = scope.user_consent_display_name.as_deref()?;
        Some((name, scope.user_consent_description.as_deref()?))
    }

    /// `requestedAccessTokenVersion`; a new registration's null means 1.
    pub(crate) fn token_version(&self) -> u8 {
        self.api.requested_access_token_version.unwrap_or(1)
    }

    pub(super) fn scope_id(&self, scope: &str) -> Option<&str> {
        let mut scopes = self.api.oauth2_permission_scopes.iter();
        scopes
            .find(|known| known.value == scope)
            .map(|known| known.id.as_str())
    }
}
