//! The tokens that `greeting-cli` keeps between its runs, against the real stack; and that nothing
//! secret is found anywhere else.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;
use std::process::Output;

use harness::Up;
use harness::cli::{self, Cli, age, decide, decided, device_code, kept, signed_in, told};
use serde_json::Value;

fn call(up: &Up, state: &Path, more: &[&str]) -> Output {
    Cli::new(state, &device_code(up, &["call"], more))
        .trusting(up)
        .run()
}

fn entries(state: &Path) -> Vec<Value> {
    let stored: Value = serde_json::from_slice(&std::fs::read(kept(state)).unwrap()).unwrap();
    stored["plain"].as_array().unwrap().clone()
}

/// As greeting-cli writes it: a cache that others may read is not used, whatever is in it.
fn write(cache: &Path, text: &str) {
    std::fs::write(cache, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(cache, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn two_runs_at_once_sign_in_once() {
    let up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let run = || {
        let arguments = device_code(&up, &["call"], &[]);
        Cli::new(state.path(), &arguments).trusting(&up).spawn()
    };
    let children = [run(), run(), run()];
    let outcomes: Vec<(Output, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = children
            .into_iter()
            .map(|child| scope.spawn(|| decide(&up, child, &[])))
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let prompts = |said: &String| said.matches("\"user_code\"").count();
    assert_eq!(
        outcomes
            .iter()
            .map(|(_, said)| prompts(said))
            .sum::<usize>(),
        1
    );
    for (output, said) in &outcomes {
        assert_eq!(told(output), (0, Vec::new()), "{said}");
    }
    assert_eq!(entries(state.path()).len(), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let before = entries(state.path());
    assert_eq!(told(&call(&up, state.path(), &[])), (0, Vec::new()));
    assert_eq!(entries(state.path()), before, "it was good for long");
    age(state.path(), 299);
    assert_eq!(told(&call(&up, state.path(), &[])), (0, Vec::new()));
    let after = entries(state.path());
    assert_ne!(after[0]["access_token"], before[0]["access_token"]);
    assert_ne!(after[0]["refresh_token"], before[0]["refresh_token"]);
    assert_eq!(after[0]["user"], "alice@greeting.test");
}

#[test]
fn a_refused_refresh_is_forgotten_and_said() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    age(state.path(), 0);
    assert!(
        up.run("policy", &["--refuse", "AADSTS700082"])
            .status
            .success()
    );
    let refused = call(&up, state.path(), &[]);
    assert_eq!(told(&refused), (3, vec!["refresh-expired".to_owned()]));
    assert!(entries(state.path()).is_empty());
    // The next run signs in anew, since nothing is kept.
    assert!(up.run("policy", &["--refuse", "none"]).status.success());
    let arguments = device_code(&up, &["call"], &[]);
    let output = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&output), (0, Vec::new()));
}

#[test]
fn an_authority_that_is_away_costs_no_token() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    age(state.path(), 0);
    let (url, scope) = (up.text("function_url"), up.text("scope"));
    let nowhere = "https://localhost:9";
    let mut arguments = device_code(
        &up,
        &["call"],
        &["--authority-host", nowhere, "--scope", scope],
    );
    arguments.extend(["--tenant", up.text("tenant_id")]);
    // Kept under the authority's name: give it this one.
    let text = std::fs::read_to_string(kept(state.path())).unwrap();
    let text = text.replace(up.text("authority_host"), nowhere);
    std::fs::write(kept(state.path()), text).unwrap();
    let output = Cli::new(state.path(), &arguments).trusting(&up).run();
    assert_eq!(
        told(&output),
        (3, vec!["authority-unreachable".to_owned()]),
        "{url}"
    );
    assert_eq!(entries(state.path()).len(), 1);
}

#[test]
fn a_damaged_cache_is_set_aside() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let aside = kept(state.path()).with_extension("damaged");
    for damage in [
        "",
        "not JSON",
        "{\"plain\":[{\"key\":1}]}",
        "{\"sealed\":\"AAAA\"}",
        "\u{0}",
    ] {
        write(&kept(state.path()), damage);
        let output = Cli::new(state.path(), &["token", "inspect", "--cached"]).run();
        assert_eq!(output.status.code(), Some(3));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.contains("warning: the token cache can't be read"),
            "{said}"
        );
        assert_eq!(std::fs::read_to_string(&aside).unwrap(), damage);
    }
    write(&kept(state.path()), "damaged between two runs");
    let arguments = device_code(&up, &["call"], &[]);
    let output = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&output), (0, Vec::new()));
    assert_eq!(entries(state.path()).len(), 1);
}

/// The authority is still the function's own, where only scope and tenant are said.
#[test]
fn what_is_said_is_the_same_as_what_is_discovered() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let (scope, tenant) = (up.text("scope"), up.text("tenant_id"));
    let said = ["--scope", scope, "--tenant", tenant];
    assert_eq!(told(&call(&up, state.path(), &said)), (0, Vec::new()));
    let authority = up.text("authority_host");
    let said = [&said[..], &["--authority-host", authority]].concat();
    assert_eq!(told(&call(&up, state.path(), &said)), (0, Vec::new()));
}

#[test]
fn a_token_that_its_issuer_disowns_is_not_kept() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let text = std::fs::read_to_string(kept(state.path())).unwrap();
    let token = entries(state.path())[0]["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let forged = up.mint(&["--unknown-key"]);
    std::fs::write(kept(state.path()), text.replace(&token, &forged)).unwrap();
    let refused = call(&up, state.path(), &[]);
    assert_eq!(told(&refused), (4, vec!["unknown-key".to_owned()]));
    assert!(entries(state.path()).is_empty());
}

