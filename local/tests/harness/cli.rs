//! The real `greeting-cli`, pointed at a running stack.

#![allow(dead_code, clippy::unwrap_used)] // each test program uses a part; a panic is a failure

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::Value;

use crate::harness::Up;

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
        self.stdin = text.to_owned();
        self
    }

    pub(crate) fn run(mut self) -> Output {
        let mut child = self.command.spawn().unwrap();
        // A program that has ended already says why by its status.
        let _ = child.stdin.take().unwrap().write_all(self.stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs it while something else happens.
    pub(crate) fn spawn(mut self) -> std::process::Child {
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
