//! The gate's own answers, over a socket.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use local_easy_auth::{Behaviour, Gate, GateParts, Rules, Settings};
use local_events::Clock;
use local_http::relay::text;
use local_http::serve::{Limits, Loopback, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Long enough for a machine that is busy; nobody waits for it unless the test fails.
const TOO_LONG: Duration = Duration::from_secs(20);

const SETTINGS: &str = r#"{
  "globalValidation": {"excludedPaths": ["/open"]},
  "identityProviders": {"azureActiveDirectory": {
    "registration": {"openIdIssuer": "https://login.example/tenant/v2.0", "clientId": "api"}
  }}
}"#;

/// A gate in front of an app that says "app".
async fn start(limits: Limits) -> (SocketAddr, watch::Sender<bool>) {
    let settings = Settings::parse(SETTINGS, "the test").unwrap_or_else(|why| panic!("{why}"));
    let http = reqwest::Client::new();
    let clock = Clock::default();
    let rules = Rules::new(settings, Behaviour::default(), http.clone(), clock);
    let gate = Arc::new(Gate::new(GateParts {
        rules: Arc::new(rules),
        http,
        client_secret: None,
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
async fn a_token_that_is_never_sent_whole_does_not_hold_the_gate() {
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