#[test]
fn users_are_kept_apart() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let arguments = device_code(&up, &["login"], &["--user", "gita@greeting.test"]);
    let gita = ["--user", "gita@greeting.test"];
    let output = decided(&up, state.path(), &arguments, &gita);
    assert!(output.status.success());
    assert_eq!(entries(state.path()).len(), 2);
    // Neither signs in again.
    for user in ["gita@greeting.test", "ALICE@greeting.test"] {
        let output = call(&up, state.path(), &["--user", user]);
        assert_eq!(told(&output), (0, Vec::new()));
    }
}

#[test]
fn nothing_is_kept_where_nothing_is_wanted() {
    let up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let arguments = device_code(&up, &["call"], &["--no-cache"]);
    let output = decided(&up, state.path(), &arguments, &[]);
    assert_eq!(told(&output), (0, Vec::new()));
    assert!(!kept(state.path()).exists());

    let state = signed_in(&up);
    let logout = || Cli::new(state.path(), &["logout", "--output", "json"]).run();
    assert_eq!(cli::report(&logout())["forgot"], true);
    assert!(!kept(state.path()).exists());
    assert_eq!(cli::report(&logout())["forgot"], false);
}

/// Every command with `-v`, on a stack whose tokens are known.
#[test]
fn no_token_is_printed_or_left_open() {
    let up = Up::start(&[]);
    let state = signed_in(&up);
    let run = |arguments: &[&str], stdin: &str| {
        Cli::new(state.path(), arguments)
            .trusting(&up)
            .stdin(stdin)
            .run()
    };
    let secrets = secrets(&entries(state.path()));
    assert!(secrets.len() >= 4, "three parts and a refresh token");
    let url = up.text("function_url");
    let token = entries(state.path())[0]["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut wrong = token.clone();
    wrong.truncate(token.len() - 20);
    let mut outputs = vec![
        run(&["login", url, "-v", "--scope", "api://nobody/X"], ""),
        run(
            &["token", "get", url, "--scope", "api://nobody/X", "-v"],
            "",
        ),
    ];
    for output in ["human", "json"] {
        for command in [
            &["call", url, "-v"][..],
            &["call", url, "-v", "--no-cache", "--credential", "azure-cli"],
            &["call", url, "-v", "--access-token", "-"],
            &["doctor", url, "-v"],
            &["doctor", url, "-v", "--access-token", "-"],
            &["token", "inspect", "-v", "--verify"],
            &["token", "inspect", "-v", "--cached"],
            &["token", "inspect", "-v", "--url", url],
            &["token", "inspect", "-v", &token],
        ] {
            for stdin in [&token, &wrong, &format!("Bearer {token}")] {
                outputs.push(run(&[command, &["--output", output]].concat(), stdin));
            }
        }
    }
    // Renewed, refused, and signed in again.
    age(state.path(), 0);
    outputs.push(run(&["call", url, "-v", "--output", "json"], ""));
    let renewed = self::secrets(&entries(state.path()));
    age(state.path(), 0);
    assert!(
        up.run("policy", &["--refuse", "AADSTS700082"])
            .status
            .success()
    );
    outputs.push(run(&["call", url, "-v"], ""));
    outputs.push(run(&["logout", "-v"], ""));
    for output in &outputs {
        for part in [&output.stdout, &output.stderr] {
            nothing_of(&secrets, &String::from_utf8_lossy(part));
            nothing_of(&renewed, &String::from_utf8_lossy(part));
        }
    }
    assert!(outputs.iter().any(|output| output.status.success()));
}

fn nothing_of(secrets: &[String], text: &str) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

/// The tokens, and each part of those that have parts.
fn secrets(entries: &[Value]) -> Vec<String> {
    let mut secrets = Vec::new();
    for entry in entries {
        for name in ["access_token", "refresh_token"] {
            let token = entry[name].as_str().unwrap();
            secrets.extend(token.split('.').map(str::to_owned));
        }
    }
    // The header is the same for all tokens of a key, and says nothing.
    secrets.retain(|part| part.len() > 20);
    secrets
}

/// Files and folders are their owner's, and tokens are in the one file for them only.
#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let up = Up::start(&[]);
    let state = signed_in(&up);
    assert_eq!(told(&call(&up, state.path(), &[])), (0, Vec::new()));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let folder = state.path().join("greeting-cli");
    assert_eq!(mode(&folder), 0o700);
    let secrets = secrets(&entries(state.path()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        assert_eq!(mode(&path) & 0o077, 0, "{}", path.display());
        if path != kept(state.path()) {
            let text = std::fs::read(&path).unwrap();
            nothing_of(&secrets, &String::from_utf8_lossy(&text));
        }
    }
    assert_eq!(mode(&kept(state.path())), 0o600);
    assert!(names.contains(&"tokens.json".to_owned()), "{names:?}");
}

#[test]
fn a_state_folder_that_cant_be_written_costs_a_warning_only() {
    let up = Up::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    // A file where the folder would be.
    std::fs::write(folder.path().join("greeting-cli"), "").unwrap();
    let child = Cli::new(folder.path(), &device_code(&up, &["call"], &[]))
        .trusting(&up)
        .spawn();
    let (output, said) = decide(&up, child, &[]);
    assert_eq!(told(&output), (0, Vec::new()), "{said}");
    assert!(said.contains("warning: tokens are not kept"), "{said}");
}
