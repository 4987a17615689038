//! What the registrations say of who has which permission of an API.

use super::application::{Application, Scope};
use super::{DAEMON_CLIENT_ID, Directory, MANAGED_IDENTITY_CLIENT_ID, User, UserState};

/// Template ids of the directory roles that may consent to any delegated permission: Global,
/// Privileged Role, Application and Cloud Application Administrator (Microsoft: "Grant
/// tenant-wide admin consent to an application", Prerequisites).
const ADMINISTRATORS: [&str; 4] = [
    GLOBAL_ADMINISTRATOR,
    "e8611ab8-c189-46e8-94e1-60213ab1f814",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    "158c047a-c907-4556-b7ef-446551a6b5f7",
];
/// The Global Administrator's.
pub(super) const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";

impl Application {
    /// Whether none but an administrator may consent to this scope (Microsoft: "Scopes and
    /// permissions in the Microsoft identity platform", admin-restricted permissions).
    pub(crate) fn is_for_administrators(&self, scope: &str) -> bool {
        let mut scopes = self.api.oauth2_permission_scopes.iter();
        let known = scopes.find(|known| known.value == scope);
        known.is_some_and(Scope::is_admins)
    }
}

impl User {
    /// Whether it is up to this user to let a client have the API's `scope`.
    pub(crate) fn may_consent(&self, api: &Application, scope: &str) -> bool {
        let mut roles = self.directory_roles.iter();
        !api.is_for_administrators(scope)
            || roles.any(|role| {
                ADMINISTRATORS
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(role))
            })
    }
}

impl Directory {
    /// The protected API's scopes that are enabled.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.api.scopes()
    }

    /// Whether `client` gets the API's `scope` without a consent prompt: it is pre-authorized for
    /// just that, or the user has consented to what the client's registration asks for.
    pub(crate) fn consented(
        &self,
        client: &str,
        api: &Application,
        scope: &str,
        user: &User,
    ) -> bool {
        let Some(id) = api.scope_id(scope) else {
            return false;
        };
        let pre_authorized = api.api.pre_authorized_applications.iter().any(|app| {
            let mut ids = app.delegated_permission_ids.iter();
            app.app_id.eq_ignore_ascii_case(client)
                && ids.any(|known| known.eq_ignore_ascii_case(id))
        });
        let asks = self.asks_for(client, &api.app_id, id);
        let has_consented = user.state == UserState::Allowed && user.may_consent(api, scope);
        pre_authorized || (asks && has_consented)
    }

    /// Whether the client's registration lists this scope of the API.
    pub(crate) fn asks_for_scope(&self, client: &str, api: &Application, scope: &str) -> bool {
        api.scope_id(scope)
            .is_some_and(|id| self.asks_for(client, &api.app_id, id))
    }

    /// Whether the client's registration lists this delegated permission of a resource
    /// (`requiredResourceAccess[].resourceAccess[]`).
    pub fn asks_for(&self, client: &str, resource: &str, id: &str) -> bool {
        self.lists(client, resource, "Scope", id)
    }

    fn lists(&self, client: &str, resource: &str, kind: &str, id: &str) -> bool {
        let asked = self
            .application(client)
            .into_iter()
            .flat_map(|app| &app.required_resource_access)
            .filter(|access| access.resource_app_id.eq_ignore_ascii_case(resource))
            .flat_map(|access| &access.resource_access);
        asked
            .into_iter()
            .any(|listed| listed.kind == kind && listed.id.eq_ignore_ascii_case(id))
    }

    /// The app roles of `api` that the app `client` has been assigned, an administrator's consent
    /// taken for granted: those that its registration lists (`requiredResourceAccess`, type
    /// `Role`). Of those without a file, the managed identity has all of every API, and the daemon
    /// all of the protected one's.
    pub(crate) fn app_roles<'a>(&self, client: &str, api: &'a Application) -> Vec<&'a str> {
        let has_all = client == MANAGED_IDENTITY_CLIENT_ID
            || client == DAEMON_CLIENT_ID && self.is_api_client(&api.app_id);
        api.app_roles
            .iter()
            .filter(|role| role.is_for("Application"))
            .filter(|role| has_all || self.lists(client, &api.app_id, "Role", &role.id))
            .filter_map(|role| role.value.as_deref())
            .collect()
    }
}
