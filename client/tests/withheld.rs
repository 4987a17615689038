//! What is not sent, and not printed: tokens of other kinds and secrets in the wrong place.

mod harness;

use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::{Server, answer, challenge, cli, finish, first, run};
use serde_json::{Value, json};

const REFRESH: &str = "1.AXoAbcdefghijklmnopqrstuvwxyz0123456789.AgABAwEAAADnfolhJpSnRYB1SVj";
const SECRET: &str = "abc8Q~DEF_ghi-JKL.mno~PQR0123456789abcdE";

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({"alg": "RS256", "kid": "k"}));
    format!("{header}.{}.c2lnbmF0dXJl", part(claims))
}

fn graph() -> String {
    jwt(
        &json!({"aud": "https://graph.microsoft.com", "scp": "User.Read", "azp": "c", "exp": 4_100_000_000_i64}),
    )
}

fn printed(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn point_14_what_is_no_access_token_is_explained_and_not_sent() {
    let id = jwt(&json!({"aud": "c", "nonce": "n", "exp": 4_100_000_000_i64}));
    for (token, code) in [
        (REFRESH, "not-an-access-token"),
        (SECRET, "not-an-access-token"),
        (&SECRET.replace('.', "-"), "not-an-access-token"),
        ("an-opaque-value", "not-an-access-token"),
        (&id, "not-an-access-token"),
        (&graph(), "wrong-api"),
    ] {
        let server = Server::saying(challenge("https://127.0.0.1:9", "r"));
        let call = ["call", &server.url, "--access-token", "-", "--output"];
        let output = run(&[&call[..], &["json"]].concat(), token);
        assert_eq!(first(&output), (3, code.to_owned()), "{token}");
        assert!(server.asked().is_empty(), "{token}");
        let human = printed(&run(&[&call[..], &["human"]].concat(), token));
        assert!(human.contains("the token was not sent"), "{human}");
        assert!(human.contains("--send-anyway"), "{human}");
        assert!(!human.contains(token), "{human}");
        // The switch sends it, and the answer is explained.
        let output = run(&[&call[..], &["json", "--send-anyway"]].concat(), token);
        assert_eq!(first(&output), (4, code.to_owned()), "{token}");
        assert!(server.was_sent(token), "{token}");
    }
}

/// An authority that gives a token of Graph's for whatever is asked: Entra does for no API.
#[test]
fn point_13_a_first_party_token_never_goes_to_a_discovered_function() {
    let token = graph();
    let granted = token.clone();
    let server = Server::new(move |request, own| {
        if request.starts_with("POST /t/oauth2/v2.0/devicecode ") {
            let started = json!({"device_code": "d", "user_code": "u", "verification_uri": own, "expires_in": 60, "interval": 1});
            return answer("200 OK", &started.to_string());
        }
        if request.starts_with("POST /t/oauth2/v2.0/token ") {
            let granted =
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": granted});
            return answer("200 OK", &granted.to_string());
        }
        challenge(own, "r")
    });
    for more in [&[][..], &["--send-anyway"], &["--scope", ""]] {
        let call = ["call", &server.url, "--output", "json"];
        let output = run(&[&call[..], more].concat(), "");
        assert_eq!(first(&output), (3, "wrong-api".to_owned()), "{more:?}");
    }
    // To the function; the authority gave it.
    assert!(!server.was_sent(&token));
}

#[test]
fn point_19_nothing_in_the_wrong_place_is_printed_whole() {
    let url = "http://127.0.0.1:9/";
    let token = graph();
    let key = "Zk3_vQ9x7LmN2pRsT5uW8yB1cD4eF6gH0jKqXzA-aa==";
    for secret in [token.as_str(), REFRESH, SECRET, key] {
        for arguments in [
            &["call", secret][..],
            &["call", url, secret],
            &["call", url, "--access-token", secret],
            &["call", url, "--scope", secret],
            &["call", url, "--tenant", secret, "--scope", "s"],
            &["call", url, "--client-id", secret],
            &["call", url, "--user", secret],
            &["call", url, "--authority-host", secret],
            &["call", url, "--credential", secret],
            &["call", url, "--timeout", secret],
            &["call", url, "--output", secret],
            &["token", secret],
            &["token", "inspect", "--url", secret],
            &["explain", secret],
            &["completions", secret],
            &[secret],
        ] {
            let arguments = [arguments, &["-v"]].concat();
            let said = printed(&run(&arguments, ""));
            assert!(!said.contains(secret), "{arguments:?}: {said}");
        }
        for name in ["GREETING_URL", "GREETING_CREDENTIAL", "AZURE_TENANT_ID"] {
            let state = tempfile::tempdir().unwrap();
            let mut command = cli(state.path(), &["call", "-v"]);
            command.env("GREETING_URL", url).env(name, secret);
            let said = printed(&finish(command, ""));
            assert!(!said.contains(secret), "{name}: {said}");
        }
    }
    // A part of an address is no place for one either.
    let said = printed(&run(&["call", &format!("{url}api/{token}")], ""));
    assert!(
        said.contains("holds a token") && !said.contains(&token),
        "{said}"
    );
}

/// JSON is looked at on terminals too, and every reader takes an escape for the character.
#[test]
fn json_has_no_character_that_steers_a_terminal() {
    let body = "a\u{9b}2J\u{7f}\u{202e}b\u{2028}\u{61c}";
    let server = Server::saying(answer("200 OK", body));
    let token =
        jwt(&json!({"aud": "r", "scp": "Greeting.Read", "azp": "c", "exp": 4_100_000_000_i64}));
    let output = run(
        &[
            "call",
            &server.url,
            "--access-token",
            "-",
            "--output",
            "json",
        ],
        &token,
    );
    let text = String::from_utf8(output.stdout).unwrap();
    let steers = ['\u{9b}', '\u{7f}', '\u{202e}', '\u{2028}', '\u{61c}'];
    assert!(!text.contains(steers), "{text:?}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["greeting"], body);
}

/// What a person pastes runs what it shows and nothing else, whoever wrote the URL or the token.
#[test]
fn lines_to_paste_hold_nothing_for_a_shell() {
    let api = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
    let server = Server::saying(challenge("https://login.microsoftonline.com", api));
    let url = format!("{}/$(ls);'x'", server.origin);
    let output = run(&["call", &url, "--output", "json"], "");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fix = report["findings"][0]["fix"].as_str().unwrap();
    let line = fix.split_once("greeting-cli ").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let echoed = std::process::Command::new("sh")
        .args(["-c", &format!("printf '%s\\n' {line}")])
        .current_dir(&folder)
        .output()
        .unwrap();
    let words: Vec<String> = String::from_utf8(echoed.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(words[1], url, "{fix}");
    assert_eq!(words.len(), 4, "{fix}");
    // A token's audience stands in a fix as well.
    let token =
        jwt(&json!({"aud": "x; touch pwned #", "scp": "a", "azp": "c", "exp": 4_100_000_000_i64}));
    let output = run(&["token", "inspect", "--output", "json"], &token);
    assert_eq!(first(&output), (5, "missing-scope".to_owned()));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        !report["findings"][0]["fix"]
            .as_str()
            .unwrap()
            .contains("touch")
    );
    // No option and no home folder passes for a name.
    for name in ["-oProxy", "~root"] {
        let server = Server::saying(challenge("https://login.microsoftonline.com", name));
        let output = run(&["call", &server.url, "--output", "json"], "");
        assert_eq!(first(&output), (4, "no-challenge".to_owned()), "{name}");
    }
}
