//! Requests that hyper can't read.

use std::sync::Mutex;

use super::*;

const LAST: &str = "HTTP/1.1 200 OK";

/// A server of `service`, and what it reports.
async fn reporting(service: Service) -> (SocketAddr, Arc<Mutex<Vec<Unread>>>, watch::Sender<bool>) {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = reports.clone();
    let listeners = loop {
        if let Ok(listeners) = Loopback::bind(0).await {
            break listeners.reporting(Arc::new(move |unread| kept.lock().unwrap().push(unread)));
        }
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listeners.port));
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(listeners.serve(None, service, stopped));
    (address, reports, stop)
}

async fn exchange(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = tokio::time::timeout(TOO_LONG, stream.read_to_end(&mut bytes));
    reading.await.unwrap().unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn point_22_what_cannot_be_read_is_answered_with_words_and_reported() {
    let (address, reports, stop) = reporting(refusing()).await;
    let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let cases = [
        (
            "GET /?q=\"a\" HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "400",
            "%22",
        ),
        (
            "GET /?q=<a> HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            "400",
            "%3C",
        ),
        (
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n".to_owned(),
            "400",
            "header",
        ),
        ("nonsense\r\n\r\n".to_owned(), "400", "can't be read"),
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70_000)),
            "414",
            "too long",
        ),
        // After a request that was read.
        (
            format!("{get}GET /?\"<> HTTP/1.1\r\nHost: a\r\n\r\n"),
            "400",
            "",
        ),
    ];
    for (sent, status, words) in &cases {
        let answer = exchange(address, sent).await;
        let last = answer.rsplit("HTTP/1.1 ").next().unwrap();
        assert!(last.starts_with(status), "{sent:.60}: {answer}");
        assert!(last.contains(words), "{sent:.60}: {answer}");
        assert!(answer.matches("HTTP/1.1 ").count() == 1 || answer.starts_with(LAST));
    }
    // Each connection's report precedes the service's end.
    stop.send_replace(true);
    let all = || reports.lock().unwrap().len() == cases.len();
    let waiting = async {
        while !all() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, waiting).await.unwrap();
}

/// A service's own answer may look just like hyper's: it arrives as it is.
#[tokio::test]
async fn an_apps_own_bare_400_is_its_own() {
    let bare: Service = Arc::new(|_| {
        let mut answer = Response::new(BoxBody::default());
        *answer.status_mut() = StatusCode::BAD_REQUEST;
        Box::pin(async move { answer })
    });
    let (address, reports, _stop) = reporting(bare).await;
    let get = "GET / HTTP/1.1\r\nHost: a\r\n";
    let answer = exchange(address, &format!("{get}\r\n{get}Connection: close\r\n\r\n")).await;
    assert_eq!(
        answer.matches("HTTP/1.1 400 Bad Request\r\n").count(),
        2,
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    assert!(reports.lock().unwrap().is_empty());
}
