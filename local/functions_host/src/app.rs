//! The Function app's files: `host.json`, and a `function.json` in each
//! function's folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use local_http::relay::ANSWER_TIMEOUT;
use serde::Deserialize;

use super::files::{AppError, read};
use super::local_settings::LocalSettings;
use super::route::Route;

/// A Function app, as its files describe it.
#[derive(Clone)]
pub struct FunctionApp {
    /// The folder that holds `host.json`.
    pub root: PathBuf,
    /// What stands before every route: `extensions.http.routePrefix`, else `api`.
    pub route_prefix: String,
    /// The app's functions, by name.
    pub functions: Vec<Function>,
    /// The custom handler's executable, as `host.json` writes it.
    pub executable: String,
    /// The executable's arguments.
    pub arguments: Vec<String>,
    /// Where it runs, if not in the app's root.
    pub working_directory: Option<PathBuf>,
    /// How long a call may take: `functionTimeout`, and at most what Azure's front end waits.
    pub timeout: Duration,
    /// The app settings of this machine.
    pub local: Arc<LocalSettings>,
}

/// One HTTP-triggered function.
#[derive(Debug, Clone)]
pub struct Function {
    /// The name of its folder.
    pub name: String,
    /// Its route, without the prefix; the name where `function.json` has none.
    pub route: String,
    /// The same, parsed, below the prefix.
    pub matcher: Route,
    /// The methods it answers; all of them where `function.json` lists none.
    pub methods: Option<Vec<Method>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HostJson {
    custom_handler: Option<CustomHandler>,
    function_timeout: Option<String>,
    #[serde(default)]
    extensions: Extensions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CustomHandler {
    description: Description,
    #[serde(default)]
    enable_forwarding_http_request: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Description {
    default_executable_path: String,
    #[serde(default)]
    arguments: Vec<String>,
    working_directory: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
struct Extensions {
    #[serde(default)]
    http: HttpExtension,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct HttpExtension {
    route_prefix: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct FunctionJson {
    bindings: Vec<Binding>,
    #[serde(default)]
    disabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Binding {
    r#type: String,
    auth_level: Option<String>,
    methods: Option<Vec<String>>,
    route: Option<String>,
}

impl FunctionApp {
    /// Reads the app in `root`.
    ///
    /// # Errors
    /// When a file is missing or wrong, or asks for what this host does not do.
    pub fn load(root: &Path) -> Result<Self, AppError> {
        let path = root.join("host.json");
        if !path.exists() {
            return Err(AppError::NoHostJson(path));
        }
        let host: HostJson = read(&path)?;
        let (handler, route_prefix, timeout) = host.checked(&path)?;
        let unreadable = |error| AppError::Unreadable(root.to_owned(), error);
        let mut functions = Vec::new();
        for folder in std::fs::read_dir(root).map_err(unreadable)? {
            let folder = folder.map_err(unreadable)?;
            let path = folder.path().join("function.json");
            if path.is_file() {
                let name = folder.file_name().to_string_lossy().into_owned();
                functions.extend(function(&path, read(&path)?, name, &route_prefix)?);
            }
        }
        if functions.is_empty() {
            return Err(AppError::NoFunctions(root.to_owned()));
        }
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            root: root.to_owned(),
            route_prefix,
            functions,
            timeout,
            local: Arc::new(LocalSettings::load(root)?),
            executable: handler.default_executable_path,
            arguments: handler.arguments,
            working_directory: handler.working_directory,
        })
    }

    /// Whether a function answers this call.
    #[must_use]
    pub fn matches(&self, method: &Method, path: &str) -> bool {
        self.functions.iter().any(|function| {
            function
                .methods
                .as_ref()
                .is_none_or(|methods| methods.contains(method))
                && function.matcher.matches(path)
        })
    }
}

impl HostJson {
    /// The handler's description, the routes' prefix and a call's time.
    pub(super) fn checked(self, path: &Path) -> Result<(Description, String, Duration), AppError> {
        let Some(handler) = self.custom_handler else {
            return Err(AppError::NoCustomHandler(path.to_owned()));
        };
        if !handler.enable_forwarding_http_request {
            return Err(AppError::NoForwarding(path.to_owned()));
        }
        let prefix = self.extensions.http.route_prefix;
        let timeout = match self.function_timeout.as_deref() {
            None | Some("-1") => ANSWER_TIMEOUT,
            Some(text) => timeout(text)
                .ok_or_else(|| AppError::BadTimeout(path.to_owned(), text.to_owned()))?
                .min(ANSWER_TIMEOUT),
        };
        let prefix = prefix.unwrap_or_else(|| "api".to_owned());
        Ok((handler.description, prefix, timeout))
    }
}

/// A .NET `TimeSpan`, `hh:mm:ss`, that is longer than nothing.
fn timeout(text: &str) -> Option<Duration> {
    let mut parts = text.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    let whole = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    let time = Duration::from_secs((hours * 60 + minutes) * 60 + seconds);
    (whole && !time.is_zero()).then_some(time)
}

/// What one `function.json` says; `None` where it is disabled.
pub(super) fn function(
    path: &Path,
    json: FunctionJson,
    name: String,
    prefix: &str,
) -> Result<Option<Function>, AppError> {
    if json.disabled {
        return Ok(None);
    }
    let is =
        |kind: &'static str| move |binding: &&Binding| binding.r#type.eq_ignore_ascii_case(kind);
    let (Some(trigger), Some(_), 2) = (
        json.bindings.iter().find(is("httpTrigger")),
        json.bindings.iter().find(is("http")),
        json.bindings.len(),
    ) else {
        return Err(AppError::NotHttp(path.to_owned()));
    };
    if !trigger
        .auth_level
        .as_ref()
        .is_some_and(|level| level.eq_ignore_ascii_case("anonymous"))
    {
        return Err(AppError::AuthLevel(
            path.to_owned(),
            trigger.auth_level.clone(),
        ));
    }
    let method = |name: &String| {
        Method::from_bytes(name.to_ascii_uppercase().as_bytes())
            .map_err(|_| AppError::BadMethod(path.to_owned(), name.clone()))
    };
    let methods = trigger
        .methods
        .as_ref()
        .map(|names| names.iter().map(method).collect());
    let route = trigger.route.clone().unwrap_or_else(|| name.clone());
    let matcher =
        Route::parse(prefix, &route).map_err(|why| AppError::BadRoute(path.to_owned(), why))?;
    Ok(Some(Function {
        name,
        route,
        matcher,
        methods: methods.transpose()?,
    }))
}

#[cfg(test)]
mod tests;
