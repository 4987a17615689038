//! Who and what the tenant knows: APIs, clients, users. From the files in `deploy/`.
//!
//! - `application`: a registration; `permissions`: who may have what of an API; `credentials`: how
//!   a client proves itself; `redirects`: where sign-ins come back to
//! - `people`: who can sign in; `users_file`: the file that says so
//! - `optional_claims`, `group_claims`: what registrations add to a person's tokens
//! - `reading`: files, and their mistakes; `warnings`, `members`: what they say without effect

mod application;
mod credentials;
mod group_claims;
mod members;
mod optional_claims;
mod people;
mod permissions;
mod reading;
mod redirects;
mod users_file;
mod warnings;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use self::application::Application;
pub use self::credentials::AppSecret;
pub(crate) use self::group_claims::fitting;
pub(crate) use self::optional_claims::TokenKind;
use self::people::Group;
pub use self::people::{User, UserState};
pub(crate) use self::redirects::Platform;
pub(crate) use self::warnings::{GRAPH, MANAGEMENT, USER_READ};
use super::daemon;
use super::{DAEMON_CLIENT_ID, MANAGED_IDENTITY_CLIENT_ID};

/// First-party clients that real tools use; public, and registered in every tenant.
const FIRST_PARTY: [(&str, &str); 4] = [
    (
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "Microsoft Azure CLI",
    ),
    (
        "1950a258-227b-4e31-a9cf-717495945fc2",
        "Microsoft Azure PowerShell",
    ),
    ("aebc6443-996d-45c2-90f0-388ff96faa56", "Visual Studio Code"),
    ("872cd9fa-d31f-45e0-9eab-6e460a02d1f1", "Visual Studio"),
];

/// Identifier URIs of Microsoft's own APIs: no tenant's registration can have them.
const MICROSOFTS_URIS: [&str; 3] = [
    "https://graph.microsoft.com",
    "https://management.azure.com",
    "https://management.core.windows.net",
];

/// Why a file of the directory's can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {path}: {why}")]
pub struct DirectoryError {
    file: String,
    /// Where in it.
    path: String,
    why: String,
}

/// A file's text, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// As a person knows it.
    pub name: String,
    /// Without placeholders.
    pub text: String,
}

/// What a tenant is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sources {
    /// The protected API's registration.
    pub api: Source,
    /// Its public client's.
    pub client: Source,
    /// Those of other clients and APIs.
    pub more: Vec<Source>,
    /// Who can sign in; none: those that are built in.
    pub users: Option<Source>,
}

/// The tenant.
pub struct Directory {
    /// The tenant's id.
    pub tenant_id: String,
    domain: String,
    /// Other domains that name it in URLs.
    more_domains: Vec<String>,
    /// The API that the gate protects.
    api: Application,
    /// Its public client.
    client: Application,
    /// Other clients and APIs.
    more: Vec<Application>,
    secrets: Vec<AppSecret>,
    users: Vec<User>,
    /// Redirect URIs of the local gate, which stand in no file.
    callbacks: Vec<String>,
    groups: Vec<Group>,
    /// The file that the users are from.
    users_file: Option<String>,
    /// Whose tokens are minted where nobody says whose.
    usual_client: Option<String>,
}

impl Directory {
    /// A tenant with these registrations, and its seed of users.
    ///
    /// # Errors
    /// A registration is not a Microsoft Graph `application`, or two are of one app.
    pub fn new(tenant_id: &str, domain: &str, sources: &Sources) -> Result<Self, DirectoryError> {
        let more: Result<Vec<_>, _> = sources.more.iter().map(Application::read).collect();
        let mut directory = Self {
            tenant_id: tenant_id.to_owned(),
            domain: domain.to_owned(),
            more_domains: Vec::new(),
            api: Application::read(&sources.api)?,
            client: Application::read(&sources.client)?,
            more: more?,
            secrets: Vec::new(),
            usual_client: None,
            callbacks: Vec::new(),
            users: people::built_in(domain),
            groups: Vec::new(),
            users_file: None,
        };
        directory.check_names()?;
        if let Some(users) = &sources.users {
            directory.read_people(users)?;
        }
        Ok(directory)
    }

