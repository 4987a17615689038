//! Reading the app's files, and what can be wrong with them.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a folder is not an app that this host can run.
#[derive(Debug)]
pub enum AppError {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// There is no `host.json`.
    NoHostJson(PathBuf),
    /// Not JSON, or not of the expected shape, and where.
    BadJson(PathBuf, String),
    /// `host.json` has no custom handler.
    NoCustomHandler(PathBuf),
    /// `host.json` asks for the JSON envelope instead of the request itself.
    NoForwarding(PathBuf),
    /// No folder holds a `function.json`.
    NoFunctions(PathBuf),
    /// A function asks for a function key.
    AuthLevel(PathBuf, Option<String>),
    /// A function that is not HTTP in, HTTP out.
    NotHttp(PathBuf),
    /// A route that this host does not match as the real one does.
    BadRoute(PathBuf, String),
    /// `functionTimeout` that is no time.
    BadTimeout(PathBuf, String),
    /// `local.settings.json` is encrypted.
    Encrypted(PathBuf),
    /// A setting that no environment can hold.
    BadSetting(PathBuf, String),
    /// A method that is no HTTP method.
    BadMethod(PathBuf, String),
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(
                f,
                "{} cannot be read: {error}\nCheck that it exists and that you may read it.",
                path.display()
            ),
            Self::NoHostJson(path) => write!(
                f,
                "{} does not exist, so its folder is not a Function app.\nName the app's folder with --app-root.",
                path.display()
            ),
            Self::BadJson(path, error) => {
                write!(f, "{}: {error}\nCorrect the file there.", path.display())
            }
            Self::NoCustomHandler(path) => write!(
                f,
                "{} has no customHandler, and this host runs custom handlers only.\nSet customHandler.description.defaultExecutablePath.",
                path.display()
            ),
            Self::NoForwarding(path) => write!(
                f,
                "{}: customHandler.enableForwardingHttpRequest is not true, and this host does not speak the JSON envelope that the handler would then be sent.\nSet it to true.",
                path.display()
            ),
            Self::NoFunctions(path) => write!(
                f,
                "{} has no functions: none of its folders holds a function.json.\nAdd one, such as greeting/function.json, or name another folder with --app-root.",
                path.display()
            ),
            Self::AuthLevel(path, level) => write!(
                f,
                "{}: authLevel is {}, so Azure would ask every caller for a function key, on top of Easy Auth's token; this host has no keys.\nSet authLevel to \"anonymous\": Easy Auth then does the authentication.",
                path.display(),
                level.as_ref().map_or(
                    "not set, which means \"function\"".to_owned(),
                    |level| format!("{level:?}")
                )
            ),
            Self::NotHttp(path) => write!(
                f,
                "{}: the function is not one httpTrigger in and one http out, and only such requests are forwarded.\nMove it to another app, or set \"disabled\": true.",
                path.display()
            ),
            Self::BadRoute(path, why) => write!(
                f,
                "{}: the route can't be matched: {why}.\nWrite it otherwise, and check the rest in the handler.",
                path.display()
            ),
            Self::BadTimeout(path, text) => write!(
                f,
                "{}: functionTimeout is {text:?}.\nWrite hh:mm:ss, such as \"00:05:00\", or \"-1\" for none.",
                path.display()
            ),
            Self::Encrypted(path) => write!(
                f,
                "{} is encrypted, and only func can read it.\nRun: func settings decrypt",
                path.display()
            ),
            Self::BadSetting(path, name) => write!(
                f,
                "{}: the setting {name:?} can't be an environment variable.\nRename it, or correct its value.",
                path.display()
            ),
            Self::BadMethod(path, method) => write!(
                f,
                "{}: {method:?} is not an HTTP method.\nWrite a name such as \"get\".",
                path.display()
            ),
        }
    }
}

impl std::error::Error for AppError {}

/// Reads a JSON file as the real host does: comments and trailing commas are allowed.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, AppError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| AppError::Unreadable(path.to_owned(), error))?;
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
