//! The Function app's files: `host.json`, and a `function.json` in each
//! function's folder.
//!
//! - `host_json`, `profile`, `answers`: `host.json`
//! - `function_json`: a function; `left_out`: why one does not run here

mod answers;
mod function_json;
mod host_json;
mod profile;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;

pub use self::answers::Answers;
pub(crate) use self::answers::HomePage;
pub use self::function_json::{AuthLevel, Function};
pub use self::host_json::{Forwarding, HandlerDescription, Redirects};
use self::host_json::{HandlerRoute, HostJson};

use super::files::{AppError, parse, read};
use super::left_out::{LeftOut, Reason};
use super::local_settings::LocalSettings;
use super::variables::Environment;

/// A Function app, as its files describe it.
#[derive(Clone)]
pub struct FunctionApp {
    /// The folder that holds `host.json`.
    pub root: PathBuf,
    /// What stands before every route: `extensions.http.routePrefix`, else `api`.
    pub route_prefix: String,
    /// The app's functions that run here, by name.
    pub functions: Vec<Function>,
    /// Those that do not.
    pub left_out: Vec<LeftOut>,
    /// The custom handler.
    pub handler: HandlerDescription,
    /// What the handler gets of a call.
    pub forwarding: Forwarding,
    /// What the host adds to answers.
    pub answers: Answers,
    /// How long a call may take: `functionTimeout`, and at most what Azure's front end waits.
    pub timeout: Duration,
    /// What a person should know at start, a sentence each.
    pub notices: Vec<String>,
    /// The app settings of this machine.
    pub local: Arc<LocalSettings>,
}

impl FunctionApp {
    /// Reads the app in `root`, its app settings from `environment` and from its files.
    ///
    /// # Errors
    /// When a file is missing or wrong, asks for what this host does not do, or nothing of it can
    /// run here.
    pub fn load(root: &Path, environment: &Environment) -> Result<Self, AppError> {
        let path = root.join("host.json");
        if !path.exists() {
            return Err(AppError::NoHostJson(path));
        }
        let local = LocalSettings::load(root, environment)?;
        let HostJson {
            handler,
            forwarding,
            route_prefix,
            timeout,
            only,
            routes,
            routes_from,
            answers,
            notices: of_host,
        } = host_json::read(&path, &read(&path)?, &local)?;
        let mut notices = local.notices.clone();
        notices.extend(of_host);
        let mut found = Found::default();
        if routes.is_empty() {
            found.read_folders(root, &route_prefix, &only, &local)?;
        } else {
            if let Some(name) = function_folders(root)?.first() {
                let name = format!("{name}/function.json");
                return Err(AppError::BothSources(root.to_owned(), name, routes_from));
            }
            found.read_routes(&routes, &route_prefix, &only, &local);
        }
        notices.extend(found.notices);
        if found.functions.is_empty() {
            return Err(if found.left_out.is_empty() {
                AppError::NoFunctions(root.to_owned())
            } else {
                AppError::NothingToRun(root.to_owned(), found.left_out)
            });
        }
        notices.extend(keys(&found.functions));
        Ok(Self {
            root: root.to_owned(),
            route_prefix,
            functions: found.functions,
            left_out: found.left_out,
            handler,
            forwarding,
            answers,
            timeout,
            notices,
            local: Arc::new(local),
        })
    }

    /// The function that answers this call. Where routes overlap, the more specific one does.
    #[must_use]
    pub fn function(&self, method: &Method, path: &str) -> Option<&Function> {
        self.functions
            .iter()
            .filter(|function| function.answers(method) && function.matcher.matches(path))
            // With one there is nothing to compare.
            .min_by(|one, other| one.matcher.precedence().cmp(&other.matcher.precedence()))
    }

    /// The files that describe the app, below its root: `host.json`, and each `function.json`.
    ///
    /// # Errors
    /// The root can't be read.
    pub fn files(&self) -> Result<Vec<String>, AppError> {
        let functions = function_folders(&self.root)?;
        let functions = functions.iter().map(|name| format!("{name}/function.json"));
        Ok(std::iter::once("host.json".to_owned())
            .chain(functions)
            .collect())
    }
}

