//! `conform` against scripted gates: what it sends, what it says, and what it keeps.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::{Path, PathBuf};
use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, finish, report, run, run_in};
use serde_json::Value;

/// A gate that refuses everything.
fn closed() -> Server {
    Server::new(|_, own| challenge(own, "api://r"))
}

/// A gate whose app greets callers with this in their request.
fn opened_by(key: &'static str) -> Server {
    Server::new(move |request, own| {
        if request.contains(key) {
            answer("200 OK", "hello")
        } else {
            challenge(own, "api://r")
        }
    })
}

fn ask(url: &str, more: &[&str]) -> Output {
    let arguments = [&["conform", url, "--credential", "none"], more].concat();
    run(&arguments, "")
}

fn outcome(report: &Value, probe: &str) -> String {
    let probes = report["probes"].as_array().unwrap();
    let found = probes.iter().find(|it| it["probe"] == probe).unwrap();
    found["outcome"].as_str().unwrap().to_owned()
}

fn captured(gate: &Server, folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let output = ask(&gate.url, &["--capture", path.to_str().unwrap()]);
    assert!(path.exists(), "{output:?}");
    path
}

#[test]
fn point_1_it_sends_nothing_where_nobody_confirms() {
    let proxy = closed();
    let state = tempfile::tempdir().unwrap();
    for (url, status, said) in [
        ("https://app.example/api/greeting", 2, "was not confirmed"),
        ("http://app.example/api/greeting", 7, "plain http"),
    ] {
        let mut command = cli(state.path(), &["conform", url, "--credential", "none"]);
        command.env("HTTPS_PROXY", &proxy.origin);
        command.env("HTTP_PROXY", &proxy.origin);
        let output = finish(command, "y\n");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert!(told.contains(said), "{told}");
    }
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn point_1_it_sends_at_most_a_hundred_requests_and_changes_nothing() {
    let gate = closed();
    let output = ask(&gate.url, &["--excluded", "/open", "--echo"]);
    assert_eq!(output.stderr, Vec::<u8>::new());
    let asked = gate.asked();
    assert!((30..=100).contains(&asked.len()), "{}", asked.len());
    for request in &asked {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "");
        assert!(!head.to_ascii_lowercase().contains("transfer-encoding"));
        let changes = ["PUT ", "PATCH ", "DELETE "];
        assert!(!changes.iter().any(|method| head.starts_with(method)));
    }
    // Spelled as it is in the table, which an HTTP library would fold.
    assert!(
        asked
            .iter()
            .any(|it| it.starts_with("GET /open/../api/greeting "))
    );
    assert!(
        asked
            .iter()
            .any(|it| it.starts_with("GET /open\\../api/greeting "))
    );
    // An app may act on a POST that a gate lets through: it is the echo app's alone.
    assert!(asked.iter().any(|request| request.starts_with("POST ")));
    let without = closed();
    ask(&without.url, &[]);
    assert!(
        !without
            .asked()
            .iter()
            .any(|request| request.starts_with("POST "))
    );
}

#[test]
fn point_1_it_asks_one_at_a_time() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (tell, overlaps) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&buffer[..read]),
                }
            }
            // Who else came before this one has its answer?
            listener.set_nonblocking(true).unwrap();
            tell.send(listener.accept().is_ok()).unwrap();
            listener.set_nonblocking(false).unwrap();
            let _ = stream.write_all(answer("401 Unauthorized", "").as_bytes());
        }
    });
    ask(&url, &[]);
    let overlaps: Vec<bool> = overlaps.try_iter().collect();
    assert!(overlaps.len() >= 15, "{}", overlaps.len());
    assert!(overlaps.iter().all(|overlap| !overlap));
}

#[test]
fn point_1_a_redirect_is_recorded_and_not_followed() {
    let other = closed();
    let to = other.url.clone();
    let gate = Server::new(move |_, _| answer(&format!("302 Found\r\nLocation: {to}"), ""));
    let output = ask(&gate.url, &["--output", "json"]);
    assert_eq!(output.status.code(), Some(6));
    assert_eq!(other.asked(), Vec::<String>::new());
    let report = report(&output);
    let headers = report["capture"]["answers"][0]["headers"].to_string();
    assert!(headers.contains("location"), "{headers}");
}

