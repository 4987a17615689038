//! Which API the user agreed to for each origin: a file in the state folder, with no secret in it.

use std::collections::BTreeMap;

use ::state_folder::{Kept, Readers};
use serde::{Deserialize, Serialize};
use url::Url;

use super::challenge::Challenge;
use crate::state_folder;
use crate::terminal::{json, tell_once};

/// What was agreed for one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Agreed {
    authority: String,
    tenant: String,
    resource: String,
}

impl Agreed {
    fn of(challenge: &Challenge) -> Self {
        let Challenge {
            authority,
            tenant,
            resource,
            ..
        } = challenge.clone();
        Self {
            authority,
            tenant,
            resource,
        }
    }
}

fn read() -> BTreeMap<String, Agreed> {
    let Ok(dir) = state_folder::path() else {
        return BTreeMap::new();
    };
    let path = dir.join("agreed.json");
    match ::state_folder::load(&path, Readers::Owner, |text| serde_json::from_slice(text)) {
        Ok(Kept::Content(agreed)) => agreed,
        Ok(Kept::Missing) => BTreeMap::new(),
        Ok(Kept::Damaged(damaged)) => {
            tell_once(&format!(
                "warning: {damaged}. No earlier agreement counts: you are asked again"
            ));
            BTreeMap::new()
        }
        // Others could have agreed for the user.
        Err(error) => {
            tell_once(&format!(
                "warning: {} is not read, and no agreement counts: {}. If only you have used it:\n  {}",
                path.display(),
                error.why(),
                error.fix()
            ));
            BTreeMap::new()
        }
    }
}

/// Whether exactly this was agreed for the URL's origin, and no other origin has the resource.
pub(crate) fn agreed(url: &Url, challenge: &Challenge) -> bool {
    let all = read();
    let origin = url.origin().ascii_serialization();
    all.get(&origin) == Some(&Agreed::of(challenge))
}

/// Another origin for which the user agreed to the same API.
pub(crate) fn elsewhere(url: &Url, challenge: &Challenge) -> Option<String> {
    let origin = url.origin().ascii_serialization();
    read()
        .into_iter()
        .find(|(other, agreed)| *other != origin && agreed.resource == challenge.resource)
        .map(|(other, _)| other)
}

/// Why an agreement is not remembered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRemembered {
    #[error("no home folder ({0}): set XDG_STATE_HOME")]
    NoFolder(std::io::Error),
    #[error("{}: {error}", dir.display())]
    NotWritten {
        dir: std::path::PathBuf,
        error: std::io::Error,
    },
}

/// Remembers an agreement.
///
/// # Errors
/// For a warning: the call can go on.
pub(crate) fn remember(url: &Url, challenge: &Challenge) -> Result<(), NotRemembered> {
    let dir = state_folder::path().map_err(NotRemembered::NoFolder)?;
    let mut all = read();
    all.insert(url.origin().ascii_serialization(), Agreed::of(challenge));
    state_folder::write(&dir, "agreed.json", json(&all).as_bytes())
        .map_err(|error| NotRemembered::NotWritten { dir, error })
}

/// Forgets every agreement. Returns whether there was any.
///
/// # Errors
/// The file can't be removed.
pub(crate) fn forget() -> std::io::Result<bool> {
    let Ok(dir) = state_folder::path() else {
        return Ok(false);
    };
    match std::fs::remove_file(dir.join("agreed.json")) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
