//! The app registrations of the tenant that is played: the protected API's, its public client's,
//! and any number of others (`more`), each a Microsoft Graph `application`, as `deploy/` ships it
//! or `az ad app show` prints it. `secrets`: what they have to prove themselves with.

mod more;
mod secrets;

use std::path::{Path, PathBuf};

use local_easy_auth::Settings;
use local_entra::{AppSecret, Directory, Source, Sources, TokenVersion};
use local_failure::{Failure, Fix};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::deploy::{
    API_CLIENT_ID, APP_REGISTRATION, CLIENT_REGISTRATION, Files, Place, TENANT_DOMAIN, TENANT_ID,
    Template,
};
use crate::plays::Played;

/// The registrations of the protected API, its client, and the others.
pub(crate) struct Registrations {
    api: Value,
    client: Value,
    /// The client's file.
    client_from: String,
    more: Vec<Registered>,
    /// Who can sign in, where a file says so.
    users: Option<Source>,
    /// The API's file.
    pub(crate) from: String,
    /// It is the one that is built in: nobody's in particular.
    is_built_in: bool,
    pub(crate) notes: Vec<String>,
}

/// A registration, and the file that it is from.
struct Registered {
    from: String,
    app: Value,
}

/// Where the registrations are looked for.
pub(crate) struct Places<'a> {
    /// `--registration`, each.
    pub(crate) named: &'a [PathBuf],
    /// The settings that are in force: a registration may stand beside them.
    pub(crate) settings: &'a Template,
    /// The app's own, or the ones that are built in.
    pub(crate) files: &'a Files,
}

impl Registrations {
    /// The registrations of the API that `place` names: the file that is named, else one beside
    /// the settings, else the app's own; and all others that are named or stand in a `deploy/`.
    ///
    /// # Errors
    /// A file can't be read, or is no registration.
    pub(crate) fn find(places: &Places<'_>, place: &Place) -> Result<Self, Failure> {
        let named = more::sort(places.named, place)?;
        let mut notes = Vec::new();
        let own = &places.files.app_registration;
        let is_named = named.api.is_some();
        let found = match named.api {
            Some(source) => Some(source),
            None => beside(places, APP_REGISTRATION.0)?,
        };
        let source = found.as_ref().unwrap_or(own);
        let may_be_passed_over = !is_named && source.path != own.path;
        let built_in = Template::built_in(APP_REGISTRATION);
        let (source, api) = match of_app(source, &place.client_id) {
            Err(why) if may_be_passed_over => {
                notes.push(format!("{} is not used: {}", source.name, why.why()));
                (&built_in, of_app(&built_in, &place.client_id)?)
            }
            api => (source, api?),
        };
        // Settings of an API of one's own and a registration that is not that API's: the wrong
        // file, most likely.
        if source.path.is_none()
            && place.client_id != API_CLIENT_ID
            && let Some(other) = named.more.first()
        {
            return Err(of_another(&other.from, &other.app, &place.client_id));
        }
        let client = match named.client {
            Some(source) => Some(source),
            None => beside(places, CLIENT_REGISTRATION.0)?,
        };
        let client = client.as_ref().unwrap_or(&places.files.client_registration);
        let mut others = named.more;
        others.extend(more::in_folders(places, &mut notes)?);
        Ok(Self {
            api: fill(api, place),
            client: fill(any_app(client)?, place),
            client_from: client.name.clone(),
            more: others
                .into_iter()
                .map(|one| Registered {
                    app: fill(one.app, place),
                    ..one
                })
                .collect(),
            users: more::users(places, place)?,
            from: source.name.clone(),
            is_built_in: source.path.is_none(),
            notes,
        })
    }

    /// The client's id, where its file has a real one.
    pub(crate) fn client_id(&self) -> &str {
        self.client["appId"].as_str().unwrap_or_default()
    }

