//! `up --watch`: a handler of the test's own, changed while it runs.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;
use std::time::{Duration, Instant};

use harness::Up;
use serde_json::{Value, json};

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
    host_of("tiny", prefix, &json!({}))
}

fn host_of(executable: &str, prefix: &str, more: &Value) -> String {
    let mut handler = json!({"description": {"defaultExecutablePath": executable}, "enableForwardingHttpRequest": true});
    harness::merge(&mut handler, more);
    json!({"version": "2.0", "extensions": {"http": {"routePrefix": prefix}}, "customHandler": handler}).to_string()
}

const MANIFEST: &str =
    "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";

/// How often the handler was started anew.
fn changes(up: &Up) -> usize {
    up.said()
        .lines()
        .filter(|line| line.starts_with("[watch]") && line.ends_with(" changed"))
        .count()
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
    write(root, "Cargo.toml", MANIFEST);
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
    wait_said(&up, "the old handler runs on").await;
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

/// The handler of a path in cargo's target folder, which writes to its app's folder at start and at
/// each call: none of that is a change, and all that it is built from is.
#[tokio::test]
async fn point_9_a_path_in_target_is_built_and_what_the_handler_writes_starts_nothing() {
    let app = tempfile::tempdir().unwrap();
    let root = app.path();
    let writing = |says: &str| {
        let writes = r#"let write = |name: &str| std::fs::write(name, format!("{:?} {}", std::time::SystemTime::now(), include_str!("../words.txt"))).unwrap();
    for name in ["handler.log", "state.json", "app.db", "generated/x.rs"] { write(name); }
    let mut stream = stream.unwrap();"#;
        source(says).replace("let mut stream = stream.unwrap();", writes)
    };
    write(root, "Cargo.toml", MANIFEST);
    write(root, ".gitignore", "/generated/\n");
    write(root, "words.txt", "a");
    write(root, "generated/x.rs", "");
    write(root, "src/main.rs", &writing("one"));
    write(
        root,
        "host.json",
        &host_of("target/release/tiny", "api", &json!({})),
    );
    function(root, "first", "items");
    let up = Up::start(&["--watch", "--app-root", root.to_str().unwrap()]);
    assert!(root.join("target/release/tiny").is_file());
    assert!(!root.join("target/debug/tiny").exists());
    for _ in 0..5 {
        assert_eq!(ask(&up, "/api/items").await.0, 200);
    }
    // The order of events is that of the writes: none of the five has started anything.
    write(root, "src/main.rs", &writing("two"));
    until(&up, "/api/items", "two").await;
    assert_eq!(changes(&up), 1, "{}", up.said());
    assert!(
        up.said().contains("[watch] src/main.rs changed"),
        "{}",
        up.said()
    );
    // What the compiler has read beside the sources counts, too.
    write(root, "words.txt", "b");
    wait_said(&up, "[watch] words.txt changed").await;
    // A new module, in a folder of its own, and a mistake in it that is corrected.
    write(
        root,
        "src/more/mod.rs",
        "pub fn says() -> &'static str { wrong }",
    );
    write(
        root,
        "src/main.rs",
        &format!(
            "mod more;\n{}",
            writing("three").replace("fn main() {", "fn main() { println!(\"{}\", more::says());")
        ),
    );
    wait_said(&up, "cannot find value `wrong`").await;
    write(
        root,
        "src/more/mod.rs",
        "pub fn says() -> &'static str { \"more\" }",
    );
    until(&up, "/api/items", "three").await;
}

/// Two can't listen on one port: the old handler ends first, and is started again where the new one
/// does not answer.
#[tokio::test]
async fn point_9_with_a_fixed_port_the_old_handler_ends_first() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let app = tempfile::tempdir().unwrap();
    let root = app.path();
    write(root, "Cargo.toml", MANIFEST);
    write(root, "src/main.rs", &source("one"));
    write(
        root,
        "host.json",
        &host_of("tiny", "api", &json!({"port": port})),
    );
    function(root, "first", "items");
    let up = Up::start(&["--watch", "--app-root", root.to_str().unwrap()]);
    assert!(ask(&up, "/api/items").await.1.starts_with("one"));
    write(root, "src/main.rs", &source("two"));
    until(&up, "/api/items", "two").await;
    write(
        root,
        "src/main.rs",
        "fn main() { println!(\"no luck today\"); }",
    );
    wait_said(&up, "the old handler runs on").await;
    assert!(ask(&up, "/api/items").await.1.starts_with("two"));
}

/// A program that somebody else builds, in a folder that git ignores.
#[tokio::test]
async fn point_9_a_program_that_is_not_built_here_is_started_anew_when_it_changes() {
    let app = tempfile::tempdir().unwrap();
    let root = app.path();
    let compile = |says: &str| {
        write(root, "main.rs.txt", &source(says));
        let made = std::process::Command::new("rustc")
            .args([
                "--edition",
                "2024",
                "--crate-name",
                "tiny",
                "-o",
                "bin/new",
                "main.rs.txt",
            ])
            .current_dir(root)
            .status();
        assert!(made.unwrap().success());
        std::fs::rename(root.join("bin/new"), root.join("bin/tiny")).unwrap();
    };
    write(root, ".gitignore", "bin/\n");
    write(root, "bin/.keep", "");
    write(root, "host.json", &host_of("bin/tiny", "api", &json!({})));
    function(root, "first", "items");
    compile("one");
    let up = Up::start(&["--watch", "--app-root", root.to_str().unwrap()]);
    assert!(ask(&up, "/api/items").await.1.starts_with("one"));
    compile("two");
    until(&up, "/api/items", "two").await;
    assert!(
        up.said().contains("[watch] bin/tiny changed"),
        "{}",
        up.said()
    );
}

/// A build script that says its process and never ends.
const ENDLESS: &str = r#"fn main() {
    std::fs::write("pid", std::process::id().to_string()).unwrap();
    std::fs::rename("pid", "building").unwrap();
    loop { std::thread::park(); }
}
"#;

/// The end of `up` is the end of a build in progress, too: the first one, and a later one.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn point_9_ctrl_c_ends_a_build_in_progress() {
    for first in [true, false] {
        let app = tempfile::tempdir().unwrap();
        let root = app.path();
        write(root, "Cargo.toml", MANIFEST);
        write(root, "src/main.rs", &source("one"));
        write(root, "host.json", &host("api"));
        function(root, "first", "items");
        let building = || {
            let pid = std::fs::read_to_string(root.join("building")).ok()?;
            Some(pid.parse::<u32>().unwrap())
        };
        let arguments = ["--watch", "--app-root", root.to_str().unwrap()];
        let pid = if first {
            write(root, "build.rs", ENDLESS);
            let state = tempfile::tempdir().unwrap();
            let mut up = harness::program()
                .args(["up", "--port", "0", "--authority-port", "0"])
                .arg("--state-dir")
                .arg(state.path())
                .args(arguments)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let pid = harness::wait_for(building);
            let sent = std::process::Command::new("kill")
                .args(["-INT", &up.id().to_string()])
                .status();
            assert!(sent.unwrap().success());
            up.wait().unwrap();
            pid
        } else {
            let mut up = Up::start(&arguments);
            write(root, "build.rs", ENDLESS);
            let pid = harness::wait_for(building);
            up.signal("-INT");
            up.wait();
            pid
        };
        harness::wait_for(|| (!is_running(pid)).then_some(()));
    }
}

/// Whether a process runs; one that has ended and was not waited for does not.
#[cfg(target_os = "linux")]
fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(") ").next().unwrap_or_default();
    !state.is_empty() && !state.starts_with('Z')
}
