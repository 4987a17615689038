//! Nothing is left when `up` or `demo` ends, however and whenever that is. The large version, by
//! time and not by event, is `bench/kill-at-start`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::{Up, children, program, wait_for};

const SIGNALS: [&str; 6] = ["-INT", "-TERM", "-HUP", "-QUIT", "-USR1", "-KILL"];

fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Whether the process is there, and is not just waiting to be reaped.
fn lives(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_ok_and(|stat| !stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

fn ended(pid: u32) {
    wait_for(|| (!lives(pid)).then_some(()));
}

/// What a process runs, once it is no longer the launcher.
fn name(pid: u32) -> String {
    let path = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn spawn(arguments: &[&str], state: &Path) -> Child {
    program()
        .args(arguments)
        .env("GREETING_LOCAL_STATE", state)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// At the very moment at which there is a child, launcher or handler: nothing is ready yet.
#[test]
fn point_4_nothing_is_left_of_a_start_that_is_ended() {
    let state = tempfile::tempdir().unwrap();
    for arguments in [
        &["up", "--port", "0", "--authority-port", "0"][..],
        &["demo"],
    ] {
        for signal in SIGNALS {
            let mut child = spawn(arguments, state.path());
            let left = wait_for(|| {
                let found = children(child.id());
                (!found.is_empty()).then_some(found)
            });
            send(signal, child.id());
            wait_for(|| child.try_wait().unwrap());
            left.into_iter().for_each(ended);
        }
    }
}

#[test]
fn point_4_a_handler_ends_with_its_host() {
    for signal in SIGNALS {
        let mut up = Up::start(&[]);
        let handlers = children(up.child.id());
        let names: Vec<String> = handlers.iter().map(|pid| name(*pid)).collect();
        assert_eq!(names, ["greeting-server"]);
        up.signal(signal);
        let status = up.wait();
        assert_eq!(status.success(), signal != "-KILL", "{signal}: {status}");
        handlers.into_iter().for_each(ended);
    }
}

/// What holds where there is no parent-death signal.
#[test]
fn point_4_the_supervisor_kills_when_its_pipe_ends() {
    let mut launcher = program()
        .args(["launch", "--parent", &std::process::id().to_string()])
        .args(["--beside", "--", "sleep", "1000"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let sleep = wait_for(|| {
        let found = children(launcher.id());
        found.into_iter().find(|pid| name(*pid) != "greeting-local")
    });
    drop(launcher.stdin.take());
    wait_for(|| launcher.try_wait().unwrap());
    ended(sleep);
    // It ends as its program does, while its pipe is open: `wait` alone would close that.
    let mut launcher = program()
        .args(["launch", "--parent", &std::process::id().to_string()])
        .args(["--beside", "--", "sh", "-c", "exit 7"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = launcher.stdin.take();
    assert_eq!(launcher.wait().unwrap().code(), Some(7));
    drop(pipe);
}

#[test]
fn point_4_a_launcher_whose_parent_has_gone_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made");
    // Nobody's parent is process 0.
    let status = program()
        .args(["launch", "--parent", "0", "--", "touch"])
        .arg(&made)
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
    assert!(!made.exists());
}

/// The launcher is another process, and its error is still the host's.
#[test]
fn point_4_a_program_that_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let no_program = folder.path().join("text");
    std::fs::write(&no_program, "no program").unwrap();
    let output = program()
        .args(["up", "--port", "0", "--authority-port", "0", "--handler"])
        .arg(&no_program)
        .env("GREETING_LOCAL_STATE", folder.path().join("state"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("text is not executable"), "{said}");
}
