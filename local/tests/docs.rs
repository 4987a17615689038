//! The pages in `docs/` say what is true.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::path::{Path, PathBuf};

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

/// The rows of the table below `heading`, a cell each.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let after = page.split_once(&format!("\n{heading}\n")).unwrap().1;
    let section = after.split("\n## ").next().unwrap();
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
    let mut code = String::new();
    for folder in ["server", "client", "local", "interop"] {
        sources(&root().join(folder), &mut code);
    }
    for row in rows(&page, "## What is matched") {
        let [what, known, here, test] = row.as_slice() else {
            panic!("not four cells: {row:?}");
        };
        let test = test.trim_matches('`');
        if test.is_empty() {
            assert_eq!(
                (known.as_str(), here.as_str()),
                ("not known", "no"),
                "no test for: {what}"
            );
            continue;
        }
        let exists =
            code.contains(&format!("fn {test}()")) || code.contains(&format!("def {test}()"));
        assert!(exists, "{what}: there is no test {test}");
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
