//! `greeting-cli call` as a program, against servers with one fixed answer.

mod harness;

use std::net::TcpListener;

use harness::{Server, TOKEN, answer, challenge, first, run};
use serde_json::Value;

#[test]
fn a_greeting_is_all_that_stdout_has() {
    let server = Server::saying(answer("200 OK", "Hello, world."));
    let output = run(&["call", &server.url, "--access-token", "-", "-v"], TOKEN);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "Hello, world.");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0]
            .to_lowercase()
            .contains(&format!("authorization: bearer {}", TOKEN.to_lowercase()))
    );
}

#[test]
fn exit_statuses_tell_answers_apart() {
    let json = ["--output", "json", "--access-token", "-"];
    for (head, body, status, code) in [
        ("403 Forbidden", "", 5, "client-not-allowed"),
        ("404 Not Found", "", 6, "not-found"),
        ("502 Bad Gateway", "", 6, "handler-down"),
        (
            "500 Internal Server Error",
            "Easy Auth is off",
            6,
            "easy-auth-off",
        ),
        ("401 Unauthorized", "", 4, "not-easy-auth"),
        (
            "302 Found\r\nLocation: /.auth/login/aad",
            "",
            6,
            "easy-auth-redirect",
        ),
    ] {
        let server = Server::saying(answer(head, body));
        let output = run(&[&["call", &server.url], &json[..]].concat(), TOKEN);
        assert_eq!(first(&output), (status, code.to_owned()), "{head}");
    }
    let server = Server::saying(challenge("https://127.0.0.1:9", "r"));
    let output = run(
        &[
            "call",
            &server.url,
            "--output",
            "json",
            "--credential",
            "none",
        ],
        "",
    );
    assert_eq!(first(&output), (4, "no-token".to_owned()));
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    for url in ["http://contoso.example/api/greeting", "http://192.0.2.1/"] {
        let output = run(
            &["call", url, "--output", "json", "--access-token", "-"],
            TOKEN,
        );
        assert_eq!(first(&output), (7, "http-not-https".to_owned()));
    }
}

#[test]
fn nobody_signs_in_for_a_function_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let authority = Server::saying(answer("400 Bad Request", "{}"));
    let origin = authority.url.trim_end_matches("/api/greeting");
    let everything = [
        &["call", url.as_str(), "--output", "json", "--tenant", "t"][..],
        &[
            "--scope",
            "api://a/Greeting.Read",
            "--authority-host",
            origin,
        ],
        &["--credential", "device-code"],
    ];
    let output = run(&everything.concat(), "");
    assert_eq!(first(&output), (7, "refused".to_owned()));
    assert!(authority.asked().is_empty());
}

#[test]
fn nobody_there_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let output = run(
        &[
            "call",
            &format!("http://{address}/"),
            "--output",
            "json",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "refused".to_owned()));

    let plain = Server::saying("not TLS at all");
    let url = plain.url.replace("http:", "https:");
    let output = run(
        &["call", &url, "--output", "json", "--access-token", "-"],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "http-not-https".to_owned()));

    // A server that accepts the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let output = run(
        &[
            "call",
            &url,
            "--output",
            "json",
            "--timeout",
            "1",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!(first(&output), (7, "timeout".to_owned()));
}

#[test]
fn what_a_person_types_wrong_is_a_usage_error() {
    for arguments in [
        &["call"][..],
        &["call", "contoso.example"],
        &["call", "ftp://contoso.example/"],
        &["call", "https://user:secret@contoso.example/"],
        &[
            "call",
            "https://contoso.example/",
            "--access-token",
            "written-here",
        ],
        &["call", "https://contoso.example/", "--timeout", "0"],
        &[
            "call",
            "https://contoso.example/",
            "--ca-cert",
            "no-such-file",
        ],
        &[
            "call",
            "https://contoso.example/",
            "--auth-settings",
            "no-such-file",
        ],
        &[
            "call",
            "https://contoso.example/",
            "--auth-settings",
            "Cargo.toml",
        ],
        &["call", "https://contoso.example/", "--color", "sometimes"],
        &["token", "inspect", "a.b.c", "--cached"],
        &["token", "inspect", "--output", "xml"],
        &["token", "inspect"],
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
        assert!(!String::from_utf8_lossy(&output.stderr).contains("secret@"));
    }
}

/// What `az webapp auth show` writes, a file that a failed az left empty, and one of something
/// else: each is refused before anything is asked, with the line that gets the settings.
#[test]
fn settings_of_another_form_are_refused_with_the_line_to_use() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let v1 = r#"{"enabled": true, "clientId": null, "issuer": null, "tokenStoreEnabled": null}"#;
    for (text, why) in [
        (v1, "it has the v1 settings"),
        ("\r\n", "it is empty"),
        ("{}", "no identityProviders.azureActiveDirectory"),
    ] {
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let output = run(
            &["call", "https://contoso.example/", "--auth-settings", file],
            "",
        );
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        let fix = format!("  fix  {}", settings_file::GET);
        assert!(said.contains(why) && said.contains(&fix), "{said}");
    }
}

/// As the gate refuses it: both read by one rule.
#[test]
fn point_21_a_value_that_the_gate_refuses_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    std::fs::write(
        &file,
        r#"{"globalValidation": {"unauthenticatedClientAction": 7}}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let output = run(
        &["call", "https://contoso.example/", "--auth-settings", file],
        "",
    );
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("unauthenticatedClientAction is 7, and can be: RedirectToLoginPage (0)"),
        "{said}"
    );
}

