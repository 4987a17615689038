//! Ctrl-C ends the program at once, whatever it waits for.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command};

use harness::{Server, answer, challenge, cli};
use serde_json::json;

fn interrupt(child: Child) -> Option<i32> {
    ended_by("INT", child)
}

fn ended_by(signal: &str, mut child: Child) -> Option<i32> {
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args([&format!("-{signal}"), &pid])
            .status()
            .unwrap()
            .success()
    );
    child.wait().unwrap().code()
}

#[test]
fn while_a_device_code_waits() {
    let server = Server::new(|request, own| {
        if request.starts_with("POST /t/oauth2/v2.0/devicecode ") {
            let started = json!({"device_code": "d", "user_code": "u", "verification_uri": own, "expires_in": 900, "interval": 600});
            return answer("200 OK", &started.to_string());
        }
        challenge(own, "r")
    });
    let state = tempfile::tempdir().unwrap();
    let mut child = cli(
        state.path(),
        &["call", &server.url, "--credential", "device-code"],
    )
    .spawn()
    .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    // The line of the code: the program waits from here on.
    while line.trim() != "u" {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0);
    }
    assert_eq!(interrupt(child), Some(130));
}

#[test]
fn while_a_server_is_silent() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let state = tempfile::tempdir().unwrap();
    let child = cli(state.path(), &["call", &url]).spawn().unwrap();
    let (mut stream, _) = silent.accept().unwrap();
    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    assert_eq!(interrupt(child), Some(130));
}

/// The file is made before anything is sent, so that an answer has where to go.
#[test]
fn a_file_for_an_answer_that_did_not_come_is_taken_away() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let state = tempfile::tempdir().unwrap();
    let (new, kept) = (state.path().join("new"), state.path().join("kept"));
    std::fs::write(&kept, "of an earlier call").unwrap();
    for path in [&new, &kept] {
        let file = path.to_str().unwrap();
        let child = cli(state.path(), &["call", &url, "-o", file])
            .spawn()
            .unwrap();
        let (mut stream, _) = silent.accept().unwrap();
        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
        assert!(path.exists());
        assert_eq!(interrupt(child), Some(130));
    }
    assert!(!new.exists());
    assert_eq!(std::fs::read(&kept).unwrap(), b"of an earlier call");
}

/// stdin is read on the thread that everything else runs on.
#[test]
fn while_stdin_has_no_token_yet() {
    let state = tempfile::tempdir().unwrap();
    let arguments = ["call", "http://127.0.0.1:9/", "-v", "--access-token", "-"];
    let mut child = cli(state.path(), &arguments).spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    // The handler of Ctrl-C is installed once the mask of caught signals has SIGINT (bit 2).
    #[cfg(target_os = "linux")]
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
        if caught & 2 != 0 {
            break;
        }
        std::thread::yield_now();
    }
    let status = interrupt(child);
    drop(stdin);
    // Elsewhere the signal may come before the handler is installed, and ends the program as well.
    assert!(matches!(status, Some(130) | None));
}

/// Neither az nor what it has started outlives the program. What is left of them would hold the
/// pipe open, and write to it once more.
#[test]
fn what_was_started_ends_with_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::saying(challenge("https://login.microsoftonline.com", "r"));
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let state = tempfile::tempdir().unwrap();
        let (az, pipe) = (state.path().join("az"), state.path().join("pipe"));
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let script = "#!/bin/sh\n(echo started; sleep 20; echo survived) > \"$PIPE\"; :\n";
        std::fs::write(&az, script).unwrap();
        std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
        let scope = "api://r/Greeting.Read";
        let call = [
            "call",
            &server.url,
            "--credential",
            "azure-cli",
            "--scope",
            scope,
        ];
        let mut command = cli(state.path(), &call);
        let path = format!("{}:/usr/bin:/bin", state.path().display());
        let child = command
            .env("PATH", path)
            .env("PIPE", &pipe)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(std::fs::File::open(&pipe).unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        assert_eq!(ended_by(signal, child), Some(status));
        let mut rest = String::new();
        said.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "{signal}");
    }
}
