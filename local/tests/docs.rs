//! The pages in `docs/` say what is true.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            sources(&path, text);
        } else if path
            .extension()
            .is_some_and(|kind| kind == "rs" || kind == "py")
        {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

fn all_sources() -> String {
    let mut code = String::new();
    for folder in ["server", "client", "local", "interop"] {
        sources(&root().join(folder), &mut code);
    }
    code
}

/// The rows of the table below `heading`, a cell each.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let after = page.split_once(&format!("\n{heading}\n")).unwrap().1;
    let section = after.split("\n##").next().unwrap();
    let rows: Vec<Vec<String>> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            line.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim_matches([' ', '|']).to_owned())
                .collect()
        })
        .collect();
    assert!(!rows.is_empty(), "no table below {heading}");
    rows
}

#[test]
fn each_test_in_the_conformance_table_exists() {
    let page = std::fs::read_to_string(root().join("docs/easy-auth.md")).unwrap();
    let code = all_sources();
    for row in rows(&page, "## What is matched") {
        let [what, known, here, test, _] = row.as_slice() else {
            panic!("not five cells: {row:?}");
        };
        let test = test.trim_matches('`');
        if test == "–" {
            assert_eq!(
                (known.as_str(), here.as_str()),
                ("not known", "no"),
                "no test for: {what}"
            );
            continue;
        }
        assert!(exists(&code, test), "{what}: there is no test {test}");
    }
}

/// The tests' names in `code` are those of functions there.
fn exists(code: &str, test: &str) -> bool {
    code.contains(&format!("fn {test}()")) || code.contains(&format!("def {test}()"))
}

/// The README and the pages.
fn pages() -> Vec<PathBuf> {
    let mut pages = [
        "README.md",
        "AGENTS.md",
        "deploy/README.md",
        "docs/schemas/README.md",
    ]
    .map(|page| root().join(page))
    .to_vec();
    let docs = std::fs::read_dir(root().join("docs")).unwrap().flatten();
    pages.extend(
        docs.map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "md")),
    );
    pages
}

/// The fenced blocks of a page, by their kind; those of a list without its indentation.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((indent, kind)) = line.split_once("```") else {
            continue;
        };
        if !indent.trim().is_empty() || kind.contains('`') {
            continue;
        }
        let mut block = String::new();
        for line in lines.by_ref() {
            let line = line.strip_prefix(indent).unwrap_or(line);
            if line.starts_with("```") {
                break;
            }
            block.push_str(line);
            block.push('\n');
        }
        found.push((kind.trim(), block));
    }
    found
}

#[test]
fn point_17_a_block_of_a_list_is_a_block() {
    let page = "1. Run `it` with ```sh``` in mind:\n\n   <!-- exits 1 -->\n   ```sh\n   if true; then\n     false\n   fi\n\n   true\n   ```\n\n```json\n{}\n```\n";
    let list = "if true; then\n  false\nfi\n\ntrue\n".to_owned();
    assert_eq!(blocks(page), [("sh", list), ("json", "{}\n".to_owned())]);
}

/// Why a line of a shell's block does not paste, when others follow it or not.
fn unpasteable(line: &str, is_last: bool) -> Option<&'static str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let says = |program: &str, command: &str| {
        words
            .windows(2)
            .any(|pair| pair[0].ends_with(program) && pair[1] == command)
    };
    let has = |option: &str| line.contains(option);
    let waits = says("greeting-local", "up") && !has("--detach")
        || has("--follow")
        || (says("greeting-cli", "call") || says("greeting-cli", "login"))
            && !["--access-token", "--credential none"].into_iter().any(has);
    // `https://…` stands for an address, and is not pasted.
    let is_sketch = has("…");
    if words.iter().skip(1).any(|word| *word == "#") && words[0] != "#" {
        // zsh takes it for arguments.
        Some("a comment behind a command")
    } else if waits && !is_last && !is_sketch {
        Some("it waits for a person, and takes the lines below for what they type")
    } else {
        None
    }
}

