//! An app that speaks HTTP/2 only, as gRPC servers do, behind the gate: with `--upstream-http2` it
//! is spoken to, and without it its protocol is named.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use harness::Up;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, channel::Channel};
use hyper::body::{Frame, Incoming};
use hyper::header::{HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A server of HTTP/2 that knows nothing else.
async fn app() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service_fn(answer))
                    .await;
            });
        }
    });
    address
}

/// The body comes back piece by piece, and a status in the trailers, as gRPC has it. `x-saw` is the
/// request's head.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let saw = format!(
        "{:?} {} te={:?} host={:?} id={:?}",
        request.version(),
        request.uri(),
        request.headers().get("te"),
        request.headers().get("host"),
        request.headers().get("x-ms-client-principal-id"),
    );
    let mut body = request.into_body();
    let (mut sender, mirrored) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        while let Some(Ok(frame)) = body.frame().await {
            if sender.send(frame).await.is_err() {
                return;
            }
        }
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        let _ = sender.send(Frame::trailers(trailers)).await;
    });
    Ok(Response::builder()
        .header("content-type", "application/grpc")
        .header("x-saw", saw)
        .body(mirrored.boxed_unsync())
        .unwrap())
}

fn start(app: SocketAddr, more: &[&str]) -> Up {
    let url = format!("http://{app}");
    Up::start(&[&["--upstream", &url], more].concat())
}

/// A caller in HTTP/2, over the gate's plain port.
async fn caller(up: &Up) -> hyper::client::conn::http2::SendRequest<Body> {
    let url = reqwest::Url::parse(up.text("function_url")).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", url.port().unwrap()))
        .await
        .unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(async move { drop(connection.await) });
    sender
}

#[tokio::test]
async fn point_17_an_app_of_http2_only_is_spoken_to_and_its_trailers_arrive() {
    let up = start(app().await, &["--upstream-http2"]);
    let url = up.text("function_url");
    let token = up.mint(&[]);
    let mut sender = caller(&up).await;
    let (mut pieces, body) = Channel::<Bytes, Infallible>::new(1);
    let request = Request::post(format!("{url}greet.Greeter/Hello"))
        .header("authorization", format!("Bearer {token}"))
        .header("te", "trailers")
        .header("content-type", "application/grpc")
        .body(body.boxed_unsync())
        .unwrap();
    let mut answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let saw = answer.headers()["x-saw"].to_str().unwrap().to_owned();
    let expected = format!(
        "HTTP/2.0 {url}greet.Greeter/Hello te=Some(\"trailers\") host=None id=Some(\"8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01\")"
    );
    assert_eq!(saw, expected);
    // Each way piece by piece: the answer to the first is here before the second is sent.
    for piece in ["one", "two"] {
        pieces.send_data(piece.into()).await.unwrap();
        let frame = answer.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), piece);
    }
    drop(pieces);
    let end = answer.body_mut().frame().await.unwrap().unwrap();
    assert_eq!(end.into_trailers().unwrap()["grpc-status"], "0");

    // Without a token it is refused as any other call, and HTTP/1.1 callers are served, too.
    let refused = up.another_client().post(url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let called = up.call_with(&token).await;
    assert_eq!(called.status(), 200);
    assert!(
        called.headers()["x-saw"]
            .to_str()
            .unwrap()
            .starts_with("HTTP/2.0 ")
    );
}

#[tokio::test]
async fn point_17_without_the_switch_the_answer_and_the_log_name_http2() {
    let up = start(app().await, &[]);
    let answer = up.call_with(&up.mint(&[])).await;
    assert_eq!(answer.status(), 502);
    let body = answer.text().await.unwrap();
    assert!(
        body.contains("speaks HTTP/2 only, as gRPC servers do")
            && body.contains("--upstream-http2"),
        "{body}"
    );
    up.says("it speaks HTTP/2 only; add --upstream-http2 to greeting-local up");
}

/// An app that resets each request's stream, and keeps the connection.
async fn resetting() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(async |_| {
                Err::<Response<Body>, _>(std::io::Error::other("a handler that failed"))
            });
            tokio::spawn(async move {
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    address
}

#[tokio::test]
async fn point_17_a_stream_that_the_app_resets_is_no_broken_connection() {
    let up = start(resetting().await, &["--upstream-http2"]);
    let answer = up.call_with(&up.mint(&[])).await;
    assert_eq!(answer.status(), 502);
    let body = answer.text().await.unwrap();
    assert!(body.contains("reset the request's HTTP/2 stream"), "{body}");
    up.says("it reset the HTTP/2 stream before it answered");
}

/// An app that answers each connection with `says`, and closes it: where that is `None`, only what
/// is not HTTP/2's preface is closed, without a word.
async fn closing(says: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut start = [0; 14];
                let _ = stream.read_exact(&mut start).await;
                let says = match says {
                    None if &start == b"PRI * HTTP/2.0" => &b"\0\0\0\x04\0\0\0\0\0"[..],
                    None => b"",
                    Some(says) => says,
                };
                let _ = stream.write_all(says).await;
                let _ = stream.shutdown().await;
                // What is not read would reset the connection, and its answer.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn point_17_what_an_app_speaks_is_told_from_its_own_bytes() {
    const HTTP1: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";
    for (says, more, expected) in [
        (None, &[][..], "speaks HTTP/2 only"),
        (
            Some(&b"\0\0\0\x04\0\0\0\0\0"[..]),
            &[],
            "speaks HTTP/2 only",
        ),
        (
            Some(b"220 mail ready\r\n"),
            &[],
            "something that is not HTTP/1.1",
        ),
        (Some(b""), &[], "broke the connection before it answered"),
        (
            Some(HTTP1),
            &["--upstream-http2"],
            "speaks HTTP/1.1, and was asked in HTTP/2",
        ),
        (
            Some(b""),
            &["--upstream-http2"],
            "broke the connection before it answered",
        ),
    ] {
        let up = start(closing(says).await, more);
        let answer = up.call_with(&up.mint(&[])).await;
        assert_eq!(answer.status(), 502);
        let body = answer.text().await.unwrap();
        assert!(body.contains(expected), "{says:?} {more:?}: {body}");
    }
}
