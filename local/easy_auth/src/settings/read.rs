//! From a file's text to settings, or to the one property that is wrong, by its name.

use local_failure::Failure;

use super::names::{find, is_unconfigured, not_an_object, remove, remove_inert, unknown};
use super::{Settings, schema};

/// Properties of Azure's that say nothing to its gate either: the portal's and the platform's
/// own marks.
const WITHOUT_EFFECT: [&str; 2] = [
    "platform.runtimeVersion",
    "identityProviders.azureActiveDirectory.isAutoProvisioned",
];

/// Azure's properties that this gate does not have, and what to do about it.
const REFUSED: [(&str, &str); 16] = [
    (
        "platform.configFilePath",
        "name that file with --settings instead",
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateThumbprint",
        CERTIFICATE,
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateIssuer",
        CERTIFICATE,
    ),
    (
        "identityProviders.azureActiveDirectory.registration.clientSecretCertificateSubjectAlternativeName",
        CERTIFICATE,
    ),
    ("identityProviders.facebook", PROVIDER),
    ("identityProviders.gitHub", PROVIDER),
    ("identityProviders.google", PROVIDER),
    ("identityProviders.twitter", PROVIDER),
    ("identityProviders.apple", PROVIDER),
    ("identityProviders.legacyMicrosoftAccount", PROVIDER),
    ("identityProviders.azureStaticWebApps", PROVIDER),
    ("identityProviders.customOpenIdConnectProviders", PROVIDER),
    // Its name in the file-based form.
    ("identityProviders.openIdConnectProviders", PROVIDER),
    ("login.tokenStore.fileSystem", STORE),
    ("login.tokenStore.azureBlobStorage", STORE),
    (
        "login.disableWWWAuthenticate",
        "write identityProviders.azureActiveDirectory.login.disableWWWAuthenticate",
    ),
];
const CERTIFICATE: &str =
    "remove it: the local authority takes a client secret (clientSecretSettingName), or none";
const PROVIDER: &str =
    "remove it, or leave its registration empty: the local gate has the Microsoft provider only";
const STORE: &str = "remove it: locally the token store is memory, and ends with the run";

impl Settings {
    /// Reads `text`, the properties alone or the whole ARM resource; `source` names it in errors.
    ///
    /// # Errors
    /// Bad JSON, an unknown or unsupported property, or a required value that is missing.
    pub fn parse(text: &str, source: &str) -> Result<Self, Failure> {
        let failed = |why: String, fix: String| {
            Failure::new(
                format!("the Easy Auth settings in {source} can't be used"),
                why,
                fix,
            )
        };
        let mut value = settings_file::read(text.as_bytes()).map_err(|unusable| {
            let fix = unusable.fix().unwrap_or("correct it there");
            failed(unusable.to_string(), fix.to_owned())
        })?;
        remove_inert(&mut value);
        for path in WITHOUT_EFFECT {
            remove(&mut value, path);
        }
        for (path, fix) in REFUSED {
            if let Some(found) = find(&value, path) {
                if is_unconfigured(found) {
                    remove(&mut value, path);
                } else {
                    return Err(failed(format!("{path} is not offered locally"), fix.into()));
                }
            }
        }
        // serde would also take a struct's members from a list, by their order.
        if let Some(path) = not_an_object(&schema(), &value, "") {
            return Err(failed(
                format!("{path} is not an object"),
                "write it as { … }".into(),
            ));
        }
        if let Some(unknown) = unknown(&schema(), &value, "") {
            let fix = match &unknown.nearest {
                Some(name) => format!("did you mean {name}?"),
                None => format!("the names there are: {}", unknown.known.join(", ")),
            };
            return Err(failed(
                format!("there is no property {}", unknown.path),
                format!("{fix} (What is here takes effect or is refused, never ignored.)"),
            ));
        }
        let settings: Self = serde_path_to_error::deserialize(&value).map_err(|error| {
            failed(
                format!("{}: {}", error.path(), error.inner()),
                "correct that value".into(),
            )
        })?;
        settings.check().map_err(|(why, fix)| failed(why, fix))?;
        Ok(settings)
    }
}
