//! A stack that goes on by itself: `up --detach`, `status`, `stop`, and `approve` without a code.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{BufRead as _, BufReader};
use std::process::{Output, Stdio};

use harness::authority::{Authority, CLI};
use harness::{Up, program};
use serde_json::Value;
use tempfile::TempDir;

/// Ends what a failed test would leave running.
struct Detached(TempDir);

impl Detached {
    fn start(more: &[&str]) -> (Self, Output) {
        let stack = Self(tempfile::tempdir().unwrap());
        let ports = ["--detach", "--port", "0", "--authority-port", "0"];
        let output = stack.run("up", &[&ports, more].concat());
        (stack, output)
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        program()
            .arg(command)
            .args(arguments)
            .arg("--state-dir")
            .arg(self.0.path())
            // Its lines to paste are this shell's.
            .env("SHELL", "/bin/sh")
            .output()
            .unwrap()
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        self.run("stop", &[]);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_detached_stack_goes_on_until_it_is_stopped() {
    let (stack, started) = Detached::start(&[]);
    assert!(started.status.success(), "{started:?}");
    let said = text(&started.stdout);
    assert!(
        said.contains("greeting-local stop") && !said.contains("Ctrl-C"),
        "{said}"
    );
    // What the shipped registration and the stack itself bring is nothing to be noted.
    assert!(!said.contains("redirect URI"), "{said}");
    let status = stack.run("status", &["--output", "json"]);
    assert!(status.status.success(), "{status:?}");
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["behind"]["state"], "ready");
    assert!(status["users"].as_array().unwrap().len() > 1);
    let url = status["function_url"].as_str().unwrap();
    // Refusals are logged by gate and handler, to streams that nobody reads any more.
    for _ in 0..20 {
        assert_eq!(reqwest::get(url).await.unwrap().status(), 401);
    }
    let token = text(&stack.run("mint", &["--no-scope"]).stdout);
    let client = reqwest::Client::new();
    for _ in 0..20 {
        let call = client.get(url).bearer_auth(token.trim()).send();
        assert_eq!(call.await.unwrap().status(), 403);
    }
    // And what is said after the start is kept, for its owner alone.
    let output = stack.0.path().join("output.log");
    assert!(std::fs::read_to_string(&output).unwrap().contains(" 403 "));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&output).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let human = stack.run("status", &[]);
    let shown = text(&human.stdout);
    for part in ["since ", url, "takes calls", "alice@greeting.test"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let stopped = stack.run("stop", &[]);
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(reqwest::get(url).await.is_err(), "the port is still open");
    for command in ["status", "stop", "env"] {
        let after = stack.run(command, &[]);
        assert_eq!(after.status.code(), Some(1), "{command}");
        assert!(text(&after.stderr).contains("no greeting-local is running"));
        assert!(after.stdout.is_empty(), "{command}");
    }
}

/// What stands behind `up --detach` writes to a pipe; it is told what that one's reader has.
#[test]
fn item_14_a_detached_stack_says_in_80_columns_what_a_terminal_shows() {
    for (form, is_wrapped) in [("wrapped", true), ("whole", false)] {
        let stack = Detached(tempfile::tempdir().unwrap());
        let mut child = program()
            .args(["up", "-v", "--port", "0", "--authority-port", "0"])
            .arg(format!("--detached={form}"))
            .arg("--state-dir")
            .arg(stack.0.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said: Vec<String> = lines
            .map(|line| line.unwrap())
            .take_while(|line| !line.starts_with("To end it: "))
            .collect();
        let users = said.iter().position(|line| line.starts_with("users  "));
        let users = &said[users.unwrap()..];
        assert_eq!(users[0].len() <= 80, is_wrapped, "{said:?}");
        let goes_on = users[1].starts_with("              ");
        assert_eq!(goes_on, is_wrapped, "{said:?}");
        stack.run("stop", &[]);
        child.wait().unwrap();
    }
}

#[tokio::test]
async fn point_7_what_up_says_fits_and_its_lines_call_as_the_own_client() {
    let (stack, started) = Detached::start(&[]);
    let said = text(&started.stdout);
    assert!(said.lines().count() <= 8, "{said}");
    let pasted: Vec<&str> = said.lines().filter(|line| line.starts_with("  ")).collect();
    // A line to paste is as long as its paths are.
    let is_pasted = |line: &&str| line.starts_with("  ") || line.contains("greeting-local ");
    let rest: Vec<&str> = said.lines().filter(|line| !is_pasted(line)).collect();
    assert!(rest.iter().all(|line| line.len() <= 80), "{said}");
    for part in ["ready  ", "control room  "] {
        assert!(rest.iter().any(|line| line.starts_with(part)), "{said}");
    }
    let [env, call] = pasted.as_slice() else {
        panic!("not two lines to paste: {said}");
    };

    // The call is greeting-cli's own, and so says the page that its person sees.
    let greeting_cli = harness::cli::path();
    assert!(call.contains(greeting_cli.to_str().unwrap()), "{said}");
    let home = tempfile::tempdir().unwrap();
    let calling = std::process::Command::new("sh")
        .args(["-c", &format!("{env}\n{call} --output json")])
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home.path())
        .env("GREETING_KEY_STORE", "none")
        .env("GREETING_CREDENTIAL", "device-code")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut calling = calling.unwrap();
    let mut prompts = BufReader::new(calling.stderr.take().unwrap()).lines();
    let prompt: Value = prompts
        .by_ref()
        .find_map(|line| serde_json::from_str(&line.unwrap()).ok())
        .unwrap();
    let client = reqwest::Client::builder()
        .tls_danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let page = reqwest::Url::parse(prompt["verification_uri"].as_str().unwrap()).unwrap();
    let page = client
        .post(page.clone())
        .header("Origin", page.origin().ascii_serialization())
        .form(&[("code", prompt["user_code"].as_str().unwrap())])
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("to sign in to <strong>greeting-cli</strong>"),
        "{page}"
    );

