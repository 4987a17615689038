//! The help of every command, completions and man pages.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::{Path, PathBuf};
use std::process::Output;

use harness::program;

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn text(output: &Output) -> &str {
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
        let listed = text(&output)
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
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{command:?}");
    output
}

fn snapshots() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots")
}

/// `BLESS=1 cargo test -p greeting-local --test help` accepts what is printed now. A command without a
/// snapshot fails, and a snapshot without its command.
#[test]
fn item_19_each_command_has_help_with_examples_and_a_snapshot() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut names = Vec::new();
    for command in commands() {
        let output = help(&command);
        let help = text(&output);
        let (_, examples) = help
            .split_once("\nExample")
            .unwrap_or_else(|| panic!("{command:?} has no examples: {help}"));
        let typed = format!("greeting-local {}", command.join(" "));
        assert!(examples.contains(typed.trim_end()), "{examples}");
        let name = format!("help {}", command.join(" "));
        let name = format!("{}.txt", name.trim_end().replace(' ', "-"));
        let path = snapshots().join(&name);
        if bless {
            std::fs::create_dir_all(snapshots()).unwrap();
            std::fs::write(&path, help).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap_or_default(),
            help,
            "{name} is stale: BLESS=1 cargo test -p greeting-local --test help"
        );
        names.push(name);
    }
    assert!(names.len() > 12, "{names:?}");
    for kept in std::fs::read_dir(snapshots()).unwrap() {
        let kept = kept.unwrap().file_name().into_string().unwrap();
        assert!(
            !kept.starts_with("help") || names.contains(&kept),
            "{kept} is of no command"
        );
    }
}

#[test]
fn item_13_completions_are_of_every_command_that_help_shows() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output);
        for name in commands().iter().filter_map(|command| command.last()) {
            assert!(script.contains(name.as_str()), "{shell} lacks {name}");
        }
        assert!(script.contains("auto-approve"), "{shell}");
        assert!(
            !script.contains("launch"),
            "{shell} completes a hidden command"
        );
    }
    assert_eq!(run(&["completions", "tcsh"]).status.code(), Some(2));
}

/// A real shell takes the script, and completes by it.
#[cfg(unix)]
#[test]
fn item_13_bash_completes_flags() {
    let script = run(&["completions", "bash"]);
    for (words, begun, all) in [
        ("ro", "ro", "rotate-keys"),
        ("rotate-keys --st", "--st", "--state-dir"),
        ("up --auto", "--auto", "--auto-approve"),
        ("env --shell nu", "nu", "nushell"),
    ] {
        let at = words.split(' ').count();
        let line = format!(
            "
COMP_WORDS=(greeting-local {words}) COMP_CWORD={at}
read -ra completion <<< \"$(complete -p greeting-local)\"
for at in \"${{!completion[@]}}\"; do
  [ \"${{completion[at]}}\" = -F ] && by=${{completion[at + 1]}}
done
$by greeting-local '{begun}' \"${{COMP_WORDS[COMP_CWORD - 1]}}\"
printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = std::process::Command::new("bash");
        bash.args(["--norc", "-c", &format!("{}{line}", text(&script))]);
        let output = match bash.output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => panic!("{error}"),
        };
        let found: Vec<&str> = text(&output).lines().collect();
        assert!(found.contains(&all), "{words}: {output:?}");
        assert!(
            found.iter().all(|word| word.starts_with(begun)),
            "{found:?}"
        );
    }
}

#[test]
fn item_13_man_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("share/man1");
    let output = run(&["man", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output).trim_end(), path.to_str().unwrap());
    let all = commands();
    for command in &all {
        let name = format!("greeting-local {}", command.join(" "));
        let page = path.join(format!("{}.1", name.trim().replace(' ', "-")));
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{name}");
    }
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), all.len());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = run(&["man", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("can't be written") && said.contains("fix"),
        "{said}"
    );
}

/// `--color` is of every command, and of the help and the errors that clap prints.
#[test]
fn item_15_colour_is_a_choice() {
    let coloured = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = program()
            .args(arguments)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        [output.stdout, output.stderr].concat().contains(&0x1b)
    };
    for printed in [&["up", "--help"][..], &["upp"]] {
        let with = |more: &[&'static str]| [printed, more].concat();
        assert!(!coloured(printed, &[]), "{printed:?}");
        assert!(coloured(printed, &[("CLICOLOR_FORCE", "1")]));
        assert!(!coloured(
            printed,
            &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]
        ));
        assert!(coloured(
            &with(&["--color", "always"]),
            &[("NO_COLOR", "1")]
        ));
        assert!(!coloured(
            &with(&["--color=never"]),
            &[("CLICOLOR_FORCE", "1")]
        ));
        assert!(!coloured(printed, &[("FORCE_COLOR", "1")]));
        #[cfg(unix)]
        assert!(!coloured(printed, &[("CLICOLOR_FORCE", "0")]));
    }
    assert_eq!(run(&["--color", "blue", "status"]).status.code(), Some(2));
}

/// What the help of `completions` says is pasted into an account in which nothing is there yet.
#[cfg(unix)]
#[test]
fn item_13_the_lines_of_completions_paste_into_a_fresh_account() {
    let output = run(&["completions", "--help"]);
    let help = text(&output);
    let (_, lines) = help.split_once("Examples:\n").unwrap();
    let lines: Vec<&str> = lines
        .lines()
        .filter(|line| !line.contains("powershell"))
        .collect();
    let home = tempfile::tempdir().unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_greeting-local")).parent();
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
        ".local/share/bash-completion/completions/greeting-local",
        ".zfunc/_greeting-local",
        ".config/fish/completions/greeting-local.fish",
    ] {
        let script = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert!(script.contains("rotate-keys"), "{file}");
    }
}
