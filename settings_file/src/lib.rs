//! The forms in which Easy Auth's settings come as a file, read by one rule in every program of the
//! workspace: what Azure's API, `az` and templates write, App Service's and Container Apps', the
//! file-based form, and the middleware's own. The v1 settings are refused, with the command that
//! writes the others.
//!
//! - `shape`: where in the file they are; `members`: their names, and what is made of each
//! - `names`: as Azure's reference writes them; `providers`: those that are left out

mod members;
mod names;
mod providers;
mod shape;

use serde_json::Value;

use self::members::PROPERTIES;

/// Writes an app's settings to `auth.json`. az puts its own subscription in place of
/// `{subscriptionId}` (`az rest --help`).
///
/// `az webapp auth show` does not: without the extension authV2 it prints the v1 settings, or
/// refuses an app that has v2 ones (azure-cli#17837, #33075).
pub const GET: &str = r#"az rest --method get --output json --url "https://management.azure.com/subscriptions/{subscriptionId}/resourceGroups/GROUP/providers/Microsoft.Web/sites/APP/config/authsettingsV2?api-version=2024-04-01" > auth.json"#;

/// Why a file's text is none of these forms, or what it has can't be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFileError {
    /// Nothing in it, as where the command that should have written it failed.
    #[error("it is empty")]
    Empty,
    /// Neither UTF-8 nor UTF-16.
    #[error("it is not text")]
    NoText,
    /// Not JSON, and where.
    #[error("not JSON: {0}")]
    NoJson(String),
    /// The flat form of the v1 settings.
    #[error(
        "it has the v1 settings, which az webapp auth show prints; the gate goes by authsettingsV2"
    )]
    V1,
    /// More than one app's.
    #[error("it has the settings of several apps: {}", .0.join(", "))]
    Several(Vec<String>),
    /// A value that has to be one of some names.
    #[error("{path} is {value}, and can be: {names}")]
    NoSuchValue {
        /// Where.
        path: String,
        /// What it is, as JSON.
        value: String,
        /// What there is, each with its number where it has one.
        names: String,
    },
    /// Microsoft's provider is on, and nothing says whose tokens it takes.
    #[error(
        "identityProviders.azureActiveDirectory.registration.openIdIssuer is missing: users report that Azure then lets in people of every tenant"
    )]
    NoIssuer,
    /// A value that a deployment has still to put in.
    #[error("{0} is a template's expression, not yet a value")]
    Expression(String),
    /// The settings are in another file, and these are not in force.
    #[error(
        "platform.configFilePath is {0:?}: the app's settings are in that file, and these have no effect"
    )]
    InAnotherFile(String),
    /// Providers, and Microsoft's is not among them.
    #[error(
        "it has no identityProviders.azureActiveDirectory with a registration, only {}: Microsoft's is the only provider here",
        .0.join(", ")
    )]
    OtherProviders(Vec<String>),
}

impl SettingsFileError {
    /// What to do about it; none where the error itself shows what to correct.
    #[must_use]
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::V1 => Some(GET),
            Self::Expression(_) => {
                Some("write the value there, or deploy, and take what az rest prints of it")
            }
            Self::NoSuchValue { .. } => Some("write one of these"),
            Self::NoIssuer => Some(
                "set it to https://login.microsoftonline.com/TENANT-ID/v2.0, or, for every tenant, to https://login.microsoftonline.com/common/v2.0",
            ),
            Self::InAnotherFile(_) => Some("name that file instead"),
            Self::Several(_) => Some("leave one app's settings in it"),
            Self::OtherProviders(_) => Some(
                "add identityProviders.azureActiveDirectory, with registration.clientId and registration.openIdIssuer",
            ),
            Self::NoText | Self::NoJson(_) => None,
        }
    }
}

/// The settings of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SettingsFile {
    /// The properties of `authsettingsV2` as Azure's reference writes them: their names, the names
    /// of values, numbers and booleans; without null, and without what is not to be had here.
    pub properties: Value,
    /// What is in the file and has no effect, each by its path.
    pub notices: Vec<String>,
}

impl SettingsFile {
    /// Whether Microsoft's provider is set up in it.
    #[must_use]
    pub fn has_microsoft(&self) -> bool {
        providers::has_microsoft(&self.properties)
    }
}