    /// Has the API that is built in be the one that `settings` are for: the App ID URIs that they
    /// accept, and tokens of their issuer's version. A file's API is what the file says.
    pub(crate) fn play(&mut self, played: &Played, settings: &Settings) {
        if played.says.is_none() {
            return;
        }
        let asks_for = match self.api["api"]["requestedAccessTokenVersion"].as_u64() {
            Some(2) => TokenVersion::V2,
            _ => TokenVersion::V1,
        };
        if !self.is_built_in {
            if asks_for != played.version {
                let (asked, expected) = match asks_for {
                    TokenVersion::V1 => ("v1", "v2"),
                    TokenVersion::V2 => ("v2", "v1"),
                };
                self.notes.push(format!(
                    "{} asks for {asked} tokens (requestedAccessTokenVersion), and openIdIssuer is for {expected}: the gate refuses every token, as Azure's does",
                    self.from
                ));
            }
            return;
        }
        self.api["api"]["requestedAccessTokenVersion"] = match played.version {
            TokenVersion::V1 => Value::Null,
            TokenVersion::V2 => json!(2),
        };
        let usual = format!("api://{}", played.client_id);
        let accepted = &settings.provider().validation.allowed_audiences;
        let mut uris: Vec<&String> = accepted.iter().filter(|uri| uri.contains("://")).collect();
        // The usual one first, where it is accepted.
        uris.sort_by_key(|uri| !uri.eq_ignore_ascii_case(&usual));
        if !uris.is_empty() {
            self.api["identifierUris"] = json!(uris);
        }
    }

    /// The scope that a caller asks for: the API's first scope by its first App ID URI, or by its
    /// client id where it has none.
    pub(crate) fn scope(&self) -> String {
        let uri = self.api["identifierUris"][0].as_str();
        let id = self.api["appId"].as_str().unwrap_or_default();
        let scopes = self.api["api"]["oauth2PermissionScopes"].as_array();
        let enabled = scopes
            .into_iter()
            .flatten()
            .find(|scope| scope["isEnabled"] != false);
        let scope = enabled.and_then(|scope| scope["value"].as_str());
        format!("{}/{}", uri.unwrap_or(id), scope.unwrap_or(".default"))
    }

    /// The secrets that the files have, whose variables `environment` knows.
    ///
    /// # Errors
    /// A variable is not there, or a secret is none.
    pub(crate) fn secrets(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<(Vec<AppSecret>, Vec<String>), Failure> {
        let own = [(&self.from, &self.api), (&self.client_from, &self.client)];
        let more = self.more.iter().map(|one| (&one.from, &one.app));
        secrets::of(own.into_iter().chain(more), environment)
    }

    /// The tenant that has them.
    pub(crate) fn tenant(&self, played: &Played, minted: &str) -> LocalTenant {
        LocalTenant {
            id: played.tenant_id.clone(),
            domain: played.domain.clone(),
            sources: self.sources(),
            secrets: Vec::new(),
            usual_client: minted.to_owned(),
        }
    }

    /// Without their secrets, which are written nowhere.
    fn sources(&self) -> Sources {
        let source = |from: &str, app: &Value| Source {
            name: from.to_owned(),
            text: secrets::without(app).to_string(),
        };
        Sources {
            api: source(&self.from, &self.api),
            client: source(&self.client_from, &self.client),
            more: self
                .more
                .iter()
                .map(|one| source(&one.from, &one.app))
                .collect(),
            users: self.users.clone(),
        }
    }
}

/// The tenant of the local authority, as `mint` needs it without the stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalTenant {
    id: String,
    /// What the settings call it, where that is not its id.
    domain: Option<String>,
    sources: Sources,
    /// In the memory of `up` alone.
    #[serde(skip)]
    secrets: Vec<AppSecret>,
    /// Whose tokens are minted where nobody says whose.
    usual_client: String,
}

impl LocalTenant {
    /// The tenant with the registrations of `files`, as no stack runs that has others.
    ///
    /// # Errors
    /// A file is no registration, or is of a real tenant.
    pub(crate) fn of(files: &Files) -> Result<Self, Failure> {
        let place = Place::local("");
        let places = Places {
            named: &[],
            settings: &files.auth_settings,
            files,
        };
        let registrations = Registrations::find(&places, &place)?;
        Ok(Self {
            id: place.tenant_id,
            domain: None,
            usual_client: registrations.client_id().to_owned(),
            sources: registrations.sources(),
            secrets: Vec::new(),
        })
    }

