//! Stacks with a name: each has a state folder and ports of its own.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::PathBuf;
use std::process::Output;

use harness::program;
use serde_json::Value;
use tempfile::TempDir;

/// Any ports that are free: those of a person's own stacks may be taken here.
const ANY: [&str; 5] = ["--detach", "--port", "0", "--authority-port", "0"];

/// A state folder, and those of its stacks that a test has started.
struct Stacks {
    folder: TempDir,
    started: Vec<String>,
}

impl Stacks {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            started: Vec::new(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        program()
            .args(arguments)
            .env("GREETING_LOCAL_STATE", self.folder.path())
            .output()
            .unwrap()
    }

    fn up(&mut self, name: &str, more: &[&str]) -> Output {
        self.started.push(name.to_owned());
        self.run(&[&["up", "--name", name], more].concat())
    }

    fn started(name: &str, more: &[&str]) -> Self {
        let mut stacks = Self::new();
        let output = stacks.up(name, more);
        assert!(output.status.success(), "{output:?}");
        stacks
    }

    fn status(&self, name: &str) -> Value {
        let output = self.run(&["status", "--output", "json", "--name", name]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The state folder, as programs are told it.
    fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }
}

impl Drop for Stacks {
    fn drop(&mut self) {
        for name in &self.started {
            self.run(&["stop", "--name", name]);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    text(&output.stderr)
}

fn port(url: &Value) -> u16 {
    let url = reqwest::Url::parse(url.as_str().unwrap()).unwrap();
    url.port().unwrap()
}

#[tokio::test]
async fn item_10_a_second_stack_runs_beside_the_first() {
    let mut stacks = Stacks::started("default", &ANY);
    // Which ports are free is its own affair.
    let started = stacks.up("two", &["--detach"]);
    assert!(started.status.success(), "{started:?}");
    let said = text(&started.stdout);
    for line in ["env", "stop"] {
        let line = format!("greeting-local {line} --state-dir");
        assert!(said.contains(&line), "{said}");
    }
    assert_eq!(said.matches(" --name two").count(), 2, "{said}");

    let (first, second) = (stacks.status("default"), stacks.status("two"));
    for (status, name, folder) in [
        (&first, "default", stacks.path()),
        (&second, "two", stacks.path().join("stacks/two")),
    ] {
        assert_eq!(status["name"], name);
        assert_eq!(status["state_dir"], folder.to_str().unwrap());
    }
    // A token of one is nothing to the other: each has keys of its own.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, taken, not_taken) in [("default", &first, &second), ("two", &second, &first)] {
        let token = text(&stacks.run(&["mint", "--name", name]).stdout);
        for (status, of) in [(200, taken), (401, not_taken)] {
            let url = of["function_url"].as_str().unwrap();
            let call = client.get(url).bearer_auth(token.trim()).send();
            assert_eq!(call.await.unwrap().status(), status, "{name} at {url}");
        }
    }
    // Ending one ends no other.
    let stopped = stacks.run(&["stop", "--name", "two"]);
    assert!(stopped.status.success(), "{stopped:?}");
    stacks.status("default");
    let said = refused(&stacks.run(&["env", "--name", "two"]));
    assert!(said.contains("the stack two does not run"), "{said}");
    assert!(said.contains("greeting-local up --state-dir"), "{said}");
}

#[test]
fn item_10_status_all_lists_every_stack_and_its_ports() {
    let mut stacks = Stacks::started("two", &ANY);
    stacks.up("three", &ANY);
    stacks.run(&["stop", "--name", "three"]);
    let output = stacks.run(&["status", "--all", "--output", "json"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> = all["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    // Those that run first.
    assert_eq!(names, ["two", "default", "three"]);
    assert_eq!(all["left_out"], 0);
    let two = &all["stacks"][0];
    let alone = stacks.status("two");
    assert_eq!(
        (&two["state"], &two["since"]),
        (&"runs".into(), &alone["since"])
    );
    assert_eq!(two["function_port"], port(&alone["function_url"]));
    assert_eq!(two["authority_port"], port(&alone["authority_host"]));
    let three = &all["stacks"][2];
    assert_eq!(three["state"], "stopped");
    assert!(three["function_port"].is_u64() && three.get("function_url").is_none());

    let shown = text(&stacks.run(&["status", "--all"]).stdout);
    for part in [
        format!("two           {}", alone["function_url"].as_str().unwrap()),
        format!("does not run; its ports: {}, ", three["function_port"]),
        format!("state {}", stacks.path().join("stacks/three").display()),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    // Without a name, what does run is not kept secret.
    let said = refused(&stacks.run(&["status"]));
    assert!(said.contains("others run: two"), "{said}");
    assert!(said.contains("--name two"), "{said}");
}

#[test]
fn item_10_status_all_of_nothing_succeeds_and_makes_nothing() {
    let stacks = Stacks::new();
    let none = stacks.folder.path().join("none");
    let output = program()
        .args(["status", "--all", "--state-dir"])
        .arg(&none)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(text(&output.stdout).starts_with("default       does not run\n"));
    assert!(!none.exists());
}

/// A list that grows without end is cut, and says so.
#[test]
fn item_10_a_long_list_of_stacks_is_cut() {
    let stacks = Stacks::new();
    for number in 0..60 {
        std::fs::create_dir_all(stacks.path().join(format!("stacks/s-{number:02}"))).unwrap();
    }
    let output = stacks.run(&["status", "--all", "--output", "json"]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(all["stacks"].as_array().unwrap().len(), 50);
    assert_eq!(all["left_out"], 11);
    let said = text(&stacks.run(&["status", "--all"]).stdout);
    assert!(said.contains("more that are not shown"), "{said}");
    let said = refused(&stacks.run(&["stop", "--name", "other"]));
    assert!(said.contains(" and 40 more"), "{said}");
}

#[test]
fn item_10_a_stack_keeps_its_ports_and_takes_none_of_another() {
    let mut stacks = Stacks::started("two", &ANY);
    let before = stacks.status("two");
    stacks.run(&["stop", "--name", "two"]);
    let again = stacks.up("two", &["--detach"]);
    assert!(again.status.success(), "{again:?}");
    let now = stacks.status("two");
    // Between the two runs somebody may have taken one: then it says so.
    let moved = text(&again.stdout).contains(" is taken: the ");
    let same = ["function_url", "authority_host"].map(|url| port(&before[url]) == port(&now[url]));
    assert_eq!(same == [true; 2], !moved, "{before} {now} {again:?}");
    stacks.run(&["stop", "--name", "two"]);
    // Taken by somebody else.
    let had = port(&now["function_url"]);
    let _taken = std::net::TcpListener::bind(("127.0.0.1", had)).unwrap();
    let again = stacks.up("two", &["--detach"]);
    let said = text(&again.stdout);
    assert!(
        said.contains(&format!("port {had} is taken: the function is on ")),
        "{said}"
    );
    assert_ne!(port(&stacks.status("two")["function_url"]), had);
}

#[test]
fn item_10_a_taken_port_names_the_stack_that_has_it() {
    let mut stacks = Stacks::started("two", &ANY);
    let taken = stacks.status("two");
    let function = port(&taken["function_url"]).to_string();
    let authority = port(&taken["authority_host"]).to_string();
    for (flag, port, other) in [
        ("--port", &function, "--authority-port"),
        ("--authority-port", &authority, "--port"),
    ] {
        let asked = ["--detach", flag, port, other, "0"];
        let said = refused(&stacks.up("default", &asked));
        assert!(
            said.contains(&format!("port {port} on localhost")),
            "{said}"
        );
        assert!(said.contains("the stack two has it"), "{said}");
        assert!(said.contains("greeting-local stop"), "{said}");
        // A name that is free, not the one that has the port.
        assert!(said.contains("--name three"), "{said}");
    }
    // By another stack with a name: without the flag it has ports of its own.
    let said = refused(&stacks.up("three", &["--detach", "--port", &function]));
    assert!(
        said.contains("without --port it takes a free port"),
        "{said}"
    );
}

#[test]
fn item_10_a_second_run_of_a_name_is_refused() {
    let mut stacks = Stacks::started("two", &ANY);
    let said = refused(&stacks.up("two", &ANY));
    assert!(said.contains("another greeting-local uses"), "{said}");
    // As this program was called: it pastes where it is not on the PATH.
    let stop = format!("to end it: {} stop", env!("CARGO_BIN_EXE_greeting-local"));
    assert!(said.contains(&stop), "{said}");
    assert!(said.contains("--name three"), "{said}");
    // In any letter case it is the same folder.
    let said = refused(&stacks.up("Two", &ANY));
    assert!(said.contains("another greeting-local uses"), "{said}");
    stacks.status("two");
}

#[test]
fn item_10_a_name_that_never_was_is_answered_with_the_nearest() {
    let mut stacks = Stacks::started("orders", &ANY);
    for command in [
        "status",
        "health",
        "stop",
        "env",
        "approve",
        "mint",
        "policy",
        "rotate-keys",
        "log",
    ] {
        let said = refused(&stacks.run(&[command, "--name", "order"]));
        assert!(
            said.contains("there is no stack order"),
            "{command}: {said}"
        );
        let meant = format!("greeting-local {command} --state-dir");
        assert!(said.contains(&meant), "{command}: {said}");
        assert!(said.contains("--name orders\n"), "{command}: {said}");
    }
    assert!(!stacks.path().join("stacks/order").exists());
    stacks.started.push("order".to_owned());
}

#[test]
fn item_10_a_name_is_no_path() {
    let stacks = Stacks::new();
    for name in [
        "../two",
        "a/b",
        "",
        ".",
        "NUL",
        "com1",
        "a b",
        &"a".repeat(64),
    ] {
        let output = stacks.run(&["up", &format!("--name={name}")]);
        assert_eq!(output.status.code(), Some(2), "{name:?}: {output:?}");
        assert!(text(&output.stderr).contains("--name"), "{output:?}");
    }
    assert!(std::fs::read_dir(stacks.path()).unwrap().next().is_none());
}

/// Runs a script in a shell that has this variable alone of ours: it shows the stack `two`, and ends
/// with nothing left.
#[cfg(unix)]
fn is_of_the_second(script: &str, variable: &str, path: &std::path::Path) {
    let output = std::process::Command::new("sh")
        .args(["-c", script])
        .env_remove("GREETING_LOCAL_STATE")
        .env_remove("GREETING_LOCAL_NAME")
        .env_remove("SSL_CERT_FILE")
        .env(variable, path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = text(&output.stdout);
    assert!(said.contains("\"name\": \"two\""), "{said}");
    assert!(said.ends_with("left: \n"), "{said}");
}

/// A shell is pointed at one stack, and so are this program's own commands in it.
#[cfg(unix)]
#[test]
fn item_10_a_shell_with_env_is_about_that_stack() {
    let stacks = Stacks::started("two", &ANY);
    let program = env!("CARGO_BIN_EXE_greeting-local");
    let script = format!(
        r#"set -e
        eval "$('{program}' env --shell sh --name two)"
        '{program}' status --output json
        eval "$('{program}' env --shell sh --unset)"
        echo "left: $GREETING_URL$GREETING_LOCAL_NAME$SSL_CERT_FILE""#
    );
    is_of_the_second(&script, "GREETING_LOCAL_STATE", &stacks.path());
    // The default stack's shell has no name, and one that has a name says which.
    let env = |variable: &str| {
        let mut command = harness::program();
        command.args(["env", "--shell", "sh", "--unset", "--name", "default"]);
        command.env("GREETING_LOCAL_STATE", stacks.path());
        text(
            &command
                .env("GREETING_LOCAL_NAME", variable)
                .output()
                .unwrap()
                .stdout,
        )
    };
    assert!(!env("").contains("GREETING_LOCAL_NAME"));
    assert!(env("two").contains("unset GREETING_LOCAL_NAME"));
}

/// A folder that a command was given is given on to the commands of its shell.
#[cfg(unix)]
#[test]
fn item_10_a_shell_with_env_is_about_that_state_folder_too() {
    let stacks = Stacks::started("two", &ANY);
    let program = env!("CARGO_BIN_EXE_greeting-local");
    let script = format!(
        r#"set -e
        cd "$FOLDER"
        eval "$('{program}' env --shell sh --name two --state-dir .)"
        cd /
        '{program}' mint >"$FOLDER/token"
        '{program}' status --output json
        eval "$('{program}' env --shell sh --unset)"
        echo "left: $GREETING_LOCAL_STATE$GREETING_LOCAL_NAME""#
    );
    is_of_the_second(&script, "FOLDER", &stacks.path());
    let token = std::fs::read_to_string(stacks.path().join("token")).unwrap();
    assert!(token.starts_with("ey"), "a token was minted");
}

/// What is pointed at an app behind the gate is what Azure tells one.
#[test]
fn item_10_an_app_is_told_nothing_of_names() {
    let stacks = Stacks::started("two", &ANY);
    let of = |more: &[&str]| {
        let all = [&["env", "--name", "two", "--output", "json"], more].concat();
        let output = stacks.run(&all);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    assert_eq!(of(&[])["GREETING_LOCAL_NAME"], "two");
    assert_eq!(of(&["--for", "app"]).get("GREETING_LOCAL_NAME"), None);
}

#[cfg(unix)]
#[test]
fn item_10_a_killed_stack_is_told_from_one_that_runs() {
    let mut stacks = Stacks::started("two", &ANY);
    let process = stacks.status("two")["process"].to_string();
    let killed = std::process::Command::new("kill")
        .args(["-9", &process])
        .status();
    assert!(killed.unwrap().success());
    let said = harness::wait_for(|| {
        let output = stacks.run(&["env", "--name", "two"]);
        (!output.status.success()).then(|| refused(&output))
    });
    assert!(said.contains("the stack two does not run"), "{said}");
    assert!(said.contains("was killed"), "{said}");
    let all = stacks.run(&["status", "--all"]);
    assert!(text(&all.stdout).contains("two           does not run"));
    // Nothing of it is in the way.
    let again = stacks.up("two", &ANY);
    assert!(again.status.success(), "{again:?}");
    stacks.status("two");
}

/// Two control rooms in two tabs, and lines that are about the right one.
#[tokio::test]
async fn item_10_the_control_room_says_which_stack() {
    let stacks = Stacks::started("two", &ANY);
    let status = stacks.status("two");
    let ca = std::fs::read(status["ca_cert"].as_str().unwrap()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&ca).unwrap()])
        .no_proxy()
        .build()
        .unwrap();
    let room = format!("{}/?shell=bash", status["authority_host"].as_str().unwrap());
    let page = client.get(room).send().await.unwrap().text().await.unwrap();
    for part in [
        "<dt>Stack</dt><dd>two</dd>".to_owned(),
        "export GREETING_LOCAL_NAME='two'".to_owned(),
        format!(
            "env --for az --state-dir {} --name two",
            stacks.folder.path().display()
        ),
        format!(
            "log --follow --state-dir {} --name two",
            stacks.folder.path().display()
        ),
    ] {
        assert!(page.contains(&part), "{part}: {page}");
    }
}

/// Every wait ends, and the others are told all the same.
#[cfg(unix)]
#[test]
fn item_10_a_stack_that_is_silent_holds_up_no_other() {
    let mut stacks = Stacks::started("two", &ANY);
    stacks.up("three", &ANY);
    let process = stacks.status("two")["process"].to_string();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill")
            .args([name, &process])
            .status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    let json = stacks.run(&["status", "--all", "--output", "json"]);
    let human = text(&stacks.run(&["status", "--all"]).stdout);
    signal("-CONT");
    let all: Value = serde_json::from_slice(&json.stdout).unwrap();
    let states: Vec<(&Value, &Value)> = all["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["name"], &one["state"]))
        .collect();
    let of = |name: &str| states.iter().find(|(one, _)| *one == name).unwrap().1;
    assert_eq!((of("two"), of("three")), (&"silent".into(), &"runs".into()));
    assert!(human.contains("does not answer\n"), "{human}");
    assert!(human.contains("greeting-local stop --state-dir"), "{human}");
}

#[cfg(target_os = "linux")]
#[test]
fn item_10_a_list_of_stacks_that_is_not_written_is_an_error() {
    let stacks = Stacks::new();
    for output in ["human", "json"] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let ended = program()
            .args(["status", "--all", "--output", output, "--state-dir"])
            .arg(stacks.folder.path())
            .stdout(full.unwrap())
            .output()
            .unwrap();
        let said = refused(&ended);
        assert!(said.contains("could not be written"), "{said}");
    }
}
