//! Why an authority gives no token: stand-in authorities that refuse as Entra does.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::{Server, answer, challenge, cli, finish, first};
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const OWN: &str = "11111111-2222-3333-4444-555555555555";

/// A function and its authority, which refuses the device code so.
fn refusing(code: u64, error: &'static str, words: &'static str) -> Server {
    Server::new(move |request, own| {
        if request.starts_with("POST /t/oauth2/v2.0/") {
            let refusal = json!({
                "error": error,
                "error_description": format!("AADSTS{code}: {words} Trace ID: 3f Correlation ID: 40 Timestamp: 2026-11-24 07:00:00Z"),
                "error_codes": [code],
            });
            return answer("400 Bad Request", &refusal.to_string());
        }
        challenge(own, API)
    })
}

fn signed_in(server: &Server, variables: &[(&str, &str)], more: &[&str]) -> (Value, String) {
    let state = tempfile::tempdir().unwrap();
    let run = |output: &str| {
        let device = ["--credential", "device-code", "--output", output];
        let arguments = [&["call", &server.url][..], &device, more].concat();
        let mut command = cli(state.path(), &arguments);
        command.envs(variables.iter().copied());
        finish(command, "")
    };
    let output = run("json");
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let human = String::from_utf8(run("human").stderr).unwrap();
    (report["findings"][0].clone(), human)
}

/// A service principal's id in the environment, beside the same id by a flag.
#[test]
fn a_client_of_the_environment_is_to_be_unset_and_not_made_public() {
    let server = refusing(
        7_000_218,
        "invalid_client",
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
    let (finding, human) = signed_in(&server, &[("AZURE_CLIENT_ID", OWN)], &[]);
    assert_eq!(finding["code"], "public-client-off");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("unset AZURE_CLIENT_ID"), "{fix}");
    assert!(!fix.contains("is-fallback-public-client"), "{fix}");
    assert!(human.contains("(from the environment)"), "{human}");
    let (finding, _) = signed_in(&server, &[], &["--client-id", OWN]);
    let fix = finding["fix"].as_str().unwrap();
    assert!(
        fix.contains(&format!("az ad app update --id {OWN}")),
        "{fix}"
    );
}

/// What helps the Azure CLI's client does not help another.
#[test]
fn the_fix_is_for_the_client_that_signs_in() {
    for (code, error, found) in [
        (65001, "invalid_grant", "consent-required"),
        (50076, "interaction_required", "mfa-required"),
    ] {
        let server = refusing(code, error, "words");
        let (finding, _) = signed_in(&server, &[], &["--client-id", OWN]);
        let fix = finding["fix"].as_str().unwrap();
        assert_eq!(finding["code"], found);
        assert!(!fix.contains("az login"), "{code}: {fix}");
        assert!(fix.contains("--credential browser"), "{code}: {fix}");
        let (finding, _) = signed_in(&server, &[], &[]);
        let fix = finding["fix"].as_str().unwrap();
        assert!(fix.contains("az login"), "{code}: {fix}");
    }
}

/// The App ID URI may be another: the client id names the API always.
#[test]
fn an_api_is_named_by_its_client_id_first() {
    let server = refusing(
        500_011,
        "invalid_resource",
        "The resource principal was not found.",
    );
    let (finding, _) = signed_in(&server, &[], &[]);
    assert_eq!(finding["code"], "unknown-resource");
    let fix = finding["fix"].as_str().unwrap();
    let (by_id, by_principal) = fix.split_once("az ad sp create").unwrap();
    assert!(
        by_id.contains(&format!("--scope {API}/Greeting.Read")),
        "{fix}"
    );
    assert!(!by_principal.is_empty());
}

/// `access_denied` by somebody else than the person, and by the person.
#[test]
fn a_denial_is_told_by_its_code() {
    for (code, found) in [(90123, "authority-refused"), (65004, "sign-in-declined")] {
        let (finding, human) = signed_in(&refusing(code, "access_denied", "words"), &[], &[]);
        assert_eq!(finding["code"], found, "{finding}");
        assert!(human.contains(&format!("AADSTS{code}")), "{human}");
    }
}

/// Microsoft's hosts on which anybody may have a tenant, beside hosts that only look so.
#[test]
fn microsofts_open_hosts_are_microsofts_and_not_followed_unasked() {
    for (authority, microsofts) in [
        ("https://contoso.ciamlogin.com", true),
        ("https://contoso.b2clogin.com", true),
        ("https://login.microsoft.com", true),
        ("https://contoso.ciamlogin.com.evil.example", false),
        ("https://evilb2clogin.com", false),
    ] {
        let server = Server::saying(challenge(authority, API));
        let state = tempfile::tempdir().unwrap();
        let call = ["call", &server.url, "--output", "json"];
        let output = finish(cli(state.path(), &call), "");
        assert_eq!(first(&output), (3, "untrusted-authority".to_owned()));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let summary = report["findings"][0]["summary"].as_str().unwrap();
        assert_eq!(
            summary.contains("of Microsoft's that is followed only where you name it"),
            microsofts,
            "{authority}: {summary}"
        );
        assert!(!server.was_sent("Bearer"));
    }
}
