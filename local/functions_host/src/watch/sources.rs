//! What a handler is made of: the files whose change counts, and no others. What a handler, a
//! build or an editor writes beside them is none.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ignore::WalkBuilder;

use crate::FunctionApp;
use crate::command_line::WORKER_NAMES;

/// Names after the last dot of what people write and programs are made of. Data that programs
/// write (json, csv, db, log, txt) is not among them.
const KINDS: [&str; 62] = [
    "c", "cc", "cjs", "clj", "cpp", "cs", "csproj", "css", "cts", "dart", "ejs", "erl", "ex",
    "exs", "fs", "fsproj", "go", "graphql", "h", "hbs", "hpp", "hs", "htm", "html", "j2", "java",
    "jinja", "jl", "js", "jsx", "kt", "kts", "lua", "ml", "mjs", "mod", "mts", "nim", "php", "pl",
    "pm", "proto", "ps1", "psm1", "py", "r", "rb", "rs", "scala", "sh", "sql", "sum", "swift",
    "tmpl", "toml", "ts", "tsx", "vb", "xsl", "yaml", "yml", "zig",
];
/// Folders that builds and tools write to, where no .gitignore says it.
const IGNORED: [&str; 4] = ["target", "node_modules", "__pycache__", "venv"];

/// The files of one app.
#[derive(Clone)]
pub(super) struct Sources {
    /// The app's folder, and those of packages that its handler is built from.
    folders: BTreeSet<PathBuf>,
    /// Files that count though they are of no kind above, or ignored.
    named: Named,
}

/// Shared with who hears of changes.
#[derive(Clone, Default)]
struct Named(Arc<RwLock<BTreeSet<PathBuf>>>);

impl Named {
    fn get(&self) -> BTreeSet<PathBuf> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn has(&self, path: &Path) -> bool {
        let named = self.0.read().unwrap_or_else(PoisonError::into_inner);
        named.contains(path)
    }

    fn add(&self, path: PathBuf) {
        let mut named = self.0.write().unwrap_or_else(PoisonError::into_inner);
        named.insert(path);
    }
}

/// The files as they were at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Each folder that holds some, or may.
    pub(super) folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, u64>,
}

impl Sources {
    /// Of an app: its own files, and those that its handler's arguments name.
    pub(super) fn of(app: &FunctionApp) -> Self {
        let sources = Self {
            folders: BTreeSet::from([app.root.clone()]),
            named: Named::default(),
        };
        sources.add_app(app);
        sources
    }

    /// The same of the app as it is now.
    pub(super) fn add_app(&self, app: &FunctionApp) {
        // By the template of Azure's tools .gitignore has local.settings.json.
        let own = app.files().unwrap_or_default().into_iter();
        for name in own.chain(["local.settings.json".to_owned(), "package.json".to_owned()]) {
            self.add_file(&app.root.join(name));
        }
        let worker = WORKER_NAMES.map(|name| (name, String::new()));
        for argument in app.handler.arguments.arguments(&worker) {
            let path = app.handler.working_directory.join(argument);
            if path.is_file() {
                self.add_file(&path);
            }
        }
    }

    /// Adds a file, whatever it is.
    pub(super) fn add_file(&self, path: &Path) {
        self.named.add(plain(path));
    }

    /// Adds files that a build says it has read. Those of folders that are not walked are what it
    /// has written itself.
    pub(super) fn add_read(&self, files: Vec<PathBuf>) {
        let walked = self.look().folders;
        for file in files {
            if file.parent().is_some_and(|folder| walked.contains(folder)) {
                self.named.add(file);
            }
        }
    }

    /// Adds the folder of a package that the handler is built from.
    pub(super) fn add_folder(&mut self, folder: PathBuf) {
        if !self.folders.iter().any(|known| folder.starts_with(known)) {
            self.folders.insert(folder);
        }
    }

    /// Whether a change of `path` is worth a look.
    pub(super) fn may_be(&self, path: &Path) -> bool {
        is_source(path) || self.named.has(path) || path.is_dir()
    }

    /// Looks at all of them.
    pub(super) fn look(&self) -> Seen {
        let mut seen = Seen::default();
        for folder in &self.folders {
            let walk = WalkBuilder::new(folder)
                // A folder that is no repository has its .gitignore all the same.
                .require_git(false)
                .filter_entry(|entry| {
                    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                    !(is_folder && entry.depth() > 0 && is_ignored(entry.file_name()))
                })
                .build();
            for entry in walk.flatten() {
                let path = entry.path();
                if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    seen.folders.insert(path.to_owned());
                } else if is_source(path) {
                    seen.add(path);
                }
            }
        }
        for path in self.named.get() {
            seen.add(&path);
            seen.folders.extend(path.parent().map(Path::to_owned));
        }
        seen
    }
}

