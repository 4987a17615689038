//! az and azd as they fail: scripts that say and do what those have been seen to say and do.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::{Server, TOKEN, answer, cli, finish, first};
use serde_json::{Value, json};

const AUTHORITY: &str = "https://login.microsoftonline.com";
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

/// A folder for the PATH, with this program in it.
fn program(name: &str, script: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), name, script);
    folder
}

fn write(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A script that fails with these words.
fn saying(words: &str) -> String {
    format!("#!/bin/sh\ncat >&2 <<'WORDS'\n{words}\nWORDS\nexit 1\n")
}

/// What az answers with.
fn az_token(token: &str) -> String {
    json!({"accessToken": token, "expires_on": 4_100_000_000_i64, "tokenType": "Bearer"})
        .to_string()
}

/// A function that lets everything in.
fn open() -> Server {
    Server::saying(answer("200 OK", "Hello, world."))
}

fn arguments<'a>(url: &'a str, credential: &'a str, scope: &'a str) -> Vec<&'a str> {
    vec![
        "call",
        url,
        "--output",
        "json",
        "--credential",
        credential,
        "--authority-host",
        AUTHORITY,
        "--tenant",
        "contoso.com",
        "--scope",
        scope,
    ]
}

/// `call` with that PATH. `/bin` has the shell and what the scripts need.
fn call(state: &Path, path: &Path, url: &str, credential: &str) -> Output {
    let scope = format!("api://{API}/Greeting.Read");
    let mut command = cli(state, &arguments(url, credential, &scope));
    command.env("PATH", format!("{}:/bin:/usr/bin", path.display()));
    finish(command, "")
}

fn failed(name: &str, script: &str, credential: &str) -> (i32, Value) {
    let state = tempfile::tempdir().unwrap();
    let folder = program(name, script);
    let output = call(state.path(), folder.path(), &open().url, credential);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), report)
}

#[test]
fn az_is_told_by_its_own_words() {
    for (script, code, certainty, shown, fix) in [
        // Its interpreter is gone.
        (
            "#!/opt/az/bin/python3.99\n".to_owned(),
            "az-failed",
            "likely",
            "can't be run",
            "install the Azure CLI again",
        ),
        (
            "#!/bin/sh\nexec /opt/az/bin/python3.99 -Im azure.cli\n".to_owned(),
            "az-failed",
            "likely",
            "/opt/az/bin/python3.99",
            "install the Azure CLI again",
        ),
        // A file of its own is.
        (
            saying(
                "ERROR: [Errno 2] No such file or directory: '/home/a/.azure/azureProfile.json'",
            ),
            "az-failed",
            "likely",
            "azureProfile.json",
            "az account get-access-token",
        ),
        (
            saying("node: Error: ENOENT: no such file or directory, open '/x'"),
            "az-failed",
            "likely",
            "ENOENT",
            "az account get-access-token",
        ),
        (
            saying("ERROR: Please run 'az login' to setup account."),
            "az-signed-out",
            "proved",
            "to setup account",
            "az login --scope",
        ),
        (
            saying(
                "ERROR: AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI). Trace ID: 3f Correlation ID: 40 Timestamp: 2026-11-24 07:00:00Z",
            ),
            "scope-not-defined",
            "proved",
            "app roles and no scope",
            "--scope api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11/.default",
        ),
        (
            saying(
                "ERROR: AADSTS65001: The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46'.",
            ),
            "consent-required",
            "proved",
            "AADSTS65001",
            "preAuthorizedApplications",
        ),
        (
            "#!/bin/sh\necho '{\"accessToken\": 5}'\n".to_owned(),
            "az-failed",
            "likely",
            "gave no token",
            "az account get-access-token",
        ),
    ] {
        let (status, report) = failed("az", &script, "azure-cli");
        let finding = &report["findings"][0];
        assert_eq!(status, 3, "{script}: {report}");
        assert_eq!(finding["code"], code, "{script}: {report}");
        assert_eq!(finding["certainty"], certainty, "{script}: {report}");
        assert!(report.to_string().contains(shown), "{script}: {report}");
        let text = finding["fix"].as_str().unwrap();
        assert!(text.contains(fix), "{script}: {text}");
    }
}

/// Neither on the PATH: beside one that is there and can't be run.
#[test]
fn what_is_not_installed_is_told_so() {
    let state = tempfile::tempdir().unwrap();
    let nothing = tempfile::tempdir().unwrap();
    for (credential, code) in [("azure-cli", "az-missing"), ("azd", "azd-missing")] {
        let scope = format!("api://{API}/Greeting.Read");
        let server = open();
        let mut command = cli(state.path(), &arguments(&server.url, credential, &scope));
        command.env("PATH", nothing.path());
        let output = finish(command, "");
        assert_eq!(first(&output), (3, code.to_owned()));
    }
}

/// Cloud Shell's and managed identities' accounts take no tenant.
#[test]
fn az_is_asked_again_without_a_tenant_where_it_wants_none() {
    for account in ["Cloud Shell", "managed identity", "MSI"] {
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *--tenant*)\n  echo \"ERROR: Tenant shouldn't be specified for {account} account\" >&2; exit 1;;\nesac\necho '{}'\n",
            az_token(TOKEN)
        );
        let state = tempfile::tempdir().unwrap();
        let folder = program("az", &script);
        let server = open();
        let output = call(state.path(), folder.path(), &server.url, "azure-cli");
        assert_eq!(output.status.code(), Some(0), "{account}: {output:?}");
        assert!(server.was_sent(TOKEN));
    }
}