    /// The file that says who can sign in, if one does.
    pub fn users_file(&self) -> Option<&str> {
        self.users_file.as_deref()
    }

    /// The public client's id.
    pub fn cli_client_id(&self) -> &str {
        &self.client.app_id
    }

    /// The tenant's verified domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether `client` is one of Microsoft's own, which Resource Manager trusts everywhere.
    pub fn is_first_party(client: &str) -> bool {
        FIRST_PARTY
            .iter()
            .any(|(id, _)| id.eq_ignore_ascii_case(client))
    }

    /// Whether `segment` of a URL names this tenant.
    pub fn is_tenant(&self, segment: &str) -> bool {
        let names = [
            self.tenant_id.as_str(),
            &self.domain,
            "common",
            "organizations",
        ];
        let more = self.more_domains.iter().map(String::as_str);
        names
            .into_iter()
            .chain(more)
            .any(|name| name.eq_ignore_ascii_case(segment))
    }

    /// Takes `domain` in a URL for this tenant too.
    pub fn add_domain(&mut self, domain: &str) {
        self.more_domains.push(domain.to_owned());
    }

    /// Mints this client's tokens where nobody says whose: one that the gate lets in.
    pub fn set_usual_client(&mut self, client: &str) {
        self.usual_client = Some(client.to_owned());
    }

    /// Whose tokens are minted where nobody says whose.
    pub fn usual_client(&self) -> &str {
        self.usual_client.as_deref().unwrap_or(self.cli_client_id())
    }

    /// What a token for the API is asked for by: its first App ID URI, else its client id.
    pub fn api_resource(&self) -> &str {
        self.api.identifier_uris.first().unwrap_or(&self.api.app_id)
    }

    /// The API's application (client) id.
    pub fn api_client_id(&self) -> &str {
        &self.api.app_id
    }

    /// Registers the gate as a web client of the API's registration, as the portal does when it
    /// adds the Microsoft provider: where sign-ins come back to, and with which secret.
    pub fn register_gate(&mut self, callbacks: Vec<String>, secret: Option<String>) {
        self.api.web.redirect_uris.extend(callbacks.iter().cloned());
        self.callbacks = callbacks;
        let app = self.api.app_id.clone();
        self.secrets
            .extend(secret.map(|text| AppSecret::new(app, text, None)));
    }

    /// Whether `id` is the API itself, as a client.
    pub fn is_api_client(&self, id: &str) -> bool {
        self.api.is(id)
    }

    /// Every registration that has a file.
    pub(crate) fn applications(&self) -> impl Iterator<Item = &Application> {
        [&self.api, &self.client].into_iter().chain(&self.more)
    }

    /// The protected API.
    pub(crate) fn api(&self) -> &Application {
        &self.api
    }

    /// The registration of an app that has a file.
    pub(crate) fn application(&self, id: &str) -> Option<&Application> {
        self.applications().find(|app| app.is(id))
    }

    /// The registration that a resource's name is of, by id or identifier URI.
    pub(crate) fn named(&self, resource: &str) -> Option<&Application> {
        self.applications().find(|app| app.is_named(resource))
    }

