//! Results that can't be written, and files that are none.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Server, TOKEN, answer, challenge, cli, first, run_in};

/// Every command, with stdout on a full disk.
#[cfg(target_os = "linux")]
#[test]
fn point_17_a_result_that_is_not_written_is_an_error() {
    use std::io::Write as _;
    let server = Server::saying(answer("200 OK", "Hello, world."));
    let refusing = Server::saying(challenge("https://127.0.0.1:9", "r"));
    let url = server.url.as_str();
    for arguments in [
        &["call", url, "--access-token", "-"][..],
        &["call", url, "--access-token", "-", "--output", "json"],
        &[
            "call",
            &refusing.url,
            "--credential",
            "none",
            "--output",
            "json",
        ],
        &["token", "inspect"],
        &["token", "inspect", "--output", "json"],
        &["logout", "--output", "json"],
        &["login", url, "--output", "json"],
        &["token", "get", url, "--output", "json"],
        &["doctor", url],
        &["doctor", url, "--output", "json"],
        &["explain"],
        &["explain", "expired"],
        &["explain", "--output", "json"],
        &["completions", "bash"],
        &["man", "."],
        &["--help"],
        &["call", "--help"],
        &["--version"],
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = cli(state.path(), arguments);
        command
            .current_dir(&state)
            .stdout(File::options().write(true).open("/dev/full").unwrap());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(TOKEN.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("could not be written"),
            "{arguments:?}: {said}"
        );
    }
}

/// A reader that has gone wanted no more: `| head` is no error.
#[test]
fn a_reader_that_has_gone_is_no_error() {
    let state = tempfile::tempdir().unwrap();
    let mut child = cli(state.path(), &["explain"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

fn fifo(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Only regular files are read: nothing here waits for a writer that never comes.
#[test]
fn point_17_a_fifo_in_a_files_place_does_not_hang() {
    let refusing = Server::saying(challenge("https://login.microsoftonline.com", "r"));
    let url = refusing.url.as_str();
    for (at, arguments, says) in [
        (
            "greeting-cli/tokens.json",
            &["token", "inspect", "--cached"][..],
            "not a regular file",
        ),
        (
            "greeting-cli/agreed.json",
            &["call", url, "--credential", "azure-cli"],
            "not a regular file",
        ),
        ("greeting-cli/lock", &["logout"], "not a regular file"),
        (
            "settings",
            &["call", url, "--auth-settings", "settings"],
            "not a regular file",
        ),
        (
            "ca",
            &["call", url, "--ca-cert", "ca"],
            "not a regular file",
        ),
        (
            "ca",
            &["token", "inspect", "--verify", "--ca-cert", "ca"],
            "not a regular file",
        ),
        ("log", &["explain", "--log", "log"], "not a regular file"),
    ] {
        let state = tempfile::tempdir().unwrap();
        fifo(&state.path().join(at));
        let mut command = cli(state.path(), arguments);
        command.current_dir(&state).stdin(Stdio::null());
        let output: Output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(says), "{at}: {said}");
        assert_ne!(output.status.code(), Some(0), "{at}");
    }
}

/// A cache that others can write may hold anybody's tokens.
#[test]
fn point_17_a_cache_that_others_may_read_or_write_is_set_aside() {
    for mode in [0o666, 0o644, 0o620] {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("greeting-cli");
        std::fs::create_dir(&folder).unwrap();
        let cache = folder.join("tokens.json");
        let text = format!(
            r#"{{"plain":[{{"key":{{"credential":"device-code","authority":"a","tenant":"t","client_id":"c","scope":"s"}},"user":null,"access_token":"{TOKEN}","expires_at":4100000000,"refresh_token":null}}]}}"#
        );
        std::fs::write(&cache, &text).unwrap();
        std::fs::set_permissions(&cache, Permissions::from_mode(mode)).unwrap();
        let inspect = ["token", "inspect", "--cached", "--output", "json"];
        let output = run_in(state.path(), &inspect, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("chmod 600 "), "{said}");
        assert!(!cache.exists(), "{said}");
        // What is printed brings it back.
        let line = said
            .lines()
            .find(|line| line.trim().starts_with("chmod "))
            .unwrap();
        let pasted = Command::new("sh").args(["-c", line]).status().unwrap();
        assert!(pasted.success(), "{line}");
        let output = run_in(state.path(), &inspect, "");
        assert_eq!(output.status.code(), Some(0));
    }
}

/// Agreements that others can write are theirs; of a damaged file nothing is known.
#[test]
fn point_17_agreements_that_others_may_write_do_not_count() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::saying(challenge("https://login.microsoftonline.com", "r"));
    let call = [
        "call",
        &server.url,
        "--credential",
        "azure-cli",
        "--output",
        "json",
    ];
    let said = |more: &[&str]| {
        let mut command = cli(state.path(), &[&call[..], more].concat());
        command.env("PATH", state.path());
        let output = harness::finish(command, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (first(&output).1, said)
    };
    let asks = |more: &[&str]| said(more).0;
    assert_eq!(asks(&["--yes"]), "az-missing");
    assert_eq!(asks(&[]), "az-missing");
    let agreed = state.path().join("greeting-cli/agreed.json");
    std::fs::set_permissions(&agreed, Permissions::from_mode(0o666)).unwrap();
    let (finding, warned) = said(&[]);
    assert_eq!(finding, "resource-not-confirmed");
    let fix = format!("chmod 600 {}", agreed.display());
    assert!(warned.contains(&fix), "{warned}");
    let pasted = Command::new("sh").args(["-c", &fix]).status().unwrap();
    assert!(pasted.success());
    assert_eq!(asks(&[]), "az-missing");
    std::fs::write(&agreed, "{").unwrap();
    let (finding, warned) = said(&[]);
    assert_eq!(finding, "resource-not-confirmed");
    assert!(warned.contains("agreed.json is damaged"), "{warned}");
    assert!(agreed.with_file_name("agreed.json.damaged").exists());
}
