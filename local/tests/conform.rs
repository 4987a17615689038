//! `greeting-cli conform` against the local gate: every row is as the page says, and where one
//! setting is another, exactly its rows differ.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use harness::Up;
use harness::cli::{self, Cli};
use serde_json::{Value, json};

/// An app that answers with what it saw, as `client/src/conformance/capture/app.rs` reads it.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.windows(4).any(|it| it == b"\r\n\r\n") {
                    match stream.read(&mut buffer) {
                        Ok(0) | Err(_) => return,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let headers: Vec<(&str, &str)> = request
                    .lines()
                    .skip(1)
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| match name.to_ascii_lowercase().as_str() {
                        "authorization" | "cookie" => (name, ""),
                        _ => (name, value),
                    })
                    .collect();
                let body = match request.starts_with("HEAD ") {
                    true => String::new(),
                    false => json!({"headers": headers}).to_string(),
                };
                let length = body.len();
                let head = "HTTP/1.1 200 OK\r\nx-greeting-echo: 1\r\nconnection: close";
                let _ = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            });
        }
    });
    format!("http://{address}")
}

/// The tokens that a gate is asked with, each by a defect.
const TOKENS: [(&str, &[&str]); 10] = [
    ("valid", &[]),
    ("expired", &["--expired"]),
    ("skew", &["--expires-in", "-120"]),
    ("not-yet", &["--not-yet-valid"]),
    ("other-audience", &["--audience", "api://another"]),
    (
        "other-tenant",
        &["--tenant", "11111111-2222-4333-8444-555555555555"],
    ),
    ("v1", &["--version", "1"]),
    ("ps256", &["--alg", "ps256"]),
    ("app-only", &["--app-only"]),
    (
        "other-client",
        &["--client", "99999999-2222-4333-8444-555555555555"],
    ),
];

/// What `conform` says of a gate, by a capture that it keeps.
struct Asked {
    report: Value,
    capture: PathBuf,
    status: Option<i32>,
    _folder: tempfile::TempDir,
}

fn ask(changes: &Value, more: &[&str]) -> Asked {
    let mut settings = json!({"globalValidation": {"excludedPaths": ["/open"]}});
    harness::merge(&mut settings, changes);
    let echo = echo();
    let up = Up::with_settings(&settings, &[&["--upstream", &echo], more].concat());
    let folder = tempfile::tempdir().unwrap();
    let capture = folder.path().join("gate.json");
    let tokens: serde_json::Map<String, Value> = TOKENS
        .iter()
        .map(|(name, defect)| ((*name).to_owned(), up.mint(defect).into()))
        .collect();
    let arguments = [
        "conform",
        up.text("function_url"),
        "--tokens",
        "-",
        "--echo",
        "--excluded",
        "/open",
        "--output",
        "json",
        "--capture",
        capture.to_str().unwrap(),
    ];
    let cli = Cli::new(folder.path(), &arguments).trusting(&up);
    let output = cli.stdin(&Value::Object(tokens.clone()).to_string()).run();
    // No part of a token is printed or kept.
    let kept = std::fs::read_to_string(&capture).unwrap_or_else(|_| panic!("{output:?}"));
    for text in [
        &kept,
        &String::from_utf8_lossy(&output.stdout).into_owned(),
        &String::from_utf8_lossy(&output.stderr).into_owned(),
    ] {
        let parts = tokens
            .values()
            .flat_map(|it| it.as_str().unwrap().split('.'));
        for part in parts {
            assert!(!text.contains(part), "{text}");
        }
        assert!(!text.contains("@greeting.test"), "{text}");
    }
    Asked {
        report: cli::report(&output),
        status: output.status.code(),
        capture,
        _folder: folder,
    }
}

