//! What a person sees on a terminal of 80 columns: nothing is cut inside a word, and no command to
//! paste is broken.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use harness::{Up, program};

const WIDTH: usize = 80;

/// The lines that a terminal gets, by script(1), which is there where util-linux is; else none. It
/// says no width, so that 80 columns are taken.
fn shown(command: &Command) -> Option<Vec<String>> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''")));
    let line = words.collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--command", &line, "/dev/null"])
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("SHELL", "/bin/sh")
        .env("NO_COLOR", "1")
        .env_remove("GREETING_LOCAL_STATE")
        .env_remove("GREETING_LOCAL_NAME")
        .current_dir(command.get_current_dir().unwrap_or(Path::new(".")))
        .stdin(Stdio::null());
    let Output { stdout, .. } = match script.output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    let text = String::from_utf8(stdout).unwrap();
    Some(
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect(),
    )
}

/// A line that is longer is a command to paste, or one word.
fn fits(lines: &[String]) {
    for line in lines {
        let text = line.trim_start_matches("  fix ").trim_start();
        let pasted = text.starts_with(env!("CARGO_BIN_EXE_greeting-local"));
        assert!(
            line.chars().count() <= WIDTH || pasted || !text.contains(' '),
            "{line}\n{lines:#?}"
        );
    }
}

fn local(arguments: &[&str], state: &Path) -> Command {
    let mut command = program();
    command.args(arguments).arg("--state-dir").arg(state);
    command
}

/// `lines` has this line, whole.
fn has(lines: &[String], wanted: &str) {
    let has = lines.iter().any(|line| line.trim_start() == wanted);
    assert!(has, "no line {wanted}\n{lines:#?}");
}

#[test]
fn point_14_errors_are_broken_between_words_and_their_commands_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a folder whose name is of some length");
    let program = env!("CARGO_BIN_EXE_greeting-local");
    for (command, then) in [("env", "up"), ("mint --name two", "up"), ("log", "up")] {
        let words: Vec<&str> = command.split(' ').collect();
        let Some(lines) = shown(&local(&words, &state)) else {
            return;
        };
        fits(&lines);
        let name = if words.len() > 1 { " --name two" } else { "" };
        // As this test has typed it: it pastes.
        has(
            &lines,
            &format!("{program} {then} --state-dir '{}'{name}", state.display()),
        );
    }
    // A detached stack's errors are shown on its starter's terminal.
    let long = "nobody-of-this-tenant-has-a-name-that-is-as-long-as-this@greeting.test";
    let detached = ["up", "--detach", "--port", "0", "--authority-port", "0"];
    let detached = [&detached[..], &["--auto-approve", long]].concat();
    let lines = shown(&local(&detached, &state)).unwrap();
    fits(&lines);
    assert!(lines.join(" ").contains("can't sign in"), "{lines:#?}");
}

#[tokio::test]
async fn point_14_what_is_said_beside_results_is_broken_between_words() {
    let up = Up::start(&[]);
    let discovery = format!(
        "{}/{}/v2.0/.well-known/openid-configuration",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    up.client.get(discovery).send().await.unwrap();
    let state = up.folder.path().join("state");
    let Some(rotated) = shown(&local(&["rotate-keys"], &state)) else {
        return;
    };
    fits(&rotated);
    assert!(
        rotated
            .join(" ")
            .contains("until the tokens that it signed have expired")
    );
    let log = shown(&local(&["log"], &state)).unwrap();
    fits(&log);
    let command = local(&["log", "-v"], &state);
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_str().unwrap())
        .collect();
    let line = format!(
        "{} {}",
        env!("CARGO_BIN_EXE_greeting-local"),
        words.join(" ")
    );
    assert!(
        log.concat().contains("are not shown; to see them:"),
        "{log:#?}"
    );
    has(&log, &line);
}

#[test]
fn point_14_a_command_that_asks_nothing_is_noted_between_words() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program();
    command
        .current_dir(folder.path())
        .args(["run", "--state-dir"])
        .arg(folder.path().join("state"))
        .args(["--", "true"]);
    let Some(lines) = shown(&command) else {
        return;
    };
    fits(&lines);
    assert!(
        lines[0].starts_with("note: the command asked nothing"),
        "{lines:#?}"
    );
    assert!(lines.len() > 1, "{lines:#?}");
}
