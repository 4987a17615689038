//! `up --listen … --public-host …`: what a container beside this one can do, and what it can't.
//! Linux alone has all of 127.0.0.0/8 without setting anything up.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::net::{IpAddr, SocketAddr};

use harness::{GREETING, Up, program};
use reqwest::{Client, Method, StatusCode, header};

const LISTEN: &str = "127.0.0.3";
const NAME: &str = "greeting-local";
/// The other container.
const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

fn start(more: &[&str]) -> Up {
    let mut arguments = vec!["--listen", LISTEN, "--public-host", NAME];
    arguments.extend(more);
    Up::start(&arguments)
}

/// Calls from `from`, and takes `name` for `address`.
fn client(up: &Up, from: IpAddr, name: &str, address: &str) -> Client {
    Client::builder()
        .tls_certs_only([up.ca()])
        .no_proxy()
        // In HTTP/2 `:authority` stands for a Host header, whatever that says.
        .http1_only()
        .local_address(from)
        .resolve(name, SocketAddr::new(address.parse().unwrap(), 0))
        .build()
        .unwrap()
}

fn port(url: &str) -> &str {
    url.split(['/', ':']).nth(4).unwrap()
}

#[tokio::test]
async fn point_4_another_container_signs_in_and_calls() {
    let up = start(&["--auto-approve", "alice@greeting.test", "--https"]);
    let (authority, function) = (up.text("authority_host"), up.text("function_url"));
    assert!(
        authority.starts_with("https://greeting-local:"),
        "{authority}"
    );
    assert!(
        function.starts_with("https://greeting-local:"),
        "{function}"
    );
    let other = client(&up, OTHER, NAME, LISTEN);
    let tenant = format!("{authority}/{}", up.text("tenant_id"));
    let document = format!("{tenant}/v2.0/.well-known/openid-configuration");
    let document: serde_json::Value = other
        .get(document)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(document["issuer"], format!("{tenant}/v2.0"));
    let form = [
        ("client_id", up.text("cli_client_id")),
        ("scope", up.text("scope")),
    ];
    let code = other
        .post(format!("{tenant}/oauth2/v2.0/devicecode"))
        .form(&form);
    let code: serde_json::Value = code.send().await.unwrap().json().await.unwrap();
    assert!(
        code["verification_uri"]
            .as_str()
            .unwrap()
            .starts_with(authority),
        "{code}"
    );
    let form = [
        ("client_id", up.text("cli_client_id")),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code["device_code"].as_str().unwrap()),
    ];
    let token = other
        .post(format!("{tenant}/oauth2/v2.0/token"))
        .form(&form);
    let token: serde_json::Value = token.send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    // The gate has fetched the keys by a name that this machine does not know.
    let answer = other.get(function).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), GREETING);
    let refused = other.get(function).send().await.unwrap();
    let challenge = refused.headers()[header::WWW_AUTHENTICATE]
        .to_str()
        .unwrap();
    assert!(
        challenge.contains("login.windows.net") || challenge.contains(NAME),
        "{challenge}"
    );
    let env = up.run("env", &["--shell", "bash"]);
    let env = String::from_utf8_lossy(&env.stdout).into_owned();
    assert!(env.contains(function) && env.contains(authority), "{env}");
}