impl Asked {
    /// The rows that differ.
    fn rows(&self) -> BTreeSet<String> {
        let rows = self.report["rows"].as_array().unwrap();
        rows.iter()
            .filter(|row| row["outcome"] == "differs")
            .map(|row| row["row"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The probes with an outcome.
    fn with(&self, outcome: &str) -> BTreeSet<String> {
        let probes = self.report["probes"].as_array().unwrap();
        probes
            .iter()
            .filter(|probe| probe["outcome"] == outcome)
            .map(|probe| probe["probe"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn set(probes: &[&str]) -> BTreeSet<String> {
    probes.iter().map(|probe| (*probe).to_owned()).collect()
}

/// What no gate with default settings shows: callers without a token do not pass.
const NEVER_SHOWN: [&str; 1] = ["p57-invalid-passes"];

/// `mint` gives access tokens here.
const NEVER_ASKED: [&str; 1] = ["p20-id-token"];

#[test]
fn point_1_our_gate_is_as_every_row_says() {
    let gate = ask(&json!({}), &[]);
    assert_eq!(gate.status, Some(0), "{:#}", gate.report);
    assert_eq!(gate.with("differs"), set(&[]));
    assert_eq!(gate.with("not-shown"), set(&NEVER_SHOWN));
    assert_eq!(gate.with("not-asked"), set(&NEVER_ASKED));
    // So that none becomes one of which nothing is expected.
    assert_eq!(gate.with("recorded").len(), 5);
    assert!(gate.with("as-expected").len() >= 50);

    is_current("conform.json", &without_versions(&gate.capture));
}

/// The capture without what each release or day changes.
fn without_versions(path: &Path) -> String {
    let mut capture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for name in ["tool", "table", "date"] {
        assert!(capture[name].is_string());
        capture[name] = json!("…");
    }
    format!("{capture:#}\n")
}

/// `BLESS=1 cargo test -p greeting-local --test conform` accepts what is answered now.
fn is_current(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap_or_default(),
        text,
        "{name}"
    );
}

#[test]
fn point_1_another_challenge_differs_in_its_row_alone() {
    let gate = ask(&json!({}), &["--challenge", "windows"]);
    assert_eq!(gate.status, Some(6));
    assert_eq!(gate.with("differs"), set(&["p60-linux"]));
    assert_eq!(gate.rows(), set(&["linux-401"]));
    assert_eq!(gate.with("not-shown"), set(&NEVER_SHOWN));
    assert_eq!(gate.with("not-asked"), set(&NEVER_ASKED));
}

#[test]
fn point_1_raw_claim_names_differ_in_their_row_alone() {
    let gate = ask(&json!({}), &["--claim-names", "raw"]);
    assert_eq!(gate.status, Some(6));
    assert_eq!(gate.with("differs"), set(&["p24-names"]));
    assert_eq!(gate.rows(), set(&["long-claim-names"]));
    assert_eq!(gate.with("not-shown"), set(&NEVER_SHOWN));
    assert_eq!(gate.with("not-asked"), set(&NEVER_ASKED));
}

/// Callers without a token pass: what they are refused with is not seen.
#[test]
fn point_1_allow_anonymous_differs_in_its_row_alone() {
    let anonymous = json!({"globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}});
    let gate = ask(&anonymous, &[]);
    assert_eq!(gate.status, Some(6));
    // Both are of the row of the action.
    assert_eq!(gate.with("differs"), set(&["p01-none", "p44-head"]));
    assert_eq!(gate.rows(), set(&["unauthenticated-action"]));
    let hidden = [
        "p02-wrong-path",
        "p03-malformed",
        "p04-one-part",
        "p05-empty-bearer",
        "p06-basic",
        "p36-dot-dot",
        "p37-encoded-dots",
        "p38-backslash",
        "p39-two-slashes",
        "p40-parameter",
        "p42-case",
        "p43-slash",
        "p45-options",
        "p52-browser",
        "p56-angular",
        "p60-linux",
    ];
    assert_eq!(gate.with("not-shown"), set(&hidden));
    assert!(gate.with("as-expected").contains("p57-invalid-passes"));
    assert_eq!(gate.with("not-asked"), set(&NEVER_ASKED));
}

/// The secret goes to the authority, and to nobody else.
#[test]
fn point_1_an_apps_secret_gives_an_app_only_token() {
    let echo = echo();
    let up = Up::with_settings(&json!({}), &["--upstream", &echo]);
    let secret = std::fs::read_to_string(up.folder.path().join("state/daemon-secret")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let daemon = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853";
    let arguments = ["conform", up.text("function_url"), "--client-id", daemon];
    let more = [
        "--app-secret",
        "-",
        "--credential",
        "none",
        "-v",
        "--output",
        "json",
    ];
    let cli = Cli::new(
        folder.path(),
        &[&arguments[..], &more, &["--echo"]].concat(),
    );
    let output = cli.trusting(&up).stdin(&secret).run();
    let printed = [&output.stdout[..], &output.stderr].concat();
    assert!(!String::from_utf8_lossy(&printed).contains(secret.trim()));
    let report = cli::report(&output);
    assert_eq!(report["capture"]["tokens"], json!(["app-only"]));
    // The shipped list of clients has no daemon.
    let answers = report["capture"]["answers"].as_array().unwrap();
    let answer = answers.iter().find(|it| it["probe"] == "p21-app-only");
    assert_eq!(answer.unwrap()["status"], 403);
}
