//! A claims challenge: the sign-in is repeated with the claims that the API wants.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::{Server, TOKEN, answer, challenge, first, report, run, run_in};
use serde_json::{Value, json};

const CLAIMS: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

/// Of a second sign-in.
const STRONGER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJhdWQiOiJyIiwic2NwIjoiR3JlZXRpbmcuUmVhZCIsImFjcnMiOlsiYzEiXX0.c2ln";

/// An API that wants claims of every token but `accepted`, and its authority, which gives a new
/// token with each sign-in.
fn server(accepted: &'static str) -> Server {
    let signed_in = AtomicUsize::new(0);
    Server::new(move |request, own| {
        if request.starts_with("POST /t/oauth2/v2.0/devicecode ") {
            let started = json!({"device_code": "d", "user_code": "u", "verification_uri": own, "expires_in": 60, "interval": 1});
            return answer("200 OK", &started.to_string());
        }
        if request.starts_with("POST /t/oauth2/v2.0/token ") {
            let token = match signed_in.fetch_add(1, Ordering::Relaxed) {
                0 => TOKEN,
                _ => STRONGER,
            };
            let granted =
                json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token});
            return answer("200 OK", &granted.to_string());
        }
        if request.contains(accepted) {
            return answer("200 OK", "Hello, world.");
        }
        if request.to_lowercase().contains("authorization: ") {
            return answer(
                &format!(
                    "401 Unauthorized\r\nWWW-Authenticate: Bearer authorization_uri=\"{own}/t/oauth2/v2.0/authorize\", resource_id=\"r\", error=\"insufficient_claims\", claims=\"{}\"",
                    STANDARD.encode(CLAIMS)
                ),
                "",
            );
        }
        challenge(own, "r")
    })
}

fn forms(server: &Server, path: &str) -> Vec<Value> {
    let asked = server.asked();
    let posts = asked
        .iter()
        .filter(|it| it.starts_with(&format!("POST /t/oauth2/v2.0/{path} ")));
    posts
        .map(|post| {
            let body = post.split_once("\r\n\r\n").unwrap().1;
            url::form_urlencoded::parse(body.as_bytes())
                .into_owned()
                .collect()
        })
        .collect()
}

fn finding(output: &Output) -> Value {
    report(output)["findings"][0].clone()
}

#[test]
fn the_sign_in_is_repeated_with_the_claims_once() {
    let answering = server(STRONGER);
    let output = run(&["call", &answering.url], "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(output.stdout, b"Hello, world.");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("signing in again") && said.contains("acrs"),
        "{said}"
    );
    for path in ["devicecode", "token"] {
        let forms = forms(&answering, path);
        assert_eq!(forms.len(), 2, "{forms:?}");
        assert_eq!(forms[0]["claims"], Value::Null);
        let claims: Value = serde_json::from_str(forms[1]["claims"].as_str().unwrap()).unwrap();
        assert_eq!(claims, serde_json::from_str::<Value>(CLAIMS).unwrap());
    }
    // An API that is never content is not followed for ever.
    let never = server("never");
    let output = run(&["call", &never.url, "--output", "json"], "");
    assert_eq!(first(&output), (4, "claims-required".to_owned()));
    assert_eq!(forms(&never, "devicecode").len(), 2);
    let fix = finding(&output)["fix"].as_str().unwrap().to_owned();
    assert!(fix.contains("does not meet them"), "{fix}");
}

