//! `host.json` and the app settings that override it: what they say of the handler, of calls, and
//! of what is answered.
//!
//! azure-functions-host 89dc438d, src/WebJobs.Script/Workers/Http/Configuration/
//! HttpWorkerOptionsSetup.cs and Config/HostJsonFileConfigurationSource.cs; what came later by the
//! commit that is named there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use local_http::relay::ANSWER_TIMEOUT;
use serde_json::Value;

use super::answers::Answers;
use super::function_json::AuthLevel;
use super::profile;
use crate::command_line::{CommandLine, WORKER_NAMES, expand, split};
use crate::configuration::{Configuration, Entry};
use crate::files::{AppError, parse};
use crate::local_settings::LocalSettings;
use crate::time_span::TimeSpan;

/// For a handler to answer `GET /` (`customHandler.initializationTimeout`).
const INITIALIZATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What `host.json` says of the handler's process.
#[derive(Clone)]
pub struct HandlerDescription {
    /// The executable: a file of the app, or what the operating system looks for.
    pub executable: String,
    /// Its arguments.
    pub arguments: CommandLine,
    /// Where it runs.
    pub working_directory: PathBuf,
    /// The port that it is to listen on, where it is a fixed one.
    pub port: Option<u16>,
    /// How long it may take to answer.
    pub initialization_timeout: Duration,
}

/// What the handler gets of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forwarding {
    /// The request as the host copies it (`enableForwardingHttpRequest`).
    Copy,
    /// The request itself (`enableProxyingHttpRequest`).
    Proxy,
    /// The copy, at the function's name (the section `httpWorker`).
    AtFunctionName(Redirects),
}

/// What Azure's host does with a redirect of the handler's (Workers/Http/
/// DefaultHttpWorkerService.cs:52-58).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// Follows it: the caller gets what is there.
    Followed,
    /// Hands it on, as this host always does (`enableForwardingHttpRequest` in `httpWorker`, where
    /// it changes nothing else).
    HandedOn,
}

/// What `host.json` and its overrides say.
pub(crate) struct HostJson {
    pub(crate) handler: HandlerDescription,
    pub(crate) forwarding: Forwarding,
    pub(crate) route_prefix: String,
    pub(crate) timeout: Duration,
    /// The names of the functions that run, where there is a list.
    pub(crate) only: Vec<String>,
    /// `customHandler.http.routes`.
    pub(crate) routes: Vec<HandlerRoute>,
    /// What has set them.
    pub(crate) routes_from: &'static str,
    pub(crate) answers: Answers,
    pub(crate) notices: Vec<String>,
}

/// A route that `host.json` gives to the handler.
pub(crate) struct HandlerRoute {
    pub(crate) route: String,
    pub(crate) auth_level: AuthLevel,
}

/// Reads `content`, the file at `path`, with the settings of `local` above it.
pub(crate) fn read(
    path: &Path,
    content: &Value,
    local: &LocalSettings,
) -> Result<HostJson, AppError> {
    check_version(path, content)?;
    let mut all = Configuration::default();
    let profile = profile::of(path, content, local)?;
    profile.preset(&mut all);
    all.add_json(content);
    all.add_settings(local.all());
    let reader = Reader {
        path,
        all: &all,
        local,
    };
    let mut notices = Vec::new();
    let section = reader.section(&mut notices)?;
    let forwarding = reader.forwarding(section)?;
    let handler = reader.handler(section, &mut notices)?;
    reader.without_effect(section, &mut notices);
    let routes = reader.routes(section, profile)?;
    Ok(HostJson {
        handler,
        forwarding,
        route_prefix: reader.route_prefix(),
        timeout: reader.timeout(&mut notices)?,
        only: all.list("functions"),
        routes,
        routes_from: profile.routes_from(),
        answers: Answers::read(&all, local, &mut notices),
        notices,
    })
}

