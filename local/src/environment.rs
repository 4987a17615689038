//! The lines that point a shell's clients at the running stack.

use std::path::Path;

use clap::ValueEnum;
use local_entra::{DAEMON_CLIENT_ID, Daemon};
use local_http::trust::TrustFiles;

use crate::control::running::Ready;

/// What az calls the stack.
const CLOUD: &str = "greeting-local";

/// A shell whose syntax is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
}

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
}

/// The shell that `SHELL` names.
pub(crate) fn usual_shell(shell: Option<&str>) -> Shell {
    let name = shell.and_then(|path| path.rsplit('/').next());
    match name {
        Some("fish") => Shell::Fish,
        Some("pwsh") => Shell::Powershell,
        Some("zsh") => Shell::Zsh,
        None if cfg!(windows) => Shell::Powershell,
        _ => Shell::Bash,
    }
}

/// The lines for one client, or for all that need no more than variables.
pub(crate) fn lines(
    shell: Shell,
    client: Option<Client>,
    ready: &Ready,
    folder: &Path,
) -> Vec<String> {
    let ca = ready.ca_cert.display().to_string();
    let bundle = TrustFiles::of(folder).pem.display().to_string();
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
    let set = |variables: &[&[(&str, &str)]]| -> Vec<String> {
        variables
            .concat()
            .iter()
            .map(|(name, value)| assignment(shell, name, value))
            .collect()
    };
    match client {
        None => set(&[&greeting, &azure, &others, &requests, &node]),
        Some(Client::Az) => {
            // A folder of its own: the person's own sign-ins and clouds stay as they are.
            let config = folder.join("azure-cli").display().to_string();
            let az = [
                ("AZURE_CONFIG_DIR", config.as_str()),
                // MSAL asks login.microsoftonline.com of every authority that it does not know.
                ("AZURE_CORE_INSTANCE_DISCOVERY", "false"),
            ];
            let mut lines = set(&[&greeting, &requests, &az]);
            lines.push(register_cloud(shell, &ready.authority_host));
            // Only now: az complains of a selected cloud that it does not know.
            lines.push(assignment(shell, "AZURE_CLOUD_NAME", CLOUD));
            lines.extend(comments(&az_commands(ready, folder)));
            lines
        }
        Some(Client::MsalPython) => {
            let mut lines = set(&[&greeting, &azure, &requests]);
            lines.extend(comments(MSAL_PYTHON));
            lines
        }
        Some(Client::AzureIdentity) => {
            let mut lines = set(&[&greeting, &azure, &requests]);
            lines.extend(comments(AZURE_IDENTITY));
            lines
        }
        Some(Client::MsalNode) => {
            let mut lines = set(&[&greeting, &azure, &node]);
            lines.extend(comments(MSAL_NODE));
            lines
        }
    }
}

/// The lines for a real tenant. No variable names the development CA: it would take the place of
/// the system's, by which the tenant's own certificates are trusted.
pub(crate) fn tenant_lines(shell: Shell, client: Option<Client>, ready: &Ready) -> Vec<String> {
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
    let mut lines: Vec<String> = variables
        .iter()
        .map(|(name, value)| assignment(shell, name, value))
        .collect();
    let az = format!(
        "az login --tenant {tenant} --scope {scope}
az account get-access-token --tenant {tenant} --scope {scope} --query accessToken --output tsv",
        tenant = ready.tenant_id,
        scope = ready.scope,
    );
    lines.extend(comments(match client {
        None => "",
        Some(Client::Az) => &az,
        Some(Client::MsalPython) => MSAL_PYTHON,
        Some(Client::MsalNode) => MSAL_NODE,
        Some(Client::AzureIdentity) => AZURE_IDENTITY,
    }));
    if ready.function_url.starts_with("https:") {
        let ca = ready.ca_cert.display();
        lines.push(format!(
            "# The function's certificate is the development CA's: trust {ca}, beside the system's."
        ));
    }
    lines
}

