//! What to write or to type, client by client: what was found to work, and what to know before.
//!
//! A program reads the variables that are printed above it. What is configured and not programmed
//! has no such variables, so the values stand in it.

use std::path::Path;

use local_entra::{DAEMON_CLIENT_ID, Daemon};

use super::Client;
use crate::control::running::Ready;
use crate::shell::{Shell, quoted};

const MSAL_PYTHON: &str = include_str!("programs/msal-python.py");
const AZURE_IDENTITY: &str = include_str!("programs/azure-identity.py");
const MANAGED_IDENTITY: &str = include_str!("programs/managed-identity.py");
const MSAL_NODE: &str = include_str!("programs/msal-node.mjs");
const GO: &str = include_str!("programs/go.go");
const JAVA: &str = include_str!("programs/Greeting.java");

/// Who issues the tokens.
#[derive(Debug, Clone, Copy)]
pub(super) enum Issuer<'a> {
    /// The local authority, with this state folder.
    Local(&'a Path),
    /// A real tenant.
    Tenant,
}

/// The text for `client`; its command lines are for `shell`.
pub(super) fn program(client: Client, shell: Shell, ready: &Ready, issuer: Issuer<'_>) -> String {
    match client {
        Client::Az => az(shell, ready, issuer),
        Client::MsalPython => MSAL_PYTHON.to_owned(),
        Client::MsalNode => MSAL_NODE.to_owned(),
        Client::AzureIdentity => AZURE_IDENTITY.to_owned(),
        Client::ManagedIdentity => MANAGED_IDENTITY.to_owned(),
        Client::Go => GO.to_owned(),
        Client::Java => JAVA.to_owned(),
        Client::Spring => spring(ready),
        Client::Quarkus => quarkus(ready),
        Client::Kubelogin => kubelogin(shell, ready, issuer),
        Client::Oauth2Proxy => oauth2_proxy(ready, issuer),
        // It is told more than this, by variables.
        Client::App => String::new(),
    }
}

/// The issuer of version 2 tokens.
fn issuer_uri(ready: &Ready) -> String {
    format!("{}/{}/v2.0", ready.authority_host, ready.tenant_id)
}

fn az(shell: Shell, ready: &Ready, issuer: Issuer<'_>) -> String {
    let (scope, tenant) = (&ready.scope, &ready.tenant_id);
    let folder = match issuer {
        Issuer::Local(folder) => folder,
        Issuer::Tenant => {
            return format!(
                "az login --tenant {tenant} --scope {scope}
az account get-access-token --tenant {tenant} --scope {scope} --query accessToken --output tsv"
            );
        }
    };
    format!(
        "az login --use-device-code --allow-no-subscriptions
az account get-access-token --scope {scope} --query accessToken --output tsv
az logout
Without a person:
az login --service-principal --username {DAEMON_CLIENT_ID} --certificate {certificate} --tenant {tenant} --allow-no-subscriptions
az account get-access-token --resource {api} --query accessToken --output tsv",
        api = ready.api(),
        certificate = daemon_certificate(shell, folder),
    )
}

/// As a word of the shell.
fn daemon_certificate(shell: Shell, folder: &Path) -> String {
    let path = Daemon::paths(folder).certificate;
    quoted(shell, &path.display().to_string())
}

fn kubelogin(shell: Shell, ready: &Ready, issuer: Issuer<'_>) -> String {
    let authority = quoted(shell, &format!("{}/", ready.authority_host));
    let (server, tenant) = (&ready.api_client_id, &ready.tenant_id);
    let common =
        format!("--server-id {server} --authority-host {authority} --disable-instance-discovery");
    let person = format!(
        "kubelogin does not read AZURE_AUTHORITY_HOST: without the flag it goes to
Microsoft. The slash at the end has to be there. AZURE_CLIENT_ID and
AZURE_TENANT_ID win over the flags --client-id and --tenant-id.
Built with Go before 1.27, on macOS and Windows it trusts the system alone:
that has to trust the CA.
kubelogin get-token --login devicecode {common}
kubelogin get-token --login interactive {common}"
    );
    let Issuer::Local(folder) = issuer else {
        return person;
    };
    format!(
        "{person}
Without a person:
kubelogin get-token --login spn --disable-environment-override --client-id {DAEMON_CLIENT_ID} --client-certificate {certificate} --tenant-id {tenant} {common}
By the Azure CLI, after `env --for az` and az login:
kubelogin get-token --login azurecli --server-id {server}",
        certificate = daemon_certificate(shell, folder),
    )
}

