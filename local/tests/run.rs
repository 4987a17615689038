//! `greeting-local run`, from outside: a command for which Microsoft's sign-in hosts are the local
//! authority. The tests do what the command would do, by its environment.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Output, Stdio};

use harness::authority::{API, CLI, DAEMON, claims};
use harness::{GREETING, Up, program};
use reqwest::{Client, Proxy};
use serde_json::Value;
use tempfile::TempDir;

const LOGIN: &str = "https://login.microsoftonline.com";
/// The local tenant's.
const TENANT: &str = "organizations";
/// Prints its environment, and runs until its stdin ends.
const COMMAND: &str = "env; echo END; cat >/dev/null";

/// A running command.
struct Run {
    child: Child,
    stdin: Option<ChildStdin>,
    /// The command's environment.
    environment: BTreeMap<String, String>,
    folder: TempDir,
    state: PathBuf,
}

impl Run {
    fn start(more: &[&str]) -> Self {
        Self::start_with(more, COMMAND)
    }

    fn start_with(more: &[&str], command: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let mut child = program()
            // Where there is no app.
            .current_dir(folder.path())
            .arg("run")
            .arg("--state-dir")
            .arg(&state)
            .args(more)
            .args(["--", "sh", "-c", command])
            .env("AZURE_AUTHORITY_HOST", "https://localhost:1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let environment: BTreeMap<String, String> = lines
            .map(Result::unwrap)
            .take_while(|line| line != "END")
            .filter_map(|line| {
                let (name, value) = line.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            })
            .collect();
        if environment.is_empty() {
            let mut said = String::new();
            let _ = child.stderr.take().unwrap().read_to_string(&mut said);
            panic!("the command did not start: {said}");
        }
        let stdin = child.stdin.take();
        Self {
            child,
            stdin,
            environment,
            folder,
            state,
        }
    }

    fn get(&self, name: &str) -> &str {
        let found = self.environment.get(name);
        found.unwrap_or_else(|| panic!("no {name} in {:?}", self.environment))
    }

    fn proxy_port(&self) -> u16 {
        let port = self.get("HTTPS_PROXY").rsplit(':').next().unwrap();
        port.parse().unwrap()
    }

    /// A client that trusts the development CA alone.
    fn trusting(&self) -> reqwest::ClientBuilder {
        let pem = std::fs::read(self.get("NODE_EXTRA_CA_CERTS")).unwrap();
        Client::builder().tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
    }

    /// A client as the environment has it.
    fn client(&self) -> Client {
        self.trusting()
            .proxy(Proxy::https(self.get("HTTPS_PROXY")).unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
    }

    /// The control room's address, by `status`, and its page, as a browser beside the command has it.
    async fn control_room(&self) -> (String, String) {
        let told = self.local("status", &["--output", "json"]).stdout;
        let told: Value = serde_json::from_slice(&told).unwrap();
        let room = told["control_room"].as_str().unwrap().to_owned();
        let browser = self.trusting().no_proxy().build().unwrap();
        let page = browser.get(&room).send().await.unwrap();
        (room, page.text().await.unwrap())
    }

    /// What the proxy answers to these bytes, until it has ended the head.
    fn ask_proxy(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.proxy_port())).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let mut reader = BufReader::new(stream);
        while reader.read_line(&mut answer).unwrap() > 2 {}
        let body = answer.to_ascii_lowercase();
        let length = body.split("content-length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body).unwrap();
        answer + &String::from_utf8(body).unwrap()
    }

    fn authorization(&self) -> String {
        use base64::Engine as _;
        let secret = self.get("HTTPS_PROXY").trim_start_matches("http://");
        let secret = secret.split('@').next().unwrap();
        let encoded = base64::engine::general_purpose::STANDARD.encode(secret);
        format!("Proxy-Authorization: Basic {encoded}\r\n")
    }

    fn local(&self, command: &str, arguments: &[&str]) -> Output {
        program()
            .arg(command)
            .args(arguments)
            .arg("--state-dir")
            .arg(&self.state)
            .output()
            .unwrap()
    }

    async fn token(&self, form: &[(&str, &str)]) -> Value {
        let url = format!("{LOGIN}/{TENANT}/oauth2/v2.0/token");
        let answer = self.client().post(url).form(form).send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The daemon's token, by its secret.
    async fn daemon_token(&self, scope: &str) -> Value {
        let secret = std::fs::read_to_string(self.state.join("daemon-secret")).unwrap();
        self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", DAEMON),
            ("client_secret", secret.trim()),
            ("scope", scope),
        ])
        .await
    }

