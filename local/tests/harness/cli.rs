//! The real `greeting-cli`, pointed at a running stack.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

use super::Up;

/// The built `greeting-cli`, built anew where a source is newer.
pub(crate) fn path() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let beside = Path::new(env!("CARGO_BIN_EXE_greeting-local"))
            .with_file_name(format!("greeting-cli{}", std::env::consts::EXE_SUFFIX));
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let built = modified(&beside);
        if built.is_none_or(|built| newest(&root.join("client/src")) > built) {
            let built = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "-p", "greeting-cli"])
                .current_dir(root)
                .status();
            assert!(built.unwrap().success());
        }
        beside
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().ok()?.modified().ok()
}

fn newest(folder: &Path) -> SystemTime {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| match path.is_dir() {
            true => newest(&path),
            false => modified(&path).unwrap(),
        })
        .max()
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// One run. Nothing of this machine's environment reaches it.
pub(crate) struct Cli {
    command: Command,
    stdin: String,
}

impl Cli {
    /// With `state` as its state folder.
    pub(crate) fn new(state: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(path());
        command
            .args(arguments)
            .env_clear()
            .env("XDG_STATE_HOME", state)
            .env("GREETING_KEY_STORE", "none")
            .env("NO_PROXY", "*")
            // Windows has no sockets without it.
            .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            stdin: String::new(),
        }
    }

    /// Trusting the stack's development CA.
    pub(crate) fn trusting(mut self, up: &Up) -> Self {
        self.command.env("SSL_CERT_FILE", up.text("ca_cert"));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    pub(crate) fn run(mut self) -> Output {
        let mut child = self.command.spawn().unwrap();
        // A program that has ended already says why by its status.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs it while something else happens.
    pub(crate) fn spawn(mut self) -> Child {
        self.command.spawn().unwrap()
    }
}

/// The report on stdout.
pub(crate) fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {:?} {:?}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// The codes of a report, first first.
pub(crate) fn codes(report: &Value) -> Vec<&str> {
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// Runs a command that shows a device code, and decides it with `greeting-local approve`.
pub(crate) fn decided(up: &Up, state: &Path, arguments: &[&str], more: &[&str]) -> Output {
    decide(up, Cli::new(state, arguments).trusting(up).spawn(), more).0
}

/// Decides the sign-in that a running command waits for. Its stderr comes as text.
pub(crate) fn decide(up: &Up, mut child: Child, more: &[&str]) -> (Output, String) {
    let mut said = String::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        let prompt: Value = serde_json::from_str(&line).unwrap_or_default();
        if let Some(code) = prompt["user_code"].as_str() {
            let decision = up.run("approve", &[&[code], more].concat());
            assert!(decision.status.success(), "{decision:?}");
        }
        said.push_str(&line);
        said.push('\n');
    }
    (child.wait_with_output().unwrap(), said)
}

/// A command for the stack's function, by device code, with JSON.
pub(crate) fn device_code<'a>(up: &'a Up, command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = command.to_vec();
    arguments.extend([
        up.text("function_url"),
        "--output",
        "json",
        "--credential",
        "device-code",
    ]);
    arguments.extend(more);
    arguments
}

/// A state folder in which alice is signed in.
pub(crate) fn signed_in(up: &Up) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    let output = decided(up, state.path(), &device_code(up, &["login"], &[]), &[]);
    assert!(output.status.success(), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["user"], "alice@greeting.test");
    state
}

/// The file of the kept tokens.
pub(crate) fn kept(state: &Path) -> PathBuf {
    state.join("greeting-cli/tokens.json")
}

/// Has the kept access tokens end in `seconds`.
pub(crate) fn age(state: &Path, seconds: i64) {
    let path = kept(state);
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(since.unwrap().as_secs()).unwrap();
    for entry in kept["plain"].as_array_mut().unwrap() {
        entry["expires_at"] = Value::from(now + seconds);
    }
    std::fs::write(path, kept.to_string()).unwrap();
}

/// Exit status and codes.
pub(crate) fn told(output: &Output) -> (i32, Vec<String>) {
    let report = report(output);
    let codes = codes(&report).into_iter().map(str::to_owned).collect();
    (output.status.code().unwrap(), codes)
}
