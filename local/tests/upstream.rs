//! The gate in front of any app: `--upstream`, with an app of the test's own behind it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use harness::Up;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody, channel::Channel};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Bytes of one piece of a long stream.
const PIECE: usize = 64 * 1024;

async fn app() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    serve(listener);
    address
}

fn serve(listener: TcpListener) {
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .with_upgrades()
                    .await;
            });
        }
    });
}

fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed_unsync()
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    Ok(match path.as_str() {
        // The request as it arrived.
        "/echo" => {
            let head: Vec<String> = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("?")))
                .collect();
            let line = format!("{} {}", request.method(), request.uri());
            let text = format!("{line}\n{}\n\n", head.join("\n"));
            Response::builder()
                .header("connection", "x-hop")
                .header("x-hop", "1")
                .header("x-end", "1")
                .body(full(text))
                .unwrap()
        }
        // The body comes back as it came, with its trailers.
        "/mirror" => {
            // It asks for the body before it answers: an app that does not may be answering while
            // the caller still waits for "100 Continue", and then there is none to be sent.
            let mut body = request.into_body();
            let mut next = body.frame().await;
            let (mut sender, mirrored) = Channel::<Bytes, Infallible>::new(1);
            tokio::spawn(async move {
                while let Some(Ok(frame)) = next {
                    if sender.send(frame).await.is_err() {
                        return;
                    }
                    next = body.frame().await;
                }
            });
            let mut response = Response::new(mirrored.boxed_unsync());
            response
                .headers_mut()
                .insert("trailer", "x-sum".parse().unwrap());
            response
        }
        "/count" => {
            let mut body = request.into_body();
            let mut bytes = 0;
            while let Some(frame) = body.frame().await {
                bytes += frame.unwrap().data_ref().map_or(0, Bytes::len);
            }
            Response::new(full(bytes.to_string()))
        }
        "/events" => {
            // The second is sent when the test has seen the first.
            let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
            tokio::spawn(async move {
                sender.send_data("data: one\n\n".into()).await.unwrap();
                EVENTS.acquire().await.unwrap().forget();
                sender.send_data("data: two\n\n".into()).await.unwrap();
            });
            Response::builder()
                .header("content-type", "text/event-stream")
                .body(body.boxed_unsync())
                .unwrap()
        }
        "/socket" => {
            let key = request.headers()["sec-websocket-key"].clone();
            let principal = request.headers()["x-ms-client-principal-id"].clone();
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let io = TokioIo::new(upgrade.await.unwrap());
                let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
                while let Some(Ok(message)) = socket.next().await {
                    if message.is_text() || message.is_binary() {
                        socket.send(message).await.unwrap();
                    }
                }
            });
            Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header("connection", "Upgrade")
                .header("upgrade", "websocket")
                .header("sec-websocket-accept", derive_accept_key(key.as_bytes()))
                .header("x-who", principal)
                .body(full(""))
                .unwrap()
        }
        path => {
            // /stream/<pieces>
            let pieces: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
            let piece = Bytes::from(vec![7; PIECE]);
            let frames =
                futures_util::stream::iter(0..pieces).map(move |_| Ok(Frame::data(piece.clone())));
            Response::new(BodyExt::boxed_unsync(StreamBody::new(frames)))
        }
    })
}

static EVENTS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(0);

fn start(app: SocketAddr, more: &[&str]) -> Up {
    let url = format!("http://{app}");
    let mut arguments = vec!["--upstream", &url];
    arguments.extend(more);
    Up::start(&arguments)
}

fn bearer(up: &Up) -> String {
    format!("Bearer {}", up.mint(&[]))
}