/// Nothing is accepted by a gate without Microsoft's provider, and nothing is said to be.
#[test]
fn point_21_no_token_is_said_to_be_accepted_without_microsofts_provider() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let github = r#"{"gitHub": {"enabled": true, "registration": {"clientId": "Iv1.1"}}}"#;
    let microsoft = r#"{"azureActiveDirectory": {"enabled": true, "login": {}}}"#;
    for (text, why) in [
        (
            format!(r#"{{"identityProviders": {github}}}"#),
            "only gitHub",
        ),
        (
            format!(r#"[{{"Properties": {{"IDENTITYPROVIDERS": {github}}}}}]"#),
            "only gitHub",
        ),
        (
            format!(r#"{{"properties": {{"identityProviders": {microsoft}}}}}"#),
            "no identityProviders.azureActiveDirectory with a registration",
        ),
        (
            r#"{"platform": {"enabled": false}}"#.to_owned(),
            "Easy Auth is off",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let output = run(&["token", "inspect", "-", "--auth-settings", file], TOKEN);
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(why) && !said.contains("would accept"),
            "{said}"
        );
    }
}

#[test]
fn a_retry_is_made_where_it_helps_only() {
    let busy = Server::saying(answer("503 Service Unavailable\r\nRetry-After: 0", ""));
    let output = run(
        &[
            "call",
            &busy.url,
            "--output",
            "json",
            "--retry",
            "2",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    assert_eq!((first(&output).0, busy.asked().len()), (6, 3));
    let refused = Server::saying(answer("403 Forbidden", ""));
    run(
        &[
            "call",
            &refused.url,
            "--output",
            "json",
            "--retry",
            "2",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    // Once with the token, and once without: whether a gate stands there decides who refused.
    let asked = refused.asked();
    let with_token = |request: &&String| request.to_lowercase().contains("authorization:");
    assert_eq!(
        (asked.len(), asked.iter().filter(with_token).count()),
        (2, 1)
    );
}

#[test]
fn a_broken_token_is_explained_with_or_without_a_call() {
    let server = Server::saying(challenge("https://127.0.0.1:9", "r"));
    for (token, expected) in [
        ("Bearer eyJ.x.y", "malformed-token"),
        ("one.two", "malformed-token"),
        ("a b", "malformed-token"),
        ("opaque", "not-an-access-token"),
        ("0.AXoA.b.c", "not-an-access-token"),
    ] {
        let output = run(
            &[
                "call",
                &server.url,
                "--output",
                "json",
                "--access-token",
                "-",
            ],
            token,
        );
        let (status, code) = first(&output);
        assert_eq!(code, expected, "{token}");
        assert!(matches!(status, 3 | 4), "{token}: {status}");
        let output = run(&["token", "inspect", "--output", "json"], token);
        assert_eq!(first(&output), (4, expected.to_owned()));
    }
}

#[test]
fn inspect_reads_a_token_and_sends_it_nowhere() {
    let output = run(&["token", "inspect", "-", "--output", "json"], TOKEN);
    assert_eq!(output.status.code(), Some(0));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(seen["claims"]["scp"], "Greeting.Read");
    assert_eq!(
        (&seen["header"]["kid"], &seen["verified"]),
        (&Value::from("k"), &Value::from("no"))
    );

    let server = Server::saying(challenge("https://127.0.0.1:9", "another"));
    let output = run(
        &["token", "inspect", "--url", &server.url, "--output", "json"],
        TOKEN,
    );
    assert_eq!(first(&output), (4, "audience-mismatch".to_owned()));
    assert!(
        server
            .asked()
            .iter()
            .all(|request| !request.to_lowercase().contains("authorization"))
    );
}

#[test]
fn a_token_comes_from_the_environment_too() {
    let server = Server::saying(answer("200 OK", "Hello, world."));
    let state = tempfile::tempdir().unwrap();
    let mut command = harness::cli(state.path(), &["call", &server.url, "-v"]);
    command.env("GREETING_ACCESS_TOKEN", TOKEN);
    let output = harness::finish(command, "");
    assert_eq!(output.stdout, b"Hello, world.");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("* token     environment"), "{said}");
    assert!(server.was_sent(TOKEN));
}

/// A `Retry-After` longer than five minutes is not waited for.
#[test]
fn a_long_wait_is_the_persons_to_decide() {
    let busy = Server::saying(answer("429 Too Many Requests\r\nRetry-After: 86400", ""));
    let arguments = [
        "call",
        &busy.url,
        "--retry",
        "5",
        "--access-token",
        "-",
        "--output",
        "json",
    ];
    let output = run(&arguments, TOKEN);
    assert_eq!((first(&output).0, busy.asked().len()), (6, 1));
}

#[test]
fn inspect_says_what_to_do_where_the_function_is_not_reached() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("http://127.0.0.1:{port}/api/greeting");
    let output = run(&["token", "inspect", "--url", &url], TOKEN);
    assert_eq!(output.status.code(), Some(7));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with(&format!("error: {url} was not reached: "))
            && said.ends_with("\n\n  fix  start it: greeting-local up\n"),
        "{said}"
    );
}
