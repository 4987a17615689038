//! `docs/demo.svg` is what `greeting-local demo` prints. After a change to that, this makes the
//! picture anew: `BLESS=1 cargo test -p greeting-local --test picture`

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::program;

const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/demo.svg");

/// The demo's output, with what differs from run to run (ports, times, the signing key's id) as
/// `up` would have it or fixed.
fn settled(printed: &str) -> String {
    let origins: Vec<&str> = printed
        .lines()
        .take(3)
        .filter_map(|line| line.split_once("://localhost:"))
        .map(|(_, rest)| rest.split('/').next().unwrap())
        .collect();
    let [authority, function] = origins[..] else {
        panic!("no origins in {printed}");
    };
    let text = printed
        .replace(&format!(":{authority}/"), ":7443/")
        .replace(&format!(":{function}/"), ":7071/")
        // As `cargo run` calls it.
        .replace(
            env!("CARGO_BIN_EXE_greeting-local"),
            "target/debug/greeting-local",
        );
    let lines = text.lines().map(|line| {
        let plain = anstream::adapter::strip_str(line).to_string();
        let value = plain.split_whitespace().last().unwrap_or_default();
        let (left, right) = ("expires in ", "; issued to");
        if let Some((start, rest)) = line.split_once(left)
            && let Some((_, end)) = rest.split_once(right)
        {
            format!("{start}{left}1 h{right}{end}")
        } else if plain.trim_start().starts_with("kid ") {
            line.replace(value, "N3hQyZ0kJt5mVw8rPq1sXc7bGfA")
        } else if value.ends_with('Z') && value.contains('-') && value.contains('T') {
            let hour = if plain.contains("after ") { "10" } else { "09" };
            line.replace(value, &format!("2026-11-24T{hour}:14:05Z"))
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_picture_is_what_the_demo_prints() {
    let output = program()
        .arg("demo")
        .env_remove("NO_COLOR")
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let svg = anstyle_svg::Term::new().render_svg(&settled(&printed));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(PICTURE, &svg).unwrap();
    }
    let kept = std::fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(
        kept.replace("\r\n", "\n") == svg,
        "docs/demo.svg is not what the demo prints now; look at what this makes, then commit it:\n  BLESS=1 cargo test -p greeting-local --test picture\n{printed}"
    );
}