    /// Somebody's token, by a device code.
    async fn sign_in(&self) -> Value {
        let client = self.client();
        let scope = format!("{} openid offline_access", self.get("GREETING_SCOPE"));
        let url = format!("{LOGIN}/{TENANT}/oauth2/v2.0/devicecode");
        let form = [("client_id", CLI), ("scope", &scope)];
        let started = client.post(url).form(&form).send().await.unwrap();
        let started: Value = started.json().await.unwrap();
        // A person's browser has no proxy: Microsoft's page must not be asked for.
        let page = started["verification_uri"].as_str().unwrap();
        assert!(page.starts_with("https://localhost:"), "{started}");
        let code = started["user_code"].as_str().unwrap();
        let approved = self.local("approve", &[code]);
        assert!(approved.status.success(), "{approved:?}");
        self.token(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", CLI),
            ("device_code", started["device_code"].as_str().unwrap()),
        ])
        .await
    }

    /// Ends the command; what it said, and how it ended.
    fn end(&mut self) -> (Option<i32>, String) {
        drop(self.stdin.take());
        let status = harness::wait_for(|| self.child.try_wait().unwrap());
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (status.code(), said)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

fn of_checkout() -> Run {
    Run::start(&["--app-root", concat!(env!("CARGO_MANIFEST_DIR"), "/..")])
}

async fn called(url: &str, token: &Value) -> (u16, String) {
    let client = Client::builder().no_proxy().build().unwrap();
    let request = client.get(url).bearer_auth(token.as_str().unwrap());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn point_2_who_signs_in_at_microsofts_host_calls_the_gate_and_no_other_one() {
    let run = of_checkout();
    let signed_in = run.sign_in().await;
    let token = &signed_in["access_token"];
    let claims = claims(token);
    let tenant = claims["tid"].as_str().unwrap();
    assert_eq!(claims["iss"], format!("{LOGIN}/{tenant}/v2.0"));
    assert_eq!(
        called(run.get("GREETING_URL"), token).await,
        (200, GREETING.to_owned())
    );
    // Another stack's gate, which has keys of its own and its own issuer.
    let up = Up::start(&[]);
    assert_eq!(up.call_with(token.as_str().unwrap()).await.status(), 401);
}

#[tokio::test]
async fn point_2_tokens_are_worth_nothing_at_up_even_with_the_same_keys() {
    let run = of_checkout();
    let token = run.sign_in().await["access_token"].clone();
    assert_eq!(called(run.get("GREETING_URL"), &token).await.0, 200);
    let mut run = run;
    run.end();
    let folder = std::mem::replace(&mut run.folder, tempfile::tempdir().unwrap());
    let up = Up::start_in(folder, "0", &[]);
    assert_eq!(up.call_with(token.as_str().unwrap()).await.status(), 401);
}

#[tokio::test]
async fn point_2_each_host_is_answered_as_itself() {
    let run = Run::start(&[]);
    let client = run.client();
    let get = async |url: String| -> Value {
        client.get(url).send().await.unwrap().json().await.unwrap()
    };
    for (asked, issuer) in [
        ("login.microsoftonline.com", "login.microsoftonline.com"),
        ("login.windows.net", "login.microsoftonline.com"),
        ("login.microsoftonline.us", "login.microsoftonline.us"),
        (
            "login.partner.microsoftonline.cn",
            "login.partner.microsoftonline.cn",
        ),
    ] {
        let at = format!("https://{asked}/organizations/v2.0/.well-known/openid-configuration");
        let told = get(at).await;
        assert_eq!(
            told["issuer"],
            format!("https://{issuer}/{{tenantid}}/v2.0"),
            "{asked}"
        );
        let at = format!("https://{asked}/common/discovery/instance?api-version=1.1");
        let told = get(at).await;
        let aliases = told["metadata"][0]["aliases"].as_array().unwrap();
        assert_eq!(aliases[0], "login.microsoftonline.com", "{asked}");
    }
    let v1 = get(format!("{LOGIN}/common/.well-known/openid-configuration")).await;
    assert_eq!(v1["issuer"], "https://sts.windows.net/{tenantid}/");
    // Commands and control room are not there.
    let room = client.get(format!("{LOGIN}/")).send().await.unwrap();
    assert_eq!(room.status(), 404);
}

#[tokio::test]
async fn point_2_the_resource_manager_answers_a_sign_in_alone() {
    let run = Run::start(&[]);
    let scope = "https://management.core.windows.net//.default";
    let token = run.daemon_token(scope).await;
    let token = token["access_token"].as_str().unwrap();
    let client = run.client();
    let get = async |path: &str| {
        let url = format!("https://management.azure.com{path}?api-version=2022-12-01");
        let answer = client.get(url).bearer_auth(token).send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json::<Value>().await.unwrap(),
        )
    };
    let (status, subscriptions) = get("/subscriptions").await;
    assert_eq!(
        (status, subscriptions["value"].as_array().unwrap().len()),
        (200, 1)
    );
    assert_eq!(get("/tenants").await.0, 200);
    let (status, refused) = get("/subscriptions/one/resourceGroups").await;
    assert_eq!(status, 501);
    assert_eq!(refused["error"]["code"], "NotInGreetingLocal");
}

#[tokio::test]
async fn point_2_an_app_only_token_says_its_api() {
    let run = Run::start(&[]);
    let token = run.daemon_token(&format!("api://{API}/.default")).await;
    assert_eq!(claims(&token["access_token"])["aud"], API);
    // There is no app here, and the gate says so to who has a token that it takes.
    let url = run.get("GREETING_URL");
    let anonymous = Client::builder().no_proxy().build().unwrap();
    let anonymous = anonymous.get(url).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    let token = run.sign_in().await["access_token"].clone();
    let (status, said) = called(url, &token).await;
    assert!(
        status == 404 && said.contains("no app here"),
        "{status} {said}"
    );
}

#[test]
fn point_2_other_hosts_are_refused() {
    let run = Run::start(&[]);
    for request in [
        "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n",
        "CONNECT graph.microsoft.com:443 HTTP/1.1\r\nHost: graph.microsoft.com:443\r\n",
        "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n",
    ] {
        let answer = run.ask_proxy(&format!("{request}{}\r\n", run.authorization()));
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(answer.contains("greeting-local run:"), "{answer}");
    }
}

#[test]
fn point_2_the_network_is_never_microsofts_and_needs_the_credential() {
    let app = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = app.local_addr().unwrap().port();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = app.accept().unwrap();
        let mut word = [0; 4];
        stream.read_exact(&mut word).unwrap();
        stream.write_all(b"pong").unwrap();
    });
    let run = Run::start(&["--allow-network"]);
    let connect = |host: &str| format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n");
    for host in [
        "login.microsoftonline.com:80",
        "LOGIN.MICROSOFTONLINE.COM.:8443",
        "device.login.microsoftonline.com:443",
        "graph.microsoft.com.:443",
        "20.190.159.2:443",
    ] {
        let answer = run.ask_proxy(&format!("{}{}\r\n", connect(host), run.authorization()));
        assert!(answer.starts_with("HTTP/1.1 403"), "{host}: {answer}");
    }
    let plain =
        "GET http://login.microsoftonline.com/ HTTP/1.1\r\nHost: login.microsoftonline.com\r\n";
    let answer = run.ask_proxy(&format!("{plain}{}\r\n", run.authorization()));
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    // Without the credential: another user of this machine.
    let other = format!("localhost:{port}");
    let answer = run.ask_proxy(&format!("{}\r\n", connect(&other)));
    assert!(answer.starts_with("HTTP/1.1 407"), "{answer}");
    // With it.
    let mut stream = TcpStream::connect(("127.0.0.1", run.proxy_port())).unwrap();
    let request = format!("{}{}\r\n", connect(&other), run.authorization());
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    stream.write_all(b"ping").unwrap();
    let mut word = [0; 4];
    reader.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"pong");
    echo.join().unwrap();
}

