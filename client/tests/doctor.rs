//! What `doctor` can see before a call is refused.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use harness::{Server, answer, cli, finish};
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

/// The gate, with these headers beside its challenge; and an authority that publishes keys.
fn gate(headers: &'static str) -> Server {
    Server::new(move |request, own| of_gate(request, own, headers))
}

fn of_gate(request: &str, own: &str, headers: &str) -> String {
    if request.contains("/.well-known/openid-configuration") {
        let found = json!({"jwks_uri": format!("{own}/keys")});
        return answer("200 OK", &found.to_string());
    }
    if request.starts_with("GET /keys") {
        return answer("200 OK", "{\"keys\": []}");
    }
    let bearer = format!(
        "WWW-Authenticate: Bearer authorization_uri=\"{own}/t/oauth2/v2.0/authorize\" resource_id=\"{API}\""
    );
    answer(&format!("401 Unauthorized\r\n{headers}{bearer}"), "")
}

fn doctor(server: &Server, more: &[&str], variables: &[(&str, &str)]) -> Vec<Value> {
    let state = tempfile::tempdir().unwrap();
    let arguments = [&["doctor", &server.url, "--output", "json"][..], more].concat();
    let mut command = cli(state.path(), &arguments);
    command.envs(variables.iter().copied());
    let output = finish(command, "");
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    report["checks"].as_array().unwrap().clone()
}

fn link<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    let found = checks.iter().find(|check| check["link"] == name);
    found.unwrap_or_else(|| panic!("{name}: {checks:?}"))
}

#[test]
fn what_stands_in_front_is_named() {
    for (headers, seen) in [
        ("", "nothing names itself"),
        ("x-azure-ref: r\r\n", "Azure Front Door"),
        ("cf-ray: r\r\n", "Cloudflare"),
        ("Via: 1.1 squid\r\n", "Via: 1.1 squid"),
        (
            "WWW-Authenticate: Negotiate\r\n",
            "a second gate (WWW-Authenticate: Negotiate)",
        ),
        (
            "WWW-Authenticate: Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"other\"\r\n",
            "a second Easy Auth",
        ),
    ] {
        let checks = doctor(&gate(headers), &[], &[]);
        let said = link(&checks, "in front")["seen"].as_str().unwrap();
        assert!(said.contains(seen), "{headers}: {said}");
    }
}

#[test]
fn the_scopes_api_is_held_against_the_allowed_audiences() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |audiences: Value| {
        let path = folder.path().join("auth.json");
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": API, "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"}, "validation": {"allowedAudiences": audiences}}}});
        std::fs::write(&path, settings.to_string()).unwrap();
        path.to_string_lossy().into_owned()
    };
    let own = format!("api://{API}");
    let host = "https://greeting.contoso.com/Greeting.Read";
    for (audiences, scope, result, said) in [
        (json!([]), None, "ok", "its client id only"),
        (json!([own]), None, "ok", "v1 and v2"),
        (json!([own]), Some(host), "failed", "allowedAudiences"),
        (
            json!(["https://greeting.contoso.com"]),
            Some(host),
            "ok",
            "which the gate takes",
        ),
    ] {
        let path = settings(audiences);
        let mut more = vec!["--auth-settings", &path];
        more.extend(scope.map(|scope| ["--scope", scope]).iter().flatten());
        let checks = doctor(&gate(""), &more, &[]);
        let check = link(&checks, "audience");
        assert_eq!(check["result"], result, "{scope:?}: {check}");
        assert!(check.to_string().contains(said), "{scope:?}: {check}");
    }
    let checks = doctor(&gate(""), &["--scope", host], &[]);
    assert!(
        link(&checks, "audience")
            .to_string()
            .contains("--auth-settings")
    );
}

