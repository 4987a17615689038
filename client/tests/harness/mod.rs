//! Servers with the answers that a test needs, and `greeting-cli` as a program.

#![allow(dead_code, reason = "each test program uses a part")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A JWT with no valid signature; its parts are looked for in what is printed.
pub(crate) const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJhdWQiOiJyIiwic2NwIjoiR3JlZXRpbmcuUmVhZCIsImV4cCI6NDEwMDAwMDAwMH0.c2lnbmF0dXJlLW9mLW5vYm9keQ";

/// A server on loopback, and the requests that it got.
pub(crate) struct Server {
    /// Without a path.
    pub(crate) origin: String,
    /// The address of a function on it.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers every request with one text.
    pub(crate) fn saying(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::new(move |_, _| answer.clone())
    }

    /// Answers by the request and the server's own origin.
    pub(crate) fn new<A: AsRef<[u8]>>(answer: impl Fn(&str, &str) -> A + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, own) = (Arc::clone(&asked), origin.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !is_whole(&request) {
                    match stream.read(&mut buffer) {
                        // A TLS handshake has no end of headers.
                        Ok(_) if buffer[0] == 0x16 => break,
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                heard.lock().unwrap().push(request.clone());
                let _ = stream.write_all(answer(&request, &own).as_ref());
            }
        });
        Self {
            url: format!("{origin}/api/greeting"),
            origin,
            asked,
        }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Whether a token came, whole or in part.
    pub(crate) fn was_sent(&self, token: &str) -> bool {
        self.asked()
            .iter()
            .any(|request| token.split('.').any(|part| request.contains(part)))
    }
}

fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]);
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().unwrap())
    });
    request.len() - end - 4 >= length.unwrap_or(0)
}

pub(crate) fn answer(head: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Easy Auth's 401.
pub(crate) fn challenge(authority: &str, resource: &str) -> String {
    answer(
        &format!(
            "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"x\" authorization_uri=\"{authority}/t/oauth2/v2.0/authorize\" resource_id=\"{resource}\""
        ),
        "",
    )
}

/// The program, in a state folder, with nothing of this machine's environment.
pub(crate) fn cli(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greeting-cli"));
    command
        .args(arguments)
        .env_clear()
        .env("XDG_STATE_HOME", state)
        .env("GREETING_KEY_STORE", "none")
        // Windows has no sockets without it.
        .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs it; what it prints has no token and no colour.
pub(crate) fn finish(mut command: Command, stdin: &str) -> Output {
    let mut child = command.spawn().unwrap();
    // A program that has ended already does not read: its status says why.
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

pub(crate) fn run_in(state: &Path, arguments: &[&str], stdin: &str) -> Output {
    finish(cli(state, arguments), stdin)
}

pub(crate) fn run(arguments: &[&str], stdin: &str) -> Output {
    run_in(tempfile::tempdir().unwrap().path(), arguments, stdin)
}

/// What was printed as JSON.
pub(crate) fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Exit status and code of the first finding.
pub(crate) fn first(output: &Output) -> (i32, String) {
    let report = report(output);
    let code = report["findings"][0]["code"].as_str().unwrap_or_default();
    (output.status.code().unwrap(), code.to_owned())
}

/// The snapshot `name` is this text. `BLESS=1 cargo test -p greeting-cli` accepts what is printed
/// now; read the difference.
#[track_caller]
pub(crate) fn is_current(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    if std::env::var_os("BLESS").is_some() {
        let path = folder.join(format!("{name}.snap"));
        std::fs::write(
            path,
            format!("---\nsource: client/tests\n---\n{}\n", text.trim_end()),
        )
        .unwrap();
    }
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}
