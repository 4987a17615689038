//! The lines that point a shell's clients at the running stack.

pub(crate) mod form;
pub(crate) mod managed_identity;
mod programs;
mod statements;

use std::path::Path;

use clap::ValueEnum;
use local_http::trust::TrustFiles;

use self::programs::{Issuer, program};
use crate::control::running::Ready;
use crate::shell::Shell;
use crate::state::StackRef;

/// Which stack this program's commands are about: see `--name`.
const STACK: &str = "GREETING_LOCAL_NAME";
/// What stands for `--state-dir`.
const STATE: &str = "GREETING_LOCAL_STATE";
/// What az calls the stack.
const CLOUD: &str = "greeting-local";

/// A client that is pointed at the running stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Azure CLI
    Az,
    /// MSAL for Python
    MsalPython,
    /// MSAL for Node.js
    MsalNode,
    /// azure-identity for Python
    AzureIdentity,
    /// azidentity and MSAL for Go
    Go,
    /// azure-identity and MSAL for Java
    Java,
    /// A resource server with Spring Boot
    Spring,
    /// A resource server with Quarkus
    Quarkus,
    /// Azure/kubelogin
    Kubelogin,
    /// oauth2-proxy
    Oauth2Proxy,
    /// A process that gets tokens as an app in Azure does: by its managed identity
    ManagedIdentity,
    /// The app behind the gate: what App Service tells it
    App,
}

/// One line of what is printed, in no shell's syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// A variable and its value
    Set(String, String),
    /// A variable that must not be set
    Unset(String),
    /// Registers the stack with az
    RegisterCloud {
        /// Where the authority is
        authority: String,
    },
    /// What a person reads or types
    Comment(String),
}

impl Line {
    fn set((name, value): (&str, &str)) -> Self {
        Self::Set(name.to_owned(), value.to_owned())
    }
}

/// The lines for one client, or for all that need no more than variables.
pub(crate) fn lines(
    shell: Shell,
    client: Option<Client>,
    ready: &Ready,
    folder: &Path,
) -> Vec<Line> {
    let ca = ready.ca_cert.display().to_string();
    let trust = TrustFiles::of(folder);
    let bundle = trust.pem.display().to_string();
    let greeting = [
        ("GREETING_URL", ready.function_url.as_str()),
        ("GREETING_SCOPE", &ready.scope),
    ];
    let azure = [
        ("AZURE_AUTHORITY_HOST", ready.authority_host.as_str()),
        ("AZURE_TENANT_ID", &ready.tenant_id),
        ("AZURE_CLIENT_ID", &ready.cli_client_id),
    ];
    // Each client trusts the development CA by a variable of its own. What these name takes the
    // place of the system's roots, so it holds them too.
    let requests = [("REQUESTS_CA_BUNDLE", bundle.as_str())];
    let others = [
        ("SSL_CERT_FILE", bundle.as_str()),
        ("CURL_CA_BUNDLE", bundle.as_str()),
    ];
    // Node.js adds what this one names to its own.
    let node = [("NODE_EXTRA_CA_CERTS", ca.as_str())];
    let set = |variables: &[&[(&str, &str)]]| -> Vec<Line> {
        variables.concat().into_iter().map(Line::set).collect()
    };
    let java = java_options(&trust.java.display().to_string());
    let java = [("JAVA_TOOL_OPTIONS", java.as_str())];
    let Some(client) = client else {
        return set(&[&greeting, &azure, &others, &requests, &node]);
    };
    let mut lines = match client {
        Client::Az => {
            // A folder of its own: the person's own sign-ins and clouds stay as they are.
            let config = folder.join("azure-cli").display().to_string();
            let az = [
                ("AZURE_CONFIG_DIR", config.as_str()),
                // MSAL asks login.microsoftonline.com of every authority that it does not know.
                ("AZURE_CORE_INSTANCE_DISCOVERY", "false"),
            ];
            let mut lines = set(&[&greeting, &requests, &az]);
            lines.push(Line::RegisterCloud {
                authority: ready.authority_host.clone(),
            });
            // Only now: az complains of a selected cloud that it does not know.
            lines.push(Line::set(("AZURE_CLOUD_NAME", CLOUD)));
            lines
        }
        Client::MsalPython | Client::AzureIdentity => set(&[&greeting, &azure, &requests]),
        Client::MsalNode => set(&[&greeting, &azure, &node]),
        Client::Go | Client::Kubelogin => set(&[&greeting, &azure, &others[..1]]),
        Client::Java => set(&[&greeting, &azure, &java]),
        Client::Spring | Client::Quarkus => set(&[&greeting, &java]),
        // The former's trust stands in its file; the latter's variables are those of `app_lines`.
        Client::Oauth2Proxy | Client::ManagedIdentity => set(&[&greeting]),
        // By `app_lines`.
        Client::App => Vec::new(),
    };
    let text = program(client, shell, ready, Issuer::Local(folder));
    lines.extend(comments(&text));
    lines
}

/// What has this program's own commands in the shell be about `stack`, too: `mint`, `approve` and
/// the rest. Nothing, where they are so anyway.
pub(crate) fn about(stack: &StackRef) -> Vec<Line> {
    let is_named = stack.own_name().is_some() || ::environment::variable(STACK).is_some();
    let name = is_named.then(|| Line::set((STACK, stack.name())));
    let dir = stack.dir().map(|dir| dir.display().to_string());
    let dir = dir.map(|dir| Line::set((STATE, &dir)));
    name.into_iter().chain(dir).collect()
}

/// The lines for the app behind the gate, which is told this.
pub(crate) fn app_lines(told: &[(String, String)]) -> Vec<Line> {
    told.iter()
        .map(|(name, value)| Line::set((name, value)))
        .collect()
}

/// The lines for a real tenant. No variable names the development CA: it would take the place of
/// the system's, by which the tenant's own certificates are trusted.
pub(crate) fn tenant_lines(shell: Shell, client: Option<Client>, ready: &Ready) -> Vec<Line> {
    let mut variables = vec![
        ("GREETING_URL", &ready.function_url),
        ("GREETING_SCOPE", &ready.scope),
    ];
    if client != Some(Client::Az) {
        variables.extend([
            ("AZURE_AUTHORITY_HOST", &ready.authority_host),
            ("AZURE_TENANT_ID", &ready.tenant_id),
            ("AZURE_CLIENT_ID", &ready.cli_client_id),
        ]);
    }
    let mut lines: Vec<Line> = variables
        .into_iter()
        .map(|(name, value)| Line::set((name, value)))
        .collect();
    if let Some(client) = client {
        lines.extend(comments(&program(client, shell, ready, Issuer::Tenant)));
    }
    if ready.function_url.starts_with("https:") {
        let ca = ready.ca_cert.display();
        lines.push(Line::Comment(format!(
            "The function's certificate is the development CA's: trust {ca}, beside the system's."
        )));
    }
    lines
}

/// The option as `JAVA_TOOL_OPTIONS` takes it: the JVM splits that at blanks, outside of quotes.
pub(crate) fn java_options(truststore: &str) -> String {
    // A quote of one kind stands in quotes of the other.
    let path = truststore.replace('\'', r#"'"'"'"#);
    format!("-Djavax.net.ssl.trustStore='{path}'")
}

fn comments(text: &str) -> impl Iterator<Item = Line> {
    text.lines().map(|line| Line::Comment(line.to_owned()))
}

#[cfg(test)]
mod tests;
