//! The decisions of `src/handler.rs`.

use super::*;

#[test]
fn routes() {
    for (method, path, status) in [
        ("GET", "/", 200),
        ("GET", "/api/greeting", 401),
        ("GET", "/API/Greeting/", 401),
        ("GET", "/api/greeting//", 404),
        ("GET", "/api//greeting", 404),
        ("GET", "/greeting", 404),
        ("GET", "/api/greetings", 404),
        ("POST", "/api/other", 404),
        ("HEAD", "/api/greeting", 405),
        ("POST", "/api/greeting/", 405),
        ("get", "/api/greeting", 405),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let response = respond(EasyAuth::On, &method, path, &HeaderMap::new());
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(response.headers().contains_key(ALLOW), status == 405);
        assert_eq!(
            response.headers().contains_key(WWW_AUTHENTICATE),
            status == 401
        );
    }
}

#[test]
fn an_invocation_id_cannot_forge_a_line() {
    for (id, logged) in [
        (&b"6f-1"[..], "6f-1".to_owned()),
        (b"a\nb\x1b[31m \xc3\xa9", "ab[31m".to_owned()),
        (b"", "unknown".to_owned()),
        (&[b'x'; 999], "x".repeat(64)),
    ] {
        assert_eq!(printable(id), logged);
    }
}
