//! What tokens can be for, and how requests name it.

use serde::{Deserialize, Serialize};

use super::Authority;

/// Microsoft Graph's identifier URI.
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

/// Microsoft Graph's application id, the audience of its tokens.
pub(crate) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Azure Resource Manager's.
pub(crate) const MANAGEMENT: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";

/// Of Microsoft Graph's delegated permissions the ones that are known here, with their ids.
const OF_GRAPH: [(&str, &str); 1] = [("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d")];
/// Azure Resource Manager's one delegated permission.
const OF_MANAGEMENT: &str = "user_impersonation";

/// What tokens can be for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Resource {
    /// The API of `deploy/app-registration.json`.
    Api,
    /// Azure Resource Manager, which `az login` asks for.
    Management,
    /// Microsoft Graph: what a request asks for that names no resource (same page, "If the
    /// resource identifier is omitted"). There is none here but for its userinfo endpoint.
    #[default]
    Graph,
}

impl Authority {
    /// The scopes of a resource.
    pub(super) fn defined(&self, resource: Resource) -> Vec<String> {
        match resource {
            Resource::Api => self.directory().scopes().map(str::to_owned).collect(),
            Resource::Management => vec![OF_MANAGEMENT.to_owned()],
            Resource::Graph => OF_GRAPH
                .iter()
                .map(|(scope, _)| (*scope).to_owned())
                .collect(),
        }
    }

    /// A resource's application id.
    pub(super) fn app_id(&self, resource: Resource) -> &str {
        match resource {
            Resource::Api => self.api_client_id(),
            Resource::Management => MANAGEMENT,
            Resource::Graph => GRAPH,
        }
    }

    /// The id by which registrations name a scope of Microsoft Graph.
    pub(super) fn graph_permission_id(scope: &str) -> Option<&'static str> {
        let mut known = OF_GRAPH.iter();
        known.find(|(name, _)| *name == scope).map(|(_, id)| *id)
    }

    /// Which resource `named` is, if it is one.
    pub(super) fn resource(&self, named: &str) -> Option<Resource> {
        if self.directory().is_api(named) {
            return Some(Resource::Api);
        }
        let named = named.trim_end_matches('/');
        let is_one_of = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(named));
        if is_one_of(&self.management_uris()) || is_one_of(&[MANAGEMENT]) {
            return Some(Resource::Management);
        }
        is_one_of(&[GRAPH, GRAPH_URI]).then_some(Resource::Graph)
    }

    /// Azure Resource Manager's identifier URIs; this origin plays it for az.
    pub(super) fn management_uris(&self) -> [&str; 3] {
        [
            self.0.origin.as_str(),
            "https://management.azure.com",
            "https://management.core.windows.net",
        ]
    }
}
