//! Nobody reads what is printed: requests are answered and the program ends all the same.

#![cfg(unix)]
mod harness;

use std::process::{Command, Stdio};

use harness::{Up, program, wait_for};
use serde_json::Value;

#[tokio::test]
async fn point_16_a_pipe_that_nobody_reads_holds_up_no_request_and_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    // Both pipes are open, and nobody reads them until the end of this test.
    let mut child = program()
        .args(["up", "--port", "0", "--authority-port", "0", "--ready-file"])
        .arg(&ready)
        .env("GREETING_LOCAL_STATE", folder.path().join("state"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let text = wait_for(|| std::fs::read(&ready).ok());
    let ready: Value = serde_json::from_slice(&text).unwrap();
    let url = ready["function_url"].as_str().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    // More than a pipe and the queue hold: a line has some 100 bytes, a pipe 64 KiB.
    for _ in 0..3000 {
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 401);
    }
    let sent = Command::new("kill").arg(child.id().to_string()).status();
    assert!(sent.unwrap().success());
    let status = wait_for(|| child.try_wait().unwrap());
    assert!(status.success(), "{status}");
}

/// A result that is not written is an error.
#[cfg(target_os = "linux")]
#[test]
fn point_17_a_result_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = program()
        .args(["mint", "--state-dir"])
        .arg(folder.path().join("state"))
        .stdout(full.unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("could not be written"), "{said}");
}

/// Every command; of `up` it is what it says before it serves.
#[cfg(target_os = "linux")]
#[test]
fn point_17_no_command_succeeds_whose_result_cannot_be_written() {
    let up = Up::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let handler = folder.path().join("handler");
    std::fs::write(&handler, static_program()).unwrap();
    let zip = folder.path().join("greeting.zip");
    let package = [
        "package",
        "--handler",
        handler.to_str().unwrap(),
        "--out",
        zip.to_str().unwrap(),
    ];
    let other = folder.path().join("other");
    let another = |more: &[&'static str]| {
        let free = ["up", "--port", "0", "--authority-port", "0", "--state-dir"];
        [&free[..], &[other.to_str().unwrap()], more].concat()
    };
    let (other_up, other_detached) = (another(&[]), another(&["--detach"]));
    let pages = folder.path().join("man");
    let man = ["man", pages.to_str().unwrap()];
    let commands: [&[&str]; 21] = [
        &["env"],
        &["env", "--output", "json"],
        &["env", "--unset"],
        &["status"],
        &["status", "--output", "json"],
        &["health"],
        &["completions", "bash"],
        &man,
        &other_up,
        &other_detached,
        &["mint"],
        &["log"],
        &["log", "--output", "json"],
        &["policy"],
        &["rotate-keys"],
        &["demo"],
        &["demo", "--output", "json"],
        &package,
        &["--help"],
        &["--version"],
        &["up", "--help"],
    ];
    // So that the log has a line.
    assert!(up.run("rotate-keys", &[]).status.success());
    for arguments in commands {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = program()
            .args(arguments)
            .env("GREETING_LOCAL_STATE", up.folder.path().join("state"))
            .stdout(full.unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("could not be written") && said.contains("os error 28"),
            "{arguments:?}: {said}"
        );
    }
    // Written before its list was.
    assert!(zip.exists());
    // What failed to say that it runs does not run.
    let output = program()
        .args(["status", "--state-dir"])
        .arg(&other)
        .output();
    assert_eq!(output.unwrap().status.code(), Some(1));
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = program()
        .args(["stop", "--state-dir"])
        .arg(up.folder.path().join("state"))
        .stdout(full.unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// A reader that has gone wanted no more: `| head -1` is no error, nothing is said of it, and what
/// goes on until Ctrl-C ends.
#[test]
fn item_13_a_reader_that_has_gone_is_no_error() {
    let up = Up::start(&[]);
    for arguments in [
        &["--help"][..],
        &["env"],
        &["mint"],
        &["policy"],
        &["completions", "zsh"],
        &["log"],
        &["log", "--follow"],
    ] {
        let mut child = program()
            .args(arguments)
            .env("GREETING_LOCAL_STATE", up.folder.path().join("state"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        // A decision, for `log --follow` to print.
        assert!(up.run("rotate-keys", &[]).status.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

/// The least that is a static x86-64 program: a header and an empty loadable segment.
#[cfg(target_os = "linux")]
fn static_program() -> Vec<u8> {
    let mut bytes = vec![0; 120];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    for (at, value) in [(18, 62), (32, 64), (54, 56), (56, 1), (64, 1)] {
        bytes[at] = value;
    }
    bytes
}
