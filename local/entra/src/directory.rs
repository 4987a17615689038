//! Who and what the tenant knows: the API, its clients, its users. From the files in `deploy/`.

mod application;

use loopback::is_loopback;
use url::Url;

use self::application::Application;
use super::DAEMON_CLIENT_ID;

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
#[error("deploy/{file}: {error}")]
pub struct DirectoryError {
    file: String,
    error: serde_json::Error,
}

/// The tenant.
pub struct Directory {
    /// The tenant's id.
    pub tenant_id: String,
    domain: String,
    api: Application,
    client: Application,
    users: Vec<User>,
    /// The API's client secret, where the gate signs browsers in with one.
    secret: Option<String>,
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
        Ok(Self {
            tenant_id: tenant_id.to_owned(),
            domain: domain.to_owned(),
            api: parse("app-registration.json", api)?,
            client: parse("client-registration.json", client)?,
            secret: None,
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
            .map(|role| role.value.as_str())
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

    /// Whether `segment` of a URL names this tenant.
    pub fn is_tenant(&self, segment: &str) -> bool {
        [
            self.tenant_id.as_str(),
            &self.domain,
            "common",
            "organizations",
        ]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(segment))
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

    /// The redirect URI `asked`, if the client has registered it. Public clients of this machine
    /// may use any port of a loopback address (RFC 8252 section 7.3).
    pub fn redirect(&self, client: &str, asked: &str) -> Option<Url> {
        let url = Url::parse(asked)
            .ok()
            .filter(|url| url.fragment().is_none())?;
        let registered: Vec<&str> = if self.is_api_client(client) {
            self.api
                .web
                .redirect_uris
                .iter()
                .map(String::as_str)
                .collect()
        } else if client.eq_ignore_ascii_case(&self.client.app_id) {
            let app = &self.client;
            [&app.public_client, &app.web]
                .iter()
                .flat_map(|platform| platform.redirect_uris.iter().map(String::as_str))
                .collect()
        } else {
            vec!["http://localhost"]
        };
        registered
            .into_iter()
            .filter_map(|known| Url::parse(known).ok())
            .any(|known| {
                let mut same_port = url.clone();
                if is_loopback(&known) && known.scheme() == "http" && known.port().is_none() {
                    // Loopback http URLs take any port.
                    let _ = same_port.set_port(None);
                }
                let localhost = |url: &Url| {
                    let mut url = url.clone();
                    if is_loopback(&url) {
                        let _ = url.set_host(Some("localhost"));
                    }
                    url
                };
                localhost(&same_port) == localhost(&known)
            })
            .then_some(url)
    }

    /// Whether some client may be sent back to this URL's origin.
    pub fn is_redirect_origin(&self, url: &Url) -> bool {
        let apps = [&self.api, &self.client];
        apps.iter()
            .flat_map(|app| [&app.web, &app.public_client])
            .flat_map(|platform| &platform.redirect_uris)
            .filter_map(|known| Url::parse(known).ok())
            .any(|known| known.origin() == url.origin())
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

    /// Whether `client` gets `scope` without a consent prompt: it is pre-authorized, or the
    /// user has consented to what the client's registration asks for.
    pub fn consented(&self, client: &str, scope: &str, user: &User) -> bool {
        let Some(scope) = self
            .api
            .api
            .oauth2_permission_scopes
            .iter()
            .find(|known| known.value == scope)
        else {
            return false;
        };
        let pre_authorized = self.api.api.pre_authorized_applications.iter().any(|app| {
            app.app_id.eq_ignore_ascii_case(client)
                && app.delegated_permission_ids.contains(&scope.id)
        });
        let asks = client.eq_ignore_ascii_case(&self.client.app_id)
            && self
                .client
                .required_resource_access
                .iter()
                .any(|access| access.resource_app_id == self.api.app_id);
        pre_authorized || (asks && user.state == UserState::Allowed)
    }

    /// `requestedAccessTokenVersion`; a new registration's null means 1.
    pub fn token_version(&self) -> u8 {
        self.api.api.requested_access_token_version.unwrap_or(1)
    }
}

#[cfg(test)]
mod tests;
