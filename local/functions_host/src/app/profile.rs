//! `configurationProfile`: presets that host.json and the app settings override.
//!
//! azure-functions-host de4eacca, src/WebJobs.Script/Config/HostConfigurationProfile.cs.

use std::path::Path;

use serde_json::Value;

use crate::configuration::Configuration;
use crate::files::AppError;
use crate::local_settings::LocalSettings;

/// The app setting, in exactly this spelling.
const SETTING: &str = "AzureFunctionsJobHost__configurationProfile";

/// A profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Default,
    /// `mcp-custom-handler` and `web-app-custom-handler` set the same.
    CustomHandler,
}

/// The profile that an app setting names, else `host.json`.
pub(crate) fn of(path: &Path, content: &Value, local: &LocalSettings) -> Result<Profile, AppError> {
    let (place, name) = match local.setting(SETTING) {
        Some(name) => (format!("the app setting {SETTING}"), name),
        None => (
            "configurationProfile".to_owned(),
            crate::configuration::text(&content["configurationProfile"]).unwrap_or_default(),
        ),
    };
    match name.to_ascii_lowercase().as_str() {
        "" | "default" => Ok(Profile::Default),
        "mcp-custom-handler" | "web-app-custom-handler" => Ok(Profile::CustomHandler),
        _ => Err(AppError::BadValue {
            file: path.to_owned(),
            place,
            value: name,
            expected: "default, mcp-custom-handler or web-app-custom-handler",
        }),
    }
}

impl Profile {
    /// Sets what the profile stands for.
    pub(crate) fn preset(self, all: &mut Configuration) {
        if self == Self::CustomHandler {
            all.preset("customHandler:enableProxyingHttpRequest", "true");
            all.preset("customHandler:http:routes:0:route", "{*route}");
            all.preset("extensions:http:routePrefix", "");
        }
    }

    /// Whether the worker runtime counts as `custom`, whatever its setting says.
    pub(crate) fn is_custom(self) -> bool {
        self == Self::CustomHandler
    }

    /// What has set the routes.
    pub(crate) fn routes_from(self) -> &'static str {
        match self {
            Self::Default => "customHandler.http.routes",
            Self::CustomHandler => "configurationProfile",
        }
    }
}
