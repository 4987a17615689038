//! A running `greeting-local up`, for tests: real processes, real sockets on free ports.

#![allow(dead_code, reason = "each test program uses a part")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

pub(crate) mod app;
pub(crate) mod authority;
pub(crate) mod browser;
pub(crate) mod cli;
pub(crate) mod control_room;

use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;

/// The seed's sentence.
pub(crate) const GREETING: &str = "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";
/// Longer than any wait below takes on a slow machine; reached only by a hang.
const PATIENCE: Duration = Duration::from_secs(300);

pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greeting-local"));
    command
        .env_remove("GREETING_LOCAL_STATE")
        .env_remove("GREETING_LOCAL_NAME")
        .stdin(Stdio::null());
    // The checkout's root: a person's current folder.
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// A running `greeting-local up`.
pub(crate) struct Up {
    pub(crate) child: Child,
    pub(crate) folder: TempDir,
    pub(crate) ready: Value,
    pub(crate) client: Client,
}

impl Up {
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), "0", more)
    }

    /// With the shipped settings and these changes (RFC 7396) to them.
    pub(crate) fn with_settings(changes: &Value, more: &[&str]) -> Self {
        Self::with_environment(changes, more, &[])
    }

    /// And with these environment variables.
    pub(crate) fn with_environment(
        changes: &Value,
        more: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/authsettingsV2.json");
        let mut settings = serde_json::from_slice(&std::fs::read(shipped).unwrap()).unwrap();
        merge(&mut settings, changes);
        std::fs::write(&path, settings.to_string()).unwrap();
        let mut arguments = vec!["--settings", path.to_str().unwrap()];
        arguments.extend(more);
        let first = ["--verbose", "--authority-port", "0"];
        Self::spawn(folder, &first, &arguments, environment)
    }

    /// With no authority of its own: `--tenant` is among the arguments.
    pub(crate) fn of_tenant(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::spawn(folder, &["--verbose"], arguments, environment)
    }

    pub(crate) fn start_in(folder: TempDir, authority_port: &str, more: &[&str]) -> Self {
        let first = ["--verbose", "--authority-port", authority_port];
        Self::spawn(folder, &first, more, &[])
    }

    /// As a person starts it, who is told what is needed first.
    pub(crate) fn quiet(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::spawn(folder, &["--authority-port", "0"], more, &[])
    }

    fn spawn(folder: TempDir, first: &[&str], more: &[&str], environment: &[(&str, &str)]) -> Self {
        let ready_file = folder.path().join("ready.json");
        let mut child = program()
            .args(["up", "--port", "0"])
            .args(first)
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .args(more)
            .envs(environment.iter().copied())
            .stdout(std::fs::File::create(folder.path().join("stdout")).unwrap())
            .stderr(std::fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let ready = wait_for(|| {
            if let Some(status) = child.try_wait().unwrap() {
                let said = std::fs::read_to_string(folder.path().join("stderr"));
                panic!("up ended with {status}: {said:?}");
            }
            std::fs::read(&ready_file).ok()
        });
        let ready: Value = serde_json::from_slice(&ready).unwrap();
        let client = client(&ready);
        Self {
            child,
            folder,
            ready,
            client,
        }
    }

    /// A client with connections of its own.
    pub(crate) fn another_client(&self) -> Client {
        client(&self.ready)
    }

    /// The development CA.
    pub(crate) fn ca(&self) -> reqwest::Certificate {
        ca(&self.ready)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    pub(crate) fn run(&self, command: &str, arguments: &[&str]) -> Output {
        program()
            .arg(command)
            .args(arguments)
            .arg("--state-dir")
            .arg(self.folder.path().join("state"))
            .output()
            .unwrap()
    }

    pub(crate) fn mint(&self, arguments: &[&str]) -> String {
        let output = self.run("mint", arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) async fn call(&self, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(self.text("function_url"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    pub(crate) async fn call_with(&self, token: &str) -> Response {
        self.call(&[("Authorization", &format!("Bearer {token}"))])
            .await
    }

    /// What it said at start: all of it, which is a little later than the function answers.
    pub(crate) fn printed(&self) -> String {
        wait_for(|| {
            let printed = std::fs::read_to_string(self.folder.path().join("stdout")).unwrap();
            printed.contains("Ctrl-C ends it.").then_some(printed)
        })
    }

    /// Its log, once that has `words`: a request is answered before its lines are printed.
    pub(crate) fn says(&self, words: &str) -> String {
        wait_for(|| Some(self.said()).filter(|said| said.contains(words)))
    }

    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait_for(|| self.child.try_wait().unwrap())
    }
}

fn ca(ready: &Value) -> reqwest::Certificate {
    let pem = std::fs::read(ready["ca_cert"].as_str().unwrap()).unwrap();
    reqwest::Certificate::from_pem(&pem).unwrap()
}

/// Trusts the development CA and nobody else.
fn client(ready: &Value) -> Client {
    Client::builder()
        .tls_certs_only([ca(ready)])
        // An HTTP/2 connection ends with a ping, which a test that waits for the end of its
        // stack does not answer.
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap()
}

pub(crate) fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (name, change) in changes {
                if change.is_null() {
                    into.remove(name);
                } else {
                    merge(into.entry(name.clone()).or_insert(Value::Null), change);
                }
            }
        }
        (into, change) => *into = change.clone(),
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // What a test has ended already may have given its number to another process.
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // SIGTERM, so that it ends its handler.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .stderr(Stdio::null())
            .status();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
    }
}

pub(crate) fn wait_for<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited in vain");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The processes whose parent is `parent`.
#[cfg(target_os = "linux")]
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let stat = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(stat)
        .filter_map(|stat| {
            // pid (name) state ppid …; a zombie has ended.
            let pid = stat.split(' ').next()?.parse().ok()?;
            let mut rest = stat.rsplit(") ").next()?.split(' ');
            let state = rest.next()?;
            (rest.next()?.parse::<u32>().ok()? == parent && state != "Z").then_some(pid)
        })
        .collect()
}