/// `version`, in this spelling and with this text only (HostJsonFileConfigurationSource.cs:177-193).
fn check_version(path: &Path, content: &Value) -> Result<(), AppError> {
    let wrong = |why: String| Err(AppError::Version(path.to_owned(), why));
    let Some(members) = content.as_object() else {
        return Err(AppError::BadJson(
            path.to_owned(),
            format!("it is {}, not an object", crate::files::kind(content)),
        ));
    };
    match members.get("version") {
        // The host takes an empty file for one of version 2.0.
        None if members.is_empty() => Ok(()),
        Some(Value::String(text)) if text == "2.0" => Ok(()),
        Some(Value::Number(number)) => wrong(format!(
            "version is the number {number}, and Azure takes only the text \"2.0\""
        )),
        Some(other) if !other.is_null() && other != "" => {
            wrong(format!("version is {other}, and Azure takes only \"2.0\""))
        }
        _ => match members
            .keys()
            .find(|name| name.eq_ignore_ascii_case("version"))
        {
            Some(name) if name != "version" => wrong(format!(
                "it has {name:?}, and Azure reads \"version\" in lower case only, so it does not start"
            )),
            _ => wrong("version is missing, so Azure's host does not start".to_owned()),
        },
    }
}

struct Reader<'a> {
    path: &'a Path,
    all: &'a Configuration,
    local: &'a LocalSettings,
}

