//! What `--output json` prints is what `docs/schemas/` says.
//!
//! The schemas leave room for what a later release adds. Here they are read without it: a member
//! that none of them names fails, one that they demand and that is gone does too, and one that they
//! name has to be in some output, so that none is renamed or removed unseen.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;

use harness::cli::{self, Cli};
use harness::{Up, program};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/schemas"))
}

fn published(name: &str) -> Value {
    let text = std::fs::read(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A schema without the room that it leaves.
struct Closed {
    name: String,
    validator: jsonschema::Validator,
    /// Each member that it names.
    named: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Closed {
    fn of(name: &str) -> Self {
        let mut schema = published(name);
        let mut named = BTreeSet::new();
        close(&mut schema, &mut named);
        Self {
            name: name.to_owned(),
            validator: jsonschema::validator_for(&schema).unwrap(),
            named,
            seen: BTreeSet::new(),
        }
    }

    /// The first thing that is wrong with an output.
    fn wrong(&self, output: &Value) -> Option<String> {
        let mut errors = self.validator.iter_errors(output);
        errors
            .next()
            .map(|error| format!("{error} at {}", error.instance_path()))
    }

    #[track_caller]
    fn takes(&mut self, output: &Value) {
        assert_eq!(self.wrong(output), None, "{}: {output:#}", self.name);
        members(output, &mut self.seen);
    }

    /// Whatever the schema demands of this output it demands for a reason: each member that it has
    /// on its top can neither be renamed nor become something else.
    #[track_caller]
    fn refuses_changes_of(&self, output: &Value) {
        for name in output.as_object().unwrap().keys() {
            let mut renamed = output.clone();
            let value = renamed.as_object_mut().unwrap().remove(name).unwrap();
            renamed[format!("{name}_")] = value;
            assert!(self.wrong(&renamed).is_some(), "{}: {name}", self.name);
        }
    }

    #[track_caller]
    fn has_seen_all(&self) {
        let unseen: Vec<_> = self.named.difference(&self.seen).collect();
        assert!(unseen.is_empty(), "{}: in no output: {unseen:?}", self.name);
    }
}

/// Takes no member that it does not name, and no text that it does not list.
fn close(schema: &mut Value, named: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, named)),
        Value::Object(members) => {
            if let Some(examples) = members.remove("examples") {
                members.insert("enum".to_owned(), examples);
            }
            // A condition reads members, and is no list of them.
            let is_condition = |name: &String| name == "if" || name == "then";
            for (name, member) in members.iter_mut().filter(|(name, _)| !is_condition(name)) {
                if name == "properties" {
                    let properties = member.as_object_mut().unwrap();
                    named.extend(properties.keys().cloned());
                    for property in properties.values_mut() {
                        close(property, named);
                    }
                } else {
                    close(member, named);
                }
            }
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
        }
        _ => {}
    }
}

/// The names of all members, however deep.
fn members(value: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(item, seen)),
        Value::Object(object) => {
            for (name, member) in object {
                seen.insert(name.clone());
                members(member, seen);
            }
        }
        _ => {}
    }
}

/// An app that answers by path, one call after another; elsewhere with this head.
fn app(elsewhere: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 8192];
            let read = stream.read(&mut request).unwrap_or_default();
            let (head, body): (&str, &[u8]) = match request[..read].starts_with(b"GET /binary") {
                true => ("200 OK", b"\xff\xfe"),
                false => (&elsewhere, b""),
            };
            let length = body.len();
            let head =
                format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), body].concat());
        }
    });
    format!("http://{address}")
}

