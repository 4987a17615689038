//! Who and what the tenant knows: the API, its clients, its users. From the files in `deploy/`.

mod application;
mod permissions;
mod redirects;

use aws_lc_rs::digest;

use self::application::Application;
pub(crate) use self::redirects::Platform;
use super::DAEMON_CLIENT_ID;
use super::daemon;

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

/// A person who can sign in.
#[derive(Debug, Clone)]
pub struct User {
    pub name: &'static str,
    pub upn: String,
    pub oid: &'static str,
    pub state: UserState,
}

/// What the tenant lets a user do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    Allowed,
    /// Has not consented to anything that is not pre-authorized.
    NoConsent,
    Guest,
    Disabled,
}

/// Why the registrations can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
pub struct DirectoryError {
    file: String,
    error: serde_json::Error,
}

/// The tenant.
pub struct Directory {
    /// The tenant's id.
    pub tenant_id: String,
    domain: String,
    /// Other domains that name it in URLs.
    more_domains: Vec<String>,
    api: Application,
    client: Application,
    users: Vec<User>,
    /// What Entra does with the registrations that nobody would expect, in words.
    warnings: Vec<String>,
    /// The API's client secret, where the gate signs browsers in with one.
    secret: Option<String>,
    /// Whose tokens are minted where nobody says whose.
    usual_client: Option<String>,
}

impl Directory {
    /// A tenant with the API and the client of these registrations, and its seed of users.
    ///
    /// # Errors
    /// A registration that is not a Microsoft Graph `application`.
    pub fn new(
        tenant_id: &str,
        domain: &str,
        api: &str,
        client: &str,
    ) -> Result<Self, DirectoryError> {
        let parse = |file: &str, text: &str| {
            serde_json::from_str::<Application>(text).map_err(|error| DirectoryError {
                file: file.to_owned(),
                error,
            })
        };
        let user = |name, user: &str, oid, state| User {
            name,
            upn: format!("{user}@{domain}"),
            oid,
            state,
        };
        let api = parse("the API's registration", api)?;
        let client = parse("the client's registration", client)?;
        Ok(Self {
            warnings: redirects::warnings([
                ("the API's registration", &api),
                ("the client's registration", &client),
            ]),
            tenant_id: tenant_id.to_owned(),
            domain: domain.to_owned(),
            more_domains: Vec::new(),
            api,
            client,
            secret: None,
            usual_client: None,
            users: vec![
                user(
                    "Alice Example",
                    "alice",
                    "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01",
                    UserState::Allowed,
                ),
                user(
                    "Bob Example",
                    "bob",
                    "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b02",
                    UserState::NoConsent,
                ),
                user(
                    "Gita Guest",
                    "gita",
                    "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b03",
                    UserState::Guest,
                ),
                user(
                    "Dan Disabled",
                    "dan",
                    "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b04",
                    UserState::Disabled,
                ),
            ],
        })
    }

    /// What Entra does with the registrations that nobody would expect, in words.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The public client's id.
    pub fn cli_client_id(&self) -> &str {
        &self.client.app_id
    }

    /// The tenant's verified domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The app roles that the daemon has been assigned: all that applications may have.
    pub fn app_roles(&self) -> impl Iterator<Item = &str> {
        self.api
            .app_roles
            .iter()
            .filter(|role| {
                role.is_enabled
                    && role
                        .allowed_member_types
                        .iter()
                        .any(|kind| kind == "Application")
            })
            .filter_map(|role| role.value.as_deref())
    }

    /// Whether `client` is one of Microsoft's own, which Resource Manager trusts everywhere.
    pub fn is_first_party(client: &str) -> bool {
        FIRST_PARTY
            .iter()
            .any(|(id, _)| id.eq_ignore_ascii_case(client))
    }

    /// Everyone who can sign in; the first is the default.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user of this sign-in name, which ignores case; the tenant's domain may be left out.
    pub fn user(&self, upn: &str) -> Option<&User> {
        let upn = upn.trim();
        let whole = match upn.contains('@') {
            true => upn.to_owned(),
            false => format!("{upn}@{}", self.domain),
        };
        self.users
            .iter()
            .find(|user| user.upn.eq_ignore_ascii_case(&whole))
    }

    /// The sign-in names of those whose account is not disabled.
    pub fn may_sign_in(&self) -> Vec<&str> {
        self.users
            .iter()
            .filter(|user| user.state != UserState::Disabled)
            .map(|user| user.upn.as_str())
            .collect()
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
        self.api.web.redirect_uris.extend(callbacks);
        self.secret = secret;
    }

    /// The API's client secret, if it has one.
    pub fn api_secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// Whether `id` is the API itself, as a client.
    pub fn is_api_client(&self, id: &str) -> bool {
        id.eq_ignore_ascii_case(&self.api.app_id)
    }

    /// The registration of a client that has a file.
    fn application(&self, client: &str) -> Option<&Application> {
        [&self.api, &self.client]
            .into_iter()
            .find(|app| app.app_id.eq_ignore_ascii_case(client))
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
        let named = format!("{}/servicePrincipals/{client}", self.tenant_id);
        let hash = digest::digest(&digest::SHA256, named.as_bytes());
        let mut bytes = [0; 16];
        for (byte, hashed) in bytes.iter_mut().zip(hash.as_ref()) {
            *byte = *hashed;
        }
        uuid::Builder::from_custom_bytes(bytes)
            .into_uuid()
            .to_string()
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
        FIRST_PARTY
            .iter()
            .find(|(first, _)| first.eq_ignore_ascii_case(id))
            .map(|(_, name)| *name)
    }

    /// Whether the client may use flows that need no secret.
    pub fn is_public_client(&self, id: &str) -> bool {
        !self.is_api_client(id)
            && !id.eq_ignore_ascii_case(DAEMON_CLIENT_ID)
            && (!id.eq_ignore_ascii_case(&self.client.app_id)
                || self.client.is_fallback_public_client)
    }

    /// Whether `resource` names the API, by id or identifier URI.
    pub fn is_api(&self, resource: &str) -> bool {
        resource.eq_ignore_ascii_case(&self.api.app_id)
            || self
                .api
                .identifier_uris
                .iter()
                .any(|uri| uri.eq_ignore_ascii_case(resource))
    }

    /// The API's identifier URIs.
    pub fn identifier_uris(&self) -> Vec<&str> {
        self.api
            .identifier_uris
            .iter()
            .map(String::as_str)
            .collect()
    }

    /// `requestedAccessTokenVersion`; a new registration's null means 1.
    pub fn token_version(&self) -> u8 {
        self.api.api.requested_access_token_version.unwrap_or(1)
    }
}

#[cfg(test)]
mod tests;