#[test]
fn point_1_it_stops_where_the_gate_asks_for_a_pause() {
    let head = "429 Too Many Requests\r\nRetry-After: 60";
    let gate = Server::saying(answer(head, ""));
    let report = report(&ask(&gate.url, &["--output", "json"]));
    assert_eq!(gate.asked().len(), 1);
    assert_eq!(outcome(&report, "p02-wrong-path"), "not-asked");
    let why = report["capture"]["not_asked"].to_string();
    assert!(
        why.contains("the gate answered 429 and Retry-After"),
        "{why}"
    );
}

#[test]
fn point_1_it_stops_after_three_failed_connections() {
    // The first is answered, all others are closed.
    let first = std::sync::atomic::AtomicBool::new(true);
    let gate = Server::new(move |_, _| {
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            // No authority: nothing else is fetched.
            answer("401 Unauthorized", "")
        } else {
            String::new()
        }
    });
    let report = report(&ask(&gate.url, &["--output", "json"]));
    assert_eq!(gate.asked().len(), 4);
    let why = report["capture"]["not_asked"].to_string();
    assert!(
        why.contains("3 connections in a row failed before"),
        "{why}"
    );
}

#[test]
fn point_1_what_does_not_answer_is_not_reached() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(ask(&url, &[]).status.code(), Some(7));
}

