//! Connections that are kept, against servers that end them at every moment.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};

use http_body_util::Full;
use hyper::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

/// Reached only by a hang.
const TOO_LONG: Duration = Duration::from_secs(60);
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// What a server does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// Answers everything.
    Never,
    /// Ends after so many answers.
    After(usize),
    /// Takes so many requests, and ends without an answer to the last.
    Without(usize),
    /// Ends in the midst of this answer.
    Within(usize),
}

/// The number of a connection, and the path of a request on it.
type Seen = (usize, String);

/// A server that does so with each connection, and tells what it sees.
async fn server(ends: Ends) -> (SocketAddr, mpsc::UnboundedReceiver<Seen>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            tokio::spawn(connection(stream, ends, number, tell.clone()));
        }
    });
    (address, seen)
}

async fn connection(
    mut stream: TcpStream,
    ends: Ends,
    number: usize,
    tell: mpsc::UnboundedSender<Seen>,
) {
    for count in 1.. {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let _ = tell.send((number, path));
        if ends == Ends::Without(count) {
            return;
        }
        let length = if ends == Ends::Within(count) {
            ANSWER.len() - 1
        } else {
            ANSWER.len()
        };
        if stream.write_all(&ANSWER[..length]).await.is_err()
            || length < ANSWER.len()
            || ends == Ends::After(count)
        {
            return;
        }
    }
}

/// Calls `path`; whether it was answered whole.
async fn call(kept: &Kept, address: SocketAddr, path: &str) -> bool {
    let request = Request::get(path).body(Full::<Bytes>::default()).unwrap();
    let connect = async || TcpStream::connect(address).await;
    let answer = kept
        .relay(address.port(), connect, request, Upgrades::None, TOO_LONG)
        .await;
    match answer {
        Ok(answer) => {
            assert_eq!(answer.status(), StatusCode::OK);
            answer.into_body().collect().await.is_ok()
        }
        Err(Unanswered::Relay(RelayError::Broken)) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Waits until a kept connection is ready, or none is kept.
async fn settled(kept: &Kept) {
    let settle = async {
        loop {
            let ready = {
                let idle = kept.idle();
                idle.iter()
                    .all(|one| one.sender.is_ready() || one.sender.is_closed())
            };
            if ready {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, settle).await.unwrap();
}

#[tokio::test]
async fn one_connection_carries_one_request_after_another() {
    let (address, mut seen) = server(Ends::Never).await;
    let kept = Kept::default();
    for number in 0..20 {
        assert!(call(&kept, address, &format!("/{number}")).await);
        settled(&kept).await;
    }
    let mut connections = Vec::new();
    while let Ok((connection, _)) = seen.try_recv() {
        connections.push(connection);
    }
    // A slow machine may take longer than a connection is kept for.
    connections.dedup();
    assert!(connections.len() < 20, "{connections:?}");
}

#[tokio::test]
async fn no_request_is_sent_twice_whenever_a_server_ends_a_connection() {
    for ends in [
        Ends::After(1),
        Ends::After(2),
        Ends::Without(1),
        Ends::Without(2),
        Ends::Within(1),
        Ends::Within(3),
    ] {
        let (address, mut seen) = server(ends).await;
        let kept = Kept::default();
        let mut answered = HashMap::new();
        for number in 0..30 {
            let path = format!("/{number}");
            answered.insert(path.clone(), call(&kept, address, &path).await);
            if number % 2 == 0 {
                settled(&kept).await;
            }
        }
        let mut times: HashMap<String, usize> = HashMap::new();
        while let Ok((_, path)) = seen.try_recv() {
            *times.entry(path).or_default() += 1;
        }
        for (path, was_answered) in answered {
            let times = times.get(&path).copied().unwrap_or(0);
            assert!(times <= 1, "{ends:?}: {path} came {times} times");
            assert!(times == 1 || !was_answered, "{ends:?}: {path}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_to_its_end_ends_its_connection() {
    let (address, _seen) = server(Ends::Never).await;
    let kept = Kept::default();
    let request = Request::get("/").body(Full::<Bytes>::default()).unwrap();
    let connect = async || TcpStream::connect(address).await;
    let answer = kept
        .relay(address.port(), connect, request, Upgrades::None, TOO_LONG)
        .await
        .unwrap();
    drop(answer);
    assert!(kept.idle().is_empty());
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_of_one_port() {
    let (address, _seen) = server(Ends::Never).await;
    let kept = Kept::default();
    let calls = (0..MAX_IDLE + 40).map(|number| {
        let kept = kept.clone();
        tokio::spawn(async move { call(&kept, address, &format!("/{number}")).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert!(kept.idle().len() <= MAX_IDLE);
    // A server on another port gets none of these.
    let (other, mut seen) = server(Ends::Never).await;
    assert!(call(&kept, other, "/other").await);
    assert_eq!(seen.try_recv().unwrap(), (0, "/other".to_owned()));
    kept.clear();
    assert!(kept.idle().is_empty());
}
