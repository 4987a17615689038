//! The files that configure Azure. They configure this program too; nothing is said twice.
//!
//! An app's own files, in its folder and its folder's `deploy/`, come before the compiled-in ones,
//! so that a change to them changes what a built program does.

use std::borrow::Cow;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use local_failure::Failure;

/// The local tenant. A fixed GUID, so that what people paste keeps working between runs.
pub(crate) const TENANT_ID: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";
/// The local tenant's verified domain, accepted wherever a tenant is named.
pub(crate) const TENANT_DOMAIN: &str = "greeting.test";
/// The API's application (client) id.
pub(crate) const API_CLIENT_ID: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
/// The public client that `greeting-cli` may sign in as.
pub(crate) const CLI_CLIENT_ID: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

/// Name, compiled-in content.
pub(crate) type BuiltIn = (&'static str, &'static str);

pub(crate) const APP_REGISTRATION: BuiltIn = (
    "deploy/app-registration.json",
    include_str!("../../deploy/app-registration.json"),
);
pub(crate) const CLIENT_REGISTRATION: BuiltIn = (
    "deploy/client-registration.json",
    include_str!("../../deploy/client-registration.json"),
);
const AUTH_SETTINGS: BuiltIn = (
    "deploy/authsettingsV2.json",
    include_str!("../../deploy/authsettingsV2.json"),
);
/// The function app that is run where there is none.
pub(crate) const FUNCTION_APP: [BuiltIn; 2] = [
    ("host.json", include_str!("../../host.json")),
    (
        "greeting/function.json",
        include_str!("../../greeting/function.json"),
    ),
];

/// What the placeholders stand for; they differ from place to place.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `host` or `host:port`, without a scheme.
    pub(crate) authority_host: String,
    pub(crate) tenant_id: String,
    /// The API's application (client) id.
    pub(crate) client_id: String,
    pub(crate) cli_client_id: String,
}

impl Place {
    /// The local tenant.
    pub(crate) fn local(authority_host: &str) -> Self {
        Self {
            authority_host: authority_host.to_owned(),
            tenant_id: TENANT_ID.to_owned(),
            client_id: API_CLIENT_ID.to_owned(),
            cli_client_id: CLI_CLIENT_ID.to_owned(),
        }
    }

    /// Fills the placeholders of a file.
    ///
    /// # Errors
    /// It has one that stands for nothing.
    pub(crate) fn filled(&self, template: &Template) -> Result<String, Failure> {
        let text = self.fill(&template.text);
        match placeholder(&text) {
            None => Ok(text),
            Some(unknown) => Err(Failure::new(
                format!("{} can't be used", template.name),
                format!("{unknown} is no placeholder"),
                "write <authority-host>, <tenant-id>, <client-id> or <cli-client-id>, or the value itself",
            )),
        }
    }

    /// Fills the placeholders of `text`.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("<authority-host>", &self.authority_host)
            .replace("<tenant-id>", &self.tenant_id)
            .replace("<cli-client-id>", &self.cli_client_id)
            .replace("<client-id>", &self.client_id)
    }
}

/// A file's text, placeholders and all, and what to call it in an error.
pub(crate) struct Template {
    pub(crate) name: String,
    /// None: built in.
    pub(crate) path: Option<PathBuf>,
    pub(crate) text: Cow<'static, str>,
}

impl Template {
    fn of(root: &Path, file: BuiltIn) -> Result<Self, Failure> {
        let path = root.join(file.0);
        let text = state_folder::read_regular(&path);
        // A file of that name that can't be read is not replaced without a word.
        if let Err(error) = &text
            && [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind())
        {
            return Ok(Self::built_in(file));
        }
        Self::of_text(&path, text)
    }

    pub(crate) fn built_in((name, text): BuiltIn) -> Self {
        Self {
            name: format!("{name} (built in)"),
            path: None,
            text: Cow::Borrowed(text),
        }
    }

