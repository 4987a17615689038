//! Function apps of the test's own, with a handler of its own, by `up` as a person runs it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;

use bytes::Bytes;
use harness::{Up, wait_for};
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

mod handler {
    use std::sync::Arc;

    use bytes::Bytes;
    use http_body_util::BodyExt;
    use hyper::StatusCode;
    use local_http::relay::{answer, text};
    use local_http::serve::{Loopback, Service};
    use tokio::sync::watch;

    /// The handler: the Functions host starts this test's own program with its name.
    #[tokio::test]
    #[ignore = "started by other tests as the handler"]
    async fn fake_handler() {
        let Some(port) = std::env::var_os("FUNCTIONS_CUSTOMHANDLER_PORT") else {
            return;
        };
        let port = port.into_string().unwrap().parse().unwrap();
        let service: Service = Arc::new(|request| {
            Box::pin(async move {
                let target = request.uri().to_string();
                let agent = format!("{:?}", request.headers().get("user-agent"));
                match request.uri().path().rsplit('/').next().unwrap() {
                    "events" => answer(StatusCode::OK, "text/event-stream", "data: one\n\n"),
                    "moved" => {
                        let mut moved = text(StatusCode::FOUND, "");
                        let to = "/elsewhere".parse().unwrap();
                        moved.headers_mut().insert("location", to);
                        moved
                    }
                    _ => {
                        let method = request.method().clone();
                        let body = request.into_body().collect().await;
                        let body = body.map_or(Bytes::new(), http_body_util::Collected::to_bytes);
                        let bytes = body.len();
                        text(StatusCode::OK, format!("{method} {target} {agent} {bytes}"))
                    }
                }
            })
        });
        let (_stop, stopped) = watch::channel(false);
        let listeners = Loopback::bind(port).await.unwrap();
        listeners.serve(None, service, stopped).await;
    }
}

/// A folder with these functions, and a host.json whose handler is the one above.
fn app(functions: &[(&str, Value)], section: &str, more: &Value) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bindings) in functions {
        let path = folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        let content = json!({"bindings": bindings});
        std::fs::write(path.join("function.json"), content.to_string()).unwrap();
    }
    let mut handler = json!({"description": {
        "defaultExecutablePath": std::env::current_exe().unwrap(),
        "arguments": ["--exact", "handler::fake_handler", "--ignored", "--nocapture"],
    }});
    harness::merge(&mut handler, more);
    let host = json!({"version": "2.0", section: handler});
    std::fs::write(folder.path().join("host.json"), host.to_string()).unwrap();
    folder
}

fn http(route: &str) -> Value {
    json!([
        {"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": route},
        {"type": "http", "direction": "out", "name": "res"},
    ])
}

fn start(root: &Path) -> Up {
    Up::start(&["--app-root", root.to_str().unwrap()])
}

fn request(up: &Up, method: Method, path: &str) -> RequestBuilder {
    let url = reqwest::Url::parse(up.text("function_url")).unwrap();
    up.client
        .request(method, url.join(path).unwrap())
        .bearer_auth(up.mint(&[]))
}

async fn get(up: &Up, path: &str) -> Response {
    request(up, Method::GET, path).send().await.unwrap()
}

/// How often it has said this, once it has said the last.
fn times(up: &Up, words: &str, last: &str) -> usize {
    let said = wait_for(|| Some(up.said()).filter(|said| said.contains(last)));
    said.matches(words).count()
}

#[tokio::test]
async fn point_16_an_event_stream_is_warned_of_where_azure_reads_it_whole() {
    for (key, warned) in [
        ("enableForwardingHttpRequest", 1),
        ("enableProxyingHttpRequest", 0),
    ] {
        let app = app(
            &[("all", http("{*any}"))],
            "customHandler",
            &json!({key: true}),
        );
        let up = start(app.path());
        for _ in 0..2 {
            let answer = get(&up, "/api/events").await;
            assert_eq!(answer.headers()["content-type"], "text/event-stream");
            assert_eq!(answer.text().await.unwrap(), "data: one\n\n");
        }
        assert_eq!(get(&up, "/api/last").await.status(), 200);
        let said = times(
            &up,
            "GET /api/events: the handler answers text/event-stream",
            "/api/last",
        );
        assert_eq!(said, warned, "{key}: {}", up.said());
    }
}

#[tokio::test]
async fn point_16_the_host_refuses_a_web_socket() {
    for key in ["enableForwardingHttpRequest", "enableProxyingHttpRequest"] {
        let app = app(
            &[("all", http("{*any}"))],
            "customHandler",
            &json!({key: true}),
        );
        let up = start(app.path());
        let asked = request(&up, Method::GET, "/api/socket")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 501);
        let body = answer.text().await.unwrap();
        assert!(body.contains("up --upstream passes them"), "{body}");
        up.says("GET /api/socket: it asks for a WebSocket, and is refused");
    }
}

