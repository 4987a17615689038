//! `up --watch`: a handler of the test's own, changed while it runs.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;
use std::time::{Duration, Instant};

use harness::Up;
use serde_json::json;

/// A handler in plain std, so that cargo needs nothing but itself to build it.
fn source(says: &str) -> String {
    format!(
        r#"use std::io::{{BufRead, BufReader, Write}};
fn main() {{
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").unwrap();
    let listener = std::net::TcpListener::bind(format!("127.0.0.1:{{port}}")).unwrap();
    for stream in listener.incoming() {{
        let mut stream = stream.unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let first = lines.next().map(|line| line.unwrap()).unwrap_or_default();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {{}}
        let body = format!("{says} {{first}}");
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {{}}\r\n\r\n{{body}}", body.len());
    }}
}}
"#
    )
}

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn function(root: &Path, name: &str, route: &str) {
    let text = json!({"bindings": [
        {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": route},
        {"type": "http", "direction": "out", "name": "res"}]});
    write(root, &format!("{name}/function.json"), &text.to_string());
}

fn host(prefix: &str) -> String {
    json!({"version": "2.0", "extensions": {"http": {"routePrefix": prefix}},
        "customHandler": {"description": {"defaultExecutablePath": "tiny"}, "enableForwardingHttpRequest": true}})
    .to_string()
}

/// Asks until the answer is the expected one; the change takes as long as cargo takes.
async fn until(up: &Up, path: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        let answer = ask(up, path).await;
        if answer.1.starts_with(expected) {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{answer:?} and never {expected}: {}",
            up.said()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn ask(up: &Up, path: &str) -> (u16, String) {
    let url = reqwest::Url::parse(up.text("function_url"))
        .unwrap()
        .join(path)
        .unwrap();
    let answer = up
        .client
        .get(url)
        .bearer_auth(up.mint(&[]))
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_change_is_built_and_replaces_the_handler_when_it_answers() {
    let app = tempfile::tempdir().unwrap();
    let root = app.path();
    write(
        root,
        "Cargo.toml",
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n",
    );
    write(root, "src/main.rs", &source("one"));
    write(root, "host.json", &host("api"));
    function(root, "first", "items/{id:int}");
    function(root, "second", "files/{*rest}");
    let up = Up::start(&["--watch", "--app-root", root.to_str().unwrap()]);

    // Several functions in one app, by their routes.
    for (path, status) in [
        ("/api/items/7", 200),
        ("/api/items/x", 404),
        ("/api/files/a/b", 200),
        ("/api/first", 404),
    ] {
        assert_eq!(ask(&up, path).await.0, status, "{path}");
    }
    assert_eq!(
        ask(&up, "/api/items/7?q=1").await.1,
        "one GET /api/items/7?q=1 HTTP/1.1"
    );

    write(root, "src/main.rs", &source("two"));
    until(&up, "/api/items/7", "two").await;

    // A build that fails changes nothing, and its errors are shown.
    write(root, "src/main.rs", "fn main() { broken }");
    wait_said(&up, "cannot find value `broken`").await;
    wait_said(&up, "the handler before it goes on").await;
    assert_eq!(ask(&up, "/api/items/7").await.0, 200);

    // One that builds and does not answer changes nothing either.
    write(
        root,
        "src/main.rs",
        "fn main() { println!(\"no luck today\"); }",
    );
    wait_said(&up, "no luck today").await;
    wait_said(&up, "did not become ready in 1 start").await;
    assert!(ask(&up, "/api/items/7").await.1.starts_with("two"));

    // The app's files count too.
    write(root, "src/main.rs", &source("three"));
    until(&up, "/api/items/7", "three").await;
    write(root, "host.json", &host("v2"));
    until(&up, "/v2/items/7", "three").await;
    write(root, "host.json", "{");
    wait_said(&up, "host.json").await;
    assert_eq!(ask(&up, "/v2/items/7").await.0, 200);
}

async fn wait_said(up: &Up, words: &str) {
    let deadline = Instant::now() + Duration::from_secs(300);
    while !up.said().contains(words) {
        assert!(
            Instant::now() < deadline,
            "never said {words:?}: {}",
            up.said()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
