//! What the gate lets an app see: no tunnel, no forged header in any spelling, one reading of each
//! request. Raw sockets on both sides, so that no client tidies what is sent.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use harness::Up;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// An app that keeps what arrives, and answers 200, or changes to any protocol it is asked for.
#[derive(Clone)]
struct App {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
}

impl App {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let app = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let seen = app.seen.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, seen.clone()));
            }
        });
        app
    }

    /// The requests that arrived, in lower case.
    fn seen(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>) {
    let mut bytes = Vec::new();
    let end = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).to_lowercase();
        let head = text.find("\r\n\r\n")?;
        let whole = !text.contains("transfer-encoding: chunked")
            || text[head..].contains("\r\n0\r\n") && text.ends_with("\r\n\r\n");
        whole.then_some(text)
    };
    let text = loop {
        if let Some(text) = end(&bytes) {
            break text;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let upgrade = text
        .lines()
        .find_map(|line| line.strip_prefix("upgrade: "))
        .map(str::to_owned);
    seen.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(text);
    let answer = match upgrade {
        Some(protocol) => format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n"
        ),
        None => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".into(),
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    // After a change of protocol: whatever follows is kept too.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    if !rest.is_empty() {
        let rest = String::from_utf8_lossy(&rest).to_lowercase();
        seen.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(rest);
    }
}

/// A gate with the path `/open` for everybody.
async fn gate() -> (Up, App) {
    let app = App::start().await;
    let up = Up::with_settings(
        &json!({"globalValidation": {"excludedPaths": ["/open"]}}),
        &["--upstream", &format!("http://{}", app.address)],
    );
    (up, app)
}

/// The first answer to these bytes.
async fn send(up: &Up, bytes: &str) -> String {
    let url = url::Url::parse(up.text("function_url")).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap()))
        .await
        .unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if answer.len() >= head + 4 + length.unwrap_or(0) {
                return text;
            }
        }
        if stream.read_buf(&mut answer).await.unwrap() == 0 {
            return text;
        }
    }
}

const HANDSHAKE: &str =
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn point_1_only_websocket_is_upgraded() {
    let (up, app) = gate().await;
    let tunnelled = "GET /secret HTTP/1.1\r\nHost: a\r\nX-MS-CLIENT-PRINCIPAL: forged\r\n\r\n";
    for (method, upgrade, more) in [
        ("GET", "h2c", "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        ("POST", "websocket", HANDSHAKE),
        ("GET", "websocket, h2c", HANDSHAKE),
        ("GET", "websocket\r\nUpgrade: h2c", HANDSHAKE),
        ("GET", "websocket", ""),
        ("GET", "TLS/1.0", HANDSHAKE),
    ] {
        let answer = send(
            &up,
            &format!(
                "{method} /open HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {upgrade}\r\nContent-Length: 0\r\n{more}\r\n{tunnelled}"
            ),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{upgrade}: {answer}");
    }
    for request in app.seen() {
        assert!(request.contains(" /open "), "{request}");
        for gone in ["\r\nupgrade:", "\r\nhttp2-settings:", "forged", "/secret"] {
            assert!(!request.contains(gone), "{gone}: {request}");
        }
    }
    // What followed was a request of its own, which the gate refuses.
    assert_eq!(app.seen().len(), 6);
    let answer = send(
        &up,
        &format!(
            "GET /open HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{HANDSHAKE}\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
}

#[tokio::test]
async fn point_2_no_spelling_and_no_trailer_forges_a_principal() {
    let (up, app) = gate().await;
    let answer = send(
        &up,
        "POST /open HTTP/1.1\r\nHost: localhost\r\nX.MS.CLIENT.PRINCIPAL: forged\r\nX_MS-CLIENT!PRINCIPAL_NAME: forged\r\nX-MS-TOKEN.AAD-ID-TOKEN: forged\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: x.ms.client.principal, x-sum\r\n\r\n0\r\nx.ms.client.principal: forged\r\nx-sum: kept\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let seen = app.seen().join("\n");
    assert!(
        !seen.contains("forged") && seen.contains("x-sum: kept"),
        "{seen}"
    );
}

#[tokio::test]
async fn point_5_connection_takes_away_nothing_that_the_gate_sets() {
    let (up, app) = gate().await;
    let bearer = up.mint(&[]);
    let answer = send(
        &up,
        &format!(
            "GET /open HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\nCookie: a=b\r\nContent-Type: text/plain\r\nX-Forwarded-For: 203.0.113.7\r\nConnection: x-forwarded-for, x-forwarded-proto, x-original-url, host, cookie, authorization, content-type, x-ms-client-principal, x-ms-client-principal-id\r\n\r\n"
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let seen = app.seen().join("\n");
    for name in [
        "x-forwarded-for: 127.0.0.1:",
        "x-forwarded-proto: http",
        "x-original-url: /open",
        "host: localhost",
        "cookie: a=b",
        "authorization: bearer ",
        "content-type: text/plain",
        "x-ms-client-principal: ",
        "x-ms-client-principal-id: ",
    ] {
        assert!(seen.contains(&format!("\r\n{name}")), "{name}: {seen}");
    }
}

#[tokio::test]
async fn point_6_a_request_that_can_be_read_two_ways_is_refused() {
    let (up, app) = gate().await;
    for (request, expected) in [
        ("GET /open HTTP/1.1\r\n\r\n", 400),
        (
            "GET /open HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
            400,
        ),
        ("GET /open HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 400),
        ("GET /open HTTP/1.0\r\n\r\n", 200),
        (
            "GET http://localhost:1/open HTTP/1.1\r\nHost: evil.example\r\n\r\n",
            200,
        ),
        ("GET /open HTTP/1.1\r\nHost: LOCALHOST\r\n\r\n", 200),
        (
            "POST /open HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        ("GET /open?q=é HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (
            "GET /open HTTP/1.1\r\nHost: localhost\r\nTE: gzip\r\nConnection: te\r\n\r\n",
            200,
        ),
    ] {
        let answer = send(&up, request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected} "))
                || expected == 200 && answer.starts_with("HTTP/1.0 200 "),
            "{request}: {answer}"
        );
    }
    let seen = app.seen();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(
        seen.iter()
            .all(|request| !request.contains("evil.example") && !request.contains("te: gzip"))
    );
    assert!(seen[1].contains("\r\nhost: localhost:1\r\n"), "{}", seen[1]);
}