/// The settings in `file`: UTF-8, or UTF-16 as Windows PowerShell's `>` writes it.
///
/// # Errors
/// It is something else, or its settings can't be had here.
pub fn read(file: &[u8]) -> Result<SettingsFile, SettingsFileError> {
    let text = text(file).ok_or(SettingsFileError::NoText)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(SettingsFileError::Empty);
    }
    let mut notices = Vec::new();
    let text = without_lines_above(text, &mut notices);
    let file =
        serde_json::from_str(text).map_err(|error| SettingsFileError::NoJson(error.to_string()))?;
    let settings = shape::settings(file)?;
    let mut properties = names::canonical(PROPERTIES, settings, "", &mut notices);
    let others = providers::take_others(&mut properties);
    if let Some(path) = expression(&properties, "") {
        return Err(SettingsFileError::Expression(path));
    }
    if let Some((path, value, names)) = names::not_a_name(PROPERTIES, &properties, "") {
        return Err(SettingsFileError::NoSuchValue { path, value, names });
    }
    let is_on = properties.pointer("/platform/enabled") != Some(&Value::Bool(false));
    if is_on {
        in_force(&mut properties, others, &mut notices)?;
    }
    Ok(SettingsFile {
        properties,
        notices,
    })
}

/// The paths of the properties that take effect, as Azure's reference writes them.
#[must_use]
pub fn paths() -> Vec<String> {
    let mut paths = Vec::new();
    members::paths(PROPERTIES, "", &mut paths);
    paths
}

/// What matters of settings that are on.
fn in_force(
    properties: &mut Value,
    others: Vec<String>,
    notices: &mut Vec<String>,
) -> Result<(), SettingsFileError> {
    let elsewhere = properties.pointer("/platform/configFilePath");
    if let Some(path) = elsewhere.and_then(Value::as_str).filter(|p| !p.is_empty()) {
        return Err(SettingsFileError::InAnotherFile(path.to_owned()));
    }
    if !others.is_empty() && !providers::has_microsoft(properties) {
        return Err(SettingsFileError::OtherProviders(others));
    }
    if providers::lacks_issuer(properties) {
        return Err(SettingsFileError::NoIssuer);
    }
    for name in &others {
        notices.push(format!(
            "identityProviders: {name} is left out: Microsoft's is the only provider here"
        ));
    }
    let global = properties.get_mut("globalValidation");
    if let Some(Value::Object(global)) = global
        && let Some(Value::String(name)) = global.get("redirectToProvider")
        && providers::is_other(name, &others)
    {
        notices.push(format!(
            "globalValidation.redirectToProvider is {name}, which is left out: browsers are sent to Microsoft's sign-in here"
        ));
        global.shift_remove("redirectToProvider");
    }
    Ok(())
}

/// `az` says on the terminal that an extension changed the command, and people paste that along.
fn without_lines_above<'a>(text: &'a str, notices: &mut Vec<String>) -> &'a str {
    let begins = |line: &str| line.trim_start().starts_with(['{', '[']);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins(line) {
            break;
        }
        at += line.len();
    }
    let (above, json) = text.split_at(at);
    // Without any JSON the whole text is what is not JSON.
    if above.trim().is_empty() || json.is_empty() {
        return text;
    }
    notices.push(format!(
        "what stands above the JSON is left out: {:?}",
        above.lines().next().unwrap_or_default()
    ));
    json
}

/// The path of a text that a deployment would replace: `[parameters('clientId')]`. `[[` is its
/// escape.
///
/// <https://learn.microsoft.com/azure/azure-resource-manager/templates/template-expressions>
fn expression(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => {
            let is = text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[");
            is.then(|| path.to_owned())
        }
        Value::Array(items) => items.iter().find_map(|item| expression(item, path)),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| expression(value, &members::joined(path, name))),
        _ => None,
    }
}

/// By its byte order mark (Unicode 16, section 23.8), else UTF-8.
fn text(file: &[u8]) -> Option<String> {
    let units = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match file {
        [0xff, 0xfe, bytes @ ..] => units(bytes, u16::from_le_bytes),
        [0xfe, 0xff, bytes @ ..] => units(bytes, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, bytes @ ..] | bytes => String::from_utf8(bytes.to_owned()).ok(),
    }
}

#[cfg(test)]
mod tests;