/// The token of the second sign-in is kept for the next run; the body is not sent twice.
#[test]
fn a_body_is_not_sent_again_and_the_next_run_has_the_token() {
    let answering = server(STRONGER);
    let state = tempfile::tempdir().unwrap();
    let call = ["call", &answering.url, "-d", "{}", "--output", "json"];
    let output = run_in(state.path(), &call, "");
    assert_eq!(first(&output), (4, "claims-required".to_owned()));
    let fix = finding(&output)["fix"].as_str().unwrap().to_owned();
    assert!(fix.contains("run the same command again"), "{fix}");
    let output = run_in(state.path(), &call, "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let sent = answering.asked();
    let sent = sent
        .iter()
        .filter(|it| it.starts_with("POST /api/greeting "));
    assert_eq!(sent.count(), 2);
}

/// Without a terminal nobody may be there to sign in: a kept token's refusal is explained.
#[test]
fn where_nobody_may_be_there_it_is_said_how() {
    let answering = server("never");
    let state = tempfile::tempdir().unwrap();
    let call = ["call", &answering.url, "--output", "json"];
    run_in(state.path(), &["login", &answering.url], "");
    let before = forms(&answering, "devicecode").len();
    let output = run_in(state.path(), &call, "");
    assert_eq!(first(&output), (4, "claims-required".to_owned()));
    assert_eq!(forms(&answering, "devicecode").len(), before);
    // And so is one that was brought.
    let output = run(&[&call[..], &["--access-token", "-"]].concat(), TOKEN);
    let finding = finding(&output);
    assert_eq!(finding["evidence"][0]["what"], "claims");
    let fix = finding["fix"].as_str().unwrap();
    assert!(fix.contains("--credential browser"), "{fix}");
}

#[cfg(unix)]
#[test]
fn az_is_told_to_sign_in_with_the_claims() {
    use std::os::unix::fs::PermissionsExt as _;
    let answering = server("never");
    let state = tempfile::tempdir().unwrap();
    let az = state.path().join("az");
    let token =
        json!({"accessToken": TOKEN, "expires_on": 4_100_000_000_u32, "tokenType": "Bearer"});
    std::fs::write(&az, format!("#!/bin/sh\necho '{token}'\n")).unwrap();
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let call = [
        "call",
        &answering.url,
        "--credential",
        "azure-cli",
        "--output",
        "json",
    ];
    let mut command = harness::cli(state.path(), &call);
    command.env("PATH", format!("{}:/usr/bin:/bin", state.path().display()));
    let output = harness::finish(command, "");
    assert_eq!(
        first(&output),
        (4, "claims-required".to_owned()),
        "{output:?}"
    );
    let finding = finding(&output);
    let fix = finding["fix"].as_str().unwrap();
    let (_, line) = fix.split_once("--claims-challenge ").unwrap();
    let claims = STANDARD.decode(line.split(';').next().unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["access_token"]["acrs"]["value"], "c1");
    assert!(
        fix.contains("az login --tenant t --scope api://r/Greeting.Read"),
        "{fix}"
    );
}

/// A browser that signs in at once: it goes where the sign-in page would send it.
#[test]
fn a_browser_takes_the_claims_along() {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    let answering = server(STRONGER);
    let state = tempfile::tempdir().unwrap();
    let call = [
        "call",
        &answering.url,
        "--credential",
        "browser",
        "--output",
        "json",
    ];
    let mut child = harness::cli(state.path(), &call).spawn().unwrap();
    let mut claims = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap_or_default();
        if line["type"] != "browser" {
            continue;
        }
        let page = url::Url::parse(line["url"].as_str().unwrap()).unwrap();
        let query = |name: &str| {
            page.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, it)| it.into_owned())
        };
        claims.push(query("claims").and_then(|it| serde_json::from_str::<Value>(&it).ok()));
        let back = url::Url::parse(&query("redirect_uri").unwrap()).unwrap();
        let mut browser =
            std::net::TcpStream::connect(("127.0.0.1", back.port().unwrap())).unwrap();
        let state = query("state").unwrap();
        write!(
            browser,
            "GET /?code=c&state={state} HTTP/1.1\r\nhost: localhost\r\n\r\n"
        )
        .unwrap();
        browser.read_to_string(&mut String::new()).unwrap();
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(claims, [None, serde_json::from_str(CLAIMS).ok()]);
    assert_eq!(forms(&answering, "token").len(), 2);
}
