//! The README's first command, as a program, twice at once.

use std::process::{Command, Stdio};

use serde_json::Value;

#[test]
fn two_demos_at_once_tell_the_whole_story() {
    let start = |output: &str| {
        Command::new(env!("CARGO_BIN_EXE_greeting-local"))
            .args(["demo", "--output", output])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (json, human) = (start("json"), start("human"));
    let json = json.wait_with_output().unwrap();
    assert!(
        json.status.success(),
        "{}",
        String::from_utf8_lossy(&json.stderr)
    );
    let cases: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    let seen: Vec<(u64, Option<&str>)> = cases
        .iter()
        .map(|case| {
            (
                case["status"].as_u64().unwrap(),
                case["findings"][0]["code"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (200, None),
            (401, Some("no-token")),
            (401, Some("expired")),
            (401, Some("wrong-api")),
            (401, Some("bad-signature")),
            (403, Some("missing-scope")),
        ]
    );
    assert!(
        cases[0]["greeting"]
            .as_str()
            .unwrap()
            .starts_with("Hello, world. ")
    );

    let human = human.wait_with_output().unwrap();
    assert!(
        human.status.success(),
        "{}",
        String::from_utf8_lossy(&human.stderr)
    );
    let text = String::from_utf8(human.stdout).unwrap();
    for words in [
        "Hello, world. ",
        "no-token",
        "expired",
        "wrong-api",
        "bad-signature",
        "missing-scope",
    ] {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colour in a pipe");
    // Lines to paste and what the function says stay whole.
    let whole = ["greeting-cli ", "Hello, world. "];
    for line in text.lines() {
        let stays = whole
            .iter()
            .any(|start| line.trim_start().starts_with(start));
        assert!(line.chars().count() <= 80 || stays, "over 80: {line}");
    }
    for output in [&json.stdout, &json.stderr, text.as_bytes(), &human.stderr] {
        assert!(
            !String::from_utf8_lossy(output).contains("eyJ"),
            "a token was printed"
        );
    }
}

#[cfg(unix)]
#[test]
fn point_2_the_demos_last_line_pastes_where_it_ran() {
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;

    let program = Path::new(env!("CARGO_BIN_EXE_greeting-local"));
    let folder = program.parent().unwrap();
    let above = folder.parent().unwrap();
    let called = program.strip_prefix(above).unwrap();
    // As `cargo run` calls it: by a path from the current folder.
    let output = Command::new(program)
        .arg0(called)
        .arg("demo")
        .current_dir(above)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().last().unwrap();
    assert_eq!(last.trim(), format!("{} up", called.display()));
    let pasted = Command::new("sh")
        .args(["-c", &format!("{last} --help")])
        .current_dir(above)
        .output()
        .unwrap();
    assert!(pasted.status.success(), "{pasted:?}");
}
