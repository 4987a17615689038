//! What the environment says, and what it does not: a blank variable is not set.

mod harness;

use harness::{Server, TOKEN, answer, challenge, cli, finish, first};

const MICROSOFT: &str = "https://login.microsoftonline.com";
const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

/// Every variable that the program reads, as a CI job sets those whose secrets are not defined.
const VARIABLES: [&str; 8] = [
    "GREETING_URL",
    "GREETING_SCOPE",
    "GREETING_CREDENTIAL",
    "GREETING_ACCESS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_AUTHORITY_HOST",
    "SSL_CERT_FILE",
];

#[test]
fn point_13_blank_variables_are_unset_each_and_together() {
    let server = Server::saying(challenge(MICROSOFT, API));
    let mut cases: Vec<&[&str]> = VARIABLES.chunks(1).collect();
    cases.push(&VARIABLES);
    for names in cases {
        for blank in ["", " "] {
            let state = tempfile::tempdir().unwrap();
            let mut command = cli(state.path(), &["call", &server.url, "--output", "json"]);
            command.envs(names.iter().map(|name| (name, blank)));
            let output = finish(command, "");
            assert_eq!(
                first(&output),
                (3, "resource-not-confirmed".to_owned()),
                "{names:?} {blank:?}"
            );
        }
    }
}

#[test]
fn point_13_a_blank_url_is_no_url() {
    let state = tempfile::tempdir().unwrap();
    let mut command = cli(state.path(), &["call"]);
    command.env("GREETING_URL", "");
    let output = finish(command, "");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("required arguments"), "{said}");
}

#[test]
fn point_13_blank_flags_say_nothing_either() {
    let server = Server::saying(challenge(MICROSOFT, API));
    for flag in [
        "--scope",
        "--tenant",
        "--client-id",
        "--authority-host",
        "--user",
    ] {
        let state = tempfile::tempdir().unwrap();
        let arguments = ["call", &server.url, "--output", "json", flag, ""];
        let output = finish(cli(state.path(), &arguments), "");
        let expected = (3, "resource-not-confirmed".to_owned());
        assert_eq!(first(&output), expected, "{flag}");
    }
}

/// Help names the variables, whatever they hold, and never what they hold: a URL may have a key.
#[test]
fn point_13_help_names_variables_without_their_values() {
    let help = |value: Option<&str>| {
        let state = tempfile::tempdir().unwrap();
        let mut command = cli(state.path(), &["call", "--help"]);
        if let Some(value) = value {
            command.envs(VARIABLES.map(|name| (name, value)));
        }
        String::from_utf8(finish(command, "").stdout).unwrap()
    };
    let unset = help(None);
    assert_eq!(help(Some("")), unset);
    assert_eq!(help(Some("what-is-set")), unset);
    assert!(unset.contains("[env: GREETING_SCOPE]"), "{unset}");
}

/// Certificates that are not there: named, and gone without where they are not needed.
#[test]
fn a_certificate_variable_that_names_nothing_is_warned_of() {
    let state = tempfile::tempdir().unwrap();
    let no_pem = state.path().join("no.pem");
    std::fs::write(&no_pem, "nothing").unwrap();
    let gone = state.path().join("gone.pem");
    let server = Server::saying(answer("200 OK", "Hello, world."));
    for (name, path) in [
        ("SSL_CERT_FILE", &gone),
        ("SSL_CERT_FILE", &no_pem),
        ("SSL_CERT_DIR", &gone),
    ] {
        let run = |arguments: &[&str], stdin: &str| {
            let mut command = cli(state.path(), arguments);
            command.env(name, path);
            let output = finish(command, stdin);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            (output.status.code(), said)
        };
        let (status, said) = run(&["call", &server.url, "--access-token", "-"], TOKEN);
        assert_eq!(status, Some(0), "{name}: {said}");
        assert_eq!(said.matches("warning:").count(), 1, "{name}: {said}");
        assert!(said.contains(&format!("unset {name}")), "{said}");
        assert!(!said.contains("--ca-cert"), "{said}");
        // The system's certificates take its place: the name is what fails.
        let (status, said) = run(
            &["call", "https://app.invalid/", "--access-token", "-"],
            TOKEN,
        );
        assert_eq!(status, Some(7), "{name}: {said}");
        assert!(said.contains("dns"), "{name}: {said}");
        // Where nothing is fetched, nothing is said.
        let (status, said) = run(&["token", "inspect"], TOKEN);
        assert_eq!(status, Some(0), "{name}: {said}");
        assert_eq!(said, "", "{name}");
        let (_, said) = run(&["explain", "expired"], "");
        assert_eq!(said, "", "{name}");
    }
    // A flag is another matter: somebody meant it.
    let gone = gone.to_string_lossy();
    let call = [
        "call",
        &server.url,
        "--ca-cert",
        &gone,
        "--access-token",
        "-",
    ];
    let output = finish(cli(state.path(), &call), TOKEN);
    assert_eq!(output.status.code(), Some(2));
}
