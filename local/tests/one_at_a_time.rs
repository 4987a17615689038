//! Apps that serve one connection at a time, or end one right after an answer without a word: both
//! are allowed (RFC 9112 section 9.3), and no call to them is lost.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use harness::Up;

/// What an app does after its answer.
#[derive(Debug, Clone, Copy)]
enum Then {
    /// Ends the connection.
    Ends,
    /// Waits for another request on it, and serves nobody else meanwhile.
    Waits,
}

fn app(then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            loop {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
                    head.push(byte[0]);
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                if head.is_empty() || stream.write_all(answer).is_err() {
                    break;
                }
                match then {
                    Then::Ends => break,
                    Then::Waits => {}
                }
            }
        }
    });
    address
}

#[tokio::test]
async fn no_call_is_lost_to_how_an_app_ends_its_connections() {
    for then in [Then::Ends, Then::Waits] {
        let upstream = format!("http://{}", app(then));
        let up = Up::start(&["--upstream", &upstream, "--log", "off"]);
        let token = up.mint(&[]);
        let url = up.text("function_url");
        let calls = (0..4).map(|_| {
            let (client, url, token) = (up.another_client(), url.to_owned(), token.clone());
            tokio::spawn(async move {
                for _ in 0..50 {
                    let call = client.post(&url).bearer_auth(&token).send().await.unwrap();
                    assert_eq!(call.status(), 200, "{then:?}");
                    assert_eq!(call.text().await.unwrap(), "ok");
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
    }
}
