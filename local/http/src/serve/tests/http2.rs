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

/// The frames of a stream's and the connection's, by their type, until a PING's answer; the body's
/// three bytes are sent after the answer.
async fn frames_of_a_small_post(address: SocketAddr) -> Vec<u8> {
    const HEADERS: u8 = 0x1;
    const RST_STREAM: u8 = 0x3;
    const PING: u8 = 0x6;
    const END_STREAM: u8 = 0x1;
    const END_HEADERS: u8 = 0x4;
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap();
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // RFC 7541: `:method POST`, `:scheme http`, `:path /`, `:authority h`, `content-length 3`.
    let head = [0x83, 0x86, 0x84, 0x01, 1, b'h', 0x0f, 0x0d, 1, b'3'];
    let mut stream = TcpStream::connect(address).await.unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let begin = [
        preface,
        &frame(0x4, 0, 0, &[])[..],
        &frame(HEADERS, END_HEADERS, 1, &head)[..],
    ];
    stream.write_all(&begin.concat()).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let [a, b, c, kind, flags, ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await.unwrap();
        seen.push(kind);
        let ended = matches!(kind, 0x0 | HEADERS) && flags & END_STREAM != 0;
        if ended || kind == RST_STREAM {
            let body = frame(0x0, END_STREAM, 1, b"a=b");
            let ping = frame(PING, 0, 0, &[0; 8]);
            stream.write_all(&[body, ping].concat()).await.unwrap();
        }
        if kind == PING {
            return seen;
        }
    }
}

#[tokio::test]
async fn item_18_a_small_http2_body_that_comes_late_does_not_cost_the_answer() {
    let (address, _stop) = start(refusing(), Limits::default()).await;
    for _ in 0..5 {
        let frames = tokio::time::timeout(TOO_LONG, frames_of_a_small_post(address));
        let frames = frames.await.unwrap();
        assert!(frames.contains(&0x1), "an answer: {frames:?}");
        assert!(!frames.contains(&0x3), "a reset stream: {frames:?}");
    }
}
