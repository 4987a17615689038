use super::*;

fn request(target: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = Request::builder().uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// RFC 9112 sections 3.2 and 6.1.
#[test]
fn point_6_a_request_is_read_in_one_way_or_refused() {
    for (target, headers, expected) in [
        ("/", &[("host", "localhost:7071")][..], Ok(())),
        ("/", &[], Err(Unreadable::NoHost)),
        ("/", &[("host", "")], Err(Unreadable::MalformedHost)),
        (
            "/",
            &[("host", "a"), ("host", "a")],
            Err(Unreadable::SeveralHosts),
        ),
        (
            "http://a/",
            &[("host", "a"), ("host", "b")],
            Err(Unreadable::SeveralHosts),
        ),
        ("/", &[("host", "user@a")], Err(Unreadable::MalformedHost)),
        ("/", &[("host", "a/b")], Err(Unreadable::MalformedHost)),
        ("/", &[("host", "a, b")], Err(Unreadable::MalformedHost)),
        ("http://user@a/", &[], Err(Unreadable::MalformedHost)),
        ("http://a:1/p", &[("host", "b")], Ok(())),
        ("/", &[("host", "[::1]:1")], Ok(())),
        (
            "/",
            &[("host", "a"), ("transfer-encoding", "Chunked")],
            Ok(()),
        ),
        (
            "/",
            &[("host", "a"), ("transfer-encoding", "gzip, chunked")],
            Err(Unreadable::TransferCoding),
        ),
        (
            "/",
            &[
                ("host", "a"),
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            Ok(()),
        ),
        ("/é", &[("host", "a")], Err(Unreadable::RawTarget)),
        ("/?q=é", &[("host", "a")], Err(Unreadable::RawTarget)),
    ] {
        assert_eq!(
            read(&mut request(target, headers)),
            expected,
            "{target} {headers:?}"
        );
    }
    let mut old = request("/", &[]);
    *old.version_mut() = Version::HTTP_10;
    assert_eq!(read(&mut old), Ok(()));
}

#[test]
fn point_6_an_absolute_target_replaces_the_host_header() {
    let mut request = request("http://localhost:7071/p", &[("host", "evil.example")]);
    read(&mut request).unwrap();
    assert_eq!(request.headers()["host"], "localhost:7071");
}

#[test]
fn point_5_connection_names_only_what_the_caller_sent() {
    let mut request = request(
        "/",
        &[
            ("host", "a"),
            ("connection", "close, x-own, x-forwarded-for, host"),
            (
                "connection",
                "Authorization, cookie, content-type, origin, upgrade, te",
            ),
            ("x-own", "1"),
            ("x-forwarded-for", "10.0.0.1"),
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("content-type", "text/plain"),
            ("origin", "https://a"),
            ("upgrade", "websocket"),
            ("te", "trailers"),
        ],
    );
    read(&mut request).unwrap();
    let mut left: Vec<&str> = request.headers().keys().map(HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(
        left,
        [
            "authorization",
            "connection",
            "content-type",
            "cookie",
            "host",
            "origin",
            "te",
            "upgrade"
        ]
    );
}

/// RFC 6455 section 4.2.1.
#[test]
fn point_1_only_a_whole_websocket_handshake_asks_for_one() {
    let handshake = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert!(asks_for_websocket(&request("/", &handshake)));
    for left_out in 0..handshake.len() {
        let mut headers = handshake.to_vec();
        headers.remove(left_out);
        assert!(
            !asks_for_websocket(&request("/", &headers)),
            "without {:?}",
            handshake[left_out]
        );
    }
    for upgrade in [
        "h2c",
        "websocket, h2c",
        "h2c, websocket",
        "TLS/1.0",
        "websocket/13",
        "",
    ] {
        let mut headers = handshake.to_vec();
        headers[1].1 = upgrade;
        assert!(!asks_for_websocket(&request("/", &headers)), "{upgrade}");
    }
    let mut twice = handshake.to_vec();
    twice.push(("upgrade", "h2c"));
    assert!(!asks_for_websocket(&request("/", &twice)));
    let mut post = request("/", &handshake);
    *post.method_mut() = Method::POST;
    assert!(!asks_for_websocket(&post));
}