async fn connect(up: &Up) -> TcpStream {
    let port = up
        .text("function_url")
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_the_app_sees() {
    let up = start(app().await, &[]);
    let url = format!("{}echo?a=1&b=%20", up.text("function_url"));
    let bearer = bearer(&up);
    let answer = up
        .client
        .get(&url)
        .header("authorization", &bearer)
        .header("x-ms-client-principal-name", "forged")
        .header("x-ms-token-aad-id-token", "forged")
        .header("x-forwarded-for", "203.0.113.7")
        .header("x-forwarded-proto", "ftp")
        .header("connection", "x-drop")
        .header("x-drop", "1")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("x-hop") && answer.headers().contains_key("x-end"));
    let seen = answer.text().await.unwrap();
    let header = |name: &str| {
        let mut values = seen
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{name}: ")));
        let value = values.next();
        assert_eq!(values.next(), None, "{name} twice: {seen}");
        value
    };
    assert!(seen.starts_with("GET /echo?a=1&b=%20\n"), "{seen}");
    // The Authorization header goes on unchanged: the seed's Python code reads it.
    assert_eq!(header("authorization"), Some(bearer.as_str()));
    assert_eq!(
        header("x-ms-client-principal-name"),
        Some("alice@greeting.test")
    );
    assert_eq!(header("x-ms-client-principal-idp"), Some("aad"));
    assert!(header("x-ms-client-principal").is_some());
    assert_eq!(
        header("x-ms-token-aad-id-token"),
        None,
        "never on a bearer call"
    );
    assert_eq!(header("x-forwarded-proto"), Some("http"));
    assert!(
        header("x-forwarded-for")
            .unwrap()
            .starts_with("203.0.113.7, 127.0.0.1:"),
        "{seen}"
    );
    assert_eq!(header("x-original-url"), Some("/echo?a=1&b=%20"));
    assert_eq!(header("x-drop"), None);
    assert!(header("host").unwrap().starts_with("localhost:"));

    let refused = up.client.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
}

#[tokio::test]
async fn the_app_need_not_be_there_first() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let up = start(address, &[]);
    let bearer = bearer(&up);
    let answer = up.call(&[("authorization", &bearer)]).await;
    assert_eq!(answer.status(), 502);
    let why = answer.text().await.unwrap();
    assert!(
        why.contains(&address.to_string()) && why.contains("Start the app"),
        "{why}"
    );
    serve(TcpListener::bind(address).await.unwrap());
    let url = format!("{}echo", up.text("function_url"));
    let answer = up
        .client
        .get(url)
        .header("authorization", &bearer)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn chunks_trailers_keep_alive_and_100_continue() {
    let up = start(app().await, &[]);
    let bearer = bearer(&up);
    let mut stream = connect(&up).await;
    // Twice over one connection.
    for round in 0..2 {
        let head = format!(
            "POST /mirror HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: x-sum\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut seen = String::new();
        read_until(&mut stream, &mut seen, "\r\n\r\n").await;
        assert_eq!(seen, "HTTP/1.1 100 Continue\r\n\r\n", "round {round}");
        stream.write_all(b"5\r\nhello\r\n").await.unwrap();
        // What was sent is back before the rest is sent: nothing is held.
        read_until(&mut stream, &mut seen, "hello").await;
        stream
            .write_all(b"5\r\nworld\r\n0\r\nx-sum: 42\r\n\r\n")
            .await
            .unwrap();
        read_until(&mut stream, &mut seen, "x-sum: 42\r\n\r\n").await;
        assert!(
            seen.contains("\r\n\r\nHTTP/1.1 200 OK\r\n") && seen.contains("world"),
            "{seen}"
        );
    }
    // Refused callers are not asked for their body.
    let mut stream = connect(&up).await;
    stream
        .write_all(b"POST /mirror HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        .await
        .unwrap();
    let mut seen = String::new();
    read_until(&mut stream, &mut seen, "\r\n\r\n").await;
    assert!(seen.starts_with("HTTP/1.1 401 "), "{seen}");
}

async fn read_until(stream: &mut TcpStream, seen: &mut String, end: &str) {
    let mut buffer = [0; 4096];
    while !seen.contains(end) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "closed after {seen:?}");
        seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}

#[tokio::test]
async fn events_arrive_as_they_are_sent() {
    let up = start(app().await, &[]);
    let url = format!("{}events", up.text("function_url"));
    let mut answer = up
        .client
        .get(url)
        .header("authorization", bearer(&up))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: one\n\n");
    EVENTS.add_permits(1);
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: two\n\n");
    assert_eq!(answer.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn two_hundred_messages_over_a_web_socket() {
    for more in [&[][..], &["--https"]] {
        let up = start(app().await, more);
        let url = up.text("function_url").replace("http", "ws") + "socket";
        if more.is_empty() {
            let (socket, answer) = tokio_tungstenite::client_async(
                handshake(&url, Some(&bearer(&up))),
                connect(&up).await,
            )
            .await
            .unwrap();
            assert_eq!(
                answer.headers()["x-who"],
                "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01"
            );
            exchange(socket).await;
            // A handshake without a token is refused as any other call.
            let refused =
                tokio_tungstenite::client_async(handshake(&url, None), connect(&up).await).await;
            let error = refused.err().unwrap().to_string();
            assert!(error.contains("401"), "{error}");
        } else {
            exchange_over_tls(&up, &url).await;
        }
    }
}

fn handshake(url: &str, bearer: Option<&str>) -> hyper::http::Request<()> {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let mut request = url.into_client_request().unwrap();
    if let Some(bearer) = bearer {
        request
            .headers_mut()
            .insert("authorization", bearer.parse().unwrap());
    }
    request
}

async fn exchange<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    mut socket: WebSocketStream<S>,
) {
    for number in 0..200_usize {
        let message = if number % 2 == 0 {
            Message::text(format!("message {number}"))
        } else {
            Message::binary(vec![u8::try_from(number).unwrap(); number * 100])
        };
        socket.send(message.clone()).await.unwrap();
        assert_eq!(
            socket.next().await.unwrap().unwrap(),
            message,
            "message {number}"
        );
    }
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

async fn exchange_over_tls(up: &Up, url: &str) {
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(up.text("ca_cert")).unwrap())
        .unwrap();
    let provider = std::sync::Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config))
        .connect(name, connect(up).await)
        .await
        .unwrap();
    let (socket, _) = tokio_tungstenite::client_async(handshake(url, Some(&bearer(up))), stream)
        .await
        .unwrap();
    exchange(socket).await;
}