/// Registers the cloud, or, on the second run, its new ports. az keeps them in its folder.
fn register_cloud(shell: Shell, authority: &str) -> String {
    let [update, register] = ["update", "register"].map(|verb| {
        format!("az cloud {verb} --name {CLOUD} --endpoint-resource-manager {authority} --only-show-errors")
    });
    match shell {
        Shell::Powershell => format!("{update} 2>$null; if ($LASTEXITCODE) {{ {register} }}"),
        Shell::Bash | Shell::Zsh | Shell::Fish => format!("{update} 2>/dev/null || {register}"),
    }
}

fn az_commands(ready: &Ready, folder: &Path) -> String {
    let certificate = Daemon::paths(folder).certificate.display().to_string();
    format!(
        "az login --use-device-code --allow-no-subscriptions
az account get-access-token --scope {scope} --query accessToken --output tsv
az logout
Without a person:
az login --service-principal --username {DAEMON_CLIENT_ID} --certificate {certificate} --tenant {tenant} --allow-no-subscriptions
az account get-access-token --resource {api} --query accessToken --output tsv",
        scope = ready.scope,
        tenant = ready.tenant_id,
        api = ready.api(),
        certificate = quoted(Shell::Bash, &certificate),
    )
}

const MSAL_PYTHON: &str = r#"import os, msal, requests
app = msal.PublicClientApplication(
    os.environ["AZURE_CLIENT_ID"],
    authority=f'{os.environ["AZURE_AUTHORITY_HOST"]}/{os.environ["AZURE_TENANT_ID"]}',
    instance_discovery=False,
)
flow = app.initiate_device_flow([os.environ["GREETING_SCOPE"]])
print(flow["message"], flush=True)
token = app.acquire_token_by_device_flow(flow)["access_token"]
print(requests.get(os.environ["GREETING_URL"], headers={"Authorization": f"Bearer {token}"}).text)"#;

const AZURE_IDENTITY: &str = r#"import os, requests
from azure.identity import DeviceCodeCredential
credential = DeviceCodeCredential(
    client_id=os.environ["AZURE_CLIENT_ID"],
    tenant_id=os.environ["AZURE_TENANT_ID"],
    authority=os.environ["AZURE_AUTHORITY_HOST"],
    disable_instance_discovery=True,
)
token = credential.get_token(os.environ["GREETING_SCOPE"]).token
print(requests.get(os.environ["GREETING_URL"], headers={"Authorization": f"Bearer {token}"}).text)"#;

const MSAL_NODE: &str = r#"import { PublicClientApplication } from "@azure/msal-node";
const { AZURE_AUTHORITY_HOST: host, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: clientId } = process.env;
const app = new PublicClientApplication({
  auth: { clientId, authority: `${host}/${tenant}`, knownAuthorities: [new URL(host).host] },
});
const { accessToken } = await app.acquireTokenByDeviceCode({
  scopes: [process.env.GREETING_SCOPE],
  deviceCodeCallback: ({ message }) => console.log(message),
});
const answer = await fetch(process.env.GREETING_URL, { headers: { Authorization: `Bearer ${accessToken}` } });
console.log(await answer.text());"#;

/// Text that a shell passes over.
fn comments(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| format!("# {line}"))
}

fn assignment(shell: Shell, name: &str, value: &str) -> String {
    let value = quoted(shell, value);
    match shell {
        Shell::Bash | Shell::Zsh => format!("export {name}={value}"),
        Shell::Fish => format!("set -gx {name} {value}"),
        Shell::Powershell => format!("$env:{name} = {value}"),
    }
}

/// A word that the shell reads back as `value`, whatever is in it.
pub(crate) fn quoted(shell: Shell, value: &str) -> String {
    let inside = match shell {
        Shell::Bash | Shell::Zsh => value.replace('\'', r"'\''"),
        Shell::Fish => value.replace('\\', r"\\").replace('\'', r"\'"),
        Shell::Powershell => value.replace('\'', "''"),
    };
    format!("'{inside}'")
}

#[cfg(test)]
mod tests;
