//! Reading the app's files, and what can be wrong with them.

use std::path::{Path, PathBuf};

use local_failure::Failure;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a folder is not an app that this host can run.
#[derive(Debug, Error)]
pub enum AppError {
    /// A file or folder can't be read.
    #[error("{} can't be read: {_1}", .0.display())]
    Unreadable(PathBuf, std::io::Error),
    /// There is no `host.json`.
    #[error("{} does not exist, so its folder is not a Function app", .0.display())]
    NoHostJson(PathBuf),
    /// Not JSON, or not of the expected shape, and where.
    #[error("{}: {_1}", .0.display())]
    BadJson(PathBuf, String),
    /// `host.json` has no custom handler.
    #[error("{} has no customHandler, and this host runs custom handlers only", .0.display())]
    NoCustomHandler(PathBuf),
    /// `host.json` asks for the JSON envelope instead of the request itself.
    #[error("{}: customHandler.enableForwardingHttpRequest is not true, and this host does not send the JSON envelope that the handler would then get", .0.display())]
    NoForwarding(PathBuf),
    /// No folder holds a `function.json`.
    #[error("{} has no functions: none of its folders holds a function.json", .0.display())]
    NoFunctions(PathBuf),
    /// A function asks for a function key.
    #[error("{}: authLevel is {}, so Azure would ask every caller for a function key, on top of Easy Auth's token; this host has no keys", .0.display(), level(_1.as_deref()))]
    AuthLevel(PathBuf, Option<String>),
    /// A function that is not HTTP in, HTTP out.
    #[error("{}: the function is not one httpTrigger in and one http out, and only such requests are forwarded", .0.display())]
    NotHttp(PathBuf),
    /// A route that this host does not match as the real one does.
    #[error("{}: the route can't be matched: {_1}", .0.display())]
    BadRoute(PathBuf, String),
    /// `functionTimeout` that is no time.
    #[error("{}: functionTimeout is {_1:?}", .0.display())]
    BadTimeout(PathBuf, String),
    /// `local.settings.json` is encrypted.
    #[error("{} is encrypted, and only func can read it", .0.display())]
    Encrypted(PathBuf),
    /// A setting that no environment can hold.
    #[error("{}: the setting {_1:?} can't be an environment variable", .0.display())]
    BadSetting(PathBuf, String),
    /// A method that is no HTTP method.
    #[error("{}: {_1:?} is not an HTTP method", .0.display())]
    BadMethod(PathBuf, String),
}

fn level(level: Option<&str>) -> String {
    level.map_or("not set, which means \"function\"".to_owned(), |level| {
        format!("{level:?}")
    })
}

impl AppError {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Unreadable(..) => "check that it exists and that you may read it",
            Self::NoHostJson(_) => "name the app's folder with --app-root",
            Self::BadJson(..) => "correct the file there",
            Self::NoCustomHandler(_) => "set customHandler.description.defaultExecutablePath",
            Self::NoForwarding(_) => "set it to true",
            Self::NoFunctions(_) => {
                "add one, such as greeting/function.json, or name another folder with --app-root"
            }
            Self::AuthLevel(..) => {
                "set authLevel to \"anonymous\": Easy Auth then does the authentication"
            }
            Self::NotHttp(_) => "move it to another app, or set \"disabled\": true",
            Self::BadRoute(..) => "write a route without it, and check the rest in the handler",
            Self::BadTimeout(..) => "write hh:mm:ss, such as \"00:05:00\", or \"-1\" for none",
            Self::Encrypted(_) => "run: func settings decrypt",
            Self::BadSetting(..) => "rename it, or correct its value",
            Self::BadMethod(..) => "write a name such as \"get\"",
        }
    }

    /// `what` failed because of this.
    #[must_use]
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(what, self, self.fix())
    }
}

/// Reads a JSON file as the real host does: comments and trailing commas are allowed.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, AppError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| AppError::Unreadable(path.to_owned(), error))?;
    parse(path, &text)
}

/// The same of a text; `path` names it in errors.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, AppError> {
    let bad = |why: String| AppError::BadJson(path.to_owned(), why);
    // Visual Studio writes these files with a byte order mark.
    let value: serde_json::Value = jsonc_parser::parse_to_serde_value(
        text.trim_start_matches('\u{feff}'),
        &jsonc_parser::ParseOptions::default(),
    )
    .map_err(|error| bad(error.to_string()))?;
    serde_path_to_error::deserialize(value)
        .map_err(|error| bad(format!("{}: {}", error.path(), error.inner())))
}
