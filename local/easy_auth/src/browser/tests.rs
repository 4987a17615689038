//! The gate's own answers, over a socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use local_http::serve::{Limits, Loopback, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::*;
use crate::decision::METADATA;
use crate::{Gate, GateParts, Rules};

/// Long enough for a machine that is busy; nobody waits for it unless the test fails.
const TOO_LONG: Duration = Duration::from_secs(20);

const SETTINGS: &str = r#"{
  "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
  "login": {"tokenStore": {"enabled": true}},
  "identityProviders": {"azureActiveDirectory": {
    "registration": {"openIdIssuer": "http://127.0.0.1:1/tenant/v2.0", "clientId": "api"}
  }}
}"#;

/// A gate in front of an app that says "app".
async fn start(limits: Limits) -> (SocketAddr, watch::Sender<bool>) {
    let settings = Settings::parse(SETTINGS, "the test").unwrap_or_else(|why| panic!("{why}"));
    let http = reqwest::Client::new();
    let clock = Clock::default();
    let behaviour = Behaviour {
        metadata_scopes: Some(vec!["api://api/Greeting.Read".to_owned()]),
        ..Behaviour::default()
    };
    let rules = Rules::new(settings, behaviour, http.clone(), clock);
    let gate = Arc::new(Gate::new(GateParts {
        rules: Arc::new(rules),
        http,
        client_secret: None,
        cors: local_http::cors::Cors::default(),
        app: Arc::new(|_| Box::pin(async { text(StatusCode::OK, "app") })),
    }));
    let service: Service = Arc::new(move |request| {
        let gate = gate.clone();
        Box::pin(async move { gate.call(request).await.0 })
    });
    let listeners = loop {
        // With port 0, the other family's may be taken.
        if let Ok(listeners) = Loopback::bind(0).await {
            break listeners.limited(limits);
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listeners.port));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(listeners.serve(None, service, stopped));
    (address, stop)
}

/// All that comes until the gate closes.
async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = tokio::time::timeout(TOO_LONG, stream.read_to_end(&mut bytes));
    reading.await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn point_3_a_token_that_is_never_sent_whole_does_not_hold_the_gate() {
    let limits = Limits {
        body: Duration::from_millis(100),
        ..Limits::default()
    };
    let (address, _stop) = start(limits).await;
    let head = "POST /.auth/login/aad HTTP/1.1\r\nHost: localhost\r\n\
        Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"access";
    let answer = exchange(address, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

/// The head and the body of one answer.
async fn request(address: SocketAddr, method: &str, path: &str, more: &str) -> (String, String) {
    let sent =
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{more}\r\n");
    let answer = exchange(address, &sent).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

/// Point by point of the gate's own table, and what has no row in it.
#[tokio::test]
async fn point_23_no_own_page_is_framed_sniffed_or_cached() {
    let (address, _stop) = start(Limits::default()).await;
    let own = OWN.iter().map(|(path, _)| format!("/.auth{path}"));
    let others = ["/.auth/other", METADATA, "/a-page-to-sign-in-for"].map(str::to_owned);
    for path in own.chain(others) {
        for method in ["GET", "HEAD", "POST", "PUT"] {
            let page = "User-Agent: Mozilla/5.0\r\nAccept: text/html\r\n";
            let (head, _) = request(address, method, &path, page).await;
            let status = head.split(' ').nth(1).unwrap().to_owned();
            if status == "401" && !path.starts_with("/.auth") {
                continue; // Azure's own answer to an API caller, as captured
            }
            for header in [
                "cache-control: no-store",
                "x-content-type-options: nosniff",
                "x-frame-options: deny",
                "frame-ancestors 'none'",
            ] {
                assert!(
                    head.contains(header),
                    "{method} {path}: no {header} in {head}"
                );
            }
        }
    }
}

#[tokio::test]
async fn point_12_a_redirect_is_ascii() {
    let (address, _stop) = start(Limits::default()).await;
    for (wanted, expected) in [
        ("/%C3%A9", "/%c3%a9"),
        ("/a%20b%22%3C%3E", "/a%20b%22%3c%3e"),
        ("/a%2520b", "/a%20b"),
        (
            "/caf%C3%A9%3Fq%3D%C3%A9%23%C3%A9",
            "/caf%c3%a9?q=%c3%a9#%c3%a9",
        ),
    ] {
        let path = format!("/.auth/logout?post_logout_redirect_uri={wanted}");
        let (head, _) = request(address, "GET", &path, "").await;
        assert!(head.starts_with("http/1.1 302 "), "{head}");
        let location = format!("\r\nlocation: {expected}\r\n");
        assert!(head.contains(&location), "{wanted}: {head}");
    }
}

#[tokio::test]
async fn point_12_media_types_have_no_case() {
    let (address, _stop) = start(Limits::default()).await;
    for (kind, expected) in [
        ("application/json", "400"),
        ("APPLICATION/JSON", "400"),
        ("Application/Json ; charset=utf-8", "400"),
        ("application/jsonp", "415"),
        ("text/plain", "415"),
    ] {
        let more = format!("Content-Type: {kind}\r\nContent-Length: 0\r\n");
        let (head, _) = request(address, "POST", "/.auth/login/aad", &more).await;
        assert_eq!(head.split(' ').nth(1), Some(expected), "{kind}: {head}");
    }
}