/// It answers when the note has been read, and not before.
#[test]
fn a_slow_az_is_named_while_it_is_waited_for() {
    let state = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    write(
        folder.path(),
        "az",
        &format!("#!/bin/sh\ncat '{}'\n", fifo.display()),
    );
    let server = open();
    let scope = format!("api://{API}/Greeting.Read");
    let mut command = cli(state.path(), &arguments(&server.url, "azure-cli", &scope));
    command.env("PATH", format!("{}:/bin:/usr/bin", folder.path().display()));
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "waiting for az ...\n");
    let mut answer = std::fs::File::options().write(true).open(&fifo).unwrap();
    answer.write_all(az_token(TOKEN).as_bytes()).unwrap();
    drop(answer);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// `auto` goes on where az can't be run, and says so.
#[test]
fn auto_goes_on_without_an_az_that_cannot_be_run() {
    let state = tempfile::tempdir().unwrap();
    let folder = program("az", "#!/opt/az/bin/python3.99\n");
    let scope = format!("api://{API}/Greeting.Read");
    let server = open();
    let mut command = cli(state.path(), &arguments(&server.url, "auto", &scope));
    command
        .env("PATH", format!("{}:/bin", folder.path().display()))
        // The device code's authority is behind a proxy that is not there.
        .env("HTTPS_PROXY", "http://proxy.invalid:1");
    let output = finish(command, "");
    assert_eq!(first(&output), (7, "proxy-failed".to_owned()), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("can't be run"), "{said}");
}

/// Every form that azd's errors have had.
#[test]
fn azd_is_told_by_its_own_words_and_suggestion() {
    let before = r#"{"type":"consoleMessage","timestamp":"t","data":{"message":"\nERROR: not logged in, run `azd auth login` to login\n"}}"#;
    let empty = r#"{"type":"consoleMessage","timestamp":"t","data":{"message":"\n"}}"#;
    let since = r#"{"error":"fetching token: AADSTS90002: Tenant 'test' not found.\n","message":"Authentication with Azure failed.","suggestion":"Run 'azd auth login --tenant-id T' to sign in again."}"#;
    let both = format!("{empty}\n{since}");
    for (words, shown, fix) in [
        (
            before,
            "not logged in, run `azd auth login` to login",
            "azd auth login",
        ),
        (
            since,
            "fetching token: AADSTS90002: Tenant 'test' not found.",
            "Run 'azd auth login --tenant-id T' to sign in again.",
        ),
        (
            &both,
            "fetching token: AADSTS90002: Tenant 'test' not found.",
            "Run 'azd auth login --tenant-id T' to sign in again.",
        ),
        (
            "ERROR: unknown flag",
            "ERROR: unknown flag",
            "azd auth login",
        ),
    ] {
        let (status, report) = failed("azd", &saying(words), "azd");
        let finding = &report["findings"][0];
        assert_eq!(
            (status, &finding["code"]),
            (3, &json!("azd-failed")),
            "{report}"
        );
        assert_eq!(finding["evidence"][0]["seen"], shown, "{report}");
        assert!(finding["fix"].as_str().unwrap().contains(fix), "{report}");
    }
}

/// A JWT of a user's, with no signature.
fn token_of(user: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"aud": API, "scp": "Greeting.Read", "exp": 4_100_000_000_i64, "preferred_username": user});
    format!(
        "{}.{}.c2ln",
        part(json!({"alg": "RS256", "kid": "k"})),
        part(claims)
    )
}

/// Whoever az or azd says is signed in now is who calls; nobody, if nobody is.
#[test]
fn tokens_of_az_and_azd_are_asked_for_anew_at_each_call() {
    let azd_token = |token: &str| json!({"token": token, "expiresOn": "2099-01-01T00:00:00Z"});
    let alice = token_of("alice@contoso.com");
    let bob = token_of("bob@contoso.com");
    for (name, credential) in [("az", "azure-cli"), ("az", "auto"), ("azd", "azd")] {
        let giving = |token: &str| {
            let text = match name {
                "az" => az_token(token),
                _ => azd_token(token).to_string(),
            };
            format!("#!/bin/sh\necho '{text}'\n")
        };
        let state = tempfile::tempdir().unwrap();
        let folder = program(name, &giving(&alice));
        let server = open();
        let run = || call(state.path(), folder.path(), &server.url, credential);
        assert_eq!(run().status.code(), Some(0), "{credential}");
        assert!(server.was_sent(&alice));
        let kept = state.path().join("greeting-cli/tokens.json");
        assert!(!kept.exists(), "{credential}");
        // Somebody else signs in.
        write(folder.path(), name, &giving(&bob));
        assert_eq!(run().status.code(), Some(0), "{credential}");
        let last = server.asked().pop().unwrap();
        assert!(last.contains(&bob), "{credential}");
        if credential == "auto" {
            continue;
        }
        // Signed out.
        write(
            folder.path(),
            name,
            &saying("ERROR: Please run 'az login' to setup account."),
        );
        let before = server.asked().len();
        assert_eq!(run().status.code(), Some(3), "{credential}");
        let since = &server.asked()[before..];
        assert!(!since.iter().any(|it| it.contains("Bearer")), "{since:?}");
    }
}

/// `login` says whose az's sign-in is, and keeps nothing of it.
#[test]
fn login_by_az_names_the_user() {
    let state = tempfile::tempdir().unwrap();
    let script = format!(
        "#!/bin/sh\necho '{}'\n",
        az_token(&token_of("alice@contoso.com"))
    );
    let folder = program("az", &script);
    let scope = format!("api://{API}/Greeting.Read");
    let server = open();
    let mut arguments = arguments(&server.url, "azure-cli", &scope);
    arguments[0] = "login";
    let mut command = cli(state.path(), &arguments);
    command.env("PATH", format!("{}:/bin", folder.path().display()));
    let output = finish(command, "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["user"], "alice@contoso.com", "{output:?}");
}
