//! Easy Auth's settings (`authsettingsV2`), where the user gives them: what the gate
//! expects, instead of what can be guessed from its answers.

use std::path::{Path, PathBuf};

use crate::discovery::challenge::Version;
use serde_json::Value;

const PROVIDER: &str = "/identityProviders/azureActiveDirectory";

/// What the settings require of a token. `None`: they don't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The API's client id, which is always an accepted audience.
    pub(crate) client_id: Option<String>,
    allowed_audiences: Vec<String>,
    /// The issuer's.
    pub(crate) version: Option<Version>,
    /// Lists of client ids. Who calls has to be in each of them.
    pub(crate) clients: Vec<Vec<String>>,
    /// Object ids of users that may call.
    pub(crate) identities: Vec<String>,
    /// Object ids of groups that may call.
    pub(crate) groups: Vec<String>,
    /// Object ids of groups of which the token has to name one.
    pub(crate) claimed_groups: Vec<String>,
}

/// Why a file's settings can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnusableSettings {
    #[error("the settings {} can't be read: {error}", path.display())]
    Unread {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the settings {} can't be used: {why}", path.display())]
    OtherForm {
        path: PathBuf,
        why: settings_file::SettingsFileError,
    },
    #[error(
        "{} has no identityProviders.azureActiveDirectory with a registration, that is on: is it a file of authsettingsV2?",
        .0.display()
    )]
    NoMicrosoft(PathBuf),
    #[error(
        "the settings {} say nothing of who may call: Easy Auth is off in them (platform.enabled is false)",
        .0.display()
    )]
    Off(PathBuf),
}

impl UnusableSettings {
    /// The line that gets settings that can be.
    pub(crate) fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Unread { .. } => None,
            Self::OtherForm { why, .. } => why.fix(),
            Self::NoMicrosoft(_) | Self::Off(_) => Some(settings_file::GET),
        }
    }
}

impl Settings {
    /// Reads a file as [`settings_file::GET`] writes it, or as `deploy/` has it.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn load(path: &Path) -> Result<Self, UnusableSettings> {
        let text = ::state_folder::read_named(path).map_err(|error| UnusableSettings::Unread {
            path: path.to_owned(),
            error,
        })?;
        let file = settings_file::read(&text).map_err(|why| UnusableSettings::OtherForm {
            path: path.to_owned(),
            why,
        })?;
        if file.properties.pointer("/platform/enabled") == Some(&Value::Bool(false)) {
            return Err(UnusableSettings::Off(path.to_owned()));
        }
        // Without it nobody's token is accepted, and nothing is known of who may call.
        let provider = file.properties.pointer(PROVIDER);
        match provider.filter(|_| file.has_microsoft()) {
            Some(provider) => Ok(Self::read(provider)),
            None => Err(UnusableSettings::NoMicrosoft(path.to_owned())),
        }
    }

    /// Of Microsoft's provider, as the reader of settings files has it.
    fn read(provider: &Value) -> Self {
        let text = |pointer: &str| {
            let value = provider.pointer(pointer)?.as_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        let list = |pointer: &str| -> Option<Vec<String>> {
            let items = provider.pointer(pointer)?.as_array()?;
            Some(
                items
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
            )
        };
        // An empty list allows everybody here, and nobody in jwtClaimChecks.
        let policy = |pointer: &str| {
            let pointer = format!("/validation/defaultAuthorizationPolicy/{pointer}");
            list(&pointer).filter(|items| !items.is_empty())
        };
        let checks = list("/validation/jwtClaimChecks/allowedClientApplications");
        // Which client a placeholder stands for, the file does not say.
        let clients = [policy("allowedApplications"), checks]
            .into_iter()
            .flatten()
            .filter(|ids| !ids.iter().any(|id| id.contains('<')))
            .collect();
        Self {
            client_id: text("/registration/clientId").filter(|id| !id.contains('<')),
            allowed_audiences: list("/validation/allowedAudiences").unwrap_or_default(),
            version: text("/registration/openIdIssuer").map(|issuer| Version::of_issuer(&issuer)),
            clients,
            identities: policy("allowedPrincipals/identities").unwrap_or_default(),
            groups: policy("allowedPrincipals/groups").unwrap_or_default(),
            claimed_groups: list("/validation/jwtClaimChecks/allowedGroups").unwrap_or_default(),
        }
    }

    /// The audiences that the gate accepts. `resource` is the challenge's, for a file with
    /// placeholders.
    pub(crate) fn audiences(&self, resource: Option<&str>) -> Option<Vec<String>> {
        let id = self.client_id.as_deref().or(resource)?;
        let filled = |audience: &String| audience.replace("<client-id>", id);
        let allowed = self.allowed_audiences.iter().map(filled);
        Some(std::iter::once(id.to_owned()).chain(allowed).collect())
    }
}

#[cfg(test)]
mod tests;
