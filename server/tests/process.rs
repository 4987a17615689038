//! The real binary, over real sockets.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use greeting_server::handler::{EASY_AUTH_OFF, GREETING};
use greeting_server::principal::{Claim, Principal};

struct Server {
    child: Option<Child>,
    port: u16,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greeting-server"));
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Server {
    fn start(easy_auth: &str) -> Self {
        // Another process can take the free port before the server does.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let child = command()
                .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
                .env("WEBSITE_AUTH_ENABLED", easy_auth)
                .spawn()
                .unwrap();
            let mut server = Self {
                child: Some(child),
                port,
            };
            let until = Instant::now() + Duration::from_secs(10);
            while Instant::now() < until
                && server.child.as_mut().unwrap().try_wait().unwrap().is_none()
            {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return server;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        panic!("the server did not start");
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        stream
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> String {
        let mut stream = self.connect();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    #[cfg(unix)]
    fn end(mut self) -> Output {
        self.signal("-TERM");
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn principal(auth_typ: &str, typ: &str, val: &str) -> String {
    let claims = vec![
        Claim {
            typ: "name".into(),
            val: "Ada Secretname".into(),
        },
        Claim {
            typ: typ.into(),
            val: val.into(),
        },
    ];
    let principal = Principal {
        auth_typ: auth_typ.into(),
        claims,
        name_typ: "n".into(),
        role_typ: "r".into(),
    };
    format!("X-MS-CLIENT-PRINCIPAL: {}\r\n", principal.encode())
}

#[test]
fn answers_by_the_contract() {
    let server = Server::start("True");
    let good = principal("aad", "scp", "Greeting.Read");
    let token =
        "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzY3AiOiJHcmVldGluZy5SZWFkIn0.\r\n".to_owned();
    let challenge = "\r\nwww-authenticate: Bearer\r\n";
    for (method, path, headers, status, expected) in [
        ("GET", "/", "", 200, ""),
        (
            "GET",
            "/api/greeting",
            &*good,
            200,
            "\r\ncontent-type: text/plain; charset=utf-8\r\n",
        ),
        ("GET", "/API/GREETING/?x=1", &good, 200, GREETING),
        ("GET", "/api/greeting", "", 401, challenge),
        ("GET", "/api/greeting", &token, 401, challenge),
        ("GET", "/api/greeting", &good.repeat(2), 401, challenge),
        (
            "GET",
            "/api/greeting",
            "X-MS-CLIENT-PRINCIPAL: hunter2!\r\n",
            401,
            challenge,
        ),
        (
            "GET",
            "/api/greeting",
            &principal("facebook", "scp", "Greeting.Read"),
            401,
            challenge,
        ),
        (
            "GET",
            "/api/greeting",
            &principal("aad", "roles", "Greeting.Read"),
            403,
            "\r\nwww-authenticate: Bearer error=\"insufficient_scope\", scope=\"Greeting.Read\"\r\n",
        ),
        ("GET", "/api/other", &good, 404, ""),
        ("POST", "/api/greeting", &good, 405, "\r\nallow: GET\r\n"),
        ("HEAD", "/api/greeting", &good, 405, "\r\nallow: GET\r\n"),
        // A body that never comes is not waited for.
        (
            "POST",
            "/api/greeting",
            "Content-Length: 99999\r\n",
            405,
            "\r\nallow: GET\r\n",
        ),
    ] {
        let answer = server.ask(method, path, headers);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{method} {path} {headers}\n{answer}"
        );
        assert!(
            answer.contains(expected),
            "{method} {path} {headers}\n{answer}"
        );
    }
    assert!(
        server
            .ask("GET", "/api/greeting", &good)
            .ends_with(&format!("\r\n\r\n{GREETING}"))
    );
}

#[cfg(unix)]
#[test]
fn logs_one_line_a_refusal_and_no_secret() {
    let server = Server::start("1");
    let id = "X-Azure-Functions-InvocationId: 0b5e-77\r\n";
    let refused = principal("aad", "scp", "Other.Scope.Secret");
    server.ask(
        "GET",
        "/api/greeting",
        &format!("{id}{refused}Authorization: Bearer tok.en.secret\r\n"),
    );
    server.ask(
        "GET",
        "/api/greeting",
        &format!("{id}X-MS-CLIENT-PRINCIPAL: Secret!\r\n"),
    );
    let output = server.end();
    // The Functions host makes an error of each line on stderr.
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let log = String::from_utf8(output.stdout).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(
        log.lines()
            .all(|line| line.contains("(invocation 0b5e-77)")),
        "{log}"
    );
    assert!(
        log.starts_with("refused 403: no Greeting.Read scope"),
        "{log}"
    );
    let encoded = refused.split_once(": ").unwrap().1.trim();
    for secret in ["secret", encoded] {
        assert!(
            !log.to_lowercase().contains(&secret.to_lowercase()),
            "{log}"
        );
    }
}

#[cfg(unix)]
#[test]
fn fails_closed_where_easy_auth_is_off() {
    let server = Server::start("False");
    let answer = server.ask(
        "GET",
        "/api/greeting",
        &principal("aad", "scp", "Greeting.Read"),
    );
    assert!(
        answer.starts_with("HTTP/1.1 500 ") && answer.ends_with(EASY_AUTH_OFF),
        "{answer}"
    );
    let output = server.end();
    // Once, for a person; each refusal is information.
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("{EASY_AUTH_OFF}\n")
    );
    let log = String::from_utf8(output.stdout).unwrap();
    assert_eq!(log, "refused 500: Easy Auth off (invocation unknown)\n");
}

#[test]
fn a_bad_port_is_one_line_and_status_2() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().port().to_string();
    for port in [
        None,
        Some("nonsense"),
        Some("0"),
        Some("70000"),
        Some(""),
        Some("-1"),
        Some(" 80"),
        Some(&*taken),
    ] {
        let output = command()
            .envs(port.map(|port| ("FUNCTIONS_CUSTOMHANDLER_PORT", port)))
            .output()
            .unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), log.lines().count()),
            (Some(2), 1),
            "{port:?}: {log}"
        );
        assert!(log.contains("FUNCTIONS_CUSTOMHANDLER_PORT"), "{log}");
    }
}

