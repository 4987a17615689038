//! The layout of the workspace: which crate may use which, and no circle of modules in any.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a crate is, in the order of the arrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// Read alike by client and local.
    Shared,
    Server,
    /// What the systems stand on.
    Ground,
    /// Entra, Easy Auth, Functions host: side by side.
    System,
    Local,
    Client,
    /// For tests only.
    Tests,
}

/// Every crate of the workspace has its layer.
const LAYERS: [(&str, Layer); 18] = [
    ("fuzz-replay", Layer::Tests),
    ("command-line", Layer::Shared),
    ("environment", Layer::Shared),
    ("loopback", Layer::Shared),
    ("secret-forms", Layer::Shared),
    ("settings-file", Layer::Shared),
    ("state-folder", Layer::Shared),
    ("time-zone", Layer::Shared),
    ("greeting-server", Layer::Server),
    ("local-child", Layer::Ground),
    ("local-events", Layer::Ground),
    ("local-failure", Layer::Ground),
    ("local-http", Layer::Ground),
    ("local-entra", Layer::System),
    ("local-easy-auth", Layer::System),
    ("local-functions-host", Layer::System),
    ("greeting-local", Layer::Local),
    ("greeting-cli", Layer::Client),
];

fn may_use(from: Layer, to: Layer) -> bool {
    match from {
        Layer::Shared | Layer::Client => to == Layer::Shared,
        Layer::Server | Layer::Tests => false,
        Layer::Ground => matches!(to, Layer::Ground | Layer::Shared),
        Layer::System => matches!(to, Layer::Ground | Layer::Shared | Layer::Server),
        Layer::Local => !matches!(to, Layer::Client | Layer::Tests),
    }
}

fn layer(name: &str) -> Layer {
    LAYERS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("{name} has no layer: say in layout.rs what it is"))
        .1
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

#[test]
fn arrows_between_crates_run_one_way() {
    let packages = packages();
    let own: BTreeSet<&str> = packages.iter().map(name).collect();
    let known: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(own, known, "the crates of the workspace, and their layers");
    for package in &packages {
        let from = name(package);
        // For tests and builds as well.
        for used in package["dependencies"].as_array().unwrap() {
            let to = name(used);
            if own.contains(to) {
                if used["kind"] == "dev" && layer(to) == Layer::Tests {
                    continue;
                }
                assert!(
                    may_use(layer(from), layer(to)),
                    "{from} uses {to}: {:?} must not use {:?}",
                    layer(from),
                    layer(to)
                );
            }
        }
    }
}

#[test]
fn the_systems_and_the_client_are_kept_apart() {
    for (from, to) in [
        (Layer::System, Layer::System),
        (Layer::System, Layer::Local),
        (Layer::Ground, Layer::System),
        (Layer::Client, Layer::Ground),
        (Layer::Client, Layer::Server),
        (Layer::Local, Layer::Client),
        (Layer::Server, Layer::Shared),
    ] {
        assert!(!may_use(from, to), "{from:?} {to:?}");
    }
    assert!(may_use(Layer::System, Layer::Server));
    assert!(may_use(Layer::Client, Layer::Shared));
}

/// A module, by its path: `["stack", "app"]`; the crate's root is empty.
type Module = Vec<String>;

/// Who uses whom among the children of one module.
type Uses = BTreeMap<String, BTreeSet<String>>;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// The module in `file`; none for tests, and for a binary's root, which uses everything.
fn module(source: &Path, file: &Path) -> Option<Module> {
    let path = file.strip_prefix(source).unwrap().with_extension("");
    let mut parts: Module = path
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if parts.iter().any(|part| part == "tests") {
        return None;
    }
    if parts == ["lib"] || parts == ["main"] {
        parts.clear();
    }
    Some(parts)
}

/// Paths that begin at the crate or above the module: `crate::a::b`, `super::c`, and what stands
/// in braces after them.
fn paths(module: &Module, text: &str) -> Vec<Module> {
    // Unit tests may look anywhere.
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let text: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut found = Vec::new();
    for (start, word) in ["crate::", "super::"]
        .iter()
        .flat_map(|word| text.match_indices(word))
    {
        let before = text[..start].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$' || c == ':') {
            continue;
        }
        let mut base = if word == "crate::" {
            Vec::new()
        } else {
            module[..module.len().saturating_sub(1)].to_vec()
        };
        let mut rest = &text[start + word.len()..];
        while let Some(further) = rest.strip_prefix("super::") {
            base.pop();
            rest = further;
        }
        tree(&base, rest, &mut found);
    }
    found
}

