//! What looks like a proof and is none; and what is shown where no cause is known.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::{Server, answer, challenge, report, run};
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";
const AUTHORITY: &str = "https://127.0.0.1:9";

fn jwt(changes: &Value) -> String {
    let mut claims =
        json!({"aud": API, "scp": "Greeting.Read", "azp": "c", "exp": 4_100_000_000_i64});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({"alg": "RS256", "kid": "k"}));
    format!("{header}.{}.c2lnbmF0dXJl", part(&claims))
}

fn call(url: &str, token: &str, more: &[&str]) -> Value {
    let arguments = ["call", url, "--output", "json", "--access-token", "-"];
    report(&run(&[&arguments[..], more].concat(), token))
}

fn proved(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["certainty"] == "proved")
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// A server that answers a TLS handshake with an alert (RFC 8446 section 6).
fn alerting(alert: u8) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/api/greeting", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut hello = [0; 4096];
            let _ = stream.read(&mut hello);
            let _ = stream.write_all(&[0x15, 3, 3, 0, 2, 2, alert]);
            // What is unread when a connection ends would take the alert with it.
            let _ = stream.read(&mut hello);
        }
    });
    url
}

/// The alert's name has the word certificate in it, and it is this side's that is meant.
#[test]
fn a_wanted_client_certificate_is_no_untrusted_one() {
    for (alert, code, said) in [
        (116, "client-certificate", "wants a client certificate"),
        (42, "refused", "ended the TLS handshake"),
        (40, "refused", "ended the TLS handshake"),
    ] {
        let report = call(&alerting(alert), &jwt(&json!({})), &[]);
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], code, "{alert}: {report}");
        let summary = finding["summary"].as_str().unwrap();
        assert!(summary.contains(said), "{summary}");
    }
}

/// Two that look alike: nobody listens, and somebody who listens says nothing.
#[test]
fn a_connection_that_ends_is_not_one_that_was_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let silent = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    for scheme in ["http", "https"] {
        let report = call(&format!("{scheme}://{address}/"), &jwt(&json!({})), &[]);
        assert_eq!(report["findings"][0]["code"], "refused", "{report}");
        let summary = report["findings"][0]["summary"].as_str().unwrap();
        assert!(summary.contains("closed it without an answer"), "{report}");
    }
    silent.join().unwrap();
    let report = call(&format!("http://{address}/"), &jwt(&json!({})), &[]);
    let summary = report["findings"][0]["summary"].as_str().unwrap();
    assert!(summary.starts_with("no connection to"), "{summary}");
}

/// The Date of an answer from a cache is that of the first answer.
#[test]
fn an_answer_from_a_cache_is_no_clock_that_is_off() {
    let now = std::time::SystemTime::now();
    let hour = std::time::Duration::from_secs(3600);
    let then = httpdate::fmt_http_date(now - hour);
    let bearer = format!(
        "WWW-Authenticate: Bearer authorization_uri=\"{AUTHORITY}/t/oauth2/v2.0/authorize\" resource_id=\"{API}\""
    );
    let since = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let expired = jwt(&json!({"exp": since - 1800}));
    for (age, codes) in [("Age: 3600\r\n", &["expired"][..]), ("", &["clock-skew"])] {
        let head = format!("401 Unauthorized\r\nDate: {then}\r\n{age}{bearer}");
        let server = Server::saying(answer(&head, ""));
        let report = call(&server.url, &expired, &[]);
        assert_eq!(proved(&report), codes, "{report}");
    }
}

/// A session or a key in a header of the caller's own may be what let the call in.
#[test]
fn an_answer_to_the_callers_own_header_does_not_prove_an_open_door() {
    let server = Server::saying(answer("200 OK", "Hello"));
    let none = [
        "call",
        &server.url,
        "--credential",
        "none",
        "--output",
        "json",
    ];
    let report_of = |more: &[&str]| report(&run(&[&none[..], more].concat(), ""));
    assert_eq!(proved(&report_of(&[])), ["easy-auth-off"]);
    let with = report_of(&["-H", "X-ZUMO-AUTH: session"]);
    assert!(proved(&with).is_empty(), "{with}");
    assert_eq!(with["findings"][0]["code"], "easy-auth-off");
    assert!(!with.to_string().contains("session\""), "{with}");
}

