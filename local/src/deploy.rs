//! The files in `deploy/`, compiled in, with their placeholders filled for the local tenant.
//!
//! The files that configure Azure configure this program too; nothing is said twice.

/// The local tenant. A fixed GUID, so that what people paste keeps working between runs.
pub(crate) const TENANT_ID: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93";
/// The local tenant's verified domain, accepted wherever a tenant is named.
pub(crate) const TENANT_DOMAIN: &str = "greeting.test";
/// The API's application (client) id.
pub(crate) const API_CLIENT_ID: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
/// The public client that `greeting-cli` may sign in as.
pub(crate) const CLI_CLIENT_ID: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

const APP_REGISTRATION: &str = include_str!("../../deploy/app-registration.json");
const CLIENT_REGISTRATION: &str = include_str!("../../deploy/client-registration.json");
const AUTH_SETTINGS: &str = include_str!("../../deploy/authsettingsV2.json");
const HOST_JSON: &str = include_str!("../../host.json");
const FUNCTION_JSON: &str = include_str!("../../greeting/function.json");

/// The API's app registration, a Microsoft Graph `application`.
pub(crate) fn app_registration() -> String {
    fill(APP_REGISTRATION, "")
}

/// The CLI's public client, a Microsoft Graph `application`.
pub(crate) fn client_registration() -> String {
    fill(CLIENT_REGISTRATION, "")
}

/// The Easy Auth settings that are compiled in.
pub(crate) fn auth_settings(authority_host: &str) -> String {
    fill(AUTH_SETTINGS, authority_host)
}

/// Fills the placeholders of `text`; `authority_host` is `host:port`, without a scheme.
pub(crate) fn fill(text: &str, authority_host: &str) -> String {
    text.replace("<authority-host>", authority_host)
        .replace("<tenant-id>", TENANT_ID)
        .replace("<cli-client-id>", CLI_CLIENT_ID)
        .replace("<client-id>", API_CLIENT_ID)
}

/// Writes the function app's own files to `root`, for use outside a checkout.
pub(crate) fn write_function_app(root: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(root.join("greeting"))?;
    std::fs::write(root.join("host.json"), HOST_JSON)?;
    std::fs::write(root.join("greeting/function.json"), FUNCTION_JSON)
}

/// `host.json` and `greeting/function.json` as they are packaged: name in the zip, content.
pub(crate) fn function_app_files() -> [(&'static str, &'static str); 2] {
    [
        ("host.json", HOST_JSON),
        ("greeting/function.json", FUNCTION_JSON),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_placeholder_is_left() {
        for text in [
            app_registration(),
            client_registration(),
            auth_settings("localhost:7443"),
        ] {
            assert!(!text.contains('<'), "unfilled placeholder in {text}");
            serde_json::from_str::<serde_json::Value>(&text).unwrap();
        }
    }
}
