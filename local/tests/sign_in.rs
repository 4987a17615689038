//! Why there is no token: each refusal of the authority, from the real stack to the real
//! `greeting-cli`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use harness::Up;
use harness::cli::{self, Cli, age, decided, device_code, signed_in, told};
use serde_json::Value;

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
        ("65004", "sign-in-declined"),
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
    for (more, codes) in [
        (&["--client-id", OTHER][..], &["unknown-client"][..]),
        (&["--client-id", "my-client"], &["unknown-client"]),
        (&["--client-id", api], &["public-client-off"]),
        // The challenge names another tenant than the flag does.
        (
            &["--tenant", OTHER],
            &["unknown-tenant", "expectations-conflict"],
        ),
        (&["--scope", &unknown], &["unknown-resource"]),
        (&["--scope", &undefined], &["scope-not-defined"]),
        (&["--scope", "not a scope"], &["scope-not-defined"]),
    ] {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(
            call(&up, state.path(), more),
            (3, codes.iter().map(|&code| code.to_owned()).collect()),
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

/// The browser's part of a sign-in: where the authority sends it back to.
async fn sent_back(up: &Up, url: &str) -> String {
    let answer = up.client.get(url).send().await.unwrap();
    assert!(answer.status().is_redirection(), "{}", answer.status());
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn by_browser() {
    let up = Up::start(&["--auto-approve", "alice@greeting.test"]);
    let state = tempfile::tempdir().unwrap();
    let url = up.text("function_url").to_owned();
    let begin = async || {
        let arguments = ["call", &url, "--output", "json", "--credential", "browser"];
        let mut child = Cli::new(state.path(), &[&arguments[..], &["--no-cache"]].concat())
            .trusting(&up)
            .spawn();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        let prompt: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(prompt["type"], "browser");
        let back = sent_back(&up, prompt["url"].as_str().unwrap()).await;
        (child, said, back)
    };
    let page = async |url: &str| up.client.get(url).send().await.unwrap();

    // Somebody else's answer is nobody's, and leaks into no page.
    let (child, said, back) = begin().await;
    let (before, _) = back.split_once("state=").unwrap();
    let forged = page(&format!("{before}state=forged-by-me")).await;
    assert_eq!(forged.status(), 400);
    assert!(!forged.text().await.unwrap().contains("forged-by-me"));
    let welcome = page(&back).await;
    assert_eq!(welcome.status(), 200);
    assert_eq!(welcome.headers()["referrer-policy"], "no-referrer");
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output), (0, Vec::new()));
    let signed_in: Vec<String> = said.lines().map(|line| line.unwrap()).collect();
    assert!(
        signed_in[0].contains("alice@greeting.test"),
        "{signed_in:?}"
    );

    // Declined at the page.
    let (child, _said, back) = begin().await;
    let own_state = back.split_once("state=").unwrap().1;
    let (origin, _) = back.split_once("/?").unwrap();
    let words = "error=access_denied&error_description=AADSTS65004%3A+User+declined+to+consent";
    page(&format!("{origin}/?{words}&state={own_state}")).await;
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output), (3, vec!["sign-in-declined".to_owned()]));
}
