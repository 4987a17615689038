//! The API's delegated permissions, and what the registrations say of who has them.

use super::application::ResourceAccess;
use super::{Directory, User, UserState};

impl Directory {
    /// The API's scopes that are enabled.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.api
            .api
            .oauth2_permission_scopes
            .iter()
            .filter(|scope| scope.is_enabled)
            .map(|scope| scope.value.as_str())
    }

    /// A scope's name and description for people, where its registration has them.
    pub fn consent_texts(&self, scope: &str) -> Option<(&str, &str)> {
        let scopes = &self.api.api.oauth2_permission_scopes;
        let scope = scopes.iter().find(|known| known.value == scope)?;
        let name = scope.user_consent_display_name.as_deref()?;
        Some((name, scope.user_consent_description.as_deref()?))
    }

    /// Whether `client` gets the API's `scope` without a consent prompt: it is pre-authorized for
    /// just that, or the user has consented to what the client's registration asks for.
    pub fn consented(&self, client: &str, scope: &str, user: &User) -> bool {
        let Some(id) = self.scope_id(scope) else {
            return false;
        };
        let pre_authorized = self.api.api.pre_authorized_applications.iter().any(|app| {
            let mut ids = app.delegated_permission_ids.iter();
            app.app_id.eq_ignore_ascii_case(client)
                && ids.any(|known| known.eq_ignore_ascii_case(id))
        });
        let asks = self.asks_for(client, &self.api.app_id, id);
        pre_authorized || (asks && user.state == UserState::Allowed)
    }

    /// Whether the client's registration lists this scope of the API.
    pub fn asks_for_scope(&self, client: &str, scope: &str) -> bool {
        self.scope_id(scope)
            .is_some_and(|id| self.asks_for(client, &self.api.app_id, id))
    }

    /// Whether the client's registration lists this delegated permission of a resource
    /// (`requiredResourceAccess[].resourceAccess[]`).
    pub fn asks_for(&self, client: &str, resource: &str, id: &str) -> bool {
        let asked = self
            .application(client)
            .into_iter()
            .flat_map(|app| &app.required_resource_access)
            .filter(|access| access.resource_app_id.eq_ignore_ascii_case(resource))
            .flat_map(|access| &access.resource_access);
        asked.into_iter().any(|ResourceAccess { id: known, kind }| {
            kind == "Scope" && known.eq_ignore_ascii_case(id)
        })
    }

    fn scope_id(&self, scope: &str) -> Option<&str> {
        let mut scopes = self.api.api.oauth2_permission_scopes.iter();
        scopes
            .find(|known| known.value == scope)
            .map(|known| known.id.as_str())
    }
}