#[tokio::test]
async fn point_2_no_shell_is_pointed_at_microsoft() {
    let run = Run::start(&[]);
    for client in [&[][..], &["--for", "az"], &["--output", "json"]] {
        let env = run.local("env", client);
        let said = String::from_utf8(env.stderr).unwrap();
        assert_eq!(env.status.code(), Some(1), "{said}");
        assert_eq!(env.stdout, b"", "{said}");
        assert!(said.contains("would sign in to Microsoft itself"), "{said}");
        assert!(said.contains("run -- COMMAND"), "{said}");
    }
    // The control room has the same lines.
    let (_, page) = run.control_room().await;
    assert!(page.contains("would sign in to Microsoft itself"), "{page}");
    assert!(!page.contains("AZURE_AUTHORITY_HOST"), "{page}");
    // What it unsets are names, and an app's variables are this machine's.
    for other in [&["--unset"][..], &["--for", "app"]] {
        assert_eq!(run.local("env", other).status.code(), Some(0), "{other:?}");
    }
}

#[test]
fn point_2_only_the_commands_environment_says_so() {
    let mut run = Run::start(&[]);
    let state = run.state.clone();
    for name in ["https_proxy", "HTTP_PROXY", "http_proxy"] {
        assert_eq!(run.get(name), run.get("HTTPS_PROXY"), "{name}");
    }
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
        assert_eq!(run.get(name), state.join("ca-bundle.pem").to_str().unwrap());
    }
    assert!(
        run.get("IDENTITY_ENDPOINT")
            .starts_with("http://localhost:")
    );
    assert!(
        run.get("AZURE_CONFIG_DIR")
            .starts_with(state.to_str().unwrap())
    );
    assert!(run.get("JAVA_TOOL_OPTIONS").contains("-Dhttps.proxyPort="));
    assert_eq!(run.get("NODE_USE_ENV_PROXY"), "1");
    // Of a shell that `env` has pointed at another stack.
    assert!(!run.environment.contains_key("AZURE_AUTHORITY_HOST"));
    // The process that has started it, by the kernel.
    let own = std::fs::read(format!("/proc/{}/environ", run.child.id()));
    if let Ok(own) = own {
        assert!(!String::from_utf8_lossy(&own).contains("IDENTITY_HEADER"));
    }
    let port = run.proxy_port();
    let (status, said) = run.end();
    assert_eq!(status, Some(0));
    assert!(said.contains("did not use the proxy"), "{said}");
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    assert!(!state.join("running.json").exists());
}

