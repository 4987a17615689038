//! What the program prints about itself, as snapshots; completions and man pages.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, finish, is_current, run};

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Each command that help lists, and those below it: the words after the program's name. The
/// program itself first.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        next += 1;
        let output = help(&command);
        let listed = stdout(&output)
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| !line.is_empty());
        for line in listed {
            // What continues a description is indented by more.
            let is_name = line.starts_with("  ") && !line.starts_with("   ");
            let name = line.split_whitespace().next().filter(|_| is_name);
            if let Some(name) = name.filter(|name| *name != "help") {
                let mut inner = command.clone();
                inner.push(name.to_owned());
                found.push(inner);
            }
        }
    }
    found
}

fn help(command: &[String]) -> Output {
    let mut arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    arguments.push("--help");
    let output = run(&arguments, "");
    assert_eq!(output.status.code(), Some(0), "{command:?}");
    output
}

/// A command without a snapshot fails, and a snapshot without its command.
#[test]
fn item_19_each_command_has_help_with_examples_and_a_snapshot() {
    let mut names = Vec::new();
    for command in commands() {
        let output = help(&command);
        let help = stdout(&output);
        let (_, examples) = help
            .split_once("\nExample")
            .unwrap_or_else(|| panic!("{command:?} has no examples: {help}"));
        let typed = format!("greeting-cli {}", command.join(" "));
        assert!(examples.contains(typed.trim_end()), "{examples}");
        let name = format!("help {}", command.join(" "));
        let name = name.trim_end().replace(' ', "-");
        is_current(&name, help);
        names.push(format!("{name}.snap"));
    }
    assert!(names.len() > 10, "{names:?}");
    let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots");
    for kept in std::fs::read_dir(kept).unwrap() {
        let kept = kept.unwrap().file_name().into_string().unwrap();
        assert!(
            !kept.starts_with("help") || names.contains(&kept),
            "{kept} is of no command"
        );
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
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(!said.contains("near"), "{said}");
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
fn item_15_colour_is_a_choice() {
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
    assert!(coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(!coloured(
        &[],
        &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]
    ));
    assert!(!coloured(&[], &[("FORCE_COLOR", "1")]));
    #[cfg(unix)]
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "0")]));
}

#[test]
fn item_15_marks_are_what_the_locale_can_write() {
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
fn item_13_completions_are_of_every_command_and_of_the_codes() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = run(&["completions", shell], "");
        assert_eq!(output.status.code(), Some(0));
        let script = stdout(&output);
        for name in commands().iter().filter_map(|command| command.last()) {
            assert!(script.contains(name.as_str()), "{shell} lacks {name}");
        }
        assert!(script.contains("auth-settings"), "{shell}");
        // PowerShell's script completes commands and flags alone.
        for code in ["audience-mismatch", "AADSTS65001"] {
            let has = script.contains(code);
            assert_eq!(has, shell != "powershell", "{shell}: {code}");
        }
    }
    assert_eq!(run(&["completions", "tcsh"], "").status.code(), Some(2));
}

#[test]
fn item_13_man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    let output = run(&["man", path.to_str().unwrap()], "");
    assert_eq!(output.status.code(), Some(0));
    let all = commands();
    for command in &all {
        let name = format!("greeting-cli {}", command.join(" "));
        let name = name.trim().replace(' ', "-");
        let page = std::fs::read_to_string(path.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{name}");
    }
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), all.len());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(
        run(&["man", file.to_str().unwrap()], "").status.code(),
        Some(1)
    );
}

/// A real shell takes the script, and completes by it.
#[cfg(unix)]
#[test]
fn item_13_bash_completes_codes_and_flags() {
    let script = run(&["completions", "bash"], "");
    for (words, begun, all) in [
        ("explain AADSTS6500", "AADSTS6500", "AADSTS65001"),
        ("explain audience", "audience", "audience-mismatch"),
        ("token inspect --ver", "--ver", "--verify"),
        ("call --credential az", "az", "azure-cli"),
    ] {
        let at = words.split(' ').count();
        let line = format!(
            "
COMP_WORDS=(greeting-cli {words}) COMP_CWORD={at}
read -ra completion <<< \"$(complete -p greeting-cli)\"
for at in \"${{!completion[@]}}\"; do
  [ \"${{completion[at]}}\" = -F ] && by=${{completion[at + 1]}}
done
$by greeting-cli '{begun}' \"${{COMP_WORDS[COMP_CWORD - 1]}}\"
printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        bash.args(["--norc", "-c", &format!("{}{line}", stdout(&script))]);
        let output = match bash.output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => panic!("{error}"),
        };
        let found: Vec<&str> = stdout(&output).lines().collect();
        assert!(found.contains(&all), "{words}: {output:?}");
        assert!(
            found.iter().all(|word| word.starts_with(begun)),
            "{found:?}"
        );
    }
}

/// What the help of `completions` says is pasted into an account in which nothing is there yet.
#[cfg(unix)]
#[test]
fn item_13_the_lines_of_completions_paste_into_a_fresh_account() {
    let output = run(&["completions", "--help"], "");
    let (_, lines) = stdout(&output).split_once("Examples:\n").unwrap();
    let lines: Vec<&str> = lines
        .lines()
        .filter(|line| !line.contains("powershell"))
        .collect();
    let home = tempfile::tempdir().unwrap();
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_greeting-cli")).parent();
    let output = std::process::Command::new("sh")
        .args(["-ec", &lines.join("\n")])
        .env("HOME", home.path())
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", folder.unwrap().display()),
        )
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    for file in [
        ".local/share/bash-completion/completions/greeting-cli",
        ".zfunc/_greeting-cli",
        ".config/fish/completions/greeting-cli.fish",
    ] {
        let script = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert!(script.contains("inspect"), "{file}");
    }
}
