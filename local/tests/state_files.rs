//! Every file of the state folder: who else may read or write it, and what becomes of a damaged one.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use harness::authority::{Authority, CLI};
use harness::{Up, program};
use tempfile::TempDir;

/// Files without a secret, whose content is not believed: the lock, and the owner's process id for
/// a message.
const NO_SECRETS: [&str; 2] = ["lock", "owner"];
/// Certificates are for all to read, and for nobody else to write.
const PUBLIC: [&str; 3] = ["ca.pem", "ca-bundle.pem", "java-truststore"];
/// Made of the system's roots, or of their state: nothing in them could be lost.
const MADE_ANEW: [&str; 3] = ["ca-bundle.pem", "java-truststore", "roots-last-read"];

/// The folder of a stack that has signed somebody in and has rotated its keys, and has ended.
async fn used() -> TempDir {
    let authority = Authority::start();
    authority.sign_in(CLI).await;
    assert!(authority.0.run("rotate-keys", &[]).status.success());
    let mut up = authority.0;
    up.signal("-TERM");
    assert!(up.wait().success());
    let folder = std::mem::replace(&mut up.folder, tempfile::tempdir().unwrap());
    let _ = std::fs::remove_file(folder.path().join("ready.json"));
    folder
}

fn files(state: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(state)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// `up` that is expected to stop by itself.
fn up(state: &Path) -> Output {
    program()
        .args(["up", "--port", "0", "--authority-port", "0", "--state-dir"])
        .arg(state)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn point_9_a_file_that_others_may_read_or_write_is_refused_with_the_chmod() {
    let folder = used().await;
    let state = folder.path().join("state");
    let names = files(&state);
    for expected in ["ca-key.pem", "ca.pem", "daemon-secret", "daemon.pem"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    for expected in PUBLIC {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    for expected in ["refresh-tokens.jsonl", "signing-key.pem"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    assert!(
        names.iter().any(|name| name.contains("-retired-")),
        "{names:?}"
    );
    for name in names
        .iter()
        .filter(|name| !NO_SECRETS.contains(&name.as_str()))
    {
        let path = state.join(name);
        let (own, bad) = match PUBLIC.contains(&name.as_str()) {
            true => (0o644, [0o646, 0o664]),
            false => (0o600, [0o644, 0o660]),
        };
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            own,
            "{name}"
        );
        for mode in bad {
            set_mode(&path, mode);
            let output = up(&state);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{name} {mode:o}: {said}");
            let fix = format!("chmod {own:o} {}", path.display());
            assert!(
                said.contains(&format!("(mode 0{mode:o})")),
                "{name}: {said}"
            );
            assert!(said.contains(&fix), "{name}: {said}");
            let pasted = Command::new("sh").args(["-c", &fix]).status();
            assert!(pasted.unwrap().success());
        }
    }
    // All of them are mended by the lines that were printed.
    assert!(
        Up::start_in(folder, "0", &[])
            .run("env", &[])
            .status
            .success()
    );
}

#[test]
fn point_9_the_note_of_the_running_stack_is_refused_where_others_may_read_it() {
    let up = Up::start(&[]);
    let note = up.folder.path().join("state/running.json");
    for mode in [0o644, 0o620] {
        set_mode(&note, mode);
        for command in ["env", "mint", "log", "policy", "rotate-keys"] {
            let output = up.run(command, &[]);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{command}: {said}");
            let fix = format!("chmod 600 {}", note.display());
            assert!(said.contains(&fix), "{command}: {said}");
            assert!(output.stdout.is_empty(), "{command}");
        }
    }
    set_mode(&note, 0o600);
    std::fs::write(&note, "{\"ready\":").unwrap();
    let said = said(&up.run("env", &[]));
    assert!(
        said.contains("running.json is damaged") && said.contains("greeting-local up"),
        "{said}"
    );
}

#[tokio::test]
async fn point_9_a_truncated_file_is_renamed_and_what_follows_is_said() {
    let folder = used().await;
    let state = folder.path().join("state");
    let names = files(&state);
    let kept = |name: &&String| !NO_SECRETS.contains(&name.as_str());
    let mut halves = std::collections::HashMap::new();
    for name in names.iter().filter(kept) {
        let content = std::fs::read(state.join(name)).unwrap();
        halves.insert(name.clone(), content.len() / 2);
        // A secret has no form by which half of it could be told from a whole one.
        let end = if name == "daemon-secret" {
            0
        } else {
            content.len() / 2
        };
        std::fs::write(state.join(name), &content[..end]).unwrap();
    }
    for name in NO_SECRETS {
        std::fs::write(state.join(name), "").unwrap();
    }
    let up = Up::start_in(folder, "0", &[]);
    let said = up.said();
    for name in names.iter().filter(kept) {
        let path = up.folder.path().join("state").join(name);
        if MADE_ANEW.contains(&name.as_str()) {
            let length = std::fs::read(&path).unwrap().len();
            assert!(length > halves[name] + halves[name] / 2, "{name}");
            continue;
        }
        let aside = path.with_file_name(format!("{name}.damaged"));
        assert!(aside.exists(), "{name}");
        // The certificate is written again with its CA, which has been said.
        if name != "ca.pem" {
            let line = said.lines().find(|line| {
                line.starts_with(&format!("warning: {} is damaged (", path.display()))
            });
            let line = line.unwrap_or_else(|| panic!("{name}: {said}"));
            assert!(line.contains(&aside.display().to_string()), "{line}");
            let follows = line.rsplit_once(". ").unwrap().1;
            assert!(
                ["new", "refused"].iter().any(|word| follows.contains(word)),
                "{line}"
            );
        }
    }
    // What it says of tokens is so: there is one key, and it is the new one's.
    assert_eq!(up.call_with(&up.mint(&[])).await.status(), 200);
}

#[tokio::test]
async fn point_9_a_certificate_that_is_not_the_cas_is_said() {
    let folder = used().await;
    let certificate = folder.path().join("state/ca.pem");
    let own = std::fs::read(&certificate).unwrap();
    std::fs::write(&certificate, "another one").unwrap();
    let up = Up::start_in(folder, "0", &[]);
    let said = up.said();
    assert!(
        said.contains("it is not the certificate of ca-key.pem"),
        "{said}"
    );
    assert_eq!(std::fs::read(up.text("ca_cert")).unwrap(), own);
}

#[test]
fn point_9_mint_makes_no_key_that_the_running_authority_does_not_have() {
    let up = Up::start(&[]);
    let key = up.folder.path().join("state/signing-key.pem");
    let whole = std::fs::read(&key).unwrap();
    std::fs::write(&key, &whole[..whole.len() / 2]).unwrap();
    for what in ["is damaged", "there is no"] {
        let output = up.run("mint", &[]);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(what) && said.contains("greeting-local up"),
            "{said}"
        );
        assert!(output.stdout.is_empty());
        assert!(!key.exists());
    }
}

#[tokio::test]
async fn point_17_what_is_no_regular_file_in_the_state_folder_does_not_hang() {
    let folder = used().await;
    let state = folder.path().join("state");
    for name in files(&state) {
        let path = state.join(&name);
        let aside = folder.path().join("aside");
        std::fs::rename(&path, &aside).unwrap();
        let made = Command::new("mkfifo")
            .args(["-m", "600"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        if name != "owner" {
            let output = up(&state);
            let said = said(&output);
            assert_eq!(output.status.code(), Some(1), "{name}: {said}");
            assert!(
                said.contains("not a regular file") && said.contains(&name),
                "{name}: {said}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(&aside, &path).unwrap();
    }
    // Nobody but a second stack reads who the first is.
    let up = Up::start_in(folder, "0", &[]);
    let owner = up.folder.path().join("state/owner");
    std::fs::remove_file(&owner).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&owner)
            .status()
            .unwrap()
            .success()
    );
    let second = said(&self::up(&up.folder.path().join("state")));
    assert!(second.contains("another process runs a stack"), "{second}");
}