#[test]
fn point_1_a_gate_that_repeats_a_token_gets_no_capture() {
    let gate = Server::new(|request, own| {
        let token = request
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("authorization:"))
            .and_then(|line| line.rsplit(' ').next())
            .unwrap_or_default()
            .to_owned();
        challenge(own, "api://r").replace(
            "\r\nConnection",
            &format!("\r\nServer: x{token}\r\nConnection"),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.json");
    let output = ask(&gate.url, &["--capture", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!path.exists());
    let printed = format!("{output:?}");
    assert!(
        printed.contains("nothing of it is printed or written"),
        "{printed}"
    );
    assert!(!printed.contains("eyJ"), "{printed}");
}

#[test]
fn point_1_tokens_are_in_no_output_and_no_capture() {
    let gate = opened_by(TOKEN);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.json");
    let arguments = [
        "conform", &gate.url, "--tokens", "-", "-v", "--output", "json",
    ];
    let arguments = [&arguments[..], &["--capture", path.to_str().unwrap()]].concat();
    // What is printed is searched by the harness.
    let output = run(&arguments, &format!("{{\"valid\": \"{TOKEN}\"}}"));
    assert!(gate.was_sent(TOKEN));
    let kept = std::fs::read_to_string(&path).unwrap();
    for text in [&kept, &String::from_utf8(output.stdout.clone()).unwrap()] {
        assert!(!text.contains("eyJ"), "{text}");
        assert!(!text.contains("hello"), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = path.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A valid token is accepted and forged ones are not: now their refusal shows something.
    let report = report(&output);
    assert_eq!(outcome(&report, "p10-forged-unknown-kid"), "as-expected");
    assert_eq!(outcome(&report, "p13-expired"), "not-shown");
}

#[test]
fn point_1_a_token_for_microsofts_own_apis_is_not_sent() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let gate = closed();
    for audience in [
        "https://graph.microsoft.com",
        "00000003-0000-0000-c000-000000000000",
        "https://management.azure.com/",
    ] {
        let claims = URL_SAFE_NO_PAD.encode(format!("{{\"aud\":\"{audience}\"}}"));
        let token = format!("eyJhbGciOiJSUzI1NiJ9.{claims}.c2ln");
        let output = run(
            &["conform", &gate.url, "--tokens", "-"],
            &format!("{{\"valid\": \"{token}\"}}"),
        );
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(
            told.contains("worth something to whoever gets it"),
            "{told}"
        );
    }
    assert_eq!(gate.asked(), Vec::<String>::new());
}

#[test]
fn point_1_what_stdin_holds_is_named_and_never_an_argument() {
    let gate = closed();
    for (arguments, stdin) in [
        (["--tokens", TOKEN], ""),
        (["--tokens", "-"], "no JSON"),
        (["--tokens", "-"], "{\"valid\": 1}"),
        (["--tokens", "-"], "{\"valid\": \"opaque\"}"),
        (["--app-secret", "-"], " \n"),
    ] {
        let arguments = [&["conform", gate.url.as_str()], &arguments[..]].concat();
        let output = run(&arguments, stdin);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    assert_eq!(gate.asked(), Vec::<String>::new());
}

#[test]
fn point_1_a_gate_that_refuses_everything_has_shown_nothing_of_tokens() {
    let report = report(&ask(&closed().url, &["--output", "json"]));
    for probe in ["p08-alg-none", "p10-forged-unknown-kid", "p13-expired"] {
        assert_eq!(outcome(&report, probe), "not-shown", "{probe}");
    }
    assert_eq!(outcome(&report, "p03-malformed"), "as-expected");
}

#[test]
fn point_1_a_gate_that_accepts_an_unsigned_token_is_called_severe() {
    // `{"typ":"JWT","alg":"none"` in base64url.
    let gate = opened_by("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lI");
    let output = ask(&gate.url, &[]);
    assert_eq!(output.status.code(), Some(6));
    let printed = String::from_utf8(output.stdout).unwrap();
    let severe: Vec<&str> = printed.lines().filter(|it| it.contains("SEVERE")).collect();
    assert_eq!(severe.len(), 1, "{printed}");
    assert!(severe[0].contains("p08-alg-none"), "{printed}");
    assert!(
        printed.lines().all(|line| line.chars().count() <= 80),
        "{printed}"
    );
}

#[test]
fn point_1_a_hostile_gate_does_not_reach_the_terminal() {
    let gate = Server::saying(answer(
        "401 Unauthorized\r\nServer: \u{9b}31m\r\nWWW-Authenticate: Bearer realm=\"\u{202e}x\"",
        "\u{1b}[31m red",
    ));
    let folder = tempfile::tempdir().unwrap();
    let kept = captured(&gate, folder.path(), "gate.json");
    for arguments in [
        vec!["conform", &gate.url, "--credential", "none"],
        vec!["conform", "--compare", kept.to_str().unwrap()],
        vec![
            "conform",
            "--compare",
            kept.to_str().unwrap(),
            "--output",
            "json",
        ],
    ] {
        let output = run(&arguments, "");
        let printed = String::from_utf8(output.stdout).unwrap();
        let steers = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!printed.contains(steers), "{printed:?}");
    }
}

#[test]
fn point_1_captures_are_compared_without_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (closed(), opened_by("Mozilla"));
    let first = captured(&one, folder.path(), "one.json");
    let again = captured(&one, folder.path(), "again.json");
    let second = captured(&other, folder.path(), "other.json");
    let before = (one.asked().len(), other.asked().len());
    let compare = |files: &[&Path]| {
        let files = files.iter().map(|file| file.to_str().unwrap());
        let arguments: Vec<&str> = ["conform", "--output", "json", "--compare"]
            .into_iter()
            .chain(files)
            .collect();
        run(&arguments, "")
    };
    let same = compare(&[&first, &again]);
    assert_eq!(same.status.code(), Some(0), "{same:?}");
    let differs = compare(&[&first, &second]);
    assert_eq!(differs.status.code(), Some(6));
    let probes: Vec<String> = report(&differs)["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["probe"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        !probes.is_empty() && probes.iter().all(|it| it == "p52-browser"),
        "{probes:?}"
    );
    // A capture is judged as its gate was.
    let live = report(&ask(&other.url, &["--output", "json"]));
    assert_eq!(report(&compare(&[&second]))["probes"], live["probes"]);
    assert_eq!(before.0, one.asked().len());

    let newer = std::fs::read_to_string(&first)
        .unwrap()
        .replace("\"version\": 1", "\"version\": 2");
    let path = folder.path().join("newer.json");
    std::fs::write(&path, newer).unwrap();
    let refused = compare(&[&path]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("a newer greeting-cli made"));
}

#[test]
fn point_1_a_capture_is_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.json");
    std::fs::write(&path, "mine").unwrap();
    let gate = closed();
    let absent = folder.path().join("no-folder/kept.json");
    for path in [&path, &absent] {
        let output = run_in(
            folder.path(),
            &["conform", &gate.url, "--capture", path.to_str().unwrap()],
            "",
        );
        assert!(matches!(output.status.code(), Some(1 | 2)), "{output:?}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    assert_eq!(gate.asked(), Vec::<String>::new());
}
