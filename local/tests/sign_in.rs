//! Why there is no token: each refusal of the authority, from the real stack to the real
//! `greeting-cli`.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "harness/cli.rs"]
mod cli;
mod harness;

use std::path::Path;

use cli::{Cli, age, decided, device_code, signed_in, told};
use harness::Up;

const OTHER: &str = "11111111-2222-3333-4444-555555555555";

/// Exit status and codes of a call.
fn call(up: &Up, state: &Path, more: &[&str]) -> (i32, Vec<String>) {
    let output = Cli::new(state, &device_code(up, &["call"], more))
        .trusting(up)
        .run();
    told(&output)
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
