//! `call` for real work: methods, bodies and headers of the caller's, and answers of any kind.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::net::TcpListener;
use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, first, report, run};
use serde_json::{Value, json};

/// `call` with a token, which stdin brings.
fn call(url: &str, more: &[&str]) -> Output {
    run(
        &[&["call", url, "--access-token", "-"], more].concat(),
        TOKEN,
    )
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server whose answer has this body, whatever bytes it is of.
fn giving(head: &'static str, body: &[u8]) -> Server {
    let body = body.to_vec();
    Server::new(move |_, _| {
        let head = format!(
            "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    })
}

/// Head and body of a request.
fn parts(request: &str) -> (String, &str) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body)
}

#[test]
fn method_headers_and_body_are_sent_as_they_were_given() {
    let server = Server::saying(answer("200 OK", ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("body");
    std::fs::write(&file, b"two\nlines\0\xff").unwrap();
    let at_file = format!("@{}", file.display());
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "x-functions-key: k\r\nX-B: 3\n").unwrap();
    let at_keys = format!("@{}", keys.display());
    for (arguments, line, headers, body) in [
        (&[][..], "get ", &[][..], ""),
        (
            &["-d", "{\"a\": 1}"],
            "post ",
            &["content-type: application/json"],
            "{\"a\": 1}",
        ),
        (
            &["-d", " x\n"],
            "post ",
            &["content-type: text/plain; charset=utf-8"],
            " x\n",
        ),
        (
            &["-X", "put", "-d", &at_file],
            "put ",
            &["content-type: application/octet-stream"],
            "two\nlines\0\u{fffd}",
        ),
        (&["-X", "DELETE"], "delete ", &[], ""),
        (&["-X", "post"], "post ", &["content-length: 0"], ""),
        (&["-d", ""], "post ", &["content-length: 0"], ""),
        (&["-X", "PURGE"], "purge ", &[], ""),
        (
            &["-H", "X-A: 1", "-H", "x-a: 2", "-H", &at_keys],
            "get ",
            &["x-a: 1\r\nx-a: 2", "x-functions-key: k", "x-b: 3"],
            "",
        ),
        (
            &[
                "-d",
                "a=b",
                "-H",
                "Content-Type: application/x-www-form-urlencoded",
            ],
            "post ",
            &["content-type: application/x-www-form-urlencoded"],
            "a=b",
        ),
    ] {
        let output = call(&server.url, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        // An empty answer is no line.
        assert_eq!(output.stdout, b"", "{arguments:?}");
        let asked = server.asked();
        let (head, sent) = parts(asked.last().unwrap());
        assert!(head.starts_with(&format!("{line}/api/greeting ")), "{head}");
        assert!(head.contains("authorization: bearer "), "{head}");
        assert_eq!(
            head.matches("content-type:").count(),
            usize::from(head.contains("content-type: "))
        );
        for header in headers {
            assert!(head.contains(header), "{head}");
        }
        assert_eq!(sent, body, "{arguments:?}");
    }
}

/// stdin brings the body where it does not bring the token.
#[test]
fn a_body_comes_from_stdin_and_two_things_never_do() {
    let server = Server::saying(answer("200 OK", "{}"));
    for name in ["-", "@-"] {
        let state = tempfile::tempdir().unwrap();
        let mut command = harness::cli(state.path(), &["call", &server.url, "-d", name]);
        command.env("GREETING_ACCESS_TOKEN", TOKEN);
        let output = harness::finish(command, "from stdin");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let asked = server.asked();
        assert_eq!(parts(asked.last().unwrap()).1, "from stdin");
    }
    let before = server.asked().len();
    let output = call(&server.url, &["-d", "-"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(said(&output).contains("both read stdin"), "{output:?}");
    assert_eq!(server.asked().len(), before);
}

/// What the caller sends goes with a token only: the question that is asked without one is a GET.
#[test]
fn the_question_without_a_token_has_nothing_of_the_callers() {
    let server = Server::new(|request, own| {
        if request.to_lowercase().contains("authorization:") {
            answer("403 Forbidden", "")
        } else {
            challenge(own, "r")
        }
    });
    let output = call(
        &server.url,
        &[
            "-X",
            "DELETE",
            "-d",
            "secret",
            "-H",
            "X-Key: secret",
            "--output",
            "json",
        ],
    );
    assert_eq!(first(&output).0, 5);
    let asked = server.asked();
    // Beside the function the authority's keys are asked for.
    let (with, without): (Vec<_>, Vec<_>) = asked
        .iter()
        .filter(|request| request.contains(" /api/greeting "))
        .partition(|request| request.to_lowercase().contains("authorization:"));
    assert_eq!((with.len(), without.len()), (1, 1));
    assert!(with[0].starts_with("DELETE ") && with[0].contains("secret"));
    assert!(without[0].starts_with("GET ") && !without[0].contains("secret"));
    // The same where nothing but the question is asked.
    let server = Server::saying(challenge("https://login.microsoftonline.com", "r"));
    let url = server.url.as_str();
    run(&["call", url, "-d", "secret", "-H", "X-Key: secret"], "");
    assert!(server.asked()[0].starts_with("GET "));
    assert!(!server.asked()[0].contains("secret"));
}

#[test]
fn what_can_not_be_sent_is_a_usage_error_and_nothing_is_asked() {
    let server = Server::saying(answer("200 OK", ""));
    for (arguments, why) in [
        (
            &["-H", "Authorization: Bearer x"][..],
            "Authorization is where greeting-cli puts the token",
        ),
        (
            &["-H", "authorization:x"],
            "--access-token - reads yours from stdin",
        ),
        (&["-H", "Host: evil.example"], "the URL's own"),
        (&["-H", "Content-Length: 1"], "belongs to the connection"),
        (&["-H", "no colon"], "write NAME: VALUE"),
        (&["-H", "X-A: b\r\nX-C: d"], "such as a line break"),
        (&["-H", "@no-such-file"], "can't be read from no-such-file"),
        (&["-d", "@no-such-file"], "can't be read from no-such-file"),
        (&["-d", "@."], "can't be read from ."),
        (&["-d", "a", "-d", "b"], "cannot be used multiple times"),
        (&["-X", "CONNECT"], "CONNECT calls no function"),
        (&["-X", "TRACE"], "repeats the request"),
        (&["-X", "a b"], "one word"),
        (&["-H", &format!("X-ZUMO-AUTH: {TOKEN}")], "-H @FILE"),
        (&["-d", TOKEN], "--data @FILE"),
        (
            &["-o", "no-such-folder/file"],
            "can't be written to no-such-folder/file",
        ),
        (&["-o", "."], "can't be written to ."),
    ] {
        let output = call(&server.url, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(said(&output).contains(why), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty());
    }
    assert!(server.asked().is_empty());
}

/// More than any pipe or buffer holds, with what a terminal would obey.
#[test]
fn a_body_goes_to_a_pipe_or_a_file_byte_for_byte() {
    let mut body = b"\x1b[31mred\x1b[0m\r\n\0\xff\xfe".to_vec();
    body.extend((0..1_000_000_u32).flat_map(u32::to_le_bytes));
    let server = giving("200 OK\r\nContent-Type: application/octet-stream", &body);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer");
    std::fs::write(&file, "of an earlier call").unwrap();
    let path = file.to_str().unwrap();
    let state = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| {
        let arguments = [&["call", &server.url], more].concat();
        let mut command = harness::cli(state.path(), &arguments);
        // `finish` looks for colours.
        command
            .env("GREETING_ACCESS_TOKEN", TOKEN)
            .output()
            .unwrap()
    };
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(output.stdout == body, "{} bytes", output.stdout.len());
    let output = run(&["-o", "-"]);
    assert!(output.stdout == body);
    let output = run(&["-o", path]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    assert!(std::fs::read(&file).unwrap() == body);
    let output = run(&["-o", path, "--output", "json"]);
    assert!(std::fs::read(&file).unwrap() == body);
    let report = report(&output);
    assert_eq!(report["body_file"], path);
    assert_eq!(report["body"], Value::Null);
}

#[test]
fn a_refusal_leaves_the_file_as_it_was() {
    let server = Server::saying(answer("404 Not Found", "nothing here"));
    let folder = tempfile::tempdir().unwrap();
    let (kept, new) = (folder.path().join("kept"), folder.path().join("new"));
    std::fs::write(&kept, "of an earlier call").unwrap();
    for path in [&kept, &new] {
        for output in ["human", "json"] {
            let path = path.to_str().unwrap();
            let output = call(&server.url, &["-o", path, "--output", output]);
            assert_eq!(output.status.code(), Some(6), "{output:?}");
        }
    }
    assert_eq!(std::fs::read(&kept).unwrap(), b"of an earlier call");
    assert!(!new.exists());
    // Where nothing answers too.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let output = call(&url, &["-o", new.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(7));
    assert!(!new.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_so_by_the_files_name() {
    let server = Server::saying(answer("200 OK", "Hello, world."));
    let output = call(&server.url, &["-o", "/dev/full"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(said(&output).contains("could not be written to /dev/full"));
}

#[test]
fn json_has_the_body_and_how_it_is_written() {
    for (head, body, status, expected) in [
        (
            "200 OK",
            &b"{\"a\": 1}\n"[..],
            0,
            json!(["{\"a\": 1}\n", "utf-8"]),
        ),
        ("200 OK", b"\xff\x00", 0, json!(["/wA=", "base64"])),
        ("201 Created", b"", 0, json!(["", "utf-8"])),
        (
            "409 Conflict",
            b"{\"error\": \"taken\"}",
            6,
            json!(["{\"error\": \"taken\"}", "utf-8"]),
        ),
    ] {
        let output = call(&giving(head, body).url, &["-d", "{}", "--output", "json"]);
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let report = report(&output);
        assert_eq!(json!([report["body"], report["body_encoding"]]), expected);
    }
    // Who refuses may repeat what it was sent; `call` looks for the token in what is printed.
    let echo = Server::saying(answer("400 Bad Request", &format!("you sent {TOKEN}")));
    let output = call(&echo.url, &["--output", "json"]);
    assert_eq!(report(&output)["body"], "you sent (not shown)");
    // Nothing came.
    let output = call("http://192.0.2.1/", &["--output", "json"]);
    assert_eq!(report(&output)["body"], Value::Null);
}

#[test]
fn include_prints_status_and_headers_first() {
    let server = giving("201 Created\r\nX-A: 1\r\nX-A: 2", b"made");
    let output = call(&server.url, &["-i", "-d", "x"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
    assert!(head.contains("x-a: 1\r\nx-a: 2\r\n"), "{head}");
    assert_eq!(body, "made");
    let report = report(&call(&server.url, &["-i", "--output", "json"]));
    let headers = report["headers"].as_array().unwrap();
    assert!(headers.contains(&json!(["x-a", "2"])), "{headers:?}");
    // Of a refusal too, whose body is in the report.
    let server = Server::saying(answer("404 Not Found\r\nX-A: 1", "nothing here"));
    let output = call(&server.url, &["-i"]);
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 404 Not Found\r\n") && !text.contains("nothing"),
        "{text}"
    );
    assert!(said(&output).contains("nothing here"));
}

#[test]
fn head_has_no_body_to_wait_for() {
    let server =
        Server::saying("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
    let output = call(&server.url, &["-X", "HEAD", "-i"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .ends_with("content-length: 5\r\n\r\n")
    );
}

#[test]
fn a_redirect_takes_neither_token_nor_body_along() {
    let elsewhere = Server::saying(answer("200 OK", "here"));
    for status in [
        "301 Moved Permanently",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let server = Server::saying(answer(
            &format!("{status}\r\nLocation: {}", elsewhere.url),
            "",
        ));
        let output = call(&server.url, &["-d", "{}", "--output", "json"]);
        assert_eq!(
            first(&output),
            (6, "stripped-authorization".to_owned()),
            "{status}"
        );
    }
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn a_body_is_sent_again_only_where_it_did_not_count() {
    for (head, tries) in [
        ("503 Service Unavailable\r\nRetry-After: 0", 3),
        ("429 Too Many Requests\r\nRetry-After: 0", 3),
        ("500 Internal Server Error", 1),
        ("502 Bad Gateway", 1),
    ] {
        let server = Server::saying(answer(head, ""));
        call(&server.url, &["-d", "{}", "--retry", "2"]);
        assert_eq!(server.asked().len(), tries, "{head}");
    }
    // It was read, and then the connection broke: it may have been acted on.
    for (arguments, tries) in [
        (&["-d", "{}"][..], 1),
        (&["-X", "POST"], 1),
        (&["-X", "PATCH"], 1),
        (&[], 2),
        (&["-X", "DELETE"], 2),
    ] {
        let server = Server::saying("");
        let output = call(
            &server.url,
            &[arguments, &["--retry", "1", "--output", "json"]].concat(),
        );
        assert_eq!(first(&output), (7, "refused".to_owned()));
        assert_eq!(server.asked().len(), tries, "{arguments:?}");
    }
    // Nobody was there to read it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let output = call(&url, &["-d", "{}", "--retry", "1"]);
    assert!(
        said(&output).contains("trying again in 1 s (1 of 1)"),
        "{output:?}"
    );
}

/// More was announced than came: nobody takes a part for the whole.
#[test]
fn an_answer_that_breaks_off_is_no_success() {
    let body = "x".repeat(400_000);
    for length in [100, 300_000] {
        let short = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 500000\r\n\r\n{}",
            &body[..length]
        );
        for more in [&[][..], &["--output", "json"]] {
            let output = call(&Server::saying(short.clone()).url, more);
            assert_eq!(output.status.code(), Some(7), "{length}: {}", said(&output));
        }
    }
}
