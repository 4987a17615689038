//! `greeting-cli call` as a program, against servers that say one thing.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// Three parts of JSON, none of them signed by anybody; the middle is known, so that it can be
/// looked for in what is printed.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJhdWQiOiJyIiwic2NwIjoiR3JlZXRpbmcuUmVhZCIsImV4cCI6NDEwMDAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ";

/// Answers every request with one text, and keeps what it was asked.
struct Canned {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    fn new(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api/greeting", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, heard) = (answer.into(), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream: TcpStream = stream.unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        // A TLS handshake has no end of headers.
                        Ok(_) if buffer[0] == 0x16 => break,
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                heard
                    .lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&request).into_owned());
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn challenge(authority: &str, resource: &str) -> String {
    answer(
        &format!(
            "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\" authorization_uri=\"{authority}/t/oauth2/v2.0/authorize\" resource_id=\"{resource}\""
        ),
        "",
    )
}

fn run_in(state: &Path, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_greeting-cli"))
        .args(arguments)
        .env_clear()
        .env("XDG_STATE_HOME", state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that has ended already says why by its status.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    for part in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(part);
        for part in TOKEN.split('.') {
            assert!(
                !text.contains(part),
                "a part of the token was printed: {text}"
            );
        }
        assert!(!text.contains('\u{1b}'), "colour in a pipe: {text}");
    }
    output
}

fn run(arguments: &[&str], stdin: &str) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), arguments, stdin)
}

/// Exit status and code of the first finding.
fn first(output: &Output) -> (i32, String) {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let code = report["findings"][0]["code"].as_str().unwrap_or_default();
    (output.status.code().unwrap(), code.to_owned())
}

#[test]
fn a_greeting_is_all_that_stdout_has() {
    let server = Canned::new(answer("200 OK", "Hello, world."));
    let output = run(&["call", &server.url, "--access-token", "-", "-v"], TOKEN);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Hello, world.\n");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]
            .to_lowercase()
            .contains(&format!("authorization: bearer {}", TOKEN.to_lowercase()))
    );
}

#[test]
fn exit_statuses_tell_answers_apart() {
    let json = ["--output", "json", "--access-token", "-"];
    for (head, body, status, code) in [
        ("403 Forbidden", "", 5, "client-not-allowed"),
        ("404 Not Found", "", 6, "not-found"),
        ("502 Bad Gateway", "", 6, "handler-down"),
        (
            "500 Internal Server Error",
            "Easy Auth is off",
            6,
            "easy-auth-off",
        ),
        ("401 Unauthorized", "", 4, "not-easy-auth"),
        (
            "302 Found\r\nLocation: /.auth/login/aad",
            "",
            6,
            "easy-auth-redirect",
        ),
    ] {
        let server = Canned::new(answer(head, body));
        let output = run(&[&["call", &server.url], &json[..]].concat(), TOKEN);
        assert_eq!(first(&output), (status, code.to_owned()), "{head}");
    }
    let server = Canned::new(challenge("https://127.0.0.1:9", "r"));
    let output = run(
        &[
            "call",
            &server.url,
            "--output",
            "json",
            "--credential",
            "none",
        ],
        "",
    );
    assert_eq!(first(&output), (4, "no-token".to_owned()));
}

