//! Over HTTP/2 a refused body ends its stream, never the connection (RFC 9113 section 8.1).

use hyper::client::conn::http2::{self, SendRequest};
use tokio::sync::oneshot;

use super::*;

/// A body without an end; its sender is dropped with it.
struct Endless(#[expect(dead_code, reason = "its drop is what it is for")] oneshot::Sender<()>);

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; 16_384])))))
    }
}

async fn connect(address: SocketAddr) -> SendRequest<BoxBody> {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let handshake = http2::handshake(TokioExecutor::new(), stream);
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}

/// The answer to a post without an end, and what says that the post has ended.
async fn endless_post(sender: &mut SendRequest<BoxBody>) -> (String, oneshot::Receiver<()>) {
    let (alive, gone) = oneshot::channel();
    let post = Request::post("http://localhost/").body(BoxBody::new(Endless(alive)));
    let answer = sender.send_request(post.unwrap());
    let answer = tokio::time::timeout(TOO_LONG, answer).await.unwrap();
    (read(answer.unwrap()).await, gone)
}

async fn get(sender: &mut SendRequest<BoxBody>) -> String {
    let empty = Request::get("http://localhost/").body(BoxBody::default());
    let answer = sender.send_request(empty.unwrap());
    let answer = tokio::time::timeout(TOO_LONG, answer).await.unwrap();
    read(answer.unwrap()).await
}

async fn read(answer: Response<Incoming>) -> String {
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    format!("{status} {}", String::from_utf8_lossy(&body))
}

#[tokio::test]
async fn point_21_a_refused_http2_body_is_reset_and_the_connection_goes_on() {
    let (address, _stop) = start(refusing(), Limits::default()).await;
    let mut sender = connect(address).await;
    for _ in 0..20 {
        let (answer, gone) = endless_post(&mut sender).await;
        assert_eq!(answer, "401 answer");
        let gone = tokio::time::timeout(TOO_LONG, gone).await.unwrap();
        assert!(gone.is_err(), "dropped, not sent");
        assert_eq!(get(&mut sender).await, "200 answer");
    }
}

#[tokio::test]
async fn point_21_an_apps_early_answer_to_an_http2_body_arrives() {
    let (app, _stop) = start(refusing(), Limits::default()).await;
    let (address, _stop) = start(relaying(app), Limits::default()).await;
    let mut sender = connect(address).await;
    for _ in 0..5 {
        assert_eq!(endless_post(&mut sender).await.0, "401 answer");
        assert_eq!(get(&mut sender).await, "200 answer");
    }
}
