//! What the fuzz targets run, and what must hold of every input. A panic is a finding.

use bytes::Bytes;
use http_body_util::Empty;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Request, Uri, Version};

use crate::{arrival, relay};

/// What the gate tells the app by, and no caller may set or take away.
const GATES_OWN: [&str; 5] = [
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-ms-client-principal",
    "x-ms-client-principal-id",
    "x-original-url",
];

/// A request's way through arrival and relay: the first line is its method, target and version,
/// the others are its headers.
pub fn rewriting(data: &[u8]) {
    let Some(mut request) = request(data) else {
        return;
    };
    let sent = request.headers().clone();
    if arrival::read(&mut request).is_err() {
        return;
    }
    for name in GATES_OWN {
        let value = HeaderValue::from_static("the gate's");
        request.headers_mut().insert(name, value);
    }
    let target = request.uri().path_and_query().cloned();
    let websocket = arrival::asks_for_websocket(&request);
    let request = relay::outgoing(request, websocket);
    let all = |name: &str| -> Vec<&[u8]> {
        let values = request.headers().get_all(name).into_iter();
        values.map(HeaderValue::as_bytes).collect()
    };
    for name in GATES_OWN {
        assert_eq!(all(name), [b"the gate's"], "{name}");
    }
    for name in [
        "expect",
        "http2-settings",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "transfer-encoding",
    ] {
        assert!(all(name).is_empty(), "{name} belongs to one connection");
    }
    let upgrades = all("upgrade");
    assert_eq!(websocket, upgrades == [b"websocket"], "{upgrades:?}");
    assert!(websocket || upgrades.is_empty(), "{upgrades:?}");
    let (connection, te) = (all("connection"), all("te"));
    assert!(te.is_empty() || te == [b"trailers"], "{te:?}");
    match (websocket, te.is_empty()) {
        (true, _) => assert_eq!(connection, [b"upgrade"]),
        (false, false) => assert_eq!(connection, [b"te"]),
        (false, true) => assert!(connection.is_empty()),
    }
    let hosts = all("host");
    assert!(hosts.len() == 1 && !hosts[0].contains(&b'@'), "{hosts:?}");
    // No Connection list takes these away.
    for name in [
        header::AUTHORIZATION,
        header::COOKIE,
        header::CONTENT_TYPE,
        header::CONTENT_LENGTH,
        header::ORIGIN,
    ] {
        let sent: Vec<&[u8]> = sent
            .get_all(&name)
            .into_iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(all(name.as_str()), sent, "{name}");
    }
    let uri = request.uri();
    assert!(uri.scheme().is_none() && uri.authority().is_none());
    if let Some(target) = target {
        assert_eq!(uri.path_and_query(), Some(&target));
        assert!(target.as_str().is_ascii());
    }
    // Servers that merge trailers into headers read them as CGI does (RFC 3875 section 4.1.18).
    for name in sent.keys().filter(|name| relay::travels(name)) {
        let variable = cgi(name);
        for own in ["X_MS_", "X_FORWARDED", "X_ORIGINAL"] {
            assert!(!variable.starts_with(own), "the trailer {name} travels");
        }
    }
}

/// A header's name as a CGI program sees it, with one underscore for several.
fn cgi(name: &HeaderName) -> String {
    let words: Vec<String> = name
        .as_str()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    words.join("_")
}

fn request(data: &[u8]) -> Option<Request<Empty<Bytes>>> {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(3, |byte| *byte == b' ');
    let (method, target) = (first.next()?, first.next()?);
    let mut request = Request::builder()
        .method(method)
        .uri(Uri::try_from(target).ok()?)
        .version(match first.next() {
            Some(b"HTTP/1.0") => Version::HTTP_10,
            Some(b"HTTP/2") => Version::HTTP_2,
            _ => Version::HTTP_11,
        })
        .body(Empty::new())
        .ok()?;
    for line in lines.take(100) {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().append(name, value);
    }
    Some(request)
}
