//! What stdin holds in place of a token: read where it can be, and named where it can't.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::Write as _;
use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, report};
use serde_json::{Value, json};

fn run(arguments: &[&str], stdin: &[u8]) -> Output {
    let state = tempfile::tempdir().unwrap();
    let mut child = cli(state.path(), arguments).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

/// A call of a gate that asks for a token, with this on stdin.
fn called(stdin: &[u8]) -> (Server, Output) {
    let server = Server::saying(challenge("https://127.0.0.1:9", "r"));
    let call = [
        "call",
        &server.url,
        "--access-token",
        "-",
        "--output",
        "json",
    ];
    let output = run(&call, stdin);
    (server, output)
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// The token in every form that a shell or a tool gives it.
#[test]
fn a_token_is_read_in_the_forms_that_shells_and_tools_write() {
    let line = format!("{TOKEN}\r\n");
    let az = json!({"accessToken": TOKEN, "expiresOn": "2026-11-24 08:00:00.000000", "tokenType": "Bearer"});
    let granted = json!({"token_type": "Bearer", "access_token": TOKEN, "id_token": "i"});
    let azd = json!({"token": TOKEN, "expiresOn": "2026-11-24T08:00:00Z"});
    let le = utf16(&line, u16::to_le_bytes);
    let be = utf16(&line, u16::to_be_bytes);
    for bytes in [
        line.clone().into_bytes(),
        [b"\xef\xbb\xbf", line.as_bytes()].concat(),
        le.clone(),
        be.clone(),
        [b"\xff\xfe", &le[..]].concat(),
        [b"\xfe\xff", &be[..]].concat(),
        format!("{az:#}\n").into_bytes(),
        granted.to_string().into_bytes(),
        azd.to_string().into_bytes(),
        [b"\xff\xfe", &utf16(&az.to_string(), u16::to_le_bytes)[..]].concat(),
    ] {
        let server = Server::saying(answer("200 OK", "Hello, world."));
        let output = run(&["call", &server.url, "--access-token", "-"], &bytes);
        assert_eq!(output.status.code(), Some(0), "{bytes:?}: {output:?}");
        let asked = server.asked().concat();
        assert!(asked.contains(&format!("Bearer {TOKEN}\r\n")), "{asked}");
        // And `token inspect` reads the same.
        let output = run(&["token", "inspect", "--output", "json"], &bytes);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["claims"]["aud"], "r", "{bytes:?}");
    }
}

/// Two that look alike: a refresh token with two dots, and a JWT that is cut.
#[test]
fn what_is_no_token_is_named_and_not_sent() {
    let refresh = "1.AXoAbcdefghijklmnopqrstuvwxyz0123456789.AgABAwEAAADnfolhJpSn.SVjAgD";
    for (stdin, code, said) in [
        (
            &b"System.Security.SecureString\r\n"[..],
            "not-a-token",
            "AsPlainText",
        ),
        (b"null\n", "not-a-token", "--query accessToken"),
        (b"None", "not-a-token", "--query accessToken"),
        (b"{\"expiresOn\": \"x\"}", "not-a-token", "accessToken"),
        (
            b"ERROR: Please run 'az login' to setup account.",
            "not-a-token",
            "error",
        ),
        (b"<!DOCTYPE html>", "not-a-token", "page"),
        (b"\x1f\x8b\x08\xff\xff", "not-a-token", "not text"),
        (refresh.as_bytes(), "not-an-access-token", "refresh token"),
        (
            &refresh.as_bytes()[..60],
            "not-an-access-token",
            "refresh token",
        ),
        (
            b"abc8Q~DEF_ghi-JKL.mno~PQR0123456789abcdE",
            "not-an-access-token",
            "client secret",
        ),
        (&TOKEN.as_bytes()[..80], "malformed-token", "is it cut"),
        (b"\"eyJ\"", "malformed-token", "quote"),
    ] {
        let shown = String::from_utf8_lossy(stdin);
        let (server, output) = called(stdin);
        let report = report(&output);
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], code, "{shown}: {report}");
        assert_eq!(finding["certainty"], "proved", "{shown}");
        assert!(finding.to_string().contains(said), "{shown}: {finding}");
        // The same code has the same status: nothing was sent.
        assert_eq!(output.status.code(), Some(3), "{shown}");
        assert!(server.asked().is_empty(), "{shown}");
        let output = run(&["token", "inspect", "--output", "json"], stdin);
        assert_eq!(
            harness::report(&output)["findings"][0]["code"],
            code,
            "{shown}"
        );
        assert_eq!(output.status.code(), Some(4), "{shown}");
    }
}

#[test]
fn an_empty_stdin_is_told_so() {
    for bytes in [
        &b""[..],
        b" \r\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xff\xfe\r\0\n\0",
    ] {
        let (_, output) = called(bytes);
        assert_eq!(
            report(&output)["findings"][0]["code"],
            "no-token",
            "{bytes:?}"
        );
        assert_eq!(output.status.code(), Some(3), "{bytes:?}");
        let output = run(&["token", "inspect"], bytes);
        assert_eq!(output.status.code(), Some(2), "{bytes:?}");
    }
}
