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
