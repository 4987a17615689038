//! Environment variables that are set and blank are not set: CI systems set those whose secrets are
//! not defined.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;

use harness::{Up, program};
use serde_json::json;

/// Every variable that the program, or a library in it, reads.
const VARIABLES: [&str; 19] = [
    "GREETING_LOCAL_NAME",
    "GREETING_LOCAL_STATE",
    "SHELL",
    "CARGO",
    "CARGO_HOME",
    "CLICOLOR",
    "NO_COLOR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "TMPDIR",
    "TOKIO_WORKER_THREADS",
];

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[cfg(unix)]
#[test]
fn point_13_blank_variables_are_unset_each_and_together() {
    let mut cases: Vec<&[&str]> = VARIABLES.chunks(1).collect();
    cases.push(&VARIABLES);
    for names_of_case in cases {
        for blank in ["", " "] {
            let (here, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let output = program()
                .args(["mint", "--kind", "opaque"])
                .current_dir(here.path())
                .env("XDG_STATE_HOME", state.path())
                .envs(names_of_case.iter().map(|name| (name, blank)))
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{names_of_case:?} {blank:?}: {output:?}"
            );
            assert!(!output.stdout.is_empty());
            // The usual state folder, and nothing in the current one.
            assert_eq!(names(state.path()), ["greeting-local"], "{names_of_case:?}");
            assert!(names(here.path()).is_empty(), "{names_of_case:?}");
        }
    }
}

#[test]
fn point_13_help_names_the_variable_without_its_value() {
    for value in ["", "what-is-set"] {
        let output = program()
            .args(["mint", "--help"])
            .env("GREETING_LOCAL_STATE", value)
            .output()
            .unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("[env: GREETING_LOCAL_STATE]"), "{help}");
    }
}

/// As with `func start`: a variable that is set and empty is no app setting.
#[test]
fn point_13_a_blank_app_setting_is_not_set() {
    let settings = json!({"identityProviders": {"azureActiveDirectory": {"registration": {
        "clientSecretSettingName": "THE_SECRET"
    }}}});
    for (value, is_missing) in [("", true), ("s", false)] {
        let up = Up::with_environment(&settings, &[], &[("THE_SECRET", value)]);
        let printed = up.printed();
        assert_eq!(printed.contains("THE_SECRET"), is_missing, "{printed}");
    }
}

#[test]
fn item_8_env_is_for_each_shell_and_for_programs() {
    let up = Up::start(&[]);
    let url = up.text("function_url");
    for (shell, start) in [
        ("sh", "export GREETING_URL='"),
        ("fish", "set -gx GREETING_URL '"),
        ("powershell", "$env:GREETING_URL = '"),
        ("cmd", "set \"GREETING_URL="),
        ("nushell", "$env.GREETING_URL = '"),
    ] {
        let output = up.run("env", &["--shell", shell]);
        let printed = String::from_utf8(output.stdout).unwrap();
        let line = format!("{start}{url}");
        assert!(printed.lines().any(|it| it.starts_with(&line)), "{printed}");
    }
    let json = up.run("env", &["--output", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["GREETING_URL"], url);
    let dotenv = up.run("env", &["--output", "dotenv"]).stdout;
    let dotenv = String::from_utf8(dotenv).unwrap();
    let line = format!("GREETING_URL={url}");
    assert!(dotenv.lines().any(|it| it == line), "{dotenv}");
}

#[test]
fn item_8_a_shell_is_taken_back_after_the_stack_has_ended() {
    let state = tempfile::tempdir().unwrap();
    let env = |more: &str| {
        program()
            .args(["env", "--shell", "sh", more, "--state-dir"])
            .arg(state.path())
            .output()
            .unwrap()
    };
    let output = env("--unset");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(printed.contains("unset SSL_CERT_FILE\n"), "{printed}");
    assert!(!env("--output=json").status.success());
}