impl Seen {
    /// By the content: a build that writes the same again changes nothing.
    fn add(&mut self, path: &Path) {
        if let Ok(content) = std::fs::read(path) {
            let mut hash = DefaultHasher::new();
            hash.write(&content);
            self.files.insert(path.to_owned(), hash.finish());
        }
    }

    /// Takes over from `now` what was no source `before`.
    pub(super) fn adopt_new(&mut self, before: &Self, now: &Self) {
        let new = now.files.iter();
        let new = new.filter(|(path, _)| !before.files.contains_key(*path));
        self.files
            .extend(new.map(|(path, hash)| (path.clone(), *hash)));
    }

    /// The files that are not as they were in `before`: new ones, changed ones, and those gone.
    pub(super) fn changed_since(&self, before: &Self) -> Vec<PathBuf> {
        let all: BTreeSet<&PathBuf> = self.files.keys().chain(before.files.keys()).collect();
        all.into_iter()
            .filter(|path| self.files.get(*path) != before.files.get(*path))
            .cloned()
            .collect()
    }
}

fn is_source(path: &Path) -> bool {
    let hidden = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let kind = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    !hidden && KINDS.iter().any(|known| known.eq_ignore_ascii_case(kind))
}

fn is_ignored(folder: &OsStr) -> bool {
    IGNORED.iter().any(|name| folder == *name)
}

/// Without `.` in it: as the operating system names it in its events.
fn plain(path: &Path) -> PathBuf {
    path.components().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Environment;

    const FUNCTION: &str = r#"{"bindings": [{"type": "httpTrigger", "name": "req"}, {"type": "http", "direction": "out", "name": "res"}]}"#;

    fn write(root: &Path, file: &str, text: &str) {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn point_9_sources_are_seen_and_what_is_written_beside_them_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "one/function.json", FUNCTION);
        write(
            root,
            "host.json",
            r#"{"version": "2.0", "customHandler": {"enableForwardingHttpRequest": true, "description": {"defaultExecutablePath": "bin/handler", "arguments": ["./lib/main.dat"]}}}"#,
        );
        write(
            root,
            ".gitignore",
            "/generated/\nlocal.settings.json\n/bin/\n",
        );
        write(root, "bin/handler", "x");
        write(root, "lib/main.dat", "x");
        let app = FunctionApp::load(root, &Environment::default()).unwrap();
        let sources = Sources::of(&app);
        sources.add_file(&root.join("bin/handler"));
        for (file, counts) in [
            ("src/main.rs", true),
            ("src/bin/other.rs", true),
            ("handler.PY", true),
            ("go.mod", true),
            ("views/index.html", true),
            ("host.json", true),
            ("one/function.json", true),
            // Ignored, and the app's own.
            ("local.settings.json", true),
            ("bin/handler", true),
            ("lib/main.dat", true),
            // What handlers write.
            ("handler.log", false),
            ("data/state.json", false),
            ("app.db", false),
            // What builds, tools and editors do.
            ("target/debug/build/x.rs", false),
            ("node_modules/x/index.js", false),
            ("generated/code.rs", false),
            (".git/index", false),
            (".idea/x.py", false),
            ("src/.main.rs.swp", false),
            ("main.rs~", false),
        ] {
            let before = sources.look();
            write(root, file, &format!("{file} is another {FUNCTION}"));
            let changed = sources.look().changed_since(&before);
            let expected = if counts {
                vec![root.join(file)]
            } else {
                vec![]
            };
            assert_eq!(changed, expected, "{file}");
            if counts {
                assert!(sources.may_be(&root.join(file)), "{file}");
            }
            // The same again is no change; gone is one.
            let before = sources.look();
            write(root, file, &format!("{file} is another {FUNCTION}"));
            assert_eq!(sources.look(), before, "{file}");
            std::fs::remove_file(root.join(file)).unwrap();
            assert_eq!(!sources.look().changed_since(&before).is_empty(), counts);
        }
    }

    #[test]
    fn point_9_what_a_build_has_read_counts_and_what_it_has_written_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(root, "one/function.json", FUNCTION);
        write(
            root,
            "host.json",
            r#"{"version": "2.0", "customHandler": {"enableForwardingHttpRequest": true, "description": {"defaultExecutablePath": "h"}}}"#,
        );
        write(root, "data/words.txt", "a");
        write(root, "target/out/gen.txt", "a");
        let app = FunctionApp::load(root, &Environment::default()).unwrap();
        let sources = Sources::of(&app);
        let before = sources.look();
        sources.add_read(vec![
            root.join("data/words.txt"),
            root.join("target/out/gen.txt"),
        ]);
        let changed = sources.look().changed_since(&before);
        assert_eq!(changed, [root.join("data/words.txt")]);
    }
}
