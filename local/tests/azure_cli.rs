//! The Azure CLI as credential: a script in its place that says what the real one says. The real
//! one is driven by `interop/run`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use harness::Up;
use harness::cli::{self, Cli, told};
use tempfile::TempDir;

/// A folder with an `az` that writes down each call and then runs these lines.
fn az(lines: &str) -> TempDir {
    tool("az", lines)
}

fn tool(name: &str, lines: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let calls = folder.path().join("calls");
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$*\" >> '{}'\n{lines}\n",
        calls.display()
    );
    // Written under another name: a file that is open for writing can't be run.
    let draft = folder.path().join("draft");
    std::fs::write(&draft, script).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(draft, path).unwrap();
    folder
}

fn calls(az: &TempDir) -> usize {
    let text = std::fs::read_to_string(az.path().join("calls")).unwrap_or_default();
    text.lines().count()
}

fn run(up: &Up, state: &Path, path: &Path, arguments: &[&str]) -> Output {
    let url = up.text("function_url");
    let arguments = [
        arguments,
        &[url, "--output", "json", "--credential", "azure-cli"],
    ]
    .concat();
    Cli::new(state, &arguments)
        .trusting(up)
        .env("PATH", format!("{}:/usr/bin:/bin", path.display()))
        .run()
}

/// What az prints for a token.
fn prints(token: &str) -> String {
    format!(
        "cat <<'END'\n{{\"accessToken\": \"{token}\", \"expiresOn\": \"2100-01-01 00:00:00.000000\", \"expires_on\": 4102444800, \"tokenType\": \"Bearer\"}}\nEND"
    )
}

#[test]
fn its_refusals_are_explained() {
    let up = Up::start(&[]);
    for (lines, code) in [
        (
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
            "az-signed-out",
        ),
        ("echo 'MemoryError: out of memory' >&2; exit 1", "az-failed"),
        (
            "echo \"ERROR: AADSTS65001: The user or administrator has not consented to use the application with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named 'Microsoft Azure CLI'. Trace ID: t Correlation ID: c Timestamp: 2026-11-24 00:00:00Z\" >&2; echo 'Interactive authentication is needed. Please run:' >&2; echo 'az login --scope x' >&2; exit 1",
            "consent-required",
        ),
        (
            "echo \"ERROR: AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID. Trace ID: t\" >&2; exit 1",
            "client-secret",
        ),
        (
            "echo \"ERROR: AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.\" >&2; exit 1",
            "client-secret",
        ),
        (
            "echo 'ERROR: AADSTS50011: The redirect URI is not registered.' >&2; exit 1",
            "redirect-mismatch",
        ),
    ] {
        let (state, az) = (tempfile::tempdir().unwrap(), az(lines));
        let output = run(&up, state.path(), az.path(), &["call"]);
        assert_eq!(told(&output), (3, vec![code.to_owned()]), "{lines}");
        if code == "consent-required" {
            let report = cli::report(&output)["findings"][0].to_string();
            // Who has to be pre-authorized, and Entra's ids out of az's words.
            for part in [
                "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
                "trace id",
                "correlation id",
            ] {
                assert!(report.contains(part), "{part}: {report}");
            }
        }
    }
    let (state, nothing) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = Cli::new(
        state.path(),
        &[
            "call",
            up.text("function_url"),
            "--output",
            "json",
            "--credential",
            "azure-cli",
        ],
    )
    .trusting(&up)
    .env("PATH", nothing.path())
    .run();
    assert_eq!(told(&output), (3, vec!["az-missing".to_owned()]));
}

/// Its token is not kept: it keeps it itself, and knows who is signed in now.
#[test]
fn it_is_asked_at_each_call() {
    let up = Up::start(&[]);
    let (state, az) = (tempfile::tempdir().unwrap(), az(&prints(&up.mint(&[]))));
    for times in 1..=3 {
        let output = run(&up, state.path(), az.path(), &["call"]);
        assert_eq!(told(&output), (0, Vec::new()));
        assert_eq!(calls(&az), times);
    }
    // What the token lacks is found all the same.
    let az = self::az(&prints(&up.mint(&["--scope", "Profile.Read"])));
    let state = tempfile::tempdir().unwrap();
    let output = run(&up, state.path(), az.path(), &["call"]);
    assert_eq!(told(&output), (5, vec!["missing-scope".to_owned()]));
}

#[test]
fn the_doctor_looks_after_it() {
    let up = Up::start(&[]);
    let check = |az: &TempDir, link: &str| {
        let state = tempfile::tempdir().unwrap();
        let output = run(&up, state.path(), az.path(), &["doctor"]);
        let report = cli::report(&output);
        let checks = report["checks"].as_array().unwrap().clone();
        let check = checks
            .into_iter()
            .find(|check| check["link"] == link)
            .unwrap();
        (output.status.code().unwrap(), check)
    };
    let signed_in = az(&format!(
        "case \"$2\" in show) echo '{{\"name\": \"alice@greeting.test\", \"type\": \"user\"}}';; *) {};; esac",
        prints(&up.mint(&[])).replace("\nEND", "\nEND\n")
    ));
    let (status, cli) = check(&signed_in, "Azure CLI");
    assert_eq!(
        (status, &cli["seen"]),
        (0, &"signed in as alice@greeting.test".into())
    );
    let signed_out = az("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1");
    let (status, cli) = check(&signed_out, "Azure CLI");
    assert_eq!(
        (status, &cli["finding"]["code"]),
        (1, &"az-signed-out".into())
    );
}

#[test]
fn azd_signs_in_too() {
    let up = Up::start(&[]);
    let call = |azd: &TempDir, state: &Path| {
        let url = up.text("function_url");
        let arguments = ["call", url, "--output", "json", "--credential", "azd"];
        let path = format!("{}:/usr/bin:/bin", azd.path().display());
        let output = Cli::new(state, &arguments)
            .trusting(&up)
            .env("PATH", path)
            .run();
        told(&output)
    };
    let state = tempfile::tempdir().unwrap();
    let token = format!(
        "echo '{{\"token\": \"{}\", \"expiresOn\": \"2100-01-01T00:00:00Z\"}}'",
        up.mint(&[])
    );
    let azd = tool("azd", &token);
    for times in 1..=2 {
        assert_eq!(call(&azd, state.path()), (0, Vec::new()));
        assert_eq!(calls(&azd), times);
    }
    let state = tempfile::tempdir().unwrap();
    let signed_out = tool(
        "azd",
        "echo 'ERROR: not logged in, run `azd auth login`' >&2; exit 1",
    );
    let failed = (3, vec!["azd-failed".to_owned()]);
    assert_eq!(call(&signed_out, state.path()), failed);
    let missing = tempfile::tempdir().unwrap();
    let missing = call(&missing, state.path());
    assert_eq!(missing, (3, vec!["azd-missing".to_owned()]));
}