/// What goes each way.
const MEBIBYTES: u64 = 1024;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn long_streams_pass_each_way_in_flat_memory() {
    let up = start(app().await, &["--log", "off"]);
    let bearer = bearer(&up);
    let pieces = MEBIBYTES * 16;
    let total = MEBIBYTES << 20;
    // What it needs once: buffers, keys, TLS.
    let warm = up
        .client
        .get(format!("{}stream/16", up.text("function_url")));
    warm.header("authorization", &bearer)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let before = resident(up.child.id());

    let down = up
        .client
        .get(format!("{}stream/{pieces}", up.text("function_url")));
    let mut answer = down.header("authorization", &bearer).send().await.unwrap();
    let (mut bytes, mut peak) = (0, before);
    while let Some(chunk) = answer.chunk().await.unwrap() {
        // As large as it gets while much of it is on its way.
        if bytes >> 23 != (bytes + chunk.len() as u64) >> 23 {
            peak = peak.max(resident(up.child.id()));
        }
        bytes += chunk.len() as u64;
    }
    assert_eq!(bytes, total);

    let mut stream = connect(&up).await;
    let head = format!(
        "POST /count HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nContent-Length: {total}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![7; PIECE];
    for number in 0..pieces {
        stream.write_all(&piece).await.unwrap();
        if number % 128 == 0 {
            peak = peak.max(resident(up.child.id()));
        }
    }
    let mut seen = String::new();
    read_until(&mut stream, &mut seen, &format!("\r\n\r\n{total}")).await;
    peak = peak.max(resident(up.child.id()));
    println!("{MEBIBYTES} MiB each way: RSS {before} KiB before, {peak} KiB at most");
    assert!(
        peak - before < 32 * 1024,
        "RSS grew from {before} to {peak} KiB"
    );
}

/// KiB in memory.
#[cfg(target_os = "linux")]
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn mistakes_in_the_address_are_answered() {
    for (address, names) in [
        ("https://localhost:1", "TLS ends at the gate"),
        ("localhost:1", "http://localhost:8000"),
        ("http://localhost:1/path", "origin only"),
    ] {
        let output = harness::program()
            .args([
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--upstream",
                address,
            ])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(names), "{said}");
    }
}

