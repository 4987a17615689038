//! What tokens can be for, and how requests name it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Authority;
use super::directory::{Application, USER_READ};

/// Microsoft Graph's identifier URI.
pub(crate) const GRAPH_URI: &str = "https://graph.microsoft.com";

pub(crate) use super::directory::{GRAPH, MANAGEMENT};

/// Of Microsoft Graph's delegated permissions the ones that are known here, with their ids.
const OF_GRAPH: [(&str, &str); 1] = [("User.Read", USER_READ)];
/// Azure Resource Manager's one delegated permission.
const OF_MANAGEMENT: &str = "user_impersonation";

/// What tokens can be for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Resource {
    /// The API that the gate protects: that of `deploy/app-registration.json`.
    Api,
    /// Another app that has a registration here.
    App(AppId),
    /// Azure Resource Manager, which `az login` asks for.
    Management,
    /// Microsoft Graph: what a request asks for that names no resource (same page, "If the
    /// resource identifier is omitted"). There is none here but for its userinfo endpoint.
    #[default]
    Graph,
}

/// An application (client) id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct AppId(Uuid);

impl TryFrom<String> for AppId {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Uuid::try_parse(&text).map(Self)
    }
}

impl From<AppId> for String {
    fn from(id: AppId) -> Self {
        id.0.hyphenated().to_string()
    }
}

impl Authority {
    /// The registration of a resource that has one.
    pub(super) fn application(&self, resource: Resource) -> Option<&Application> {
        match resource {
            Resource::Api => Some(self.directory().api()),
            Resource::App(id) => self.directory().application(&String::from(id)),
            Resource::Management | Resource::Graph => None,
        }
    }

    /// The scopes of a resource.
    pub(super) fn defined(&self, resource: Resource) -> Vec<String> {
        match resource {
            Resource::Api | Resource::App(_) => {
                let scopes = self.application(resource).into_iter();
                scopes
                    .flat_map(Application::scopes)
                    .map(str::to_owned)
                    .collect()
            }
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
            // A registration that was removed has no name any more.
            Resource::Api | Resource::App(_) => self
                .application(resource)
                .map_or("", |app| app.app_id.as_str()),
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
        if let Some(app) = self.directory().named(named) {
            return if self.directory().is_api_client(&app.app_id) {
                Some(Resource::Api)
            } else {
                AppId::try_from(app.app_id.clone()).ok().map(Resource::App)
            };
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
            self.origin(),
            "https://management.azure.com",
            "https://management.core.windows.net",
        ]
    }
}
