//! What editors read: the requests of `greeting.http`, and the settings' schema by `$schema`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::HashMap;

use harness::{GREETING, Up};
use serde_json::json;

/// The requests by name: method, address, headers. `@name = value` is a variable of the file.
fn requests(file: &str, own: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    let mut variables: HashMap<&str, &str> = file
        .lines()
        .filter_map(|line| line.strip_prefix('@')?.split_once(" = "))
        .collect();
    for (name, value) in own {
        assert!(variables.insert(name, value).is_some(), "{name}");
    }
    let mut found = HashMap::new();
    for part in file.split("\n### ").skip(1) {
        let mut lines = part.lines().skip(1);
        let name = lines.next().unwrap().strip_prefix("# @name ").unwrap();
        let filled = lines.filter(|line| !line.is_empty()).map(|line| {
            variables
                .iter()
                .fold(line.to_owned(), |line, (name, value)| {
                    line.replace(&format!("{{{{{name}}}}}"), value)
                })
        });
        found.insert(name.to_owned(), filled.collect());
    }
    found
}

#[tokio::test]
async fn item_16_each_request_of_greeting_http_gets_what_it_says() {
    let file = include_str!("../../greeting.http");
    assert!(
        file.contains("@token = {{$processEnv GREETING_TOKEN}}") && !file.contains("Bearer ey"),
        "a token is in no file"
    );
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    let requests = requests(
        file,
        &[("url", up.text("function_url")), ("token", token.trim())],
    );
    let expected = [
        ("no-token", 401),
        ("forged-principal", 401),
        ("greeting", 200),
    ];
    assert_eq!(requests.len(), expected.len());
    for (name, status) in expected {
        let (first, headers) = requests[name].split_first().unwrap();
        let url = first.strip_prefix("GET ").unwrap();
        let mut request = up.client.get(url);
        for header in headers {
            let (name, value) = header.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{name}");
        let body = answer.text().await.unwrap();
        assert_eq!(body.contains(GREETING), status == 200, "{name}: {body}");
    }
}

#[test]
fn item_16_settings_may_name_their_schema() {
    let up = Up::with_settings(&json!({"$schema": "./authsettingsV2.schema.json"}), &[]);
    for stream in ["stdout", "stderr"] {
        let said = std::fs::read_to_string(up.folder.path().join(stream)).unwrap();
        assert!(!said.contains("schema"), "{said}");
    }
}
