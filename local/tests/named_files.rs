//! The files of an app, and those that a person names: what is no regular file does not hang, and a
//! pipe that the shell has opened is read.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use harness::{program, wait_for};
use tempfile::TempDir;

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An app's folder like this checkout's, less `left_out`, which is a FIFO there.
fn app_with_fifo(left_out: &str) -> TempDir {
    let app = tempfile::tempdir().unwrap();
    for name in [
        "host.json",
        "greeting/function.json",
        "deploy/app-registration.json",
        "deploy/client-registration.json",
        "deploy/authsettingsV2.json",
    ] {
        let path = app.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if name != left_out {
            std::fs::copy(checkout().join(name), path).unwrap();
        }
    }
    let fifo = app.path().join(left_out);
    let made = Command::new("mkfifo").arg(fifo).status();
    assert!(made.unwrap().success());
    app
}

fn refused(output: &Output, name: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{name}: {said}");
    assert!(
        said.contains("not a regular file") && said.contains(name),
        "{name}: {said}"
    );
}

#[test]
fn point_17_a_fifo_among_the_apps_files_does_not_hang() {
    for name in [
        "host.json",
        "greeting/function.json",
        "local.settings.json",
        "deploy/app-registration.json",
        "deploy/client-registration.json",
        "deploy/authsettingsV2.json",
    ] {
        let app = app_with_fifo(name);
        let output = program()
            .args(["up", "--port", "0", "--authority-port", "0", "--app-root"])
            .arg(app.path())
            .arg("--state-dir")
            .arg(app.path().join("state"))
            .output()
            .unwrap();
        refused(&output, name);
    }
    for name in ["host.json", "greeting/function.json"] {
        let app = app_with_fifo(name);
        let output = program()
            .args(["package", "--handler", "/dev/null", "--app-root"])
            .arg(app.path())
            .current_dir(app.path())
            .output()
            .unwrap();
        refused(&output, name);
    }
}

#[test]
fn point_17_a_fifo_or_a_device_that_a_person_names_does_not_hang() {
    let folder = app_with_fifo("fifo");
    let fifo = folder.path().join("fifo");
    for (option, command) in [("--settings", "up"), ("--handler", "package")] {
        for path in [fifo.as_path(), Path::new("/dev/zero")] {
            let mut asked = program();
            asked.arg(command).arg(option).arg(path);
            if command == "up" {
                asked.args(["--port", "0", "--authority-port", "0", "--state-dir"]);
                asked.arg(folder.path().join("state"));
            }
            let output = asked.current_dir(folder.path()).output().unwrap();
            refused(&output, &path.display().to_string());
        }
    }
}

/// What `--settings <(command)` and `command | … --settings /dev/stdin` are for the program.
#[test]
fn point_17_settings_come_through_a_pipe_that_the_shell_opened() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready.json");
    let mut up = program()
        .args(["up", "--port", "0", "--authority-port", "0"])
        .args(["--settings", "/dev/stdin", "--ready-file"])
        .arg(&ready)
        .arg("--state-dir")
        .arg(folder.path().join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let settings = std::fs::read(checkout().join("deploy/authsettingsV2.json")).unwrap();
    up.stdin.take().unwrap().write_all(&settings).unwrap();
    wait_for(|| {
        assert_eq!(up.try_wait().unwrap(), None);
        ready.exists().then_some(())
    });
    let sent = Command::new("kill").arg(up.id().to_string()).status();
    assert!(sent.unwrap().success());
    assert!(up.wait().unwrap().success());
}