#[test]
fn point_4_a_call_is_what_its_schema_says() {
    let mut schema = Closed::of("call-1");
    let up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let url = up.text("function_url");
    let with = |token: &str, more: &[&str]| {
        let arguments = ["call", url, "--output", "json", "--access-token", "-"];
        let cli = Cli::new(state.path(), &[&arguments[..], more].concat());
        cli::report(&cli.trusting(&up).stdin(token).run())
    };
    let greeted = with(&up.mint(&[]), &["-i"]);
    assert_eq!(greeted["outcome"], "ok");
    schema.takes(&greeted);
    schema.refuses_changes_of(&greeted);
    let file = state.path().join("answer");
    schema.takes(&with(&up.mint(&[]), &["-o", file.to_str().unwrap()]));
    for (defect, outcome) in [
        (&["--expired"][..], "refused"),
        (&["--no-scope"], "refused"),
        (&["--audience", "https://graph.microsoft.com"], "no-token"),
    ] {
        let refused = with(&up.mint(defect), &[]);
        assert_eq!(refused["outcome"], outcome, "{refused}");
        schema.takes(&refused);
    }
    let nobody = ["call", url, "--output", "json", "--credential", "none"];
    let nobody = Cli::new(state.path(), &nobody).trusting(&up).run();
    schema.takes(&cli::report(&nobody));
    drop(up);
    let unreachable = with_nothing(state.path());
    assert_eq!(unreachable["outcome"], "unreachable");
    schema.takes(&unreachable);

    let teapot = app("418 Teapot\r\nx-request-id: 7".to_owned());
    let up = Up::start(&["--upstream", &teapot]);
    let gate = up.text("function_url").trim_end_matches('/').to_owned();
    // It refuses whatever it is sent, and no token that fits its challenge has a cause for that.
    let stubborn = app(format!(
        "401 Unauthorized\r\nserver: Kestrel\r\nwww-authenticate: Bearer realm=\"localhost\" authorization_uri=\"{}/{}/oauth2/v2.0/authorize\" resource_id=\"{}\" scope=\"{}\"",
        up.text("authority_host"),
        up.text("tenant_id"),
        up.text("api_client_id"),
        up.text("scope"),
    ));
    for (url, outcome) in [
        (format!("{gate}/binary"), "ok"),
        (format!("{gate}/teapot"), "unexpected"),
        (stubborn, "refused"),
    ] {
        let arguments = ["call", &url, "--output", "json", "--access-token", "-"];
        let cli = Cli::new(state.path(), &arguments).trusting(&up);
        let report = cli::report(&cli.stdin(&up.mint(&[])).run());
        assert_eq!(report["outcome"], outcome, "{report}");
        schema.takes(&report);
    }
    schema.has_seen_all();
}

/// A call of a port that nobody listens on.
fn with_nothing(state: &std::path::Path) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let call = ["call", &url, "--output", "json", "--credential", "none"];
    cli::report(&Cli::new(state, &call).run())
}

#[test]
fn point_4_what_signs_in_and_out_is_what_its_schemas_say() {
    let up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let command = cli::device_code(&up, &["login"], &[]);
    let child = Cli::new(state.path(), &command).trusting(&up).spawn();
    let (output, said) = cli::decide(&up, child, &[]);
    let mut login = Closed::of("login-1");
    let report = cli::report(&output);
    login.takes(&report);
    login.refuses_changes_of(&report);
    login.has_seen_all();

    let mut prompt = Closed::of("prompt-1");
    let lines: Vec<Value> = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(lines.len(), 2, "{said}");
    for line in &lines {
        prompt.takes(line);
        prompt.refuses_changes_of(line);
    }
    let browser = [
        "login",
        up.text("function_url"),
        "--output",
        "json",
        "--credential",
        "browser",
    ];
    let mut waiting = Cli::new(state.path(), &browser).trusting(&up).spawn();
    let mut lines = BufReader::new(waiting.stderr.take().unwrap()).lines();
    let line = lines.find_map(|line| serde_json::from_str(&line.unwrap()).ok());
    waiting.kill().unwrap();
    waiting.wait().unwrap();
    prompt.takes(&line.unwrap());
    prompt.has_seen_all();

    let mut logout = Closed::of("logout-1");
    for forgot in [true, false] {
        let output = Cli::new(state.path(), &["logout", "--output", "json"]).run();
        let report = cli::report(&output);
        assert_eq!(report["forgot"], forgot);
        logout.takes(&report);
        logout.refuses_changes_of(&report);
    }
    logout.has_seen_all();
}