/// The alpha configuration: by it alone the access token goes on.
fn oauth2_proxy(ready: &Ready, issuer: Issuer<'_>) -> String {
    let upstream = ready.function_url.split("/api/").next();
    let trust = match issuer {
        Issuer::Local(_) => {
            // YAML's single quotes: an apostrophe in them is doubled.
            let ca = ready.ca_cert.display().to_string().replace('\'', "''");
            format!("\n    caFiles: ['{ca}']")
        }
        Issuer::Tenant => String::new(),
    };
    format!(
        r"# oauth2-proxy.yaml, a file of the alpha configuration: the flag
# --pass-authorization-header sends the ID token, which is not for the API. The
# client is a web app with a secret, and with the redirect URI below:
# up --registration FILE. As flags, caFiles is --provider-ca-file.
# oauth2-proxy --alpha-config=oauth2-proxy.yaml --email-domain='*' --cookie-secure=false --redirect-url=http://localhost:4180/oauth2/callback
# It reads the secret of its cookies, of 16 or 32 characters, from
# OAUTH2_PROXY_COOKIE_SECRET.
server:
  bindAddress: 127.0.0.1:4180
upstreamConfig:
  upstreams:
    - {{id: function, path: /, uri: '{upstream}'}}
injectRequestHeaders:
  - name: Authorization
    values:
      - claimSource: {{claim: access_token, prefix: 'Bearer '}}
providers:
  - id: entra
    provider: entra-id
    clientID: ${{OAUTH2_PROXY_CLIENT_ID}}
    clientSecret: ${{OAUTH2_PROXY_CLIENT_SECRET}}
    scope: openid email profile offline_access {scope}{trust}
    # The access token is the API's, and userinfo takes Graph's alone.
    skipClaimsFromProfileURL: true
    oidcConfig:
      issuerURL: {issuer}
      emailClaim: email
      userIDClaim: sub
      audienceClaims: [aud]",
        upstream = upstream.unwrap_or_default(),
        scope = ready.scope,
        issuer = issuer_uri(ready),
    )
}

/// `application.properties`.
fn spring(ready: &Ready) -> String {
    format!(
        "# application.properties of a resource server, Spring Boot 3.5 or 4. It needs
# spring-boot-starter-oauth2-resource-server alone: the resource server of
# spring-cloud-azure trusts Microsoft's issuers and no other.
# Without audiences, every token of the tenant is taken.
spring.security.oauth2.resourceserver.jwt.issuer-uri={issuer}
spring.security.oauth2.resourceserver.jwt.audiences={audience}",
        issuer = issuer_uri(ready),
        audience = ready.api_client_id,
    )
}

/// `application.properties`.
fn quarkus(ready: &Ready) -> String {
    format!(
        r#"# application.properties of a service with quarkus-oidc.
quarkus.oidc.auth-server-url={issuer}
quarkus.oidc.client-id={audience}
# Without it, every token of the tenant is taken.
quarkus.oidc.token.audience={audience}
# Scopes become roles: @RolesAllowed("{scope}")
quarkus.oidc.roles.role-claim-path=scp
# After rotate-keys: keys are fetched again only after this time.
quarkus.oidc.token.forced-jwk-refresh-interval=1S
# Where people sign in (application-type=web-app), Quarkus has no PKCE unless:
# quarkus.oidc.authentication.pkce-required=true"#,
        issuer = issuer_uri(ready),
        audience = ready.api_client_id,
        scope = ready.scope.rsplit('/').next().unwrap_or_default(),
    )
}
