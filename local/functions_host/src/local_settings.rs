//! `local.settings.json`: the app settings of a developer's machine, as `func start` reads them.
//!
//! <https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file>;
//! azure-functions-core-tools 3ee97a63, src/Cli/func/Common/AppSettingsFile.cs:17-152 and
//! Actions/HostActions/StartHostAction.cs:296-390.

use std::collections::BTreeMap;
use std::path::Path;

use hyper::header::HeaderValue;
use local_http::cors::Cors;
use serde_json::{Map, Value};

use super::configuration::text;
use super::files::{AppError, kind, member, read};
use super::variables::Environment;

/// What the file says. Values may be secrets, so this has no `Debug`.
#[derive(Default)]
pub struct LocalSettings {
    /// `Values`, and `ConnectionStrings` under the names that .NET reads them by.
    pub values: BTreeMap<String, String>,
    /// `Host.LocalHttpPort`.
    pub port: Option<u16>,
    /// What is read otherwise than its author may think.
    pub notices: Vec<String>,
    /// `Host.CORS` and `Host.CORSCredentials`.
    cors: Cors,
    environment: Environment,
}

impl LocalSettings {
    /// The file in `root`, and the environment above it; the environment alone where there is no
    /// file.
    ///
    /// # Errors
    /// It can't be read, is not what it should be, or is encrypted.
    pub fn load(root: &Path, environment: &Environment) -> Result<Self, AppError> {
        let path = root.join("local.settings.json");
        let environment = environment.clone();
        if !path.exists() {
            return Ok(Self {
                environment,
                ..Self::default()
            });
        }
        let file = File {
            path: &path,
            content: &read(&path)?,
        };
        let mut notices = file.names();
        let values = file.values(&mut notices)?;
        file.check_encryption(&values, &mut notices)?;
        let host = file.section("Host")?.cloned().map(Value::Object);
        let host = host.unwrap_or(Value::Null);
        Ok(Self {
            port: file.port(&host)?,
            cors: file.cors(&host, &mut notices)?,
            values,
            notices,
            environment,
        })
    }

    /// Which other sites' pages may call.
    pub fn cors(&self) -> Cors {
        self.cors.clone()
    }

    /// An app setting: this process's environment has the last word, as with `func start`.
    pub fn setting(&self, name: &str) -> Option<String> {
        self.environment
            .get(name)
            .or_else(|| self.values.get(name).map(String::as_str))
            .map(str::to_owned)
    }

    /// The same, where .NET's configuration reads it: in any letter case.
    pub(crate) fn setting_in_any_case(&self, name: &str) -> Option<&str> {
        self.all()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All app settings: the environment's, and the file's that it does not have.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().chain(self.added())
    }

    /// The names of all app settings.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all().map(|(name, _)| name)
    }

    /// What the file adds to the environment: a variable that is set there already is kept.
    pub fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .filter(|(name, _)| self.environment.get(name).is_none())
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The file, being read.
struct File<'a> {
    path: &'a Path,
    content: &'a Value,
}

