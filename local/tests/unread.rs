//! Nobody reads what is printed: requests are answered and the program ends all the same.

#![cfg(unix)]
mod harness;

use std::process::{Command, Stdio};

use harness::{program, wait_for};
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