/// What an app behind the gate is told: as App Service tells it, so that Backstage's module starts.
#[tokio::test]
async fn point_34_env_for_app_prints_what_app_service_tells_an_app() {
    let app = format!("http://{}", app().await);
    for (changes, expected) in [
        (
            serde_json::json!({}),
            &[
                ("WEBSITE_AUTH_ENABLED", Some("True")),
                ("WEBSITE_AUTH_DEFAULT_PROVIDER", None),
                ("WEBSITE_AUTH_UNAUTHENTICATED_ACTION", None),
                ("WEBSITE_SITE_NAME", Some("greeting-local")),
                ("WEBSITE_SKU", Some("Standard")),
                ("WEBSITE_AUTH_LOGOUT_PATH", Some("/.auth/logout")),
            ][..],
        ),
        (
            serde_json::json!({
                "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
                "login": {"tokenStore": {"enabled": true}}}),
            &[
                ("WEBSITE_AUTH_ENABLED", Some("True")),
                (
                    "WEBSITE_AUTH_DEFAULT_PROVIDER",
                    Some("AzureActiveDirectory"),
                ),
                (
                    "WEBSITE_AUTH_UNAUTHENTICATED_ACTION",
                    Some("RedirectToLoginPage"),
                ),
                ("WEBSITE_AUTH_TOKEN_STORE", Some("True")),
            ],
        ),
        (
            serde_json::json!({
                "globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}}),
            &[
                (
                    "WEBSITE_AUTH_UNAUTHENTICATED_ACTION",
                    Some("AllowAnonymous"),
                ),
                ("WEBSITE_AUTH_TOKEN_STORE", Some("False")),
            ],
        ),
        (
            serde_json::json!({"platform": {"enabled": false}}),
            &[("WEBSITE_AUTH_ENABLED", Some("False"))],
        ),
    ] {
        let up = Up::with_settings(&changes, &["--upstream", &app]);
        let url = reqwest::Url::parse(up.text("function_url")).unwrap();
        // As a shell reads it.
        let script = "eval \"$1\"; env";
        let printed = up.run("env", &["--for", "app", "--shell", "bash"]);
        let printed = String::from_utf8(printed.stdout).unwrap();
        let output = std::process::Command::new("sh")
            .args(["-c", script, "sh", &printed])
            .output()
            .unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        let value = |name: &str| {
            let mut lines = output.lines();
            lines.find_map(|line| line.strip_prefix(&format!("{name}=")))
        };
        let host = format!("localhost:{}", url.port().unwrap());
        assert_eq!(value("WEBSITE_HOSTNAME"), Some(host.as_str()));
        for (name, expected) in expected {
            assert_eq!(value(name), *expected, "{name} of {changes}");
        }
    }
}

/// An app that answers each path with these bytes, and closes the connection.
async fn scripted(answer: fn(&str) -> Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else {
                        return;
                    };
                    head.push(byte);
                }
                let head = String::from_utf8_lossy(&head);
                let path = head.split(' ').nth(1).unwrap_or("");
                let _ = stream.write_all(&answer(path)).await;
            });
        }
    });
    address
}

fn odd_answer(path: &str) -> Vec<u8> {
    let headers = |number: usize| -> Vec<String> {
        (0..number)
            .map(|n| format!("x-number-{n}: {n}\r\n"))
            .collect()
    };
    let ok =
        |lines: &str| format!("HTTP/1.1 200 OK\r\n{lines}content-length: 2\r\n\r\nok").into_bytes();
    match path {
        // And its length.
        "/many" => ok(&headers(199).concat()),
        "/too-many" => ok(&headers(200).concat()),
        "/odd" => {
            let mut answer = ok("x_odd: 1\r\nX.Odd: 2\r\n!#$%&'*+-.^_`|~9: 3\r\nx-latin: ?\r\n");
            let latin = answer.iter().position(|byte| *byte == b'?').unwrap();
            answer[latin] = 0xfc;
            answer
        }
        "/space" => ok("Odd Name: 1\r\n"),
        "/no-colon" => ok("nothing\r\n"),
        "/status" => b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n".to_vec(),
        "/rubbish" => b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn point_29_odd_answers_pass_or_are_a_502_with_its_reason() {
    let up = start(scripted(odd_answer).await, &[]);
    let bearer = bearer(&up);
    let answer = async |path: &str| {
        let mut stream = connect(&up).await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let many = String::from_utf8(answer("/many").await).unwrap();
    assert!(many.starts_with("HTTP/1.1 200 "), "{many}");
    assert_eq!(many.matches("x-number-").count(), 199, "{many}");
    let odd = answer("/odd").await;
    let text = String::from_utf8_lossy(&odd);
    for line in ["x_odd: 1", "x.odd: 2", "!#$%&'*+-.^_`|~9: 3"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(odd.contains(&0xfc), "{text}");
    for (path, why) in [
        ("/space", "is not HTTP/1.1"),
        ("/no-colon", "is not HTTP/1.1"),
        ("/status", "is not HTTP/1.1"),
        ("/rubbish", "is not HTTP/1.1"),
        ("/too-many", "more headers than are read: 200"),
        ("/nothing", "broke the connection before it answered"),
    ] {
        let said = String::from_utf8(answer(path).await).unwrap();
        assert!(said.starts_with("HTTP/1.1 502 "), "{path}: {said}");
        assert!(said.contains(why), "{path}: {said}");
    }
    up.says("its answer is not HTTP/1.1");
    up.says("its answer has more headers than are read");
}
