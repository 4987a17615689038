//! The two app registrations of the tenant that is played: the API's and its public client's,
//! each a Microsoft Graph `application`, as `deploy/` ships it or `az ad app show` prints it.

use std::path::Path;

use local_easy_auth::Settings;
use local_entra::{Directory, TokenVersion};
use local_failure::Failure;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::deploy::{
    APP_REGISTRATION, CLIENT_REGISTRATION, Files, Place, TENANT_DOMAIN, TENANT_ID, Template,
};
use crate::plays::Played;

/// The registrations of one API and its client.
pub(crate) struct Registrations {
    api: Value,
    client: Value,
    /// The API's file.
    pub(crate) from: String,
    /// It is the one that is built in: nobody's in particular.
    is_built_in: bool,
    pub(crate) notes: Vec<String>,
}

/// Where the registrations are looked for.
pub(crate) struct Places<'a> {
    /// `--registration`.
    pub(crate) named: Option<&'a Path>,
    /// The settings that are in force: a registration may stand beside them.
    pub(crate) settings: &'a Template,
    /// The app's own, or the ones that are built in.
    pub(crate) files: &'a Files,
}

impl Registrations {
    /// The registrations of the API that `place` names: the file that is named, else one beside
    /// the settings, else the app's own.
    ///
    /// # Errors
    /// A file can't be read, is no registration, or is another API's.
    pub(crate) fn find(places: &Places<'_>, place: &Place) -> Result<Self, Failure> {
        let mut notes = Vec::new();
        let own = &places.files.app_registration;
        let found = match places.named {
            Some(path) => Some(Template::read(path)?),
            None => beside(places, APP_REGISTRATION.0)?,
        };
        let source = found.as_ref().unwrap_or(own);
        let may_be_passed_over = places.named.is_none() && source.path != own.path;
        let built_in = Template::built_in(APP_REGISTRATION);
        let (source, api) = match of_app(source, &place.client_id) {
            Err(why) if may_be_passed_over => {
                notes.push(format!("{} is not used: {}", source.name, why.why()));
                (&built_in, of_app(&built_in, &place.client_id)?)
            }
            api => (source, api?),
        };
        let client = match beside(places, CLIENT_REGISTRATION.0)? {
            None => any_app(&places.files.client_registration)?,
            Some(source) => any_app(&source)?,
        };
        Ok(Self {
            api: fill(api, place),
            client: fill(client, place),
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

    /// The tenant that has them.
    pub(crate) fn tenant(&self, played: &Played, minted: &str) -> LocalTenant {
        LocalTenant {
            id: played.tenant_id.clone(),
            domain: played.domain.clone(),
            api: self.api.to_string(),
            client: self.client.to_string(),
            usual_client: minted.to_owned(),
        }
    }
}

/// The tenant of the local authority, as `mint` needs it without the stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LocalTenant {
    id: String,
    /// What the settings call it, where that is not its id.
    domain: Option<String>,
    /// The API's registration.
    api: String,
    /// The public client's registration.
    client: String,
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
            named: None,
            settings: &files.auth_settings,
            files,
        };
        let registrations = Registrations::find(&places, &place)?;
        Ok(Self {
            id: place.tenant_id,
            domain: None,
            usual_client: registrations.client_id().to_owned(),
            api: registrations.api.to_string(),
            client: registrations.client.to_string(),
        })
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
        let made = Directory::new(&self.id, TENANT_DOMAIN, &self.api, &self.client);
        let mut directory = made.map_err(|error| {
            Failure::new(
                "the app registrations can't be used",
                error,
                "correct that file: it is a Microsoft Graph application, as az ad app show prints it",
            )
        })?;
        if let Some(domain) = &self.domain {
            directory.add_domain(domain);
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
    Err(Failure::new(
        format!("{} can't be used", source.name),
        format!("it is another API's: appId is {app_id}, and the settings' clientId is {id}"),
        format!(
            "write the placeholder \"<client-id>\" there, or get the right one: az ad app show --id {id} > app-registration.json"
        ),
    ))
}

/// A registration, whosever it is. Members that are null are those that are not there.
fn any_app(source: &Template) -> Result<Value, Failure> {
    let failed = |why: String| {
        Failure::new(
            format!("{} can't be used", source.name),
            why,
            "write a Microsoft Graph application there: az ad app show --id CLIENT-ID prints one",
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
