//! What a client has been granted for a user: by the registrations, or on the page. Consent is
//! per scope (Microsoft: "Overview of permissions and consent"; `.default`: "Scopes and
//! permissions in the Microsoft identity platform").

use super::Authority;
use super::directory::{Directory, User, UserState};
use super::resources::Resource;
use super::scopes::{Permissions, ResourceScopes, ScopeRequest};

/// What signing in at all needs of Microsoft Graph, and a consent to that is kept under.
const SIGN_IN: &str = "openid";

impl Authority {
    /// Whether the client gets what it asks for without a consent prompt. Of `.default` one
    /// granted scope is enough.
    pub(super) fn has_consent(&self, asked: &ScopeRequest, user: &User) -> bool {
        asked.resources().all(|of| match &of.permissions {
            Permissions::Named(scopes) if scopes.is_empty() => {
                self.is_granted(&asked.client, of.resource, SIGN_IN, user)
            }
            Permissions::Named(scopes) => scopes
                .iter()
                .all(|scope| self.is_granted(&asked.client, of.resource, &scope.value, user)),
            Permissions::Granted => !self.granted(&asked.client, of.resource, user).is_empty(),
        })
    }

    /// All scopes of a resource that the client has been granted: what `.default` gives.
    pub(super) fn granted(&self, client: &str, resource: Resource, user: &User) -> Vec<String> {
        self.defined(resource)
            .into_iter()
            .filter(|scope| self.is_granted(client, resource, scope, user))
            .collect()
    }

    fn is_granted(&self, client: &str, resource: Resource, scope: &str, user: &User) -> bool {
        let directory = self.directory();
        let app = self.application(resource);
        let is_microsofts = matches!(resource, Resource::Management | Resource::Graph);
        if is_microsofts && Directory::is_first_party(client) {
            // Microsoft's own clients are pre-authorized for Microsoft's own resources.
            return true;
        }
        if !self.policy().consent {
            return false;
        }
        let by_registration = match resource {
            Resource::Api | Resource::App(_) => {
                app.is_some_and(|app| directory.consented(client, app, scope, user))
            }
            Resource::Management => false,
            Resource::Graph => {
                let asks = scope == SIGN_IN
                    || Self::graph_permission_id(scope)
                        .is_some_and(|id| directory.asks_for(client, self.app_id(resource), id));
                asks && directory.is_registered(client) && user.state == UserState::Allowed
            }
        };
        by_registration
            || self
                .grants()
                .has_consent(client, &self.kept_name(resource, scope), &user.upn)
    }

    /// Whether it is up to the user to let the client have all that it asks for.
    pub(super) fn may_consent(&self, asked: &ScopeRequest, user: &User) -> bool {
        asked.resources().all(|of| {
            let scopes = self.to_consent(&asked.client, of);
            scopes.iter().all(|scope| {
                self.is_granted(&asked.client, of.resource, scope, user)
                    || self
                        .application(of.resource)
                        .is_none_or(|app| user.may_consent(app, scope))
            })
        })
    }

    /// The scopes that a consent prompt is about.
    pub(super) fn to_consent(&self, client: &str, of: &ResourceScopes) -> Vec<String> {
        match &of.permissions {
            Permissions::Named(scopes) => scopes.iter().map(|scope| scope.value.clone()).collect(),
            // What the registration lists; a client without one asks for all that users may
            // consent to.
            Permissions::Granted => {
                let all = self.defined(of.resource);
                let listed: Vec<String> = all
                    .iter()
                    .filter(|scope| match of.resource {
                        Resource::Api | Resource::App(_) => self
                            .application(of.resource)
                            .is_some_and(|app| self.directory().asks_for_scope(client, app, scope)),
                        Resource::Management => false,
                        Resource::Graph => Self::graph_permission_id(scope).is_some_and(|id| {
                            let graph = self.app_id(Resource::Graph);
                            self.directory().asks_for(client, graph, id)
                        }),
                    })
                    .cloned()
                    .collect();
                if !listed.is_empty() {
                    return listed;
                }
                let app = self.application(of.resource);
                let for_users =
                    |scope: &String| app.is_none_or(|app| !app.is_for_administrators(scope));
                let of_users: Vec<String> = all.iter().filter(|s| for_users(s)).cloned().collect();
                if of_users.is_empty() { all } else { of_users }
            }
        }
    }

    /// Remembers, for this run, that the user lets the client have what it asks for.
    pub(super) fn consent(&self, asked: &ScopeRequest, user: &str) {
        let mut scopes = vec![self.kept_name(Resource::Graph, SIGN_IN)];
        for of in asked.resources() {
            let named = self.to_consent(&asked.client, of);
            scopes.extend(named.iter().map(|scope| self.kept_name(of.resource, scope)));
        }
        self.grants().consent(&asked.client, scopes, user);
    }

    /// A scope by its resource's id: two resources may have scopes of one name.
    fn kept_name(&self, resource: Resource, scope: &str) -> String {
        format!("{}/{scope}", self.app_id(resource))
    }
}