#[test]
fn a_redirect_never_gets_the_token() {
    let thief = Canned::new(answer("200 OK", "thanks"));
    let server = Canned::new(answer(
        &format!("307 Temporary Redirect\r\nLocation: {}", thief.url),
        "",
    ));
    let output = run(
        &[
            "call",
            &server.url,
            "--output",
            "json",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(first(&output), (6, "stripped-authorization".to_owned()));
    assert!(thief.asked().is_empty());
}

#[test]
fn a_hostile_challenge_is_not_believed() {
    for (authority, resource, code) in [
        ("https://login.evil.example", "r", "untrusted-authority"),
        (
            "http://login.microsoftonline.com",
            "r",
            "untrusted-authority",
        ),
        (
            "https://login.microsoftonline.com",
            "00000003-0000-0000-c000-000000000000",
            "first-party-resource",
        ),
        (
            "https://login.microsoftonline.com",
            "https://management.azure.com/",
            "first-party-resource",
        ),
        // Believable, but nobody has agreed, and there is no terminal.
        (
            "https://login.microsoftonline.com",
            "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11",
            "resource-not-confirmed",
        ),
    ] {
        let server = Canned::new(challenge(authority, resource));
        for command in [&["call"][..], &["token", "get"]] {
            let output = run(&[command, &[&server.url, "--output", "json"]].concat(), "");
            assert_eq!(
                first(&output),
                (3, code.to_owned()),
                "{authority} {resource}"
            );
        }
        // Nothing but the question went out.
        for request in server.asked() {
            assert!(
                !request.to_lowercase().contains("authorization"),
                "{request}"
            );
        }
    }
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    for url in ["http://contoso.example/api/greeting", "http://192.0.2.1/"] {
        let output = run(
            &["call", url, "--output", "json", "--access-token", "-"],
            TOKEN,
        );
        assert_eq!(first(&output), (7, "http-not-https".to_owned()));
    }
}

#[test]
fn nobody_there_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let output = run(
        &[
            "call",
            &format!("http://{address}/"),
            "--output",
            "json",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "refused".to_owned()));

    let plain = Canned::new("not TLS at all");
    let url = plain.url.replace("http:", "https:");
    let output = run(
        &["call", &url, "--output", "json", "--access-token", "-"],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "http-not-https".to_owned()));

    // A server that takes the call and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let output = run(
        &[
            "call",
            &url,
            "--output",
            "json",
            "--timeout",
            "1",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "timeout".to_owned()));
}

#[test]
fn what_a_person_types_wrong_is_a_usage_error() {
    for arguments in [
        &["call"][..],
        &["call", "contoso.example"],
        &["call", "ftp://contoso.example/"],
        &["call", "https://user:secret@contoso.example/"],
        &[
            "call",
            "https://contoso.example/",
            "--access-token",
            "written-here",
        ],
        &["call", "https://contoso.example/", "--timeout", "0"],
        &[
            "call",
            "https://contoso.example/",
            "--ca-cert",
            "no-such-file",
        ],
        &["token", "inspect", "--output", "xml"],
        &["token", "inspect"],
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret@"));
    }
}

#[test]
fn a_retry_is_made_where_it_helps_only() {
    let busy = Canned::new(answer("503 Service Unavailable\r\nRetry-After: 0", ""));
    let output = run(
        &[
            "call",
            &busy.url,
            "--output",
            "json",
            "--retry",
            "2",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!((first(&output).0, busy.asked().len()), (6, 3));
    let refused = Canned::new(answer("403 Forbidden", ""));
    run(
        &[
            "call",
            &refused.url,
            "--output",
            "json",
            "--retry",
            "2",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(refused.asked().len(), 1);
}

#[test]
fn a_broken_token_is_explained_with_or_without_a_call() {
    let server = Canned::new(challenge("https://127.0.0.1:9", "r"));
    for (token, expected) in [
        ("Bearer eyJ.x.y", "malformed-token"),
        ("one.two", "malformed-token"),
        ("a b", "malformed-token"),
        ("opaque", "not-an-access-token"),
        ("0.AXoA.b.c", "not-an-access-token"),
    ] {
        let output = run(
            &[
                "call",
                &server.url,
                "--output",
                "json",
                "--access-token",
                "-",
            ],
            token,
        );
        let (status, code) = first(&output);
        assert_eq!(code, expected, "{token}");
        assert!(matches!(status, 3 | 4), "{token}: {status}");
        let output = run(&["token", "inspect", "--output", "json"], token);
        assert_eq!(first(&output), (4, expected.to_owned()));
    }
}

#[test]
fn inspect_reads_a_token_and_sends_it_nowhere() {
    let output = run(&["token", "inspect", "-", "--output", "json"], TOKEN);
    assert_eq!(output.status.code(), Some(0));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["claims"]["scp"], "Greeting.Read");
    assert_eq!(
        (&seen["header"]["kid"], &seen["verified"]),
        (&Value::from("k"), &Value::from("no"))
    );

    let server = Canned::new(challenge("https://127.0.0.1:9", "another"));
    let output = run(
        &["token", "inspect", "--url", &server.url, "--output", "json"],
        TOKEN,
    );
    assert_eq!(first(&output), (4, "wrong-api".to_owned()));
    assert!(
        server
            .asked()
            .iter()
            .all(|request| !request.to_lowercase().contains("authorization"))
    );
}