/// The settings of another app, beside those of this one.
#[test]
fn another_apps_settings_prove_nothing_of_this_gate() {
    let state = tempfile::tempdir().unwrap();
    let server = Server::saying(challenge(AUTHORITY, API));
    for (client, codes) in [
        (OTHER, &["expectations-conflict"][..]),
        (API, &["audience-mismatch"]),
    ] {
        let settings = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"clientId": client, "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"},
            "validation": {"jwtClaimChecks": {"allowedClientApplications": [OTHER]}}}}});
        let path = state.path().join("auth.json");
        std::fs::write(&path, settings.to_string()).unwrap();
        let path = path.to_string_lossy();
        let token = jwt(&json!({"aud": format!("api://{API}")}));
        let report = call(&server.url, &token, &["--auth-settings", &path]);
        assert_eq!(proved(&report), codes, "{client}: {report}");
    }
}

/// Two that look alike: Microsoft's own API, and a customer's name under Microsoft's domain.
#[test]
fn a_name_under_microsofts_domain_is_not_surely_microsofts() {
    for (aud, sure) in [
        ("https://graph.microsoft.com/", true),
        ("https://contoso.westeurope.cloudapp.azure.com/api", false),
    ] {
        let server = Server::saying(challenge(AUTHORITY, API));
        let token = jwt(&json!({"aud": aud}));
        let report = call(&server.url, &token, &["--send-anyway"]);
        assert_eq!(proved(&report).contains(&"wrong-api"), sure, "{report}");
    }
}

/// An app's 401 to a call without a token: it may want something else than a token.
#[test]
fn a_401_in_an_apps_words_does_not_prove_that_a_token_is_missing() {
    for head in [
        "401 Unauthorized",
        "401 Unauthorized\r\nx-ms-middleware-request-id: i",
    ] {
        let server = Server::saying(answer(head, "{\"message\": \"API key missing\"}"));
        let none = [
            "call",
            &server.url,
            "--credential",
            "none",
            "--output",
            "json",
        ];
        let report = report(&run(&none, ""));
        assert!(proved(&report).is_empty(), "{report}");
        assert!(report.to_string().contains("API key missing"), "{report}");
    }
}

/// The gate refuses a token in which nothing is wrong: all that is known is shown, in 80 columns.
#[test]
fn where_no_cause_is_known_everything_is_shown() {
    let bearer = format!(
        "WWW-Authenticate: Bearer realm=\"x\" authorization_uri=\"{AUTHORITY}/t/oauth2/v2.0/authorize\" resource_id=\"{API}\""
    );
    let head = format!(
        "401 Unauthorized\r\nServer: Kestrel\r\nx-ms-request-id: id-1\r\nx-azure-ref: ref-1\r\n{bearer}"
    );
    let server = Server::saying(answer(&head, "first line\nsecond \u{1b}[2Jline"));
    let token = jwt(&json!({"aud": API, "iss": format!("{AUTHORITY}/t/v2.0")}));
    let arguments = ["call", &server.url, "--access-token", "-"];
    let output = run(&arguments, &token);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no known cause fits"), "{said}");
    for shown in [
        "claim",
        "expected",
        "Greeting.Read",
        "Kestrel",
        "x-ms-request-id",
        "id-1",
        "ref-1",
        "resource_id=",
        "first line",
    ] {
        assert!(said.contains(shown), "{shown}: {said}");
    }
    // Expected beside seen: the audience is the same.
    let aud = said.lines().find(|line| line.contains("aud")).unwrap();
    assert!(aud.ends_with("the same"), "{aud}");
    for line in said.lines() {
        let words = line.split_whitespace().count();
        assert!(line.chars().count() <= 80 || words <= 2, "{line}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }
    let report = call(&server.url, &token, &[]);
    let answer = &report["answer"];
    assert_eq!(report["findings"], json!([]));
    for name in [
        "Server",
        "x-ms-request-id",
        "x-azure-ref",
        "body",
        "WWW-Authenticate",
    ] {
        assert!(!answer[name].is_null(), "{name}: {answer}");
    }
}
