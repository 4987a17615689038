//! Who can reach a running stack, and act on it.

mod harness;

use harness::Up;

/// Local addresses that are listened on, by port, as the kernel has them (`/proc/net/tcp`).
#[cfg(target_os = "linux")]
fn listening(port: u16) -> Vec<String> {
    let listens = "0A";
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| std::fs::read_to_string(format!("/proc/net/{table}")).ok())
        .flat_map(|table| table.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1).map(str::to_owned);
            let (local, state) = (words.next()?, words.nth(1)?);
            let (address, at) = local.split_once(':')?;
            (state == listens && at == format!("{port:04X}")).then(|| address.to_owned())
        })
        .collect()
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_listens_off_loopback() {
    const LOOPBACK: [&str; 2] = ["0100007F", "00000000000000000000000001000000"];
    let up = Up::start(&[]);
    for key in ["function_url", "authority_host"] {
        let port = up.text(key).split(':').nth(2).unwrap();
        let port = port.split('/').next().unwrap().parse().unwrap();
        let addresses = listening(port);
        assert!(!addresses.is_empty(), "{key}");
        for address in addresses {
            assert!(LOOPBACK.contains(&address.as_str()), "{key}: {address}");
        }
    }
}

#[tokio::test]
async fn a_web_page_of_another_site_can_not_act() {
    let up = Up::start(&[]);
    let host = up.text("authority_host");
    // The commands' endpoints require the secret of the state folder.
    for (path, body) in [
        (
            "approve",
            r#"{"code": "ABCDEFGHJ", "user": "alice@greeting.test", "deny": false}"#,
        ),
        ("policy", r#"{"consent": false}"#),
        ("rotate-keys", "null"),
    ] {
        let request = up
            .client
            .post(format!("{host}/greeting-local/{path}"))
            .header("content-type", "application/json")
            .bearer_auth("a guess")
            .body(body);
        assert_eq!(request.send().await.unwrap().status(), 401, "{path}");
    }
    // The pages' forms want to come from themselves.
    for path in ["policy", "rotate-keys"] {
        let path = format!("{host}/control-room/{path}");
        let form = [
            ("consent", "off"),
            ("device_code", "off"),
            ("refuse", "none"),
        ];
        let request = up
            .client
            .post(&path)
            .header("origin", "https://evil.example")
            .form(&form);
        let status = request.send().await.unwrap().status().as_u16();
        assert_eq!(status, 403, "{path}");
    }
    let policy = up.run("policy", &[]);
    let policy = String::from_utf8_lossy(&policy.stdout);
    assert!(policy.contains("consent        on"), "{policy}");
}

/// A proxy for the rest of the world, as offices have, knows nobody's localhost.
#[tokio::test]
async fn no_proxy_is_asked_for_what_is_on_this_machine() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", taken.local_addr().unwrap());
    drop(taken);
    let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"];
    let variables = names.map(|name| (name, proxy.as_str()));
    let up = Up::with_environment(&serde_json::json!({}), &[], &variables);
    let answer = up.call_with(&up.mint(&[])).await;
    assert_eq!(answer.status(), 200, "{}", up.said());
}

/// Curl, Go and Python send such addresses as they are; hyper reads none of them.
#[test]
fn point_22_a_request_that_cannot_be_read_is_logged_and_answered_with_words() {
    use std::io::{Read, Write};
    let up = Up::start(&[]);
    let port = up.text("function_url").split(['/', ':']).nth(4).unwrap();
    let mut stream = std::net::TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let head = "GET /api/greeting?q=\"a\" HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("write \" as %22"), "{answer}");
    let log = up.says("write \" as %22");
    assert!(log.contains("400 the address has"), "{log}");
}
