//! Reading the app's files, and what can be wrong with them.

use std::path::{Path, PathBuf};

use local_failure::Failure;
use serde_json::Value;
use thiserror::Error;

use super::left_out::LeftOut;

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
    /// `version` is not what Azure takes.
    #[error("{}: {_1}", .0.display())]
    Version(PathBuf, String),
    /// A text of `host.json`, or an app setting in its place, that does not convert.
    #[error("{}: {place} is {value:?}, which is not {expected}, so Azure's host does not start", file.display())]
    BadValue {
        /// The file that holds the setting, or whose setting is overridden.
        file: PathBuf,
        /// The property, or the app setting.
        place: String,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// `host.json` has no custom handler.
    #[error("{} has no customHandler, and greeting-local runs custom handlers only", .0.display())]
    NoCustomHandler(PathBuf),
    /// The section says nothing of the program.
    #[error("{}: {_1}.description.defaultExecutablePath is missing, so Azure's host does not start", .0.display())]
    NoExecutable(PathBuf, &'static str),
    /// `host.json` asks for the JSON envelope instead of the request itself.
    #[error(
        "{}: customHandler.enableForwardingHttpRequest is not true{}, so the handler gets a JSON envelope instead of the request, and greeting-local sends none",
        .0.display(),
        misplaced(_1.as_deref())
    )]
    NoForwarding(PathBuf, Option<String>),
    /// No folder holds a `function.json`.
    #[error("{} has no functions: none of its folders holds a function.json, and host.json has no customHandler.http.routes", .0.display())]
    NoFunctions(PathBuf),
    /// No function is left.
    #[error("no function of {} can run here:{}", .0.display(), each(_1))]
    NothingToRun(PathBuf, Vec<LeftOut>),
    /// `customHandler.http.routes` beside a `function.json`.
    #[error("{} has {_1}, and the routes of host.json ({_2}) allow no function.json beside them, so Azure's host does not start", .0.display())]
    BothSources(PathBuf, String, &'static str),
    /// `customHandler.http.routes`, and a worker runtime that is not `custom`.
    #[error("{}: customHandler.http.routes need FUNCTIONS_WORKER_RUNTIME custom, and it is {}, so Azure's host does not start", .0.display(), .1.as_deref().map_or("not set".to_owned(), |runtime| format!("{runtime:?}")))]
    RoutesRuntime(PathBuf, Option<String>),
    /// `workingDirectory` that is no folder.
    #[error("{}: customHandler.description.workingDirectory is {_1:?}, and there is no such folder{}", .0.display(), unexpanded(_1))]
    NoWorkingDirectory(PathBuf, String),
    /// `local.settings.json` is encrypted.
    #[error("{} is encrypted, and only func can read it", .0.display())]
    Encrypted(PathBuf),
    /// A setting that no environment can hold.
    #[error("{}: the setting {_1:?} can't be an environment variable", .0.display())]
    BadSetting(PathBuf, String),
    /// A setting that is an object or a list.
    #[error("{}: {_1} is {_2} where a text belongs, for which func ignores the whole file", .0.display())]
    NotText(PathBuf, String, &'static str),
    /// `*` in CORS with credentials.
    #[error("{}: Host.CORS is \"*\" and Host.CORSCredentials is true, which CORS forbids, so neither func nor Azure starts", .0.display())]
    AnyOriginWithCredentials(PathBuf),
}

fn misplaced(place: Option<&str>) -> String {
    place.map_or_else(String::new, |place| {
        format!(" ({place} stands in the wrong place, and Azure ignores it there)")
    })
}

fn unexpanded(text: &str) -> &'static str {
    if text.contains('%') {
        " (%NAME% is not expanded there, unlike in the arguments)"
    } else {
        ""
    }
}

fn each(left_out: &[LeftOut]) -> String {
    left_out
        .iter()
        .map(|function| format!("\n  {}: {}", function.name, function.why))
        .collect()
}

/// How to have a real Functions host run the app, behind this program's gate.
const FUNC_BEHIND: &str = "run it with Core Tools, behind the gate:
  func start --port 7072
  greeting-local up --upstream http://localhost:7072";

impl AppError {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::Unreadable(..) => "check that it exists and that you may read it",
            Self::NoHostJson(_) => "name the app's folder with --app-root",
            Self::BadJson(..) => "correct the file there",
            Self::Version(..) => "write \"version\": \"2.0\"",
            Self::BadValue { .. } => "correct it, or remove it",
            Self::NoCustomHandler(_) => {
                return format!(
                    "set customHandler.description.defaultExecutablePath, or {FUNC_BEHIND}"
                );
            }
            Self::NoExecutable(..) => "name the program there",
            Self::NoForwarding(_, None) => {
                return format!(
                    "set it to true and have the handler answer the request itself, or {FUNC_BEHIND}"
                );
            }
            Self::NoForwarding(_, Some(_)) => "write it directly in customHandler",
            Self::NoFunctions(_) => {
                "add one, such as greeting/function.json, or name another folder with --app-root"
            }
            Self::NothingToRun(..) => {
                return format!("correct one of them, or {FUNC_BEHIND}");
            }
            Self::BothSources(..) => {
                "remove the function.json, or the routes (and the configurationProfile that sets one)"
            }
            Self::RoutesRuntime(..) => {
                "set it to \"custom\" in Values of local.settings.json, and in Azure"
            }
            Self::NoWorkingDirectory(..) => "name a folder of the app, or remove it",
            Self::Encrypted(_) => "run: func settings decrypt",
            Self::BadSetting(..) => "rename it, or correct its value",
            Self::NotText(..) => "write a text there, or remove it",
            Self::AnyOriginWithCredentials(_) => "name the origins, or remove CORSCredentials",
        }
        .to_owned()
    }

    /// `what` failed because of this.
    #[must_use]
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(what, self, self.fix())
    }
}

/// Reads a JSON file as Azure's readers do.
pub(super) fn read(path: &Path) -> Result<Value, AppError> {
    let text = state_folder::read_regular(path)
        .and_then(|text| String::from_utf8(text).map_err(std::io::Error::other))
        .map_err(|error| AppError::Unreadable(path.to_owned(), error))?;
    parse(&text).map_err(|why| AppError::BadJson(path.to_owned(), why))
}

/// The same of a text. Newtonsoft's reader takes comments, trailing commas, single quotes, names
/// without quotes and a byte order mark; of one name twice the last counts.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let options = jsonc_parser::ParseOptions {
        allow_missing_commas: false,
        ..jsonc_parser::ParseOptions::default()
    };
    // Visual Studio writes these files with a byte order mark.
    jsonc_parser::parse_to_serde_value(text.trim_start_matches('\u{feff}'), &options)
        .map_err(|error| error.to_string())
}

/// What a value is, for a sentence.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A member by its name in any letter case; its own spelling first.
pub(super) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let mut members = object.as_object()?.iter();
        members
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}
