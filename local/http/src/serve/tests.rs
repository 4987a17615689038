use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use hyper::StatusCode;
use hyper::body::{Frame, Incoming};
use std::task::{Context, Poll};

use super::*;
use crate::relay::{BoxError, Call, Client, Protocol, Upgrades, text};

/// Long enough for a machine that is busy; nobody waits for it unless the test fails.
const TOO_LONG: Duration = Duration::from_secs(20);

mod connections;
mod http2;
mod unread;

/// Answers 401 and reads no body; to `GET`, 200.
fn refusing() -> Service {
    Arc::new(|request: Request<RequestBody>| {
        let status = match *request.method() {
            hyper::Method::GET => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        };
        Box::pin(async move { text(status, "answer") })
    })
}

/// Relays to the app at this address.
fn relaying(app: SocketAddr) -> Service {
    Arc::new(move |request| {
        Box::pin(async move {
            let stream = TcpStream::connect(app).await.unwrap();
            let call = Call::new(request, Protocol::Http1, Upgrades::None);
            let connection = Client::new(Protocol::Http1).begin(stream);
            let relayed = connection.send(call, TOO_LONG).await;
            relayed.unwrap_or_else(|_| text(StatusCode::BAD_GATEWAY, "answer"))
        })
    })
}

async fn start(service: Service, limits: Limits) -> (SocketAddr, watch::Sender<bool>) {
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

/// The next answer, its body of six bytes with it.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !bytes.ends_with(b"\r\n\r\nanswer") {
            if stream.read_buf(&mut bytes).await.unwrap() == 0 {
                break;
            }
        }
    };
    tokio::time::timeout(TOO_LONG, reading).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn post_known(stream: &mut TcpStream, length: usize) {
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'a'; length]).await.unwrap();
}

/// Posts of all sizes to `address`: each has its answer, and the next request has its own, or the
/// answer said that there is none.
async fn posts_are_answered(address: SocketAddr) {
    for length in [3, 1000, 65_536, 1 << 20, 20_000_000] {
        for _ in 0..5 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            post_known(&mut stream, length).await;
            let head = answer(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 401 "), "{length}: {head}");
            if head.contains("connection: close") {
                assert!(length > 1000, "{length}: {head}");
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "{length}");
                continue;
            }
            let next = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
            stream.write_all(next).await.unwrap();
            let next = answer(&mut stream).await;
            assert!(next.starts_with("HTTP/1.1 200 "), "{length}: {next}");
        }
    }
}

/// Without a length the answer announces the close.
async fn chunked_posts_are_answered(address: SocketAddr) {
    for chunks in [1, 10, 300] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..chunks {
            stream.write_all(b"10000\r\n").await.unwrap();
            stream.write_all(&vec![b'a'; 0x10000]).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
        }
        let head = answer(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 401 "), "{chunks}: {head}");
        assert!(head.contains("connection: close"), "{chunks}: {head}");
    }
}

#[tokio::test]
async fn point_21_a_refused_body_loses_neither_its_answer_nor_the_next_request() {
    let (address, _stop) = start(refusing(), Limits::default()).await;
    posts_are_answered(address).await;
    chunked_posts_are_answered(address).await;
}

#[tokio::test]
async fn point_21_an_apps_early_answer_arrives() {
    let (app, _stop) = start(refusing(), Limits::default()).await;
    let (address, _stop) = start(relaying(app), Limits::default()).await;
    posts_are_answered(address).await;
    chunked_posts_are_answered(address).await;
}

#[tokio::test]
async fn point_3_a_body_that_does_not_come_is_408() {
    let limits = Limits {
        body: Duration::from_millis(100),
        ..Limits::default()
    };
    let router = Router::new().route("/", post(|_: Bytes| async { "answer" }));
    let (address, _stop) = start(router_service(router), limits).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    tokio::time::timeout(TOO_LONG, reading)
        .await
        .unwrap()
        .unwrap();
    let head = String::from_utf8(bytes).unwrap();
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    assert!(head.contains("connection: close"), "{head}");
}

/// An app that answers while it reads keeps its connection; what it leaves is read, if it is little.
#[tokio::test]
async fn point_21_an_answer_that_comes_before_the_body_ends_keeps_the_connection() {
    let (read, _) = tokio::sync::broadcast::channel::<()>(1);
    let reads_on = read.clone();
    let service: Service = Arc::new(move |request| {
        let mut drop_it = reads_on.subscribe();
        Box::pin(async move {
            tokio::spawn(async move {
                let _ = drop_it.recv().await;
                drop(request);
            });
            text(StatusCode::OK, "answer")
        })
    });
    let (address, _stop) = start(service, Limits::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..3 {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let head = answer(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(!head.contains("connection: close"), "{head}");
        read.send(()).unwrap();
        stream.write_all(b"1\r\na\r\n0\r\n\r\n").await.unwrap();
    }
}
