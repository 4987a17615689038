//! Connections to the app and to the handler serve several calls: no call is sent twice, none gets
//! another's answer, and each has the truthful status, whenever the other side ends a connection.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;
#[path = "kept_connections/app.rs"]
mod server;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Up, app, wait_for};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use server::{Served, Shared, Then, answer, well};

fn start(app: SocketAddr) -> Up {
    Up::start(&["--upstream", &format!("http://{app}"), "--log", "off"])
}

/// What the caller got.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Got {
    Answer(u16, String),
    /// The answer broke off.
    Cut,
}

struct Caller {
    client: reqwest::Client,
    url: String,
    token: String,
}

static IDS: AtomicUsize = AtomicUsize::new(0);

fn id() -> String {
    format!("call-{}", IDS.fetch_add(1, Ordering::SeqCst))
}

impl Caller {
    fn new(up: &Up) -> Self {
        Self {
            client: up.another_client(),
            url: up.text("function_url").to_owned(),
            token: up.mint(&[]),
        }
    }

    async fn call(&self, id: &str) -> Got {
        let call = self.client.post(&self.url).bearer_auth(&self.token);
        let Ok(answer) = call.header("x-id", id).body("0123456789").send().await else {
            return Got::Cut;
        };
        let status = answer.status().as_u16();
        answer
            .text()
            .await
            .map_or(Got::Cut, |text| Got::Answer(status, text))
    }

    /// A call that is answered as it should be.
    async fn calls_well(&self) {
        let id = id();
        assert_eq!(self.call(&id).await, Got::Answer(200, id));
    }

    /// Calls until a connection has served several calls: the app has shown that it keeps them.
    async fn warms_up(&self, shared: &Shared) {
        let before = shared.further();
        while shared.further() == before {
            self.calls_well().await;
        }
    }
}

/// When an app ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// So many bytes of the request are read.
    Bytes(usize),
    Head,
    HalfBody,
    Request,
    HalfAnswerHead,
    AnswerHead,
    HalfAnswer,
    Answer,
}

/// Serves a request; at the `nth` of its connection it ends that at this moment.
fn strike(served: &mut Served, moment: Moment, nth: usize, struck: &AtomicUsize) -> Then {
    if served.nth != nth {
        return well(served);
    }
    let ends = || {
        struck.fetch_add(1, Ordering::SeqCst);
        Then::Ends
    };
    if let Moment::Bytes(bytes) = moment {
        // A connection that ends meanwhile is not struck.
        return match served.read(bytes) == bytes {
            true => ends(),
            false => Then::Ends,
        };
    }
    let Some(head) = served.head() else {
        return Then::Ends;
    };
    if moment == Moment::Head {
        return ends();
    }
    let half = match moment {
        Moment::HalfBody => head.length / 2,
        _ => head.length,
    };
    served.read(half);
    let text = answer(&head.id);
    let cut = match moment {
        Moment::HalfAnswerHead => 20,
        Moment::AnswerHead => text.len() - head.id.len(),
        Moment::HalfAnswer => text.len() - 1,
        Moment::Answer => text.len(),
        _ => 0,
    };
    // Before the caller can have the answer.
    let then = ends();
    served.write(&text[..cut]);
    then
}

#[tokio::test]
async fn point_3_an_app_that_closes_at_every_moment_sees_each_call_once() {
    for (moment, expected) in [
        (Moment::Bytes(0), Some(502)),
        (Moment::Bytes(1), Some(502)),
        (Moment::Bytes(30), Some(502)),
        (Moment::Head, Some(502)),
        (Moment::HalfBody, Some(502)),
        (Moment::Request, Some(502)),
        (Moment::HalfAnswerHead, Some(502)),
        (Moment::AnswerHead, None),
        (Moment::HalfAnswer, None),
        (Moment::Answer, Some(200)),
    ] {
        // On a new connection, and on one that is used again.
        for nth in [0, 1] {
            if moment == Moment::Bytes(0) && nth == 1 {
                continue; // the next test's
            }
            let struck = Arc::new(AtomicUsize::new(0));
            let counts = struck.clone();
            let (address, shared) = server::app(move |served| strike(served, moment, nth, &counts));
            let up = start(address);
            let caller = Caller::new(&up);
            for _ in 0..2 {
                // The calls before it are answered; the one that is struck is not sent again.
                loop {
                    let (id, before) = (id(), struck.load(Ordering::SeqCst));
                    let got = caller.call(&id).await;
                    assert!(shared.times(&id) <= 1, "{moment:?} {nth}: {id} {got:?}");
                    let is_struck = struck.load(Ordering::SeqCst) > before;
                    let whole = Got::Answer(200, id.clone());
                    match (is_struck, expected) {
                        (true, Some(502)) => {
                            let Got::Answer(502, why) = &got else {
                                panic!("{moment:?} {nth}: {got:?}");
                            };
                            assert!(why.contains("broke the connection"), "{why}");
                        }
                        (true, None) => assert_eq!(got, Got::Cut, "{moment:?} {nth}"),
                        // Sent on a connection of which nobody knew yet that the app ends it: that
                        // is said, and not repeated.
                        (false, Some(200)) if got != whole => {
                            let Got::Answer(502, why) = &got else {
                                panic!("{moment:?} {nth}: {got:?}");
                            };
                            assert!(why.contains("not repeated"), "{why}");
                            assert_eq!(shared.times(&id), 0, "{moment:?} {nth}");
                        }
                        _ => assert_eq!(got, whole, "{moment:?} {nth}"),
                    }
                    if is_struck {
                        break;
                    }
                }
            }
            assert_eq!(shared.broken.load(Ordering::SeqCst), 0);
        }
    }
}