    /// Each app once, and each identifier URI of one app, as in a tenant.
    fn check_names(&self) -> Result<(), DirectoryError> {
        let all: Vec<&Application> = self.applications().collect();
        for (index, app) in all.iter().enumerate() {
            let failed = |path: &str, why: String| {
                Err(DirectoryError {
                    file: app.file.clone(),
                    path: path.to_owned(),
                    why,
                })
            };
            match Uuid::try_parse(&app.app_id) {
                Ok(id) if id.is_nil() => {
                    let why = "is the nil GUID, which Entra gives no app".to_owned();
                    return failed("appId", format!("{} {why}", app.app_id));
                }
                Ok(_) => {}
                Err(_) => {
                    let id = secret_forms::word(&app.app_id);
                    return failed("appId", format!("{id:?} is no GUID"));
                }
            }
            if let Some(name) = built_in_name(&app.app_id) {
                return failed(
                    "appId",
                    format!(
                        "{} is that of {name}, which is built in: give the app another id",
                        app.app_id
                    ),
                );
            }
            let microsofts = |uri: &&String| {
                let uri = uri.trim_end_matches('/');
                MICROSOFTS_URIS
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(uri))
            };
            if let Some(uri) = app.identifier_uris.iter().find(microsofts) {
                return failed(
                    "identifierUris",
                    format!("{uri} is Microsoft's own: Entra refuses it; remove it"),
                );
            }
            for other in &all[..index] {
                if app.is(&other.app_id) {
                    return failed(
                        "appId",
                        format!(
                            "{} is that of {} too: give one of them another id",
                            app.app_id, other.file
                        ),
                    );
                }
                if let Some(uri) = app.identifier_uris.iter().find(|uri| other.is_named(uri)) {
                    return failed(
                        "identifierUris",
                        format!(
                            "{uri} is one of {} too: Entra refuses that; remove it from one of them",
                            other.file
                        ),
                    );
                }
            }
        }
        Ok(())
    }

    /// Whether the client has a registration of this tenant's own.
    pub fn is_registered(&self, client: &str) -> bool {
        self.application(client).is_some()
    }

    /// The object id of the client's service principal in this tenant: an app-only token's `oid`
    /// and `sub` (captured: azure-workload-identity#1613). Each client has its own.
    pub fn service_principal(&self, client: &str) -> String {
        let client = client.to_ascii_lowercase();
        if client == DAEMON_CLIENT_ID {
            return daemon::OBJECT_ID.to_owned();
        }
        object_id(&self.tenant_id, "servicePrincipals", &client)
    }

    /// The client's display name, if it is registered.
    pub fn client_name(&self, id: &str) -> Option<&str> {
        if self.is_api_client(id) {
            return Some("the API's own registration");
        }
        if id.eq_ignore_ascii_case(&self.client.app_id) {
            return Some("greeting-cli");
        }
        if id.eq_ignore_ascii_case(DAEMON_CLIENT_ID) {
            return Some("the daemon");
        }
        if let Some(app) = self.more.iter().find(|app| app.is(id)) {
            return Some(app.display_name.as_deref().unwrap_or(&app.app_id));
        }
        FIRST_PARTY
            .iter()
            .find(|(first, _)| first.eq_ignore_ascii_case(id))
            .map(|(_, name)| *name)
    }

    /// The protected API's `requestedAccessTokenVersion`; a new registration's null means 1.
    pub fn token_version(&self) -> u8 {
        self.api.token_version()
    }

    /// The apps beside the protected API and its client: name, client id, file.
    pub fn more_apps(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.more.iter().map(|app| {
            let name = app.display_name.as_deref().unwrap_or("an app");
            (name, app.app_id.as_str(), app.file.as_str())
        })
    }
}

/// What an app is called that is there without a registration's file.
fn built_in_name(id: &str) -> Option<&'static str> {
    let others = [
        (DAEMON_CLIENT_ID, "the daemon"),
        (MANAGED_IDENTITY_CLIENT_ID, "the managed identity"),
        (GRAPH, "Microsoft Graph"),
        (MANAGEMENT, "Azure Resource Manager"),
    ];
    let mut known = FIRST_PARTY.into_iter().chain(others);
    let found = known.find(|(known, _)| known.eq_ignore_ascii_case(id))?;
    Some(found.1)
}

/// An object's id that is the same at each start: of its tenant, its collection in Graph and its
/// name, whose letter case does not count.
fn object_id(tenant: &str, collection: &str, name: &str) -> String {
    let named = format!("{tenant}/{collection}/{}", name.to_ascii_lowercase());
    let hash = digest::digest(&digest::SHA256, named.as_bytes());
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(hash.as_ref()) {
        *byte = *hashed;
    }
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests;