/// The folders directly in `root` that hold a `function.json`, in the host's order: by name, in
/// any letter case (azure-functions-host 89dc438d, FunctionMetadataManager.cs:192).
fn function_folders(root: &Path) -> Result<Vec<String>, AppError> {
    let unreadable = |error| AppError::Unreadable(root.to_owned(), error);
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root).map_err(unreadable)? {
        let folder = folder.map_err(unreadable)?;
        let path = folder.path().join("function.json");
        // What is no regular file is refused by who reads it, not passed over.
        if path.exists() && !path.is_dir() {
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_by_key(|name| (name.to_lowercase(), name.clone()));
    Ok(names)
}

/// The functions, as they are found.
#[derive(Default)]
struct Found {
    functions: Vec<Function>,
    left_out: Vec<LeftOut>,
    notices: Vec<String>,
    /// Every HTTP function whose route is taken, whether it runs or not.
    taken: Vec<Function>,
}

impl Found {
    fn read_folders(
        &mut self,
        root: &Path,
        prefix: &str,
        only: &[String],
        local: &LocalSettings,
    ) -> Result<(), AppError> {
        for name in function_folders(root)? {
            let folder = root.join(&name);
            let path = folder.join("function.json");
            let text = state_folder::read_regular(&path)
                .and_then(|text| String::from_utf8(text).map_err(std::io::Error::other))
                .map_err(|error| AppError::Unreadable(path.clone(), error))?;
            let read = match function_json::is_function_name(&name) {
                false => Err(Reason::Name),
                true => parse(&text).map_err(Reason::BadJson).and_then(|content| {
                    let exists = |script: &str| folder.join(script).is_file();
                    function_json::read(&content, &name, prefix, exists)
                }),
            };
            let function = read.map(|read| {
                if read.says_disabled {
                    self.notices.push(format!(
                        "{name}/function.json: \"disabled\" has no effect, on Azure neither; set the app setting AzureWebJobs.{name}.Disabled"
                    ));
                }
                (read.function, read.why_not)
            });
            self.take(name, function, only, local);
        }
        Ok(())
    }

    /// The n-th route makes the function `http-handler<n>` (azure-functions-host 8f59c471,
    /// Workers/Http/HttpWorkerFunctionProvider.cs).
    fn read_routes(
        &mut self,
        routes: &[HandlerRoute],
        prefix: &str,
        only: &[String],
        local: &LocalSettings,
    ) {
        for (index, HandlerRoute { route, auth_level }) in routes.iter().enumerate() {
            let name = format!("http-handler{}", index + 1);
            let function = if route.trim().is_empty() {
                Err(Reason::BlankRoute)
            } else {
                function_json::at_route(&name, route, prefix, None, *auth_level)
            };
            self.take(name, function.map(|function| (function, None)), only, local);
        }
    }

    /// Takes up one function, or the reason why it does not run.
    fn take(
        &mut self,
        name: String,
        read: Result<(Function, Option<Reason>), Reason>,
        only: &[String],
        local: &LocalSettings,
    ) {
        if !only.is_empty() && !only.iter().any(|listed| listed.eq_ignore_ascii_case(&name)) {
            let why = Reason::NotListed;
            return self.left_out.push(LeftOut { name, why });
        }
        let checked = read.and_then(|(function, why_not)| {
            if let Some(other) = self.taken.iter().find(|other| other.conflicts(&function)) {
                return Err(Reason::SameRoute {
                    route: function.route,
                    other: other.name.clone(),
                });
            }
            // Its route is its own also where it is disabled.
            self.taken.push(function.clone());
            match disabled(&name, local).or(why_not) {
                Some(why) => Err(why),
                None => Ok(function),
            }
        });
        match checked {
            Ok(function) => self.functions.push(function),
            Err(why) => self.left_out.push(LeftOut { name, why }),
        }
    }
}

/// `AzureWebJobs.<name>.Disabled`, or with `_`, where a variable's name can't have dots: `1` or
/// `true` (azure-webjobs-sdk, `IsDisabled` of the method indexer).
/// <https://learn.microsoft.com/azure/azure-functions/disable-function>
fn disabled(name: &str, local: &LocalSettings) -> Option<Reason> {
    [
        format!("AzureWebJobs.{name}.Disabled"),
        format!("AzureWebJobs_{name}_Disabled"),
    ]
    .into_iter()
    .find(|setting| {
        let value = local.setting_in_any_case(setting);
        value.is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    })
    .map(Reason::Disabled)
}

/// Which functions Azure asks a key for: `func start` does not, and nor does this host
/// (azure-functions-core-tools 3ee97a63, src/Cli/func/Actions/HostActions/Startup.cs:67-79).
fn keys(functions: &[Function]) -> Option<String> {
    let names = |level: AuthLevel| -> Vec<&str> {
        let of_level = functions.iter().filter(|own| own.auth_level == level);
        of_level.map(|own| own.name.as_str()).collect()
    };
    let mut asks = Vec::new();
    for (level, key) in [
        (AuthLevel::Function, "function key"),
        (AuthLevel::Admin, "master key"),
    ] {
        let names = names(level);
        if !names.is_empty() {
            asks.push(format!("a {key} for {}", names.join(", ")));
        }
    }
    (!asks.is_empty()).then(|| {
        format!(
            "Azure will ask callers, beside the token, for {}; none is asked for here, as by func start, nor there with \"authLevel\": \"anonymous\"",
            asks.join(" and ")
        )
    })
}

/// The time that a `host.json` allows a call, for the fuzz target.
pub(crate) fn timeout_of(text: &str) -> Option<Duration> {
    let read = host_json::read(
        Path::new("host.json"),
        &parse(text).ok()?,
        &LocalSettings::default(),
    );
    read.ok().map(|host| host.timeout)
}

/// The function that a `function.json` describes, for the fuzz target.
pub(crate) fn function_of(text: &str) -> Option<Function> {
    let read = function_json::read(&parse(text).ok()?, "greeting", "api", |_| true);
    read.ok().map(|read| read.function)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod published;