impl File<'_> {
    fn not_text(&self, place: impl Into<String>, value: &Value) -> AppError {
        AppError::NotText(self.path.to_owned(), place.into(), kind(value))
    }

    fn bad(&self, place: &str, value: &Value, expected: &'static str) -> AppError {
        AppError::BadValue {
            file: self.path.to_owned(),
            place: place.to_owned(),
            value: text(value).unwrap_or_else(|| kind(value).to_owned()),
            expected,
        }
    }

    /// A section by its exact name.
    fn section(&self, name: &str) -> Result<Option<&Map<String, Value>>, AppError> {
        match self.content.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(section)) => Ok(Some(section)),
            Some(other) => Err(self.bad(name, other, "an object")),
        }
    }

    /// Says which names are not read: at the top level their letter case counts.
    fn names(&self) -> Vec<String> {
        const READ: [&str; 4] = ["IsEncrypted", "Values", "ConnectionStrings", "Host"];
        let names = self.content.as_object().into_iter().flat_map(Map::keys);
        names
            .filter(|name| !READ.contains(&name.as_str()) && !name.starts_with('$'))
            .map(|name| {
                let meant = READ.iter().find(|read| read.eq_ignore_ascii_case(name));
                let fix = meant.map_or_else(String::new, |meant| format!("; write {meant}"));
                format!("local.settings.json: {name} is not read, by func neither{fix}")
            })
            .collect()
    }

    fn values(&self, notices: &mut Vec<String>) -> Result<BTreeMap<String, String>, AppError> {
        let mut values = BTreeMap::new();
        for (name, value) in self.section("Values")?.into_iter().flatten() {
            if value.is_null() {
                notices.push(format!(
                    "local.settings.json: Values.{name} is null, and is skipped, as by func"
                ));
                continue;
            }
            let text = text(value).ok_or_else(|| self.not_text(format!("Values.{name}"), value))?;
            values.insert(name.clone(), text);
        }
        for (name, value) in self.section("ConnectionStrings")?.into_iter().flatten() {
            let text = text(value)
                .or_else(|| text(value.get("ConnectionString")?))
                .ok_or_else(|| self.not_text(format!("ConnectionStrings.{name}"), value))?;
            values.insert(format!("ConnectionStrings:{name}"), text);
        }
        if values.remove("").is_some() {
            notices.push(
                "local.settings.json: a setting without a name is skipped, as by func".to_owned(),
            );
        }
        let unusable = values
            .iter()
            .find(|(name, value)| name.contains(['=', '\0']) || value.contains('\0'));
        match unusable {
            Some((name, _)) => Err(AppError::BadSetting(self.path.to_owned(), name.clone())),
            None => Ok(values),
        }
    }

    /// `func` takes a missing `IsEncrypted` for true (AppSettingsFile.cs:32), and has nothing to
    /// decrypt where there are no values.
    fn check_encryption(
        &self,
        values: &BTreeMap<String, String>,
        notices: &mut Vec<String>,
    ) -> Result<(), AppError> {
        match self.content.get("IsEncrypted") {
            None | Some(Value::Null) => {
                if !values.is_empty() {
                    notices.push("local.settings.json: func would take it for encrypted; write \"IsEncrypted\": false".to_owned());
                }
                Ok(())
            }
            Some(value) => match flag(value) {
                Some(true) if !values.is_empty() => Err(AppError::Encrypted(self.path.to_owned())),
                Some(_) => Ok(()),
                None => Err(self.bad("IsEncrypted", value, "true or false")),
            },
        }
    }

    fn port(&self, host: &Value) -> Result<Option<u16>, AppError> {
        match member(host, "LocalHttpPort") {
            None | Some(Value::Null) => Ok(None),
            Some(value) => text(value)
                .and_then(|text| text.trim().parse().ok())
                .map(Some)
                .ok_or_else(|| self.bad("Host.LocalHttpPort", value, "a port")),
        }
    }

    fn cors(&self, host: &Value, notices: &mut Vec<String>) -> Result<Cors, AppError> {
        let listed = match member(host, "CORS") {
            None | Some(Value::Null) => String::new(),
            Some(value) => text(value).ok_or_else(|| self.not_text("Host.CORS", value))?,
        };
        let credentials = match member(host, "CORSCredentials") {
            None | Some(Value::Null) => false,
            Some(value) => flag(value)
                .ok_or_else(|| self.bad("Host.CORSCredentials", value, "true or false"))?,
        };
        // The browser's origin has neither, and func compares what is written
        // (azure-functions-core-tools 3ee97a63, Actions/HostActions/StartHostAction.cs:110).
        let written = listed.split(',').filter(|origin| !origin.trim().is_empty());
        let odd: Vec<&str> = written
            .clone()
            .filter(|origin| *origin != origin.trim() || origin.ends_with('/'))
            .collect();
        if !odd.is_empty() {
            notices.push(format!(
                "local.settings.json: in Host.CORS, {odd:?} matches no origin under func: write it without spaces and without a slash at the end"
            ));
        }
        let origins: Vec<HeaderValue> = written
            .map(|origin| {
                HeaderValue::from_str(origin.trim().trim_end_matches('/'))
                    .map_err(|_| AppError::BadSetting(self.path.to_owned(), "Host.CORS".to_owned()))
            })
            .collect::<Result<_, _>>()?;
        // azure-functions-core-tools 3ee97a63, src/Cli/func/Actions/HostActions/Startup.cs:147-158;
        // azure-functions-host 89dc438d, WebHost/Configuration/CorsOptionsSetup.cs:22-38.
        if credentials && origins.len() == 1 && origins[0] == "*" {
            return Err(AppError::AnyOriginWithCredentials(self.path.to_owned()));
        }
        Ok(Cors {
            origins,
            credentials,
        })
    }
}

/// A boolean, or the text of one.
fn flag(value: &Value) -> Option<bool> {
    match text(value)?.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
