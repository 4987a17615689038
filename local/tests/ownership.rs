//! The state folder: one owner at a time, nobody else's to write, and what is said of a stack that
//! has ended without a word.

mod harness;

use harness::{Up, program};

#[test]
fn point_8_a_second_up_on_one_folder_is_told_who_has_it() {
    let up = Up::start(&[]);
    let output = up.run("up", &["--port", "0", "--authority-port", "0"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("process {} ", up.child.id())) && said.contains("--state-dir"),
        "{said}"
    );
    // The first is as reachable as before.
    assert!(up.run("env", &[]).status.success());
}

#[cfg(unix)]
#[test]
fn point_8_a_stack_that_was_killed_is_not_taken_for_one_that_runs() {
    let mut up = Up::start(&[]);
    assert!(up.run("env", &[]).status.success());
    up.signal("-KILL");
    up.wait();
    for command in ["env", "mint"] {
        let output = up.run(command, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {said}");
        assert!(
            said.contains("was killed") && said.contains("greeting-local up"),
            "{command}: {said}"
        );
        assert!(output.stdout.is_empty(), "{command}");
    }
    // Nobody has to clean up after it.
    let folder = std::mem::replace(&mut up.folder, tempfile::tempdir().unwrap());
    std::fs::remove_file(folder.path().join("ready.json")).unwrap();
    let again = Up::start_in(folder, "0", &[]);
    assert!(again.run("env", &[]).status.success());
}

#[cfg(unix)]
#[test]
fn point_9_a_state_folder_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o770, 0o707, 0o777] {
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(mode)).unwrap();
        let output = program()
            .args(["mint", "--state-dir"])
            .arg(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{mode:o}: {said}");
        let fix = format!("chmod 700 {}", folder.path().display());
        assert!(said.contains(&fix), "{said}");
        assert!(output.stdout.is_empty());
    }
}