#[test]
fn point_4_doctor_and_inspect_are_what_their_schemas_say() {
    let up = Up::start(&[]);
    let state = cli::signed_in(&up);
    let url = up.text("function_url");
    let mut doctor = Closed::of("doctor-1");
    let arguments = ["doctor", url, "--output", "json"];
    // One of them trusts the development CA.
    for cli in [
        Cli::new(state.path(), &arguments).trusting(&up),
        Cli::new(state.path(), &arguments),
    ] {
        let report = cli::report(&cli.run());
        doctor.takes(&report);
        doctor.refuses_changes_of(&report);
    }
    doctor.has_seen_all();

    let mut inspect = Closed::of("inspect-1");
    let arguments = ["token", "inspect", "--url", url, "--verify"];
    for token in [up.mint(&[]), up.mint(&["--expired"]), "no token".to_owned()] {
        let cli = Cli::new(
            state.path(),
            &[&arguments[..], &["--output", "json"]].concat(),
        );
        let report = cli::report(&cli.trusting(&up).stdin(&token).run());
        // The claims are the token's own, whatever their names.
        inspect.takes(&report);
        inspect.refuses_changes_of(&report);
    }
    inspect.has_seen_all();
}

#[test]
fn point_4_conform_is_what_its_schema_says() {
    let mut schema = Closed::of("conform-1");
    let state = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for more in [&[][..], &["--challenge", "windows"]] {
        let up = Up::start(more);
        let file = state.path().join(format!("{}.json", files.len()));
        let capture = file.to_str().unwrap().to_owned();
        let arguments = [
            "conform",
            up.text("function_url"),
            "--yes",
            "--tokens",
            "-",
            "--capture",
            &capture,
            "--output",
            "json",
        ];
        let tokens = json!({"valid": up.mint(&[])}).to_string();
        let cli = Cli::new(state.path(), &arguments).trusting(&up);
        let report = cli::report(&cli.stdin(&tokens).run());
        schema.takes(&report);
        schema.refuses_changes_of(&report);
        files.push(capture);
    }
    let compare = ["conform", "--compare", &files[0], &files[1]];
    let arguments = [&compare[..], &["--output", "json"]].concat();
    let report = cli::report(&Cli::new(state.path(), &arguments).run());
    assert_eq!(report["outcome"], "differs");
    schema.takes(&report);
    schema.refuses_changes_of(&report);
    schema.has_seen_all();
}

/// The app that `conform --echo` wants: it answers with the request as it came.
fn echo_app() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            lines.next();
            let headers: Vec<(String, String)> = lines
                .map_while(Result::ok)
                .map_while(|line| {
                    let (name, value) = line.split_once(": ")?;
                    Some((name.to_owned(), value.to_owned()))
                })
                .collect();
            let body = json!({"headers": headers}).to_string();
            let head = "HTTP/1.1 200 OK\r\nx-greeting-echo: 1\r\nconnection: close";
            let length = body.len();
            let _ = write!(stream, "{head}\r\ncontent-length: {length}\r\n\r\n{body}");
        }
    });
    format!("http://{address}")
}

#[test]
fn point_4_a_capture_is_what_its_schema_says() {
    let mut schema = Closed::of("capture-1");
    let up = Up::start(&["--upstream", &echo_app()]);
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("capture.json");
    let url = up.text("function_url");
    let arguments = ["conform", url, "--yes", "--tokens", "-", "--echo"];
    let capture = ["--capture", file.to_str().unwrap()];
    let tokens = json!({"valid": up.mint(&[])}).to_string();
    let cli = Cli::new(state.path(), &[&arguments[..], &capture].concat());
    let told = cli.trusting(&up).stdin(&tokens).run();
    let text = std::fs::read(&file).unwrap_or_else(|_| panic!("no capture: {told:?}"));
    let capture = serde_json::from_slice(&text).unwrap();
    schema.takes(&capture);
    schema.refuses_changes_of(&capture);
    schema.has_seen_all();
}