/// Adds the paths of a use tree, `a::{b, c::d}`; what follows the tree; is not read.
fn tree<'a>(base: &Module, text: &'a str, found: &mut Vec<Module>) -> &'a str {
    let mut path = base.clone();
    let mut rest = text;
    loop {
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = tree(&path, rest, found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
                // Not a list of names: an expression.
                if !rest.starts_with(|c: char| c.is_alphanumeric() || "_{}*".contains(c)) {
                    return rest;
                }
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end == 0 {
            return rest.strip_prefix('*').unwrap_or(rest);
        }
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(further) => rest = further,
            None => {
                found.push(path);
                let rest = rest.trim_start();
                // `as name`
                return rest.strip_prefix("as ").map_or(rest, |name| {
                    name.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_')
                });
            }
        }
    }
}

/// The circles among the children of each module of the crate in `source`.
fn circles(source: &Path) -> Vec<String> {
    let modules: BTreeMap<Module, String> = files(source)
        .iter()
        .filter_map(|file| {
            let module = module(source, file)?;
            Some((module, std::fs::read_to_string(file).unwrap()))
        })
        .collect();
    let mut graphs: BTreeMap<Module, Uses> = BTreeMap::new();
    for (from, text) in &modules {
        for path in paths(from, text) {
            let Some(to) = (1..=path.len())
                .rev()
                .map(|length| path[..length].to_vec())
                .find(|path| modules.contains_key(path))
            else {
                continue;
            };
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            // Parent and child know each other.
            if let (Some(a), Some(b)) = (from.get(common), to.get(common)) {
                graphs
                    .entry(from[..common].to_vec())
                    .or_default()
                    .entry(a.clone())
                    .or_default()
                    .insert(b.clone());
            }
        }
    }
    graphs
        .iter()
        .filter_map(|(parent, uses)| {
            let circle = circle(uses)?;
            Some(format!("{}: {}", parent.join("::"), circle.join(" → ")))
        })
        .collect()
}

/// One circle, if there is any.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    fn walk(
        uses: &Uses,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        let last = path.last()?.clone();
        for next in uses.get(&last).into_iter().flatten() {
            if let Some(start) = path.iter().position(|known| known == next) {
                let mut circle = path[start..].to_vec();
                circle.push(next.clone());
                return Some(circle);
            }
            if !done.contains(next) {
                path.push(next.clone());
                if let Some(circle) = walk(uses, path, done) {
                    return Some(circle);
                }
                path.pop();
            }
        }
        done.insert(last);
        None
    }
    let mut done = BTreeSet::new();
    uses.keys()
        .find_map(|first| walk(uses, &mut vec![first.clone()], &mut done))
}

#[test]
fn no_crate_has_a_circle_of_modules() {
    let mut found = Vec::new();
    for package in packages() {
        let source = Path::new(package["manifest_path"].as_str().unwrap())
            .parent()
            .unwrap()
            .join("src");
        let circles = circles(&source);
        found.extend(
            circles
                .into_iter()
                .map(|circle| format!("{} {circle}", name(&package))),
        );
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_circle_is_found_and_a_parent_is_none() {
    let root = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a;\nmod b;\npub use crate::a::A;\n");
    write(
        "a.rs",
        "mod c;\nuse crate::{Root, b::{self as other, B}};\n",
    );
    write("a/c.rs", "use super::A;\nfn f() {}\n");
    write(
        "b.rs",
        "// use crate::a::A;\n#[cfg(test)]\nmod tests { use crate::a::A; }\n",
    );
    assert!(circles(root.path()).is_empty());
    // By way of a child.
    write("b/d.rs", "fn f() { crate::a::c::f() }\n");
    assert_eq!(circles(root.path()), [": a → b → a"]);
    write("b/d.rs", "use super::super::a::c::{\n    f,\n};\n");
    assert_eq!(circles(root.path()), [": a → b → a"]);
    // Among siblings below.
    write("b/d.rs", "use super::e::E;\n");
    write("b/e.rs", "use super::d::D;\n");
    assert_eq!(circles(root.path()), ["b: d → e → d"]);
}