    /// The file that a person names.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::of_text(path, state_folder::read_named(path))
    }

    fn of_text(path: &Path, text: io::Result<Vec<u8>>) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let text = text.and_then(|text| String::from_utf8(text).map_err(io::Error::other));
        let text = text.map_err(|error| {
            Failure::new(
                format!("{name} can't be read"),
                error,
                "name a file that you may read, in UTF-8",
            )
        })?;
        Ok(Self {
            name,
            path: Some(path.to_owned()),
            text: Cow::Owned(text),
        })
    }
}

/// An app's `deploy/` folder, each file that is not there replaced by the compiled-in one.
pub(crate) struct Files {
    /// The folder itself.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) app_registration: Template,
    pub(crate) client_registration: Template,
    pub(crate) auth_settings: Template,
}

impl Files {
    /// The files of the app in `root`.
    ///
    /// # Errors
    /// One can't be read.
    pub(crate) fn of(root: &Path) -> Result<Self, Failure> {
        Ok(Self {
            folder: Some(root.join("deploy")).filter(|folder| folder.is_dir()),
            app_registration: Template::of(root, APP_REGISTRATION)?,
            client_registration: Template::of(root, CLIENT_REGISTRATION)?,
            auth_settings: Template::of(root, AUTH_SETTINGS)?,
        })
    }
}

/// Where what is in force is from.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// The Easy Auth settings' file.
    pub(crate) settings: String,
    /// The API's registration's file.
    pub(crate) registration: String,
    /// Whom the local authority plays; none: the local tenant and its own API.
    pub(crate) plays: Option<String>,
}

/// The first word of `text` that looks like a placeholder.
fn placeholder(text: &str) -> Option<&str> {
    text.match_indices('<').find_map(|(start, _)| {
        let rest = &text[start + 1..];
        let name = &rest[..rest.find('>')?];
        let is_one = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        is_one.then(|| &text[start..start + name.len() + 2])
    })
}

/// The function app's folder: the one named, else the current one if it is one.
///
/// # Errors
/// The one that is named is not there.
pub(crate) fn app_root(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named {
        return std::fs::canonicalize(path).map(Some).map_err(|error| {
            Failure::new(
                format!("the app root {} can't be used", path.display()),
                error,
                "name the folder of host.json with --app-root",
            )
        });
    }
    let current = std::env::current_dir().ok();
    let settings = current
        .as_ref()
        .map(|folder| folder.join("local.settings.json"));
    let has_host = |folder: &PathBuf| folder.join("host.json").is_file();
    if let Some(settings) = settings.filter(|path| path.is_file())
        && !current.as_ref().is_some_and(has_host)
    {
        return Err(Failure::new(
            "this folder is no Function app",
            format!("it has {} and no host.json", settings.display()),
            "add host.json, or name its folder with --app-root",
        ));
    }
    Ok(current.filter(|folder| folder.join("host.json").is_file()))
}

/// Writes the function app's own files to `root`, for use outside a checkout.
pub(crate) fn write_function_app(root: &Path) -> std::io::Result<()> {
    for (name, content) in FUNCTION_APP {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(root))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}

#[cfg(test)]
mod built_in {
    use super::{APP_REGISTRATION, AUTH_SETTINGS, CLIENT_REGISTRATION, Place};

    /// The compiled-in registration, for tests of what reads it.
    pub(crate) fn app_registration() -> String {
        Place::local("").fill(APP_REGISTRATION.1)
    }

    pub(crate) fn client_registration() -> String {
        Place::local("").fill(CLIENT_REGISTRATION.1)
    }

    pub(crate) fn auth_settings(authority_host: &str) -> String {
        Place::local(authority_host).fill(AUTH_SETTINGS.1)
    }
}
#[cfg(test)]
pub(crate) use self::built_in::{app_registration, auth_settings, client_registration};

#[cfg(test)]
mod tests;