#[tokio::test]
async fn point_4_explain_is_what_its_schema_says() {
    let mut explain = Closed::of("explain-1");
    let state = tempfile::tempdir().unwrap();
    for code in [&["expired"][..], &["AADSTS65001"], &["AADSTS50001"], &[]] {
        let arguments = [&["explain", "--output", "json"], code].concat();
        let told = cli::report(&Cli::new(state.path(), &arguments).run());
        explain.takes(&told);
        if told.is_object() {
            explain.refuses_changes_of(&told);
        }
    }
    let up = Up::start(&[]);
    assert_eq!(up.call_with(&up.mint(&["--expired"])).await.status(), 401);
    let log = up.run("log", &["--output", "json"]).stdout;
    let log = String::from_utf8(log).unwrap();
    let arguments = ["explain", "--log", "-", "--output", "json"];
    let told = cli::report(&Cli::new(state.path(), &arguments).stdin(&log).run());
    explain.takes(&told);
    explain.refuses_changes_of(&told);
    explain.has_seen_all();
}

#[tokio::test]
async fn point_4_the_log_is_what_its_schema_says() {
    let up = Up::start(&[]);
    cli::signed_in(&up);
    for defect in [&[][..], &["--expired"], &["--no-scope"]] {
        up.call_with(&up.mint(defect)).await;
    }
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    let secret = std::fs::read_to_string(up.folder.path().join("state/daemon-secret")).unwrap();
    let scope = up.text("scope").replace("Greeting.Read", ".default");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853"),
        ("client_secret", &secret),
        ("scope", &scope),
    ];
    let answer = up.client.post(url).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), 200);

    let mut schema = Closed::of("log-1");
    let lines = up.run("log", &["--output", "json"]).stdout;
    for line in String::from_utf8(lines).unwrap().lines() {
        let event = serde_json::from_str(line).unwrap();
        schema.takes(&event);
        schema.refuses_changes_of(&event);
    }
    schema.has_seen_all();
}

#[test]
fn point_4_a_stack_is_what_its_schemas_say() {
    let up = Up::start(&["--upstream", "http://127.0.0.1:9"]);
    let json = |command, more: &[&str]| -> Value {
        let output = up.run(command, &[&["--output", "json"], more].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    for (name, output) in [
        ("ready-1", up.ready.clone()),
        ("status-1", json("status", &[])),
        ("status-all-1", json("status", &["--all"])),
    ] {
        let mut schema = Closed::of(name);
        schema.takes(&output);
        schema.refuses_changes_of(&output);
        schema.has_seen_all();
    }
    let mut env = Closed::of("env-1");
    let variables = json("env", &["--for", "az"]);
    env.takes(&variables);
    assert!(variables["GREETING_SCOPE"].is_string(), "{variables}");
}

#[test]
fn point_4_the_demo_is_what_its_schema_says() {
    cli::path();
    let output = program()
        .args(["demo", "--output", "json"])
        .output()
        .unwrap();
    let cases: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut schema = Closed::of("demo-1");
    schema.takes(&cases);
    schema.has_seen_all();
    for case in cases.as_array().unwrap() {
        for name in case.as_object().unwrap().keys() {
            let mut without = case.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(schema.wrong(&json!([without])).is_some(), "{name}");
        }
    }
}

/// One finding is the same wherever it is printed, and each schema has a line of the page.
#[test]
fn point_4_each_schema_is_in_the_page_and_has_the_same_finding() {
    let page = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let mut findings = BTreeSet::new();
    for file in std::fs::read_dir(folder()).unwrap().flatten() {
        let file = file.file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".json") else {
            continue;
        };
        let schema = published(name);
        jsonschema::meta::validate(&schema).unwrap();
        assert!(page.contains(&file), "{file} is not in the page");
        if let Some(finding) = schema.pointer("/$defs/finding") {
            findings.insert(finding.to_string());
        }
    }
    assert_eq!(findings.len(), 1);
}
