//! What the program prints about itself, as snapshots; completions and man pages.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, finish, is_current, run};

const COMMANDS: [&str; 9] = [
    "",
    "call",
    "token",
    "token get",
    "token inspect",
    "login",
    "logout",
    "doctor",
    "explain",
];

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn help() {
    for command in COMMANDS.iter().chain(&["completions"]) {
        let mut arguments: Vec<&str> = command.split_whitespace().collect();
        arguments.push("--help");
        let output = run(&arguments, "");
        assert_eq!(output.status.code(), Some(0));
        if *command != "token" {
            let (_, examples) = stdout(&output).split_once("Example").expect(command);
            assert!(
                examples.lines().all(|line| line.chars().count() <= 80),
                "{examples}"
            );
        }
        let name = format!("help-{}", command.replace(' ', "-"));
        is_current(name.trim_end_matches('-'), stdout(&output));
    }
}

#[test]
fn a_code_is_explained() {
    let output = run(&["explain", "client-secret"], "");
    is_current("explain-client-secret", stdout(&output));
    is_current("explain", stdout(&run(&["explain"], "")));
    assert!(stdout(&output).lines().all(|line| line.len() <= 80));
    let unknown = run(&["explain", "nothing"], "");
    assert_eq!(unknown.status.code(), Some(2));
}

/// What `-v` prints about a call, and which source overrides which: flag, environment, challenge.
#[test]
fn verbose_says_where_each_value_came_from() {
    let server = Server::saying(challenge("http://127.0.0.1:9", "the-api"));
    let said = |flags: &[&str], environment: &[(&str, &str)]| {
        let state = tempfile::tempdir().unwrap();
        let mut command = cli(
            state.path(),
            &[&["call", &server.url, "-v"], flags].concat(),
        );
        command.envs(environment.iter().copied());
        String::from_utf8(finish(command, "").stderr).unwrap()
    };
    let lines = |said: &str, mark: &str| -> Vec<String> {
        said.lines()
            .filter(|line| line.starts_with(mark))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        lines(&said(&[], &[]), "* "),
        [
            "* authority http://127.0.0.1:9 (the function's challenge)",
            "* tenant    t (the function's challenge)",
            "* client    04b07795-8ddb-461a-bbee-02f9e1bf7b46 (default)",
            "* scope     api://the-api/Greeting.Read (default, of the function's API)",
        ]
    );
    let environment = [
        ("AZURE_TENANT_ID", "tenant-e"),
        ("AZURE_CLIENT_ID", "client-e"),
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:9"),
        ("GREETING_SCOPE", "scope-e"),
    ];
    assert_eq!(
        lines(&said(&[], &environment), "* "),
        [
            "* authority http://127.0.0.1:9 (environment)",
            "* tenant    tenant-e (environment)",
            "* client    client-e (environment)",
            "* scope     api://the-api/scope-e (environment)",
        ]
    );
    let flags = [
        "--tenant",
        "tenant-f",
        "--client-id",
        "client-f",
        "--scope",
        "scope-f",
    ];
    assert_eq!(
        lines(&said(&flags, &environment), "* "),
        [
            "* authority http://127.0.0.1:9 (environment)",
            "* tenant    tenant-f (flag)",
            "* client    client-f (flag)",
            "* scope     api://the-api/scope-f (flag)",
        ]
    );
    // The exchange, without the query, which may hold a key.
    let server = Server::saying(answer("418 x\r\nServer: s", ""));
    let output = run(
        &[
            "call",
            &format!("{}?code=key", server.url),
            "-v",
            "--access-token",
            "-",
        ],
        TOKEN,
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!(
        "> GET {} Authorization: Bearer (not shown)",
        server.url
    )));
    assert!(
        said.contains("< 418 s") && said.contains("* token     stdin"),
        "{said}"
    );
    assert!(!said.contains("key"), "{said}");
    assert!(server.asked()[0].starts_with("GET /api/greeting?code=key "));
}

#[test]
fn colour_is_a_choice() {
    let server = Server::saying(challenge("http://127.0.0.1:9", "r"));
    let coloured = |flags: &[&str], environment: &[(&str, &str)]| {
        let state = tempfile::tempdir().unwrap();
        let arguments = [&["call", &server.url, "--credential", "none"], flags].concat();
        let mut command = cli(state.path(), &arguments);
        command.envs(environment.iter().copied());
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(4));
        output.stderr.contains(&0x1b)
    };
    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&["--color", "auto"], &[("NO_COLOR", "1")]));
}

#[test]
fn marks_are_what_the_locale_can_write() {
    let server = Server::saying(challenge("http://127.0.0.1:9", "r"));
    let doctor = |locale: &str| {
        let state = tempfile::tempdir().unwrap();
        let mut command = cli(state.path(), &["doctor", &server.url]);
        command.env("LC_ALL", locale);
        String::from_utf8(finish(command, "").stdout).unwrap()
    };
    assert!(doctor("C.UTF-8").starts_with("✓  CAs "));
    if !cfg!(windows) {
        assert!(doctor("C").starts_with("ok CAs ") && doctor("C").is_ascii());
    }
}

#[test]
fn completions_are_of_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = run(&["completions", shell], "");
        assert_eq!(output.status.code(), Some(0));
        for word in ["inspect", "doctor", "--auth-settings"] {
            let name = word.trim_start_matches('-');
            assert!(stdout(&output).contains(name), "{shell} lacks {word}");
        }
    }
    assert_eq!(run(&["completions", "tcsh"], "").status.code(), Some(2));
}

#[test]
fn man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    let output = run(&["man", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0));
    for command in COMMANDS {
        let name = format!("greeting-cli {command}").trim().replace(' ', "-");
        let page = std::fs::read_to_string(path.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{name}");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(
        run(&["man", file.to_str().unwrap()], "").status.code(),
        Some(1)
    );
}
