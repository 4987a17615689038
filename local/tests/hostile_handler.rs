//! What a hostile handler prints moves no cursor, sets no title and reads as no other text: neither
//! on the terminal nor in the log, for people and as JSON.

mod harness;

use harness::app;

use harness::{Up, wait_for};
use serde_json::json;

/// ESC, an operating system command, C1 as UTF-8 and as a raw byte, bidirectional controls, a
/// carriage return.
const HOSTILE: &[u8] =
    b"a\x1b[2Jb\x1b]0;title\x07c\xc2\x9b31md\x9b31me\xe2\x80\xaef\xe2\x81\xa6g\rh\xe2\x80\xa8i";
/// The same as it is printed for people.
const ESCAPED: &str = r"a\u{1b}[2Jb\u{1b}]0;title\u{7}c\u{9b}31md";

/// What only escapes may stand for, in all that is printed.
fn is_hostile(c: char) -> bool {
    (c.is_control() && c != '\n') || "\u{202e}\u{2066}\u{2028}".contains(c)
}

mod handler {
    use std::io::Write;
    use std::sync::Arc;

    use greeting_server::refusal_line::{INVOCATION_HEADER, RefusalLine};
    use hyper::StatusCode;
    use local_http::relay::text;
    use local_http::serve::{Loopback, Service};
    use tokio::sync::watch;

    use super::HOSTILE;

    /// The handler: the Functions host starts this test's own program with its name.
    #[tokio::test]
    #[ignore = "a part of point_10_what_a_hostile_handler_prints_is_escaped"]
    async fn fake_handler() {
        let Some(port) = std::env::var_os("FUNCTIONS_CUSTOMHANDLER_PORT") else {
            return;
        };
        let port = port.into_string().unwrap().parse().unwrap();
        std::io::stdout()
            .write_all(&[b"out ", HOSTILE, b"\n"].concat())
            .unwrap();
        std::io::stderr()
            .write_all(&[b"err ", HOSTILE, b"\n"].concat())
            .unwrap();
        let service: Service = Arc::new(|request| {
            if request.uri().path() == "/" {
                return Box::pin(async { text(StatusCode::OK, "ready") });
            }
            let invocation = request.headers().get(INVOCATION_HEADER);
            let id = invocation.map(|id| id.as_bytes().to_vec());
            let hostile = String::from_utf8_lossy(HOSTILE).into_owned();
            let line = RefusalLine::new(403, &hostile, id.as_deref()).to_string();
            writeln!(std::io::stdout(), "{line}").unwrap();
            Box::pin(async { text(StatusCode::FORBIDDEN, "no") })
        });
        let (_stop, stopped) = watch::channel(false);
        let listeners = Loopback::bind(port).await.unwrap();
        listeners.serve(None, service, stopped).await;
    }
}

#[tokio::test]
async fn point_10_what_a_hostile_handler_prints_is_escaped() {
    let program = std::env::current_exe().unwrap();
    let description = json!({"customHandler": {"description": {
        "defaultExecutablePath": program,
        "arguments": ["--exact", "handler::fake_handler", "--ignored", "--nocapture"],
    }}});
    let app = app::changed("host.json", &description);
    for print in ["human", "json"] {
        let root = app.path().to_str().unwrap();
        let up = Up::start(&["--app-root", root, "--log", print]);
        let token = up.mint(&[]);
        assert_eq!(up.call_with(&token).await.status(), 403);
        let is_refusal = |line: &&str| line.contains("403") && line.contains("[2");
        let printed = wait_for(|| {
            let printed = up.said();
            printed
                .lines()
                .any(|line| is_refusal(&line))
                .then_some(printed)
        });
        for stream in ["out ", "err "] {
            let expected = format!("{stream}{ESCAPED}");
            assert!(printed.contains(&expected), "{print}: {printed}");
        }
        if let Some(at) = printed.find(is_hostile) {
            panic!("{print}: {:?}", &printed[..at + 20]);
        }
        let refusal = printed.lines().find(is_refusal).unwrap();
        let expected = match print {
            "human" => r"a\u{1b}[2",
            _ => r"a\u001b[2",
        };
        assert!(refusal.contains(expected), "{print}: {refusal}");
        if print == "json" {
            let event: serde_json::Value = serde_json::from_str(refusal).unwrap();
            let reason = event["reason"].as_str().unwrap();
            // What is long is cut.
            assert!(reason.starts_with("a\u{1b}[2"), "{reason:?}");
        }
        // And what `log` prints of it later.
        let log = up.run("log", &[]);
        let log = String::from_utf8(log.stdout).unwrap();
        assert!(log.contains(r"a\u{1b}[2"), "{log}");
        assert!(!log.contains(is_hostile), "{log:?}");
    }
}
