//! What the environment of `run`'s child has in place of this process's own: pure.
//!
//! Each name is documented by its reader: curl, Python's requests, pip and git by their manuals;
//! Node.js by "Enterprise network configuration" (`NODE_USE_ENV_PROXY`: 22.21, 24.5 and newer) and
//! by `NODE_EXTRA_CA_CERTS`; Java by "Networking properties"; the Azure CLI and azd by their
//! configuration pages; Go by `net/http.ProxyFromEnvironment` and `crypto/x509`; .NET by
//! `HttpClient.DefaultProxy`, and OpenSSL by `SSL_CERT_FILE`.

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
