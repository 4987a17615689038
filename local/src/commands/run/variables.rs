//! What the environment of `run`'s child has in place of this process's own: pure.
//!
//! Where each reader documents the names:
//! - curl(1), "Environment": `CURL_CA_BUNDLE` and `SSL_CERT_FILE` are used as `--cacert`;
//!   git-config(1), `http.sslCAInfo`: `GIT_SSL_CAINFO`; pip's "HTTPS Certificates": `PIP_CERT`;
//!   Requests' "Advanced Usage", "CA Certificates": `REQUESTS_CA_BUNDLE`, then `CURL_CA_BUNDLE`.
//! - OpenSSL, `SSL_CTX_set_default_verify_paths(3)`: `SSL_CERT_FILE`. Go, `x509.SystemCertPool`:
//!   the same, before 1.27 on Unix systems other than macOS alone; for the proxy
//!   `http.ProxyFromEnvironment`.
//! - Node.js, "Enterprise Network Configuration" (`NODE_USE_ENV_PROXY`: `http` and `https` from
//!   22.21 and 24.5 on) and "Command-line API" (`NODE_EXTRA_CA_CERTS`, in addition to its roots).
//! - Java SE, "The `JAVA_TOOL_OPTIONS` Environment Variable" (it goes before the command line's
//!   options) and "Networking Properties". "Configure proxies in the Azure SDK for Java": of
//!   `HTTPS_PROXY` and these properties it takes the properties, as `java.net.useSystemProxies` is
//!   false.
//! - .NET, `HttpClient.DefaultProxy`: the proxy's. That it reads `SSL_CERT_FILE` on Linux is what
//!   its source does (`pal_x509_root.c`).
//! - The Azure CLI's "Configuration": `AZURE_CONFIG_DIR`, and `AZURE_{SECTION}_{NAME}` for each
//!   setting, here `core.collect_telemetry`; `core.login_experience_v2` and
//!   `core.instance_discovery` are in its source (`profile/custom.py`, `_profile.py`). azd's
//!   "Explore Azure Developer CLI configuration": `AZD_CONFIG_DIR`; its repository's
//!   `docs/architecture/telemetry.md`: `AZURE_DEV_COLLECT_TELEMETRY`.
//! - "How to use managed identities for App Service and Azure Functions": `IDENTITY_ENDPOINT` and
//!   `IDENTITY_HEADER`.

use std::path::Path;

use crate::control::running::{ManagedIdentity, Running};

/// Hosts of this machine: they are called directly.
const NO_PROXY: &str = "localhost,127.0.0.1,::1";

/// What the variables follow from.
pub(super) struct Given<'a> {
    /// The proxy's address, with its credential.
    pub(super) proxy: &'a str,
    pub(super) port: u16,
    /// The system's roots and the development CA, PEM.
    pub(super) bundle: &'a str,
    /// The development CA alone.
    pub(super) ca: &'a str,
    /// The option that names the truststore.
    pub(super) java: &'a str,
    /// What `JAVA_TOOL_OPTIONS` is already.
    pub(super) java_before: Option<&'a str>,
    /// The state folder.
    pub(super) folder: &'a Path,
    pub(super) running: &'a Running,
}

/// One variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Set(&'static str, String),
    Unset(&'static str),
}

/// All of them.
pub(super) fn of(given: &Given<'_>) -> Vec<Change> {
    let folder = |name: &str| given.folder.join(name).display().to_string();
    let java = format!(
        "{} -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={port} -Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort={port}",
        given.java,
        port = given.port,
    );
    let java = match given.java_before {
        // Of an option that is there twice, the JVM takes the last.
        Some(before) if !before.trim().is_empty() => format!("{before} {java}"),
        _ => java,
    };
    let ready = &given.running.ready;
    let proxied = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
    // Their readers take this file in place of the system's roots, so it has those too.
    let trusted = [
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "PIP_CERT",
        "GIT_SSL_CAINFO",
    ];
    let one = |name, value: &str| Change::Set(name, value.to_owned());
    let mut changes: Vec<Change> = proxied
        .into_iter()
        .map(|name| one(name, given.proxy))
        .chain(["NO_PROXY", "no_proxy"].map(|name| one(name, NO_PROXY)))
        .chain(trusted.map(|name| one(name, given.bundle)))
        .collect();
    changes.extend([
        one("NODE_EXTRA_CA_CERTS", given.ca),
        one("NODE_USE_ENV_PROXY", "1"),
        Change::Set("JAVA_TOOL_OPTIONS", java),
        // Sign-ins of a person's own, and what a local one would mix into, are in other folders.
        Change::Set("AZURE_CONFIG_DIR", folder("run-azure-cli")),
        Change::Set("AZD_CONFIG_DIR", folder("run-azd")),
        // Both would go to hosts that are refused; the list of subscriptions has one entry.
        one("AZURE_CORE_COLLECT_TELEMETRY", "no"),
        one("AZURE_DEV_COLLECT_TELEMETRY", "no"),
        one("AZURE_CORE_LOGIN_EXPERIENCE_V2", "off"),
        one("GREETING_URL", &ready.function_url),
        one("GREETING_SCOPE", &ready.scope),
        Change::Set("GREETING_LOCAL_STATE", given.folder.display().to_string()),
        Change::Unset("GREETING_LOCAL_NAME"),
        // Where `env` has pointed this shell before.
        Change::Unset("AZURE_AUTHORITY_HOST"),
        Change::Unset("AZURE_CLOUD_NAME"),
        Change::Unset("AZURE_CORE_INSTANCE_DISCOVERY"),
        Change::Unset("ALL_PROXY"),
        Change::Unset("all_proxy"),
    ]);
    let identity = given.running.managed_identity.iter();
    let identity = identity.flat_map(ManagedIdentity::variables);
    changes.extend(identity.map(|(name, value)| one(name, value)));
    changes
}
