//! The whole stack as a person runs it: real processes, real sockets on free ports, real exits.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::Value;
use tempfile::TempDir;

const GREETING: &str = "Hello, world. You were able to access this because you provided a valid access token with the Greeting.Read scope as a claim.";
/// Longer than any wait below takes on a slow machine; reached only by a hang.
const PATIENCE: Duration = Duration::from_secs(300);

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_greeting-local"));
    command
        .env_remove("GREETING_LOCAL_STATE")
        .stdin(Stdio::null());
    // The checkout's root: a person's current folder.
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    command
}

/// A running `greeting-local up`.
struct Up {
    child: Child,
    folder: TempDir,
    ready: Value,
    client: Client,
}

impl Up {
    fn start(more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), "0", more)
    }

    fn start_in(folder: TempDir, authority_port: &str, more: &[&str]) -> Self {
        let ready_file = folder.path().join("ready.json");
        let mut child = program()
            .args(["up", "--port", "0", "--authority-port", authority_port])
            .arg("--ready-file")
            .arg(&ready_file)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .args(more)
            .stdout(Stdio::piped())
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
        let ca = std::fs::read(ready["ca_cert"].as_str().unwrap()).unwrap();
        let client = Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
            .no_proxy()
            .build()
            .unwrap();
        Self {
            child,
            folder,
            ready,
            client,
        }
    }

    fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        program()
            .arg(command)
            .args(arguments)
            .arg("--state-dir")
            .arg(self.folder.path().join("state"))
            .output()
            .unwrap()
    }

    fn mint(&self, arguments: &[&str]) -> String {
        let output = self.run("mint", arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    async fn call(&self, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.get(self.text("function_url"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn call_with(&self, token: &str) -> Response {
        self.call(&[("Authorization", &format!("Bearer {token}"))])
            .await
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap()
    }

    #[cfg(unix)]
    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    fn wait(&mut self) -> ExitStatus {
        wait_for(|| self.child.try_wait().unwrap())
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

fn wait_for<T>(mut condition: impl FnMut() -> Option<T>) -> T {
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
fn children(parent: u32) -> Vec<u32> {
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

#[tokio::test]
async fn a_token_opens_the_door_and_nothing_else_does() {
    let up = Up::start(&[]);
    let greeted = up.call_with(&up.mint(&[])).await;
    assert_eq!(greeted.status(), 200);
    assert_eq!(greeted.text().await.unwrap(), GREETING);

    let refused = up.call(&[]).await;
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    let host = up.text("function_url").split('/').nth(2).unwrap();
    assert_eq!(
        challenge,
        format!(
            "Bearer realm=\"{host}\" authorization_uri=\"{}/{}/oauth2/v2.0/authorize\" resource_id=\"{}\"",
            up.text("authority_host"),
            up.text("tenant_id"),
            up.text("api_client_id"),
        )
    );

    // {"auth_typ":"aad","claims":[{"typ":"scp","val":"Greeting.Read"}]}
    let forged =
        "eyJhdXRoX3R5cCI6ImFhZCIsImNsYWltcyI6W3sidHlwIjoic2NwIiwidmFsIjoiR3JlZXRpbmcuUmVhZCJ9XX0=";
    for name in ["X-MS-CLIENT-PRINCIPAL", "x_ms_client_principal"] {
        assert_eq!(up.call(&[(name, forged)]).await.status(), 401, "{name}");
        // Nor does it help somebody who is signed in without the scope.
        let bearer = format!("Bearer {}", up.mint(&["--scope", "Other"]));
        let answer = up.call(&[(name, forged), ("Authorization", &bearer)]).await;
        assert_eq!(answer.status(), 403, "{name}");
        let bearer = format!("Bearer {}", up.mint(&[]));
        let answer = up
            .call(&[
                ("Connection", "x-ms-client-principal"),
                (name, forged),
                ("Authorization", &bearer),
            ])
            .await;
        assert_eq!(answer.status(), 200, "{name}");
    }
    // A wrong path without a token is 401, with one 404.
    let elsewhere = up.text("function_url").replace("greeting", "nothing");
    assert_eq!(
        up.client.get(&elsewhere).send().await.unwrap().status(),
        401
    );
    let signed_in = up
        .client
        .get(&elsewhere)
        .bearer_auth(up.mint(&[]))
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), 404);
}

#[tokio::test]
async fn defective_tokens_are_refused_and_never_logged() {
    let up = Up::start(&[]);
    let mut tokens = Vec::new();
    for (arguments, status) in [
        (&["--expired"][..], 401),
        (&["--audience", "https://graph.microsoft.com"], 401),
        (&["--bad-signature"], 401),
        (&["--unknown-key"], 401),
        (&["--alg", "none"], 401),
        (&["--alg", "hs256"], 401),
        (&["--version", "1"], 401),
        (&["--claim", "iss=https://localhost/other/v2.0"], 401),
        (&["--claim", "exp=\"9999999999\""], 401),
        (&["--claim", "exp=null"], 401),
        (&["--claim", "nbf=9999999999"], 401),
        (&["--claim", "aud=[\"a\"]"], 401),
        (
            &["--audience", "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"],
            200,
        ),
        (&["--no-scope"], 403),
        (&["--scope", "greeting.read"], 403),
        (&["--scope", "GREETING.READ"], 403),
        (&["--scope", "xGreeting.Read"], 403),
        (&["--scope", "Greeting.ReadWrite"], 403),
        (&["--scope", "Other", "--scope", "Greeting.Read"], 200),
        (&["--app-only", "--role", "Greeting.Read"], 403),
    ] {
        let token = up.mint(arguments);
        assert_eq!(up.call_with(&token).await.status(), status, "{arguments:?}");
        tokens.push(token);
    }
    for header in [
        "Bearer",
        "Bearer ",
        "Bearer a.b",
        "Bearer ...",
        "Basic YTpi",
        "Bearer é",
    ] {
        assert_eq!(
            up.call(&[("Authorization", header)]).await.status(),
            401,
            "{header}"
        );
    }
    let said = up.said();
    for token in tokens {
        for part in token.split('.').filter(|part| part.len() > 30) {
            assert!(!said.contains(part), "a part of a token was logged");
        }
    }
    assert!(
        said.contains("audience-mismatch") && said.contains("bad-signature"),
        "{said}"
    );
    assert!(!said.contains("alice"), "a claim value was logged: {said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_handler_is_started_again_and_no_call_is_lost() {
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    for _ in 0..3 {
        for pid in children(up.child.id()) {
            let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(killed.unwrap().success());
        }
        // Only the caller whose request was on its way may be told of it, with a 502.
        let answer = up.call_with(&token).await;
        assert!([200, 502].contains(&answer.status().as_u16()), "{answer:?}");
        assert_eq!(up.call_with(&token).await.status(), 200);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_it_whole() {
    for signal in ["-INT", "-TERM"] {
        let mut up = Up::start(&[]);
        let handlers = children(up.child.id());
        assert_eq!(handlers.len(), 1);
        up.signal(signal);
        assert!(up.wait().success(), "{signal}: {}", up.said());
        for pid in handlers {
            assert!(
                !Path::new(&format!("/proc/{pid}")).exists(),
                "{signal}: the handler lives"
            );
        }
        for key in ["function_url", "authority_host"] {
            let address = up.text(key).split('/').nth(2).unwrap();
            assert!(
                std::net::TcpStream::connect(address).is_err(),
                "{key} still answers"
            );
        }
        assert!(!up.folder.path().join("ready.json").exists());
    }
}

#[cfg(unix)]
#[test]
fn what_it_keeps_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let up = Up::start(&[]);
    let state = up.folder.path().join("state");
    assert_eq!(
        state.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    for entry in std::fs::read_dir(&state).unwrap().flatten() {
        if entry.file_name() != "ca.pem" && entry.path().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn tokens_outlive_a_restart() {
    let mut first = Up::start(&[]);
    let token = first.mint(&[]);
    assert_eq!(first.call_with(&token).await.status(), 200);
    let authority = first.text("authority_host").to_owned();
    let port = authority.rsplit(':').next().unwrap().to_owned();
    first.signal("-TERM");
    assert!(first.wait().success());
    let folder = std::mem::replace(&mut first.folder, tempfile::tempdir().unwrap());
    assert!(
        !folder.path().join("ready.json").exists(),
        "it says ready after its end"
    );

    // The issuer carries the port, so the same one is asked for.
    let second = Up::start_in(folder, &port, &[]);
    assert_eq!(second.text("authority_host"), authority);
    assert_eq!(second.call_with(&token).await.status(), 200);
    // Its client trusts the CA file alone: the CA, too, is the same.
    let metadata = format!(
        "{}/.well-known/openid-configuration",
        second.text("authority_host").to_owned() + "/" + second.text("tenant_id") + "/v2.0"
    );
    assert_eq!(
        first.client.get(metadata).send().await.unwrap().status(),
        200
    );
}

#[test]
fn mistakes_are_answered_with_what_why_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    std::fs::write(
        &settings,
        r#"{"globalValidation":{"requireAuthentification":true}}"#,
    )
    .unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, names) in [
        (
            vec![
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--settings",
                settings.to_str().unwrap(),
            ],
            "requireAuthentification",
        ),
        (
            vec!["up", "--port", &port, "--authority-port", "0"],
            "--port",
        ),
        (
            vec![
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--app-root",
                folder.path().to_str().unwrap(),
            ],
            "host.json",
        ),
        (vec!["approve", "ABCDEFGHJ"], "greeting-local up"),
        (vec!["env"], "greeting-local up"),
        (vec!["mint", "--claim", "x"], "NAME=VALUE"),
    ] {
        let output = program()
            .args(&arguments)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.starts_with("error: ") && said.contains(names),
            "{arguments:?}: {said}"
        );
        assert!(output.stdout.is_empty());
    }
    assert_eq!(
        program().arg("upp").output().unwrap().status.code(),
        Some(2)
    );
}