#[tokio::test]
async fn point_4_commands_and_control_room_are_this_machines_alone() {
    let up = start(&[]);
    let at = port(up.text("authority_host"));
    let running = std::fs::read(up.folder.path().join("state/running.json")).unwrap();
    let running: serde_json::Value = serde_json::from_slice(&running).unwrap();
    let secret = running["control_secret"].as_str().unwrap();
    let own = [
        (Method::GET, "/"),
        (Method::GET, "/greeting-local/log"),
        (Method::GET, "/greeting-local/status"),
        (Method::POST, "/greeting-local/stop"),
        (Method::POST, "/greeting-local/approve"),
        (Method::POST, "/greeting-local/policy"),
        (Method::POST, "/greeting-local/rotate-keys"),
        (Method::POST, "/control-room/mint"),
        (Method::POST, "/control-room/policy"),
        (Method::POST, "/control-room/rotate-keys"),
    ];
    let here = IpAddr::from([127, 0, 0, 1]);
    // By the name; this machine's own call of its other address; 127.0.0.1 from a neighbour.
    let ways = [
        (OTHER, NAME, LISTEN),
        (here, NAME, LISTEN),
        (OTHER, "localhost", "127.0.0.1"),
        (OTHER, NAME, "127.0.0.1"),
    ];
    for (from, name, address) in ways {
        let other = client(&up, from, name, address);
        for host in [
            None,
            Some("localhost"),
            Some("127.0.0.1"),
            Some("evil.example"),
        ] {
            for (method, path) in &own {
                let url = format!("https://{name}:{at}{path}");
                let mut request = other
                    .request(method.clone(), url)
                    .bearer_auth(secret)
                    .header("x-forwarded-for", "127.0.0.1")
                    .header("x-forwarded-host", "localhost")
                    .header("forwarded", "for=127.0.0.1;host=localhost")
                    .header(header::ORIGIN, format!("https://localhost:{at}"));
                if let Some(host) = host {
                    request = request.header(header::HOST, format!("{host}:{at}"));
                }
                let answer = request.send().await.unwrap();
                let refused = [StatusCode::FORBIDDEN, StatusCode::MISDIRECTED_REQUEST];
                let what = format!("{from} {name} {address} {host:?} {path}");
                assert!(
                    refused.contains(&answer.status()),
                    "{what}: {}",
                    answer.status()
                );
            }
        }
    }
    // A page that has pointed a name of its own here, from both sides.
    for (from, address) in [(OTHER, LISTEN), (here, "127.0.0.1")] {
        let page = client(&up, from, NAME, address);
        let url = format!("https://{NAME}:{at}/common/discovery/instance");
        let named = page
            .get(&url)
            .header(header::HOST, "evil.example")
            .send()
            .await
            .unwrap();
        assert_eq!(named.status(), StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(
            page.get(&url).send().await.unwrap().status(),
            StatusCode::OK
        );
    }
    // And still here: the commands, and the control room.
    assert!(up.run("policy", &[]).status.success());
    assert!(!up.mint(&[]).is_empty());
    let room = client(&up, here, "localhost", "127.0.0.1");
    let room = room
        .get(format!("https://localhost:{at}/"))
        .send()
        .await
        .unwrap();
    assert_eq!(room.status(), StatusCode::OK);
}

#[test]
fn point_4_who_can_reach_it_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let up = start(&["--ca-file", ca.to_str().unwrap()]);
    let said = up.printed();
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("open to"))
        .collect();
    let [line] = lines[..] else { panic!("{said}") };
    for word in [LISTEN, NAME, "sign in as every local user", "control room"] {
        assert!(line.contains(word), "{line}");
    }
    // By the only name that opens it.
    assert!(
        said.contains("\ncontrol room  https://localhost:"),
        "{said}"
    );
    assert_eq!(
        std::fs::read(&ca).unwrap(),
        std::fs::read(up.text("ca_cert")).unwrap()
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&ca.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o644);
    let health = up.run("health", &[]);
    assert_eq!(health.status.code(), Some(0), "{health:?}");
    let line = String::from_utf8(health.stdout).unwrap();
    assert_eq!(
        line,
        format!("healthy: {} takes calls\n", up.text("function_url"))
    );
}

#[test]
fn point_4_one_flag_of_the_two_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, fix) in [
        (
            ["--listen", "0.0.0.0"],
            "greeting-local up --listen 0.0.0.0 --public-host greeting-local",
        ),
        (
            ["--public-host", "auth.test"],
            "greeting-local up --listen 0.0.0.0 --public-host auth.test",
        ),
    ] {
        let ended = program()
            .args(["up", "--state-dir"])
            .arg(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains(fix), "{said}");
    }
    let ended = program()
        .args(["up", "--public-host", "127.0.0.1"])
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(2));
}

#[test]
fn point_4_health_is_1_where_nothing_runs() {
    let folder = tempfile::tempdir().unwrap();
    let ended = program()
        .args(["health", "--state-dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("greeting-local up"), "{said}");
}