/// The authority's own name is Microsoft's here, and its page is not.
#[tokio::test]
async fn point_17_status_has_the_address_of_the_control_room() {
    let run = Run::start(&[]);
    let (room, page) = run.control_room().await;
    assert!(room.starts_with("https://localhost:"), "{room}");
    assert!(page.contains("Control room"), "{page}");
    let said = run.local("status", &[]).stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains(&format!("control room  {room}\n")), "{said}");
}

#[tokio::test]
async fn point_2_who_has_used_the_proxy_is_told_nothing() {
    let mut run = Run::start(&[]);
    run.sign_in().await;
    assert_eq!(run.end(), (Some(0), String::new()));
}

/// Runs a command that ends by itself.
fn ended(command: &[&str]) -> Output {
    let state = tempfile::tempdir().unwrap();
    program()
        .current_dir(state.path())
        .args(["run", "--state-dir"])
        .arg(state.path())
        .arg("--")
        .args(command)
        .output()
        .unwrap()
}

#[test]
fn point_2_the_exit_status_is_the_commands() {
    for (command, status) in [
        (&["sh", "-c", "echo out; exit 7"][..], 7),
        (&["sh", "-c", "kill -TERM $$"], 128 + 15),
        (&["no-such-program-anywhere"], 127),
    ] {
        let output = ended(command);
        assert_eq!(output.status.code(), Some(status), "{output:?}");
    }
    // What was not started has ignored no proxy.
    let said = String::from_utf8(ended(&["no-such-program-anywhere"]).stderr).unwrap();
    assert!(said.contains("no-such-program-anywhere"), "{said}");
    assert!(!said.contains("did not use the proxy"), "{said}");
    assert_eq!(ended(&["echo", "out"]).stdout, b"out\n");
}

#[test]
fn point_2_a_signal_reaches_the_command_and_nothing_is_left() {
    let command = "trap 'exit 9' INT TERM; sleep 1000 & echo CHILD=$!; env; echo END; wait";
    for signal in ["-INT", "-TERM"] {
        let mut run = Run::start_with(&[], command);
        let left: u32 = run.get("CHILD").parse().unwrap();
        let port = run.proxy_port();
        let sent = std::process::Command::new("kill")
            .args([signal, &run.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(run.end().0, Some(9), "{signal}");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        // It was killed before that end; whoever inherits it may be late to take note.
        harness::wait_for(|| {
            let status = std::fs::read_to_string(format!("/proc/{left}/status"));
            let gone = status.map_or(true, |status| status.contains("State:\tZ"));
            gone.then_some(())
        });
    }
}