#[test]
fn point_6_the_blocks_of_the_pages_paste() {
    for (line, is_last, pastes) in [
        (
            "greeting-local policy --fail 429:1   # all of them",
            true,
            false,
        ),
        ("# a line of its own", false, true),
        ("echo \"a#b\"", true, true),
        ("target/debug/greeting-local up", false, false),
        ("target/debug/greeting-local up --detach", false, true),
        ("target/debug/greeting-cli call", false, false),
        ("target/debug/greeting-cli call", true, true),
        (
            "greeting-local mint | greeting-cli call --access-token -",
            false,
            true,
        ),
    ] {
        assert_eq!(unpasteable(line, is_last).is_none(), pastes, "{line}");
    }
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for (kind, block) in blocks(&text) {
            if !["sh", "powershell", "fish"].contains(&kind) {
                continue;
            }
            let block = block.replace("\\\n", " ");
            let mut lines = block.lines().peekable();
            while let Some(line) = lines.next() {
                let why = unpasteable(line, lines.peek().is_none());
                assert_eq!(why, None, "{}: {line}", page.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

/// Whoever adds a command says whether an agent may run it.
#[test]
fn point_4_the_agents_page_says_of_each_command_whether_it_may_be_run() {
    let page = std::fs::read_to_string(root().join("docs/agents.md")).unwrap();
    let (_, tables) = page.split_once("\n## What you may run unasked\n").unwrap();
    let mut seen = 0;
    for (name, program) in [
        ("greeting-local", harness::program()),
        ("greeting-cli", Command::new(harness::cli::path())),
    ] {
        for command in commands(program) {
            let said = format!("`{name} {command}");
            assert!(tables.contains(&said), "docs/agents.md has no {said}`");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

/// The commands that a program's help lists.
fn commands(mut program: Command) -> Vec<String> {
    let help = program.arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    // A line that goes on is indented further.
    let begins = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let first = |line: &str| line.split_whitespace().next().map(str::to_owned);
    list.lines().filter(begins).filter_map(first).collect()
}

#[test]
fn each_link_between_pages_leads_somewhere() {
    let mut links = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.contains("://") {
                continue;
            }
            let target = if path.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(path)
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !anchor.is_empty() {
                let text = std::fs::read_to_string(target).unwrap();
                let slug = |line: &str| {
                    let plain = line.trim_start_matches('#').trim().to_lowercase();
                    let kept = plain
                        .chars()
                        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
                    kept.collect::<String>().replace(' ', "-")
                };
                let found = text
                    .lines()
                    .any(|line| line.starts_with('#') && slug(line) == anchor);
                assert!(found, "{}: {link}", page.display());
            }
            links += 1;
        }
    }
    assert!(links > 5, "{links}");
}

#[test]
fn each_test_in_the_other_tables_exists() {
    let code = all_sources();
    for (page, heading) in [
        ("docs/security.md", "## Threats"),
        ("docs/authority.md", "## What is matched"),
        ("docs/functions-host.md", "## What is matched"),
    ] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        for row in rows(&text, heading) {
            // Of those that have them, witnesses stand last.
            let ([what, _, test] | [what, _, test, _]) = row.as_slice() else {
                panic!("neither three cells nor four: {row:?}");
            };
            let test = test.trim_matches('`');
            assert!(exists(&code, test), "{page}, {what}: there is no {test}");
        }
    }
}

/// The tables of settings in `deploy/README.md` say what the files say.
#[test]
fn the_settings_tables_say_what_the_files_say() {
    let page = std::fs::read_to_string(root().join("deploy/README.md")).unwrap();
    for (heading, file, prefixes) in [
        (
            "### App registration",
            "deploy/app-registration.json",
            &["", "api.oauth2PermissionScopes[0]."][..],
        ),
        (
            "### Identity provider",
            "deploy/authsettingsV2.json",
            &["", "identityProviders.azureActiveDirectory."],
        ),
    ] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let pointer = |path: &str| {
            format!(
                "/{}",
                path.replace('[', ".").replace(']', "").replace('.', "/")
            )
        };
        for row in rows(&page, heading) {
            let [setting, value, property, _] = row.as_slice() else {
                panic!("not four cells: {row:?}");
            };
            let names: Vec<&str> = property.split('`').skip(1).step_by(2).collect();
            let find = |name: &str| {
                prefixes
                    .iter()
                    .find_map(|prefix| json.pointer(&pointer(&format!("{prefix}{name}"))))
            };
            if property.starts_with("no ") {
                for name in names {
                    let registration = format!("registration.{name}");
                    assert!(
                        find(name).is_none() && find(&registration).is_none(),
                        "{setting}: {name} is there"
                    );
                }
                continue;
            }
            let found =
                find(names[0]).unwrap_or_else(|| panic!("{setting}: {file} has no {}", names[0]));
            // The value stands in the property's cell, or in the value's, or is an object.
            let said = names.get(1).copied().unwrap_or(value.trim_matches('`'));
            // A list of texts is named whole.
            let texts = found
                .as_array()
                .filter(|items| items.iter().all(serde_json::Value::is_string));
            if let Some(items) = texts {
                let said: Vec<&str> = value.split('`').skip(1).step_by(2).collect();
                let is: Vec<&str> = items.iter().filter_map(serde_json::Value::as_str).collect();
                assert_eq!(said, is, "{setting}");
                continue;
            }
            let first = if found.is_array() { &found[0] } else { found };
            let is = first.as_str().map_or(first.to_string(), str::to_owned);
            assert!(
                first.is_object() || is == said,
                "{setting}: the page says {said}, the file {is}"
            );
        }
    }
}

/// Whatever the page of facts marks as documented or observed is a row's matter: each of the
/// settings and headers that it names is named in the table.
#[test]
#[ignore = "reads third-party facts from GREETING_SHARED"]
fn the_conformance_table_names_what_the_facts_name() {
    let shared = std::env::var("GREETING_SHARED").expect("GREETING_SHARED names the folder");
    let facts = std::fs::read_to_string(Path::new(&shared).join("EASY_AUTH.md")).unwrap();
    let page = std::fs::read_to_string(root().join("docs/easy-auth.md")).unwrap();
    let mut missing = Vec::new();
    for (index, name) in facts.split('`').enumerate() {
        let is_name = index % 2 == 1
            && name.len() > 5
            && !name.contains('<')
            && (name.starts_with("WEBSITE_AUTH_AAD")
                || name.starts_with("/.auth/")
                || name.ends_with("Paths")
                || name.starts_with("allowed")
                || name.starts_with("Return")
                || name.starts_with("X-ZUMO")
                || name.starts_with("preserve")
                || name.starts_with("functionTimeout"));
        let short = name
            .rsplit('.')
            .next()
            .unwrap_or(name)
            .split('?')
            .next()
            .unwrap();
        let short = if name.starts_with('/') {
            name.split('?').next().unwrap()
        } else {
            short
        };
        if is_name && !page.contains(short) && !page.contains(name) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "not in docs/easy-auth.md: {missing:?}");
}
