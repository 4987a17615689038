//! Why there is no token: each refusal of the authority and of the Azure CLI, from the real stack
//! to the real `greeting-cli`; and the tokens that are kept between its runs.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "harness/cli.rs"]
mod cli;
mod harness;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Output;

use cli::Cli;
use harness::Up;
use serde_json::Value;
use tempfile::TempDir;

const OTHER: &str = "11111111-2222-3333-4444-555555555555";

fn device_code<'a>(up: &'a Up, command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = command.to_vec();
    arguments.extend([
        up.text("function_url"),
        "--output",
        "json",
        "--credential",
        "device-code",
    ]);
    arguments.extend(more);
    arguments
}

/// Runs a command that shows a device code, and decides it with `greeting-local approve`.
fn decided(up: &Up, state: &Path, arguments: &[&str], more: &[&str]) -> Output {
    let mut child = Cli::new(state, arguments).trusting(up).spawn();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let code = said
        .by_ref()
        .map(|line| line.unwrap())
        .find_map(|line| {
            let prompt: Value = serde_json::from_str(&line).ok()?;
            Some(prompt["user_code"].as_str()?.to_owned())
        })
        .expect("a code");
    let decision = up.run("approve", &[&[code.as_str()], more].concat());
    assert!(decision.status.success(), "{decision:?}");
    for line in said {
        line.unwrap();
    }
    child.wait_with_output().unwrap()
}

/// A state folder in which alice is signed in.
fn signed_in(up: &Up) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    let output = decided(up, state.path(), &device_code(up, &["login"], &[]), &[]);
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["user"], "alice@greeting.test");
    state
}

/// Has the kept access token end now, in `seconds`.
fn age(state: &Path, seconds: i64) {
    let path = state.join("greeting-cli/tokens.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    for entry in kept["plain"].as_array_mut().unwrap() {
        entry["expires_at"] = Value::from(i64::try_from(now.as_secs()).unwrap() + seconds);
    }
    std::fs::write(path, kept.to_string()).unwrap();
}

/// Exit status and codes of a call.
fn call(up: &Up, state: &Path, more: &[&str]) -> (i32, Vec<String>) {
    let output = Cli::new(state, &device_code(up, &["call"], more))
        .trusting(up)
        .run();
    told(&output)
}

fn told(output: &Output) -> (i32, Vec<String>) {
    let report = cli::report(output);
    let codes = cli::codes(&report).into_iter().map(str::to_owned).collect();
    (output.status.code().unwrap(), codes)
}

fn policy(up: &Up, arguments: &[&str]) {
    let output = up.run("policy", arguments);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn each_refusal_of_the_authority() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    assert_eq!(call(&up, state.path(), &[]), (0, Vec::new()));
    for (aadsts, code) in [
        ("50011", "redirect-mismatch"),
        ("50020", "user-not-in-tenant"),
        ("50034", "user-not-in-tenant"),
        ("50053", "user-blocked"),
        ("50055", "password-expired"),
        ("50057", "user-blocked"),
        ("50076", "mfa-required"),
        ("50079", "mfa-required"),
        ("50105", "user-blocked"),
        ("50173", "refresh-expired"),
        ("50194", "user-not-in-tenant"),
        ("53000", "blocked-by-policy"),
        ("53003", "blocked-by-policy"),
        ("65005", "scope-not-defined"),
        ("70019", "sign-in-declined"),
        ("70020", "code-expired"),
        ("90009", "token-for-itself"),
        ("90094", "admin-consent"),
        ("650056", "permission-not-requested"),
        ("650057", "permission-not-requested"),
        ("700082", "refresh-expired"),
        ("7000215", "client-secret"),
        ("7000222", "client-secret"),
        ("900971", "redirect-mismatch"),
    ] {
        // What is kept ends, so that the authority is asked; a refusal forgets it.
        let kept = tempfile::tempdir().unwrap();
        std::fs::create_dir(kept.path().join("greeting-cli")).unwrap();
        let file = "greeting-cli/tokens.json";
        std::fs::copy(state.path().join(file), kept.path().join(file)).unwrap();
        age(kept.path(), 0);
        policy(&up, &["--refuse", &format!("AADSTS{aadsts}")]);
        let output = Cli::new(kept.path(), &device_code(&up, &["call"], &[]))
            .trusting(&up)
            .run();
        assert_eq!(told(&output), (3, vec![code.to_owned()]), "{aadsts}");
        // People search for the code, and support asks for the ids.
        let report = cli::report(&output);
        let evidence = report["findings"][0]["evidence"].to_string();
        for part in [&format!("AADSTS{aadsts}: "), "trace id", "correlation id"] {
            assert!(evidence.contains(part), "{part}: {evidence}");
        }
    }
}

#[test]
fn each_thing_typed_wrong() {
    let up = Up::start(&[]);
    let api = up.text("api_client_id");
    let (unknown, undefined) = (
        format!("api://{OTHER}/Greeting.Read"),
        format!("api://{api}/Nothing.Read"),
    );
    for (more, code) in [
        (&["--client-id", OTHER][..], "unknown-client"),
        (&["--client-id", "my-client"], "unknown-client"),
        (&["--client-id", api], "public-client-off"),
        (&["--tenant", OTHER], "unknown-tenant"),
        (&["--scope", &unknown], "unknown-resource"),
        (&["--scope", &undefined], "scope-not-defined"),
        (&["--scope", "not a scope"], "scope-not-defined"),
    ] {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(
            call(&up, state.path(), more),
            (3, vec![code.to_owned()]),
            "{more:?}"
        );
    }
}

#[test]
fn each_end_of_a_device_code() {
    let up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let arguments = device_code(&up, &["call"], &[]);
    let declined = decided(&up, state.path(), &arguments, &["--deny"]);
    assert_eq!(told(&declined), (3, vec!["sign-in-declined".to_owned()]));

    policy(&up, &["--device-code", "off"]);
    let blocked = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&blocked), (3, vec!["blocked-by-policy".to_owned()]));

    policy(&up, &["--device-code", "on", "--consent", "off"]);
    let refused = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&refused), (3, vec!["consent-required".to_owned()]));

    policy(&up, &["--consent", "on"]);
    let signed_in = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&signed_in), (0, Vec::new()));
}
