//! The forms in which Easy Auth's settings come as a file, read by one rule in every program of the
//! workspace. Any form but `authsettingsV2` is refused, with the command that writes that one.

use serde_json::Value;

/// Writes an app's settings to `auth.json`. az puts its own subscription in place of
/// `{subscriptionId}` (`az rest --help`).
///
/// `az webapp auth show` does not: it prints the v1 settings, or refuses an app that has v2 ones
/// (azure-cli#17837, #33075).
pub const GET: &str = r#"az rest --method get --output json --url "https://management.azure.com/subscriptions/{subscriptionId}/resourceGroups/GROUP/providers/Microsoft.Web/sites/APP/config/authsettingsV2?api-version=2024-04-01" > auth.json"#;

/// Members that only the v1 settings have, side by side with no `platform` and no
/// `identityProviders` (`SiteAuthSettings` of Microsoft.Web).
const OF_V1: [&str; 8] = [
    "aadClaimsAuthorization",
    "additionalLoginParams",
    "allowedAudiences",
    "clientId",
    "defaultProvider",
    "issuer",
    "tokenStoreEnabled",
    "unauthenticatedClientAction",
];

/// Why a file's text is no `authsettingsV2`.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFileError {
    /// Nothing in it, as where the command that should have written it failed.
    #[error("it is empty")]
    Empty,
    /// Neither UTF-8 nor UTF-16.
    #[error("it is not text")]
    NoText,
    /// Not JSON.
    #[error("not JSON: {0}")]
    NoJson(serde_json::Error),
    /// The flat form of the v1 settings.
    #[error(
        "it has the v1 settings, which az webapp auth show prints; the gate goes by authsettingsV2"
    )]
    V1,
}

impl SettingsFileError {
    /// What to do about it; none where the error itself shows what to correct.
    #[must_use]
    pub fn fix(&self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::V1 => Some(GET),
            Self::NoText | Self::NoJson(_) => None,
        }
    }
}

/// The settings in `file`, which has the properties of `authsettingsV2` or the whole ARM resource,
/// in UTF-8, or in UTF-16 as Windows PowerShell's `>` writes it.
///
/// # Errors
/// It is something else.
pub fn read(file: &[u8]) -> Result<Value, SettingsFileError> {
    let text = text(file).ok_or(SettingsFileError::NoText)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(SettingsFileError::Empty);
    }
    let mut value: Value = serde_json::from_str(text).map_err(SettingsFileError::NoJson)?;
    if let Some(properties) = value.get_mut("properties") {
        value = properties.take();
    }
    let has = |name: &&str| value.get(name).is_some();
    if !["platform", "identityProviders"].iter().any(has) && OF_V1.iter().any(has) {
        return Err(SettingsFileError::V1);
    }
    Ok(value)
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
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_bare_and_as_a_resource() {
        let settings = json!({"platform": {"enabled": true}, "login": {"routes": {}}});
        let resource = json!({"name": "authsettingsV2", "properties": settings});
        for text in [
            settings.to_string(),
            resource.to_string(),
            format!("\u{feff}{resource}\r\n"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap(), settings, "{text}");
        }
        let mut wide = vec![0xff, 0xfe];
        wide.extend(
            resource
                .to_string()
                .encode_utf16()
                .flat_map(u16::to_le_bytes),
        );
        assert_eq!(read(&wide).unwrap(), settings);
        wide.pop();
        assert!(matches!(read(&wide), Err(SettingsFileError::NoText)));
        // What is missing or unknown in them is for their reader to say.
        assert_eq!(read(b"{}").unwrap(), json!({}));
    }

    /// What `az webapp auth show` prints, flat or, by newer versions, below `properties`.
    #[test]
    fn the_v1_settings_are_known() {
        let flat = json!({"enabled": false, "unauthenticatedClientAction": null,
            "tokenStoreEnabled": null, "clientId": null, "allowedAudiences": null,
            "id": "/subscriptions/s", "name": "authsettings", "type": "Microsoft.Web/sites/config"});
        for text in [
            flat.to_string(),
            json!({"name": "authsettings", "properties": flat}).to_string(),
        ] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, SettingsFileError::V1), "{text}");
            assert_eq!(error.fix(), Some(GET));
        }
    }

    #[test]
    fn nothing_is_known_from_not_json() {
        for text in ["", " \r\n", "\u{feff}"] {
            let error = read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, SettingsFileError::Empty), "{text:?}");
            assert_eq!(error.fix(), Some(GET));
        }
        assert!(matches!(
            read(b"ERROR: x"),
            Err(SettingsFileError::NoJson(_))
        ));
    }
}