    // A code that begins to wait is said with the line that approves it.
    let output = stack.0.path().join("output.log");
    let line = harness::wait_for(|| {
        let kept = std::fs::read_to_string(&output).unwrap();
        let line = kept.lines().find(|line| line.contains("waits for"))?;
        Some(line.to_owned())
    });
    let (_, command) = line.split_once("waits for: ").unwrap();
    let approved = std::process::Command::new("sh")
        .args(["-c", command])
        .output()
        .unwrap();
    assert!(text(&approved.stdout).contains("approved"), "{approved:?}");
    let called = calling.wait_with_output().unwrap();
    assert!(
        text(&called.stdout).contains(harness::GREETING),
        "{called:?} {:?}",
        prompts.collect::<Vec<_>>()
    );
}

#[test]
fn a_detached_stack_that_does_not_start_says_why_once() {
    let (stack, output) = Detached::start(&["--settings", "no-such-file.json"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert_eq!(said.matches("error:").count(), 1, "{said}");
    assert!(said.contains("no-such-file.json"), "{said}");
    assert_eq!(stack.run("status", &[]).status.code(), Some(1));
    // What it would print for each request nobody would read.
    let (_stack, output) = Detached::start(&["--log", "json"]);
    assert_eq!(output.status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn the_line_to_call_it_by_can_be_pasted_whatever_the_folder_is_called() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("it's $(touch here)");
    let run = |command: &str, arguments: &[&str]| {
        let mut program = program();
        program.arg(command).args(arguments).arg("--state-dir");
        program.arg(&state).output().unwrap()
    };
    let started = run(
        "up",
        &["-v", "--detach", "--port", "0", "--authority-port", "0"],
    );
    let said = text(&started.stdout);
    run("stop", &[]);
    let line = said.lines().find_map(|line| line.strip_prefix("call it"));
    // What the call would get, in the place of the call.
    let line = line
        .unwrap()
        .replace("greeting-cli call", "printenv SSL_CERT_FILE #");
    let pasted = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let ca = state.canonicalize().unwrap().join("ca.pem");
    assert_eq!(text(&pasted.stdout).trim_end(), ca.to_str().unwrap());
    assert!(!folder.path().join("here").exists(), "{said}");
}

#[test]
fn a_detached_stack_is_refused_where_another_has_the_folder() {
    let (stack, started) = Detached::start(&[]);
    assert!(started.status.success(), "{started:?}");
    let second = stack.run("up", &["--detach", "--port", "0", "--authority-port", "0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("another greeting-local uses"));
    assert!(stack.run("status", &[]).status.success());
}

#[test]
fn stop_ends_a_stack_that_runs_in_a_terminal() {
    let mut up = Up::start(&[]);
    let stopped = up.run("stop", &[]);
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(up.wait().success());
    assert!(!up.folder.path().join("ready.json").exists());
}

#[tokio::test]
async fn approve_without_a_code_takes_the_only_one_that_waits() {
    let authority = Authority::start();
    let none = authority.0.run("approve", &[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("no device code waits"));

    let ask = async || {
        let form = [("client_id", CLI), ("scope", &authority.scope())];
        let answer = authority
            .post("<tenant>/oauth2/v2.0/devicecode", &form)
            .await;
        let answer: Value = answer.json().await.unwrap();
        answer["user_code"].as_str().unwrap().to_owned()
    };
    let first = ask().await;
    let approved = authority.0.run("approve", &[]);
    assert!(approved.status.success(), "{approved:?}");
    assert!(text(&approved.stdout).contains(&first));

    let (second, third) = (ask().await, ask().await);
    let several = authority.0.run("approve", &[]);
    assert_eq!(several.status.code(), Some(1));
    let said = text(&several.stderr);
    for code in [&second, &third] {
        assert!(
            said.contains(&format!("greeting-local approve {code}")),
            "{said}"
        );
    }
    assert!(!said.contains(&first), "{said}");
    // The list is for those who know the stack's secret.
    let url = authority.0.text("authority_host").to_owned() + "/greeting-local/approve";
    let stranger = authority.0.client.get(url).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
    assert!(!stranger.text().await.unwrap().contains(&second));
}