impl Reader<'_> {
    fn bad(&self, key: &str, expected: &'static str) -> AppError {
        let (place, value) = self.all.entry(key).map_or_else(
            || (key.replace(':', "."), String::new()),
            |entry| (entry.place(), entry.value.clone()),
        );
        AppError::BadValue {
            file: self.path.to_owned(),
            place,
            value,
            expected,
        }
    }

    /// A boolean. A text that is none stops the host, and so does null, which is held as an empty
    /// text.
    fn flag(&self, key: &str) -> Result<bool, AppError> {
        match self.all.entry(key) {
            None => Ok(false),
            Some(entry) => match entry.value.trim().to_ascii_lowercase().as_str() {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(self.bad(key, "true or false")),
            },
        }
    }

    /// The section that describes the handler (HttpWorkerOptionsSetup.cs:32-64).
    fn section(&self, notices: &mut Vec<String>) -> Result<&'static str, AppError> {
        match (self.all.has("customHandler"), self.all.has("httpWorker")) {
            (false, false) => Err(AppError::NoCustomHandler(self.path.to_owned())),
            (false, true) => {
                notices.push("host.json: httpWorker is the former name of customHandler; functions are called at /<function name>, whatever their route".to_owned());
                Ok("httpWorker")
            }
            (true, former) => {
                if former {
                    notices.push(
                        "host.json: httpWorker is not read, since there is a customHandler"
                            .to_owned(),
                    );
                }
                Ok("customHandler")
            }
        }
    }

    fn forwarding(&self, section: &'static str) -> Result<Forwarding, AppError> {
        let key = |name: &str| format!("{section}:{name}");
        let forwards = self.flag(&key("enableForwardingHttpRequest"))?;
        if self.flag(&key("enableProxyingHttpRequest"))? {
            return Ok(Forwarding::Proxy);
        }
        if section == "httpWorker" {
            return Ok(Forwarding::AtFunctionName(match forwards {
                true => Redirects::HandedOn,
                false => Redirects::Followed,
            }));
        }
        if forwards {
            return Ok(Forwarding::Copy);
        }
        let names = ["enableforwardinghttprequest", "enableproxyinghttprequest"];
        let mut places = self.all.all().map(Entry::place);
        let misplaced = places.find(|place| {
            let place = place.to_lowercase();
            let name = place.rsplit('.').next().unwrap_or_default();
            names.contains(&name) && place != format!("customhandler.{name}")
        });
        Err(AppError::NoForwarding(self.path.to_owned(), misplaced))
    }

    fn handler(
        &self,
        section: &'static str,
        notices: &mut Vec<String>,
    ) -> Result<HandlerDescription, AppError> {
        let root = self.path.parent().unwrap_or(Path::new(""));
        let described = |name: &str| self.all.text(&format!("{section}:description:{name}"));
        let set = |name: &str| self.local.setting(name);
        let Some(executable) = described("defaultExecutablePath") else {
            return Err(AppError::NoExecutable(self.path.to_owned(), section));
        };
        let executable = expand(executable, set);
        let folder = root.join(described("workerDirectory").unwrap_or_default());
        let in_folder = folder.join(&executable);
        let executable = match in_folder.is_file() {
            true => in_folder.to_string_lossy().into_owned(),
            false => executable,
        };
        let arguments = self.list(section, "arguments", notices);
        let worker_arguments = self.list(section, "workerArguments", notices);
        let worker_path = expand(described("defaultWorkerPath").unwrap_or_default(), set);
        let arguments = CommandLine::new(&arguments, &worker_path, &worker_arguments, set);
        for name in arguments.unset() {
            notices.push(format!(
                "host.json: {name} in the handler's arguments is not set, and is removed"
            ));
        }
        for name in WORKER_NAMES {
            if self.local.setting(name).is_some() {
                notices.push(format!(
                    "the app setting {name} does not reach the handler: the host sets its own value there"
                ));
            }
        }
        let working_directory = described("workingDirectory").unwrap_or_default();
        let working_directory_path = root.join(working_directory);
        if !working_directory.is_empty() && !working_directory_path.is_dir() {
            return Err(AppError::NoWorkingDirectory(
                self.path.to_owned(),
                working_directory.to_owned(),
            ));
        }
        Ok(HandlerDescription {
            executable,
            arguments,
            working_directory: working_directory_path,
            port: self.port(section)?,
            initialization_timeout: self.initialization_timeout(section)?,
        })
    }

    /// A list of arguments. A text stands for the list if it is JSON; else the host ignores it
    /// without a word (HttpWorkerOptionsSetup.cs:115-129).
    fn list(&self, section: &str, name: &str, notices: &mut Vec<String>) -> Vec<String> {
        let key = format!("{section}:description:{name}");
        let mut list = self.all.list(&key);
        if let Some(entry) = self.all.entry(&key).filter(|entry| !entry.value.is_empty()) {
            match json_list(&entry.value) {
                Some(texts) => list = texts,
                None => notices.push(format!(
                    "host.json: {} is ignored: write a JSON list, such as [\"--port\", \"80\"]",
                    entry.place()
                )),
            }
        }
        for (index, argument) in list.iter().enumerate() {
            let parts = split(argument).len();
            if parts > 1 {
                notices.push(format!(
                    "host.json: {name}[{index}] holds spaces: the handler gets it as {parts} arguments, as Azure splits it; a \" at each end would keep it one"
                ));
            }
        }
        list
    }

    /// `port` (azure-functions-host 2025, Workers/Http/HttpWorkerOptions.cs).
    fn port(&self, section: &str) -> Result<Option<u16>, AppError> {
        let key = format!("{section}:port");
        let Some(entry) = self.all.entry(&key) else {
            return Ok(None);
        };
        let port = entry.value.trim().parse::<u16>().ok();
        match port.filter(|port| *port > 0) {
            Some(port) => Ok(Some(port)),
            None => Err(self.bad(&key, "a port number")),
        }
    }

    fn initialization_timeout(&self, section: &str) -> Result<Duration, AppError> {
        let key = format!("{section}:initializationTimeout");
        match self.all.entry(&key) {
            None => Ok(INITIALIZATION_TIMEOUT),
            Some(entry) => match TimeSpan::parse(&entry.value) {
                Some(TimeSpan::Of(time)) if !time.is_zero() => Ok(time),
                _ => Err(self.bad(&key, "a time such as \"00:00:30\"")),
            },
        }
    }

    /// `extensions.http.routePrefix`: null is held as an empty text, which is none
    /// (HostJsonFileConfigurationSource.cs:103-114).
    fn route_prefix(&self) -> String {
        let entry = self.all.entry("extensions:http:routePrefix");
        entry.map_or("api", |entry| entry.value.as_str()).to_owned()
    }

    /// `functionTimeout` (Config/ScriptJobHostOptionsSetup.cs:18-21, 97-137), and at most what
    /// Azure's front end waits.
    fn timeout(&self, notices: &mut Vec<String>) -> Result<Duration, AppError> {
        const KEY: &str = "functionTimeout";
        const CONSUMPTION: Duration = Duration::from_secs(600);
        let Some(entry) = self.all.entry(KEY) else {
            return Ok(ANSWER_TIMEOUT);
        };
        let timeout = match TimeSpan::parse(&entry.value) {
            // "-1" is a day less than nothing, which means no limit.
            Some(TimeSpan::Negative(time)) if time == Duration::from_secs(86_400) => Duration::MAX,
            Some(TimeSpan::Of(time)) if time >= Duration::from_secs(1) => time,
            _ => {
                return Err(self.bad(
                    KEY,
                    "a time of a second or more, such as \"00:05:00\", nor \"-1\" for none",
                ));
            }
        };
        if timeout > CONSUMPTION {
            notices.push(format!(
                "host.json: functionTimeout {:?} does not start on the Consumption plan, where 10 minutes are the most; an HTTP answer has 230 s on any",
                entry.value
            ));
        }
        Ok(timeout.min(ANSWER_TIMEOUT))
    }

    /// `customHandler.http.routes` (Workers/Http/HttpWorkerFunctionProvider.cs at 8f59c471).
    fn routes(
        &self,
        section: &str,
        profile: profile::Profile,
    ) -> Result<Vec<HandlerRoute>, AppError> {
        let http = format!("{section}:http");
        let default = self.auth_level(&format!("{http}:defaultAuthorizationLevel"))?;
        let key = format!("{http}:routes");
        let mut routes = Vec::new();
        for index in self.all.children(&key) {
            let route = self.all.text(&format!("{key}:{index}:route"));
            let level = self.auth_level(&format!("{key}:{index}:authorizationLevel"))?;
            routes.push(HandlerRoute {
                route: route.unwrap_or_default().to_owned(),
                auth_level: level.or(default).unwrap_or(AuthLevel::Function),
            });
        }
        let runtime = self.local.setting("FUNCTIONS_WORKER_RUNTIME");
        let custom = runtime
            .as_deref()
            .is_some_and(|runtime| runtime.eq_ignore_ascii_case("custom"));
        if !routes.is_empty() && !custom && !profile.is_custom() {
            return Err(AppError::RoutesRuntime(self.path.to_owned(), runtime));
        }
        Ok(routes)
    }

    fn auth_level(&self, key: &str) -> Result<Option<AuthLevel>, AppError> {
        match self.all.entry(key) {
            None => Ok(None),
            Some(entry) => AuthLevel::parse(entry.value.trim())
                .map(Some)
                .ok_or_else(|| self.bad(key, "anonymous, function or admin")),
        }
    }

    /// Names in the sections of the handler and of HTTP that do nothing here.
    fn without_effect(&self, section: &str, notices: &mut Vec<String>) {
        const HANDLER: [&str; 7] = [
            "description",
            "enableForwardingHttpRequest",
            "enableProxyingHttpRequest",
            "http",
            "initializationTimeout",
            "port",
            "type",
        ];
        const DESCRIPTION: [&str; 7] = [
            "arguments",
            "defaultExecutablePath",
            "defaultWorkerPath",
            "language",
            "workerArguments",
            "workerDirectory",
            "workingDirectory",
        ];
        const HTTP: [&str; 3] = ["customHeaders", "hsts", "routePrefix"];
        let description = format!("{section}:description");
        for (section, known) in [
            (section, &HANDLER[..]),
            (&description, &DESCRIPTION),
            ("extensions:http", &HTTP),
        ] {
            for name in self.all.children(section) {
                if known.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                    continue;
                }
                let key = format!("{section}:{name}").replace(':', ".");
                notices.push(format!("host.json: {key} has no effect here"));
            }
        }
    }
}

fn json_list(text: &str) -> Option<Vec<String>> {
    let list = parse(text).ok()?;
    list.as_array()?
        .iter()
        .map(crate::configuration::text)
        .collect()
}
