//! One path, one reading: what the gate lets pass without a token is the same path for the handler,
//! for the Functions host, and for a server behind.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use greeting_server::handler::is_greeting;
use hyper::{Method, StatusCode};
use local_easy_auth::{Behaviour, Gate, GateParts, Rules, Settings};
use local_events::Clock;
use local_functions_host::{Environment, FunctionApp};
use local_http::relay::{Call, Client, Protocol, Upgrades, text};
use local_http::serve::{Loopback, Service};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;

const TOO_LONG: Duration = Duration::from_secs(60);
const CASES: u32 = 3000;
/// Neither the greeting's path nor anything that leads to it.
const EXCLUDED: [&str; 3] = ["/health", "/api/open/*", "/public/*"];

fn settings() -> Settings {
    let text = serde_json::json!({
        "globalValidation": {"excludedPaths": EXCLUDED},
        "identityProviders": {"azureActiveDirectory": {"registration": {
            "openIdIssuer": "http://127.0.0.1:1/tenant/v2.0", "clientId": "api"}}},
    });
    Settings::parse(&text.to_string(), "the test").unwrap_or_else(|why| panic!("{why}"))
}

async fn serve(service: Service) -> SocketAddr {
    let listeners = loop {
        // With port 0, the other family's may be taken.
        if let Ok(listeners) = Loopback::bind(0).await {
            break listeners;
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listeners.port));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        listeners.serve(None, service, stopped).await;
        drop(stop);
    });
    address
}

/// A gate, and behind it a server on hyper that says which path it was asked for.
async fn gate() -> SocketAddr {
    let app: Service = Arc::new(|request| {
        let path = request.uri().path().to_owned();
        Box::pin(async move { text(StatusCode::OK, path) })
    });
    let app = serve(app).await;
    let http = reqwest::Client::new();
    let clock = Clock::default();
    let gate = Arc::new(Gate::new(GateParts {
        rules: Arc::new(Rules::new(
            settings(),
            Behaviour::default(),
            http.clone(),
            clock,
        )),
        http,
        client_secret: None,
        cors: local_http::cors::Cors::default(),
        app: Arc::new(move |request| {
            Box::pin(async move {
                let stream = TcpStream::connect(app).await.unwrap();
                let call = Call::new(request, Protocol::Http1, Upgrades::None);
                let connection = Client::new(Protocol::Http1).begin(stream);
                let relayed = connection.send(call, TOO_LONG).await;
                relayed.unwrap_or_else(|_| text(StatusCode::BAD_GATEWAY, ""))
            })
        }),
    }));
    let service: Service = Arc::new(move |request| {
        let gate = gate.clone();
        Box::pin(async move { gate.call(request).await.0 })
    });
    serve(service).await
}

/// The status and the body of `GET target`, sent as it is.
async fn get(gate: SocketAddr, target: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(gate).await.unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(TOO_LONG, reading)
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The shipped app, and a second function whose route is below an excluded path.
fn app() -> FunctionApp {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str, change: (&str, &str)| {
        let text = std::fs::read_to_string(shipped.join(from)).unwrap();
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text.replace(change.0, change.1)).unwrap();
    };
    copy("host.json", "host.json", ("", ""));
    let function = "greeting/function.json";
    copy(function, function, ("", ""));
    copy(
        function,
        "open/function.json",
        ("\"greeting\"", "\"open/{*rest}\""),
    );
    FunctionApp::load(folder.path(), &Environment::default()).unwrap_or_else(|why| panic!("{why}"))
}

fn is_excluded(path: &str) -> bool {
    EXCLUDED
        .iter()
        .any(|pattern| match pattern.strip_suffix("/*") {
            Some(prefix) => path
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with('/')),
            None => path == *pattern,
        })
}

/// A path as other servers read it: escapes undone once and twice, backslashes turned, parameters
/// dropped, dot segments and empty ones gone (WHATWG URL, RFC 3986 section 5.2.4, RFC 2396).
fn readings(path: &str) -> Vec<String> {
    let decoded = |text: &str| {
        let bytes = text.as_bytes();
        let mut plain = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
            match escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) => (plain.push(byte), at += 3),
                None => (plain.push(bytes[at]), at += 1),
            };
        }
        String::from_utf8_lossy(&plain).into_owned()
    };
    let once = decoded(path);
    let twice = decoded(&once);
    let mut all = vec![path.to_owned(), once, twice];
    for text in all.clone() {
        let without = text.split('/').map(|part| part.split(';').next().unwrap());
        all.push(without.collect::<Vec<_>>().join("/"));
    }
    for text in all.clone() {
        let url = url::Url::parse("http://localhost").unwrap();
        // As a path alone, whatever it begins with.
        let relative = format!("/.{text}");
        if let Ok(url) = url.join(&relative) {
            let mut path = url.path().to_owned();
            while let Some(at) = path.find("//") {
                path.remove(at);
            }
            all.push(path);
        }
    }
    all
}

/// Paths of what is excluded, of what is not, and of all that leads from one to the other.
fn paths() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "api",
        "open",
        "public",
        "health",
        "greeting",
        "API",
        "Open",
        "..",
        ".",
        "",
        "x",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "..;",
        ";x",
        "%2f",
        "..%2fgreeting",
        "%5c..%5cgreeting",
        "..\\greeting",
        "\\",
        "%00",
        "%",
        "%2",
        "%252e%252e",
        "%c0%ae%c0%ae",
        "~",
        "*",
        ":",
        "@",
        "{x}",
        "|",
        "^",
        "gre%65ting",
        "open%2f..",
        "greeting%20",
        "+",
        "a=b&c",
    ]);
    let path = prop::collection::vec(word, 1..7).prop_map(|words| format!("/{}", words.join("/")));
    let below = (
        prop::sample::select(vec!["/api/open", "/public", "/health"]),
        path.clone(),
    )
        .prop_map(|(prefix, rest)| format!("{prefix}{rest}"));
    let anything = "/[!-~]{0,24}";
    prop_oneof![3 => below, 2 => path, 1 => anything]
}

#[test]
fn what_the_gate_excludes_is_the_same_path_for_all() {
    let runtime = Runtime::new().unwrap();
    let gate = runtime.block_on(gate());
    let (app, passed) = (app(), AtomicUsize::new(0));
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(path in paths())| {
        let (status, seen) = runtime.block_on(get(gate, &path));
        if status != 200 {
            prop_assert!([400, 401, 404, 405].contains(&status), "{}: {}", path, status);
            return Ok(());
        }
        passed.fetch_add(1, Ordering::Relaxed);
        // hyper, behind: byte by byte what was sent.
        let sent = path.split(['?', '#']).next().unwrap();
        prop_assert_eq!(&seen, sent);
        for read in readings(&seen) {
            prop_assert!(is_excluded(&read), "{} is {}", seen, read);
            prop_assert!(!is_greeting(&read), "{} is the handler's {}", seen, read);
        }
        // The Functions host.
        let function = app.function(&Method::GET, &seen).map(|function| function.name.as_str());
        let expected = seen.starts_with("/api/open/").then_some("open");
        prop_assert_eq!(function, expected, "{}", seen);
    });
    let passed = passed.into_inner();
    assert!(
        passed > CASES as usize / 20,
        "only {passed} passed: the test tests little"
    );
}