#[test]
fn a_giant_header_is_an_error_and_not_a_hang() {
    let server = Server::start("True");
    let mut stream = server.connect();
    let head = format!(
        "GET /api/greeting HTTP/1.1\r\nhost: x\r\nx-big: {}",
        "a".repeat(1 << 20)
    );
    // The server may answer and close while this is still being written.
    let _ = stream.write_all(head.as_bytes());
    let mut answer = [0; 12];
    match stream.read_exact(&mut answer) {
        Ok(()) => assert_eq!(&answer, b"HTTP/1.1 431"),
        Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock, "it hangs"),
    }
    assert!(server.ask("GET", "/", "").starts_with("HTTP/1.1 200 "));
}

/// 64 KiB of header lines, to the byte, whether they come in one line or in many.
#[test]
fn point_18_headers_of_64_kib_are_read_and_one_byte_more_is_431() {
    let server = Server::start("True");
    let good = principal("aad", "scp", "Greeting.Read");
    for lines in [1, 60] {
        for (over, status) in [(0, "200"), (1, "431"), (100, "431")] {
            let mut headers = format!("Host: x\r\nConnection: close\r\n{good}");
            for line in 0..lines {
                // The rest is divided among the lines that are to come.
                let left = 64 * 1024 + over - headers.len();
                let name = format!("X-Line-{line}: ");
                let value = left / (lines - line) - name.len() - 2;
                headers += &format!("{name}{}\r\n", "a".repeat(value));
            }
            assert_eq!(headers.len(), 64 * 1024 + over);
            for path in ["/api/greeting", "/"] {
                let mut stream = server.connect();
                write!(stream, "GET {path} HTTP/1.1\r\n{headers}\r\n").unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                let expected = format!("HTTP/1.1 {status} ");
                assert!(answer.starts_with(&expected), "{lines}, {over}: {answer}");
            }
        }
    }
    #[cfg(unix)]
    {
        let log = String::from_utf8(server.end().stdout).unwrap();
        assert_eq!(log.matches("headers over 64 KiB").count(), 8, "{log}");
    }
}

#[cfg(unix)]
#[test]
fn signals_end_it_with_status_0_though_connections_idle() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start("True");
        let idle = server.connect();
        let mut kept = server.connect();
        write!(kept, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut first = [0; 12];
        kept.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        let started = Instant::now();
        server.signal(signal);
        let output = server.child.take().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "{:?}",
            started.elapsed()
        );
        drop(idle);
    }
}

#[test]
fn point_13_a_blank_variable_is_not_set() {
    for blank in ["", " "] {
        let output = command()
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", blank)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            said.contains("FUNCTIONS_CUSTOMHANDLER_PORT is not set"),
            "{said}"
        );
        // Without a port it ends before a greeting; a panic would have another status.
        let output = command()
            .env("TOKIO_WORKER_THREADS", blank)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
    let server = Server::start(" ");
    let answer = server.ask("GET", "/api/greeting", "");
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
}