#[tokio::test]
async fn point_3_connections_that_end_while_they_are_idle_lose_no_call() {
    let (address, shared) = server::app(well);
    let up = start(address);
    let caller = Caller::new(&up);
    for _ in 0..20 {
        caller.warms_up(&shared).await;
        shared.end_all();
        caller.calls_well().await;
    }
}

#[tokio::test]
async fn point_3_few_connections_serve_many_calls() {
    let (address, shared) = server::app(well);
    let up = start(address);
    let caller = Caller::new(&up);
    caller.warms_up(&shared).await;
    let before = shared.accepted();
    for _ in 0..200 {
        caller.calls_well().await;
    }
    // One, or one more for each second that this machine was busy with others.
    let connections = shared.accepted() - before;
    assert!(connections < 40, "{connections}");

    // Ten callers at once: each gets its own answer.
    let before = shared.accepted();
    let callers = (0..10).map(|_| {
        let caller = Caller::new(&up);
        tokio::spawn(async move {
            for _ in 0..50 {
                caller.calls_well().await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let connections = shared.accepted() - before;
    assert!(connections < 100, "{connections}");
    let seen = shared.seen.lock().unwrap();
    let once: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(seen.len(), once.len());
}

/// Answers after which a connection is not to be used again, and whether the caller gets the call's
/// id, as the answer has a body.
const LAST: [(&str, &str); 9] = [
    (
        "POST",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: LEN\r\n\r\nID",
    ),
    ("POST", "HTTP/1.0 200 OK\r\ncontent-length: LEN\r\n\r\nID"),
    (
        "POST",
        "HTTP/1.1 200 OK\r\ncontent-length: LEN\r\n\r\nIDextra",
    ),
    (
        "POST",
        "HTTP/1.1 200 OK\r\ncontent-length: LEN\r\n\r\nIDHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
    ),
    (
        "POST",
        "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
    ),
    (
        "POST",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 6\r\n\r\nforged",
    ),
    ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"),
    (
        "POST",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: LEN\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ),
    (
        "POST",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n",
    ),
];

#[tokio::test]
async fn point_3_no_connection_is_used_after_an_answer_that_leaves_something_open() {
    let (address, shared) = server::app(|served| {
        let Some(head) = served.head() else {
            return Then::Ends;
        };
        served.read(head.length);
        let odd = head
            .text
            .lines()
            .find_map(|line| line.strip_prefix("x-odd: "));
        let odd = odd.map(|odd| LAST[odd.parse::<usize>().unwrap()].1);
        let Some(odd) = odd else {
            served.write(answer(&head.id));
            return Then::Goes;
        };
        let length = head.id.len().to_string();
        served.write(odd.replace("LEN", &length).replace("ID", &head.id));
        // It waits for another request: there is none.
        if served.head().is_some() {
            served.shared.broken.fetch_add(1, Ordering::SeqCst);
        }
        Then::Ends
    });
    let up = start(address);
    let caller = Caller::new(&up);
    for (odd, (method, sent)) in LAST.iter().enumerate() {
        caller.warms_up(&shared).await;
        let call = caller
            .client
            .request(method.parse().unwrap(), &caller.url)
            .bearer_auth(&caller.token)
            .header("x-odd", odd);
        let got = call.send().await.unwrap();
        let status: u16 = sent[9..12].parse().unwrap();
        let expected = if status == 101 { 502 } else { status };
        assert_eq!(got.status(), expected, "{sent:?}");
        let text = got.text().await.unwrap();
        assert!(!text.contains("forged"), "{sent:?}: {text}");
        for _ in 0..10 {
            caller.calls_well().await;
        }
        assert_eq!(shared.broken.load(Ordering::SeqCst), 0, "{sent:?}");
    }
}

/// Bytes that an app sends on an idle connection are nobody's answer.
#[tokio::test]
async fn point_3_what_comes_between_two_calls_is_not_the_next_calls_answer() {
    let (send, sent) = std::sync::mpsc::channel::<()>();
    let (told, tells) = std::sync::mpsc::channel::<()>();
    let sent = std::sync::Mutex::new(sent);
    let (address, shared) = server::app(move |served| {
        let Some(head) = served.head() else {
            return Then::Ends;
        };
        served.read(head.length);
        served.write(answer(&head.id));
        if head.text.contains("x-more: 1") {
            sent.lock().unwrap().recv().unwrap();
            served.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged");
            told.send(()).unwrap();
        }
        Then::Goes
    });
    let up = start(address);
    let caller = Caller::new(&up);
    for _ in 0..5 {
        caller.warms_up(&shared).await;
        let call = caller.client.post(&caller.url).bearer_auth(&caller.token);
        let got = call.header("x-more", "1").send().await.unwrap();
        got.text().await.unwrap();
        send.send(()).unwrap();
        tells.recv().unwrap();
        for _ in 0..5 {
            caller.calls_well().await;
        }
    }
}

fn raw(up: &Up, request: &str) -> TcpStream {
    let url = reqwest::Url::parse(up.text("function_url")).unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", url.port().unwrap())).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// An upload, and a download, that the caller breaks off.
#[tokio::test]
async fn point_3_what_a_caller_breaks_off_is_the_callers_and_ends_the_connection() {
    let (address, shared) = server::app(|served| {
        let Some(head) = served.head() else {
            return Then::Ends;
        };
        if served.read(head.length) < head.length {
            return Then::Ends;
        }
        match head.text.contains("x-long: 1") {
            false => served.write(answer(&head.id)),
            true => {
                served.write("HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n");
                while served.stream.write_all(&[7; 4096]).is_ok() {}
                return Then::Ends;
            }
        }
        Then::Goes
    });
    let up = Up::start(&["--upstream", &format!("http://{address}")]);
    let caller = Caller::new(&up);
    let head = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n",
        caller.token
    );
    for (n, framing) in [
        "content-length: 1000\r\n\r\nhalf of it",
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        // Still there, and it can't be read.
        "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nno length\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        caller.warms_up(&shared).await;
        let id = id();
        let mut stream = raw(&up, &format!("{head}x-id: {id}\r\n{framing}"));
        wait_for(|| (shared.times(&id) == 1).then_some(()));
        stream.shutdown(Shutdown::Write).unwrap();
        let mut got = String::new();
        // It may be reset.
        let _ = stream.read_to_string(&mut got);
        if n == 2 {
            assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
        }
        for _ in 0..10 {
            caller.calls_well().await;
        }
        assert_eq!(shared.times(&id), 1);
    }
    let log = up.says("the caller broke off the request's body");
    assert!(!log.contains("broke the connection"), "{log}");

    caller.warms_up(&shared).await;
    let mut stream = raw(
        &up,
        &format!("{head}x-long: 1\r\ncontent-length: 0\r\n\r\n"),
    );
    stream.read_exact(&mut [0; 1000]).unwrap();
    drop(stream);
    for _ in 0..10 {
        caller.calls_well().await;
    }
}

/// The answer is there before the request is: what is left of that is no request.
#[tokio::test]
async fn point_3_an_early_answer_ends_its_connection() {
    let (address, shared) = server::app(|served| {
        let Some(head) = served.head() else {
            return Then::Ends;
        };
        if head.length == 1000 {
            served.write("HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n");
            served.read(head.length);
        } else {
            served.read(head.length);
            served.write(answer(&head.id));
        }
        Then::Goes
    });
    let up = start(address);
    let caller = Caller::new(&up);
    for _ in 0..5 {
        caller.warms_up(&shared).await;
        let mut stream = raw(
            &up,
            &format!(
                "POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\n\r\nhalf of it",
                caller.token
            ),
        );
        let mut got = [0; 13];
        stream.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"HTTP/1.1 413 ");
        drop(stream);
        for _ in 0..10 {
            caller.calls_well().await;
        }
        assert_eq!(shared.broken.load(Ordering::SeqCst), 0);
    }
}

/// The handler: the Functions host starts this test's own program with its name.
#[test]
#[ignore = "a part of point_3_a_handler_that_is_restarted_is_called_over_new_connections"]
fn fake_handler() {
    let Some(port) = std::env::var_os("FUNCTIONS_CUSTOMHANDLER_PORT") else {
        return;
    };
    let port: u16 = port.into_string().unwrap().parse().unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    // It runs in the app's folder.
    let seen = std::fs::File::options()
        .append(true)
        .create(true)
        .open("seen")
        .unwrap();
    let ends = std::sync::atomic::AtomicBool::new(false);
    server::serve(listener, move |served| {
        let Some(head) = served.head() else {
            return Then::Ends;
        };
        if ends.load(Ordering::SeqCst) {
            return Then::Ends;
        }
        writeln!(&seen, "{}", head.id).unwrap();
        if head.text.contains("x-end: before") {
            std::process::exit(1);
        }
        let is_last = head.text.contains("x-end: after");
        ends.store(is_last, Ordering::SeqCst);
        served.write(format!(
            "HTTP/1.1 200 OK\r\nx-pid: {}\r\nx-nth: {}\r\ncontent-length: 0\r\n\r\n",
            std::process::id(),
            head.nth,
        ));
        if is_last {
            std::process::exit(1);
        }
        Then::Goes
    });
    loop {
        std::thread::park();
    }
}

#[tokio::test]
async fn point_3_a_handler_that_is_restarted_is_called_over_new_connections() {
    let program = std::env::current_exe().unwrap();
    let description = json!({"customHandler": {"description": {
        "defaultExecutablePath": program,
        "arguments": ["--exact", "fake_handler", "--ignored", "--nocapture"],
    }}});
    let app = app::changed("host.json", &description);
    let up = Up::start(&["--app-root", app.path().to_str().unwrap(), "--log", "off"]);
    let token = up.mint(&[]);
    let call = async |id: &str, end: &str| {
        let headers = [
            ("authorization", format!("Bearer {token}")),
            ("x-id", id.to_owned()),
            ("x-end", end.to_owned()),
        ];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let answer = up.call(&headers).await;
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        (answer.status().as_u16(), header("x-pid"), header("x-nth"))
    };
    let mut last = None;
    for end in ["before", "after"] {
        // Until a connection has served two calls.
        let pid = loop {
            let id = id();
            let (status, pid, nth) = call(&id, "no").await;
            // The process may just be ending.
            assert!([200, 502].contains(&status), "{end}: {status}");
            if status == 200 {
                assert_ne!(last, pid, "{end}: that process has ended");
            }
            if nth.is_some_and(|nth| nth != "0") {
                break pid;
            }
        };
        let (status, _, _) = call(&id(), end).await;
        assert_eq!(status, if end == "before" { 502 } else { 200 });
        last = pid;
    }
    let seen = std::fs::read_to_string(app.path().join("seen")).unwrap();
    let mut ids: Vec<&str> = seen.lines().filter(|id| !id.is_empty()).collect();
    let calls = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), calls, "a call came twice");
}

/// An app of HTTP/2 that says each call's id, and how many connections came.
async fn http2_app() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepted = Arc::new(AtomicUsize::new(0));
    let counts = accepted.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            counts.fetch_add(1, Ordering::SeqCst);
            let service = hyper::service::service_fn(
                async |request: hyper::Request<hyper::body::Incoming>| {
                    let id = request.headers()["x-id"].as_bytes().to_vec();
                    request.into_body().collect().await.unwrap();
                    Ok::<_, std::convert::Infallible>(hyper::Response::new(
                        Full::<bytes::Bytes>::from(id),
                    ))
                },
            );
            tokio::spawn(async move {
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (address, accepted)
}

#[tokio::test]
async fn point_3_few_connections_serve_many_calls_in_http2_too() {
    let (address, accepted) = http2_app().await;
    let upstream = format!("http://{address}");
    let up = Up::start(&["--upstream", &upstream, "--upstream-http2", "--log", "off"]);
    let caller = Caller::new(&up);
    // Until one has been kept.
    loop {
        let before = accepted.load(Ordering::SeqCst);
        caller.calls_well().await;
        if accepted.load(Ordering::SeqCst) == before {
            break;
        }
    }
    let before = accepted.load(Ordering::SeqCst);
    let callers = (0..10).map(|_| {
        let caller = Caller::new(&up);
        tokio::spawn(async move {
            for _ in 0..50 {
                caller.calls_well().await;
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let connections = accepted.load(Ordering::SeqCst) - before;
    assert!(connections < 100, "{connections}");
}
