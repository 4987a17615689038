//! Registrations beside the protected API's and its client's: those that are named, and every one
//! in a `deploy/` folder.

use std::path::{Path, PathBuf};

use local_entra::Source;
use local_failure::Failure;
use serde_json::Value;

use super::{Places, Registered, any_app};
use crate::deploy::{APP_REGISTRATION, CLIENT_REGISTRATION, Place, Template};

/// Who can sign in.
const USERS: &str = "users.json";

/// Members that make a file without an `appId` look like a registration that has lost it.
const OF_AN_APPLICATION: [&str; 5] = [
    "identifierUris",
    "passwordCredentials",
    "preAuthorizedApplications",
    "requiredResourceAccess",
    "signInAudience",
];

/// The files that are named, by whose registration each is.
pub(super) struct Named {
    pub(super) api: Option<Template>,
    pub(super) client: Option<Template>,
    pub(super) more: Vec<Registered>,
}

/// Reads the files that are named.
///
/// # Errors
/// One can't be read or is no registration, or two are of one app.
pub(super) fn sort(paths: &[PathBuf], place: &Place) -> Result<Named, Failure> {
    let mut named = Named {
        api: None,
        client: None,
        more: Vec::new(),
    };
    for path in paths {
        let source = Template::read(path)?;
        let app = any_app(&source)?;
        let id = app["appId"].as_str().unwrap_or_default();
        let taken = |first: &Template| {
            Failure::new(
                format!("{} can't be used", source.name),
                format!("its appId {id} is that of {} too", first.name),
                "leave one of the two out",
            )
        };
        let is =
            |placeholder: &str, known: &str| id == placeholder || id.eq_ignore_ascii_case(known);
        if is("<client-id>", &place.client_id) {
            if let Some(first) = &named.api {
                return Err(taken(first));
            }
            named.api = Some(source);
        } else if is("<cli-client-id>", &place.cli_client_id) {
            if let Some(first) = &named.client {
                return Err(taken(first));
            }
            named.client = Some(source);
        } else {
            named.more.push(Registered {
                from: source.name,
                app,
            });
        }
    }
    Ok(named)
}

/// The file that says who can sign in: one beside the settings, else the app's own.
///
/// # Errors
/// It can't be read.
pub(super) fn users(places: &Places<'_>, place: &Place) -> Result<Option<Source>, Failure> {
    let mut folders: Vec<PathBuf> = Vec::new();
    let beside = places.settings.path.as_deref().and_then(Path::parent);
    folders.extend(beside.map(deploy_folder));
    folders.extend(places.files.folder.clone());
    let found = folders
        .into_iter()
        .map(|folder| folder.join(USERS))
        .find(|path| path.is_file());
    let Some(path) = found else { return Ok(None) };
    let source = Template::read(&path)?;
    Ok(Some(Source {
        text: place.fill(source.text.trim_start_matches('\u{feff}')),
        name: source.name,
    }))
}

/// Every other registration in the app's `deploy/` folder, and in the one beside the settings.
/// What looks like one and can't be used is said in `notes`.
///
/// # Errors
/// A file can't be read.
pub(super) fn in_folders(
    places: &Places<'_>,
    notes: &mut Vec<String>,
) -> Result<Vec<Registered>, Failure> {
    let mut folders: Vec<PathBuf> = places.files.folder.iter().cloned().collect();
    let beside = places.settings.path.as_deref().and_then(Path::parent);
    folders.extend(beside.map(deploy_folder));
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| json_files(folder))
        .collect();
    // A folder that is found twice, by two names.
    let canonical = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    paths.sort_by_key(canonical);
    paths.dedup_by_key(|path| canonical(path));
    let named: Vec<PathBuf> = places.named.iter().map(canonical).collect();
    paths.retain(|path| !named.contains(&canonical(path)));
    let mut found = Vec::new();
    for path in paths {
        let source = Template::read(&path)?;
        let Ok(value) = serde_json::from_str::<Value>(source.text.trim_start_matches('\u{feff}'))
        else {
            notes.push(format!("{} is not JSON, so it is passed over", source.name));
            continue;
        };
        if value["appId"].is_string() {
            found.push(Registered {
                app: any_app(&source)?,
                from: source.name,
            });
        } else if let Some(member) = OF_AN_APPLICATION
            .iter()
            .find(|member| value.get(**member).is_some())
        {
            notes.push(format!(
                "{} has {member} and no appId, so it is passed over: give it one",
                source.name
            ));
        }
    }
    Ok(found)
}

/// `deploy/` in `folder`, or `folder` where that is one.
fn deploy_folder(folder: &Path) -> PathBuf {
    if folder.file_name().is_some_and(|name| name == "deploy") {
        folder.to_owned()
    } else {
        folder.join("deploy")
    }
}

/// The JSON files of a folder that is there, without those that are read by their names.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let own = [APP_REGISTRATION.0, CLIENT_REGISTRATION.0, USERS];
    let has_own_name = |path: &Path| {
        own.iter()
            .any(|name| Path::new(name).file_name() == path.file_name())
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .filter(|path| path.is_file() && !has_own_name(path))
        .collect()
}