    /// The tenant whose apps have these secrets.
    pub(crate) fn with_secrets(self, secrets: Vec<AppSecret>) -> Self {
        Self { secrets, ..self }
    }

    /// The file of its refresh tokens in the state folder: no tenant takes another's.
    pub(crate) fn refresh_store(&self) -> String {
        if self.id == TENANT_ID {
            "refresh-tokens.jsonl".to_owned()
        } else {
            format!("refresh-tokens-{}.jsonl", self.id)
        }
    }

    /// Who and what it knows.
    ///
    /// # Errors
    /// A registration is no Microsoft Graph `application`.
    pub(crate) fn directory(&self) -> Result<Directory, Failure> {
        let made = Directory::new(&self.id, TENANT_DOMAIN, &self.sources);
        let mut directory = made.map_err(|error| {
            Failure::new(
                "the tenant's files can't be used",
                error,
                "correct it there: a registration is a Microsoft Graph application, as az ad app show prints it; deploy/users.schema.json is the schema of users.json",
            )
        })?;
        if let Some(domain) = &self.domain {
            directory.add_domain(domain);
        }
        for secret in &self.secrets {
            directory.add_secret(secret.clone());
        }
        directory.set_usual_client(&self.usual_client);
        Ok(directory)
    }
}

/// `deploy/<name>` beside the settings, or `<name>` beside settings that are in a `deploy/`.
fn beside(places: &Places<'_>, name: &str) -> Result<Option<Template>, Failure> {
    let folder = places
        .settings
        .path
        .as_deref()
        .map(|path| path.parent().unwrap_or(Path::new("")));
    let Some(folder) = folder else {
        return Ok(None);
    };
    let file_name = name.rsplit('/').next().unwrap_or(name);
    let found = [folder.join(name), folder.join(file_name)]
        .into_iter()
        .find(|path| path.is_file());
    found.map(|path| Template::read(&path)).transpose()
}

/// The API's registration: its `appId` is the placeholder or `id`.
fn of_app(source: &Template, id: &str) -> Result<Value, Failure> {
    let app = any_app(source)?;
    let app_id = app["appId"].as_str().unwrap_or_default();
    if app_id == "<client-id>" || app_id.eq_ignore_ascii_case(id) {
        return Ok(app);
    }
    Err(of_another(&source.name, &app, id))
}

fn of_another(from: &str, app: &Value, id: &str) -> Failure {
    let app_id = app["appId"].as_str().unwrap_or_default();
    Failure::new(
        format!("{from} can't be used"),
        format!("it is another API's: appId is {app_id}, and the settings' clientId is {id}"),
        Fix::with(
            "write the placeholder \"<client-id>\" there, or get the right one",
            format!("az ad app show --id {id} > app-registration.json"),
        ),
    )
}

/// A registration, whosever it is. Members that are null are those that are not there.
fn any_app(source: &Template) -> Result<Value, Failure> {
    let failed = |why: String| {
        Failure::new(
            format!("{} can't be used", source.name),
            why,
            Fix::with(
                "write a Microsoft Graph application there, such as this prints",
                "az ad app show --id CLIENT-ID",
            ),
        )
    };
    let mut app: Value = serde_json::from_str(source.text.trim_start_matches('\u{feff}'))
        .map_err(|error| failed(format!("not JSON: {error}")))?;
    without_nulls(&mut app);
    if app["appId"].is_string() {
        Ok(app)
    } else {
        Err(failed(
            "it has no appId, so it is no app registration".to_owned(),
        ))
    }
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

fn fill(app: Value, place: &Place) -> Value {
    match app {
        Value::String(text) => Value::String(place.fill(&text)),
        Value::Array(items) => items.into_iter().map(|item| fill(item, place)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, fill(member, place)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests;
