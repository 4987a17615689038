//! `local.settings.json`: the app settings of a developer's machine, as `func start` reads them.
//!
//! <https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file>

use std::collections::BTreeMap;
use std::path::Path;

use hyper::header::HeaderValue;
use local_http::cors::Cors;
use serde::Deserialize;

use super::files::{AppError, read};

/// What the file says. Values may be secrets, so this has no `Debug`.
#[derive(Default)]
pub struct LocalSettings {
    /// `Values`, and `ConnectionStrings` under the names that .NET reads them by.
    pub values: BTreeMap<String, String>,
    /// `Host.LocalHttpPort`.
    pub port: Option<u16>,
    /// `Host.CORS` and `Host.CORSCredentials`.
    cors: Cors,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct File {
    is_encrypted: bool,
    values: BTreeMap<String, Scalar>,
    host: HostSection,
    connection_strings: BTreeMap<String, Scalar>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct HostSection {
    #[serde(rename = "LocalHttpPort")]
    local_http_port: Option<u16>,
    #[serde(rename = "CORS")]
    cors: Option<String>,
    #[serde(rename = "CORSCredentials")]
    cors_credentials: bool,
}

/// Values are strings; `func` takes numbers and booleans for theirs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Flag(bool),
    Number(serde_json::Number),
    Connection {
        #[serde(rename = "ConnectionString")]
        connection_string: String,
    },
}

impl LocalSettings {
    /// The file in `root`; nothing where there is none.
    ///
    /// # Errors
    /// It can't be read, is not what it should be, or is encrypted.
    pub fn load(root: &Path) -> Result<Self, AppError> {
        let path = root.join("local.settings.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let file: File = read(&path)?;
        if file.is_encrypted {
            return Err(AppError::Encrypted(path));
        }
        let text = |value: Scalar| match value {
            Scalar::Text(text)
            | Scalar::Connection {
                connection_string: text,
            } => text,
            // .NET's spelling, which `func` hands on.
            Scalar::Flag(flag) => if flag { "True" } else { "False" }.to_owned(),
            Scalar::Number(number) => number.to_string(),
        };
        let mut values: BTreeMap<_, _> = file
            .values
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect();
        for (name, value) in file.connection_strings {
            values.insert(format!("ConnectionStrings:{name}"), text(value));
        }
        if let Some(name) = values
            .iter()
            .find(|(name, value)| {
                name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
            })
            .map(|(name, _)| name)
        {
            return Err(AppError::BadSetting(path, name.clone()));
        }
        let cors = file.host.cors.unwrap_or_default();
        let cors = cors
            .split(',')
            .map(str::trim)
            .filter(|origin| !origin.is_empty())
            .map(|origin| {
                HeaderValue::from_str(origin.trim_end_matches('/'))
                    .map_err(|_| AppError::BadSetting(path.clone(), "Host.CORS".to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            values,
            port: file.host.local_http_port,
            cors: Cors {
                origins: cors,
                credentials: file.host.cors_credentials,
            },
        })
    }

    /// Which other sites' pages may call.
    pub fn cors(&self) -> Cors {
        self.cors.clone()
    }

    /// An app setting: this process's environment has the last word, as with `func start`.
    pub fn setting(&self, name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .or_else(|| self.values.get(name).cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<LocalSettings, AppError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("local.settings.json"), text).unwrap();
        LocalSettings::load(folder.path())
    }

    #[test]
    fn values_become_strings_as_func_has_them() {
        let settings = load(
            r#"{
            // Comments and a trailing comma are allowed there.
            "IsEncrypted": false,
            "Values": {"A": "text", "B": true, "C": 7,},
            "ConnectionStrings": {"Db": "x", "Other": {"ConnectionString": "y", "ProviderName": "p"}},
            "Host": {"LocalHttpPort": 7072, "CORS": "https://a.example/, https://b.example"}
            }"#,
        )
        .unwrap();
        let values: Vec<_> = settings
            .values
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(
            values,
            [
                ("A", "text"),
                ("B", "True"),
                ("C", "7"),
                ("ConnectionStrings:Db", "x"),
                ("ConnectionStrings:Other", "y"),
            ]
        );
        assert_eq!(settings.port, Some(7072));
        assert_eq!(
            settings.cors.origins,
            ["https://a.example", "https://b.example"]
        );
        assert!(load("{}").unwrap().values.is_empty());
    }

    #[test]
    fn what_can_not_be_used_is_refused() {
        for (text, names) in [
            (r#"{"IsEncrypted": true}"#, "func settings decrypt"),
            (r#"{"Values": {"A=B": "c"}}"#, "A=B"),
            (r#"{"Values": 5}"#, "local.settings.json"),
            ("{", "local.settings.json"),
        ] {
            let error = load(text).err().unwrap().failure("x").to_string();
            assert!(error.contains(names), "{error}");
        }
    }
}