fn az(folder: &Path, script: &str) {
    let path = folder.join("az");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Two that look alike: a user, and a program whose tokens have no scope.
#[test]
fn the_state_of_az_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = format!("{}:/bin:/usr/bin", folder.path().display());
    for (script, result, said) in [
        (
            r#"echo '{"name": "alice@contoso.com", "type": "user"}'"#,
            "ok",
            "signed in as alice@contoso.com",
        ),
        (
            r#"echo '{"name": "3f0e7a11", "type": "servicePrincipal"}'"#,
            "ok",
            "the service principal 3f0e7a11: its tokens have app roles and no scope",
        ),
        (
            r#"echo '{"name": "systemAssignedIdentity", "type": "servicePrincipal"}'"#,
            "ok",
            "a managed identity",
        ),
        (
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
            "failed",
            "az-signed-out",
        ),
        ("exec /opt/az/bin/python3.99", "failed", "can't be run"),
    ] {
        az(folder.path(), script);
        let checks = doctor(
            &gate(""),
            &["--credential", "azure-cli"],
            &[("PATH", &path)],
        );
        let check = link(&checks, "Azure CLI");
        assert_eq!(check["result"], result, "{script}: {check}");
        assert!(check.to_string().contains(said), "{script}: {check}");
    }
}

#[test]
fn trust_roots_are_named() {
    let checks = doctor(&gate(""), &[], &[]);
    assert_eq!(link(&checks, "CAs")["seen"], "the system's");
}

/// A session bus that takes connections and says nothing.
#[cfg(all(target_os = "linux", feature = "secret-service"))]
#[test]
fn a_silent_key_store_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let bus = folder.path().join("bus");
    let _listener = std::os::unix::net::UnixListener::bind(&bus).unwrap();
    let address = format!("unix:path={}", bus.display());
    let checks = doctor(
        &gate(""),
        &[],
        &[
            ("GREETING_KEY_STORE", ""),
            ("DBUS_SESSION_BUS_ADDRESS", &address),
        ],
    );
    let check = link(&checks, "key store");
    assert_eq!(check["finding"]["code"], "key-store-silent", "{check}");
    let none = doctor(&gate(""), &[], &[]);
    assert_eq!(link(&none, "key store")["result"], "skipped");
}

/// An MCP server's metadata (RFC 9728), where its clients look for it: what it has them ask Entra
/// for is held against what Entra serves.
#[test]
fn item_3_a_resource_mismatch_is_foretold_from_the_metadata() {
    const PATH: &str = "/api/greeting";
    const HERE: &str = "OWN/t/v2.0";
    for (place, authority, resource, scope, result, said) in [
        ("", HERE, "OWN", "OWN/Use", "ok", "it has no path"),
        ("", HERE, "OWN/", "OWN/Use", "failed", "proved"),
        (PATH, HERE, "OWN/api", "OWN/api/Use", "ok", "scopes of it"),
        (
            PATH,
            HERE,
            "OWN/api/greeting/",
            "OWN/api/greeting/Use",
            "failed",
            "proved",
        ),
        (PATH, HERE, "OWN/api", "Use", "failed", "proved"),
        (PATH, HERE, "OWN/api", "api://API/Use", "failed", "likely"),
        // Nobody but Entra is known to compare them.
        (
            "",
            "https://contoso.example",
            "OWN",
            "Use",
            "skipped",
            "names no authority",
        ),
        // Another resource's.
        (
            "",
            HERE,
            "https://contoso.example",
            "Use",
            "skipped",
            "RFC 9728",
        ),
    ] {
        let server = Server::new(move |request, own| {
            let at = format!("GET /.well-known/oauth-protected-resource{place} ");
            if !request.starts_with(&at) {
                return of_gate(request, own, "");
            }
            let whole = |text: &str| text.replace("OWN", own).replace("API", API);
            let metadata = json!({"resource": whole(resource), "scopes_supported": [whole(scope)],
                "authorization_servers": [whole(authority)]});
            answer("200 OK", &metadata.to_string())
        });
        let checks = doctor(&server, &[], &[]);
        let check = link(&checks, "resource");
        let case = format!("{resource} {scope}: {check}");
        assert_eq!(check["result"], result, "{case}");
        assert!(check.to_string().contains(said), "{case}");
        if result == "failed" {
            assert_eq!(check["finding"]["code"], "resource-mismatch", "{case}");
            let fix = check["finding"]["fix"].as_str().unwrap();
            let named = ["--identifier-uris", "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES="];
            assert!(named.iter().any(|it| fix.contains(it)), "{case}");
        }
    }
    // Most functions publish none.
    let check = doctor(&gate(""), &[], &[]);
    assert_eq!(link(&check, "resource")["result"], "skipped");
}