#[tokio::test]
async fn point_10_the_home_page_can_be_turned_off() {
    for (value, status) in [("true", 204), ("True", 204), ("1", 200), ("false", 200)] {
        let app = app(
            &[("one", http("one"))],
            "customHandler",
            &json!({"enableForwardingHttpRequest": true}),
        );
        let settings =
            json!({"IsEncrypted": false, "Values": {"AzureWebJobsDisableHomepage": value}});
        std::fs::write(app.path().join("local.settings.json"), settings.to_string()).unwrap();
        let up = start(app.path());
        let answer = get(&up, "/").await;
        assert_eq!(answer.status(), status, "{value}");
        assert_eq!(answer.headers().contains_key("content-type"), status == 200);
        assert_eq!(answer.text().await.unwrap().is_empty(), status == 204);
        let is_named = up
            .printed()
            .contains("only \"true\" turns the home page off");
        assert_eq!(is_named, value == "1", "{}", up.printed());
    }
}

#[tokio::test]
async fn point_10_what_azure_treats_otherwise_is_said_at_the_first_call() {
    let forwarding = json!({"enableForwardingHttpRequest": true});
    let app_of = |section: &str, more: &Value| app(&[("all", http("{*any}"))], section, more);
    let folder = app_of("customHandler", &forwarding);
    let up = start(folder.path());
    let chunked = || {
        let pieces = ["one", "two"]
            .map(|piece| Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(piece))));
        reqwest::Body::wrap(StreamBody::new(futures_util::stream::iter(pieces)))
    };
    for _ in 0..2 {
        let asked = request(&up, Method::POST, "/api/body?a=1&a=2")
            .header("user-agent", "curl/8")
            .header("content-encoding", "identity")
            .body(chunked());
        let answer = asked.send().await.unwrap().text().await.unwrap();
        // It arrives here; the query and the agent as the host writes them.
        let expected = "POST /api/body?a=1,2 Some(\"curl/8 Azure-Functions-Host/4.0.0\") 6";
        assert_eq!(answer, expected);
    }
    // A redirect is the caller's, with forwarding and here.
    let moved = get(&up, "/api/moved").await;
    assert_eq!(moved.headers()["location"], "/elsewhere");
    assert_eq!(get(&up, "/api/last").await.status(), 200);
    for (words, expected) in [
        ("POST /api/body: it has a body without Content-Length", 1),
        ("Lost: content-encoding", 1),
        ("the handler answers with a redirect", 0),
    ] {
        assert_eq!(
            times(&up, words, "/api/last"),
            expected,
            "{words}: {}",
            up.said()
        );
    }

    // Azure's host follows it under the former section, unless that says otherwise.
    for (section, expected) in [(json!({}), 1), (forwarding, 0)] {
        let folder = app(&[("moved", http("go"))], "httpWorker", &section);
        let up = start(folder.path());
        for _ in 0..2 {
            assert_eq!(get(&up, "/api/go").await.status(), 302);
        }
        assert_eq!(get(&up, "/api/none").await.status(), 404);
        assert_eq!(
            times(
                &up,
                "GET /api/go: the handler answers with a redirect",
                "/api/none"
            ),
            expected,
            "{section}"
        );
    }
}

/// `up` in a folder, which is the current one.
fn up_in(folder: &Path, state: &Path) -> std::process::Command {
    let mut command = harness::program();
    command
        .args(["up", "--port", "0", "--authority-port", "0"])
        .arg("--state-dir")
        .arg(state)
        .current_dir(folder);
    command
}

#[test]
fn point_18_a_folder_without_host_json_is_said_or_refused() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let stdout = state.path().join("stdout");
    let mut up = up_in(folder.path(), state.path())
        .stdout(std::fs::File::create(&stdout).unwrap())
        .spawn()
        .unwrap();
    let printed = wait_for(|| {
        let printed = std::fs::read_to_string(&stdout).unwrap();
        printed.contains("Ctrl-C ends it.").then_some(printed)
    });
    let sent = std::process::Command::new("kill")
        .arg(up.id().to_string())
        .status();
    assert!(sent.unwrap().success());
    up.wait().unwrap();
    let expected = "no host.json: the built-in greeting runs (--app-root, --upstream)";
    assert!(printed.contains(expected), "{printed}");

    // Somebody's app, or a part of it.
    std::fs::write(folder.path().join("local.settings.json"), "{}").unwrap();
    let refused = up_in(folder.path(), state.path()).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(
        said.contains("local.settings.json and no host.json") && said.contains("--app-root"),
        "{said}"
    );
}

#[test]
fn point_18_a_handler_that_is_not_built_is_built_by_its_own_means() {
    for (file, executable, fix) in [
        (
            "Cargo.toml",
            "target/release/handler",
            "start with --watch, or build it first: cargo build --release\n",
        ),
        (
            "Cargo.toml",
            "target/debug/handler",
            "start with --watch, or build it first: cargo build\n",
        ),
        ("go.mod", "handler", "go build -o handler"),
        ("app.csproj", "bin/handler", "dotnet publish"),
        (
            "README.md",
            "handler",
            "build it first, or name it with --handler",
        ),
    ] {
        let description = json!({"description": {"defaultExecutablePath": executable, "arguments": null},
            "enableForwardingHttpRequest": true});
        let folder = app(&[("one", http("one"))], "customHandler", &description);
        std::fs::write(folder.path().join(file), "").unwrap();
        let state = tempfile::tempdir().unwrap();
        let refused = up_in(folder.path(), state.path()).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success());
        assert!(said.contains(fix), "{file}: {said}");
        // Not this project's crates.
        assert!(
            !said.contains("greeting-server") && !said.contains("cargo build -p"),
            "{said}"
        );
    }
}
