//! What the files say and this authority does not do, and what Entra does with them that nobody
//! would expect: in words, at start, each by its name.

use super::application::Application;
use super::permissions::GLOBAL_ADMINISTRATOR;
use super::{Directory, redirects};

/// Microsoft Graph's application id.
pub(crate) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Azure Resource Manager's.
pub(crate) const MANAGEMENT: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
/// The id of Graph's delegated permission `User.Read`.
pub(crate) const USER_READ: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
/// Those of `openid`, `profile`, `email` and `offline_access`, which everybody gets who asks.
const OF_THE_PROTOCOL: [&str; 4] = [
    "37f7f235-527c-4136-accd-4a02d197296e",
    "14dad69e-099b-42c9-810b-d002981feec1",
    "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
];

impl Directory {
    /// What the files say that has no effect, or another one than anybody would expect.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for app in self.applications() {
            warnings.extend(redirects::warnings(app, &self.callbacks));
            let file = &app.file;
            let own = app.without_effect.iter().cloned();
            let words = own
                .chain(app.without_value())
                .chain(self.unknown_permissions(app));
            warnings.extend(words.map(|words| format!("{file}: {words}")));
        }
        warnings
    }

    /// Permissions that nobody defines here.
    fn unknown_permissions(&self, app: &Application) -> Vec<String> {
        let mut words = Vec::new();
        for (index, access) in app.required_resource_access.iter().enumerate() {
            let path = format!("requiredResourceAccess[{index}]");
            let resource = &access.resource_app_id;
            let is = |id: &str| resource.eq_ignore_ascii_case(id);
            if is(MANAGEMENT) {
                continue;
            }
            if is(GRAPH) {
                let known = [USER_READ].into_iter().chain(OF_THE_PROTOCOL);
                let known: Vec<&str> = known.collect();
                let unknown = access.resource_access.iter().filter(|listed| {
                    listed.kind != "Scope"
                        || !known.iter().any(|id| listed.id.eq_ignore_ascii_case(id))
                });
                words.extend(unknown.map(|listed| format!(
                    "{path}: the permission {} has no effect: of Microsoft Graph there is User.Read here, and no Graph",
                    listed.id
                )));
                continue;
            }
            let Some(api) = self.application(resource) else {
                words.push(format!(
                    "{path} has no effect: no registration here has the appId {resource}; name its file with --registration"
                ));
                continue;
            };
            let scopes = &api.api.oauth2_permission_scopes;
            let unknown =
                access
                    .resource_access
                    .iter()
                    .filter(|listed| match listed.kind.as_str() {
                        "Scope" => !scopes
                            .iter()
                            .any(|scope| scope.id.eq_ignore_ascii_case(&listed.id)),
                        "Role" => !api
                            .app_roles
                            .iter()
                            .any(|role| role.id.eq_ignore_ascii_case(&listed.id)),
                        _ => true,
                    });
            words.extend(unknown.map(|listed| {
                format!(
                    "{path}: {} {} has no effect: {} defines no such permission",
                    listed.kind, listed.id, api.file
                )
            }));
        }
        let scopes = &app.api.oauth2_permission_scopes;
        for (index, scope) in scopes.iter().enumerate() {
            let path = format!("api.oauth2PermissionScopes[{index}]");
            match scope.kind.as_deref() {
                None | Some("User") => {}
                Some("Admin") if !scope.is_enabled => {}
                Some("Admin") => words.push(format!(
                    "{path}: {} is of type Admin, so no ordinary user can consent to it (AADSTS90094). Pre-authorize the client, or sign in as a user whose directoryRoles in deploy/users.json have {GLOBAL_ADMINISTRATOR} (Global Administrator)",
                    scope.value
                )),
                Some(kind) => words.push(format!(
                    "{path}.type: {kind:?} has no effect: it is none of User and Admin, and Entra refuses it"
                )),
            }
        }
        for (index, client) in app.api.pre_authorized_applications.iter().enumerate() {
            let unknown = client
                .delegated_permission_ids
                .iter()
                .filter(|id| !scopes.iter().any(|scope| scope.id.eq_ignore_ascii_case(id)));
            words.extend(unknown.map(|id| format!(
                "api.preAuthorizedApplications[{index}]: {id} has no effect: the API has no scope of that id, and Entra refuses it"
            )));
        }
        words
    }
}
