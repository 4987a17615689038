//! Copies of this function app, with changes to their files.

use serde_json::Value;
use tempfile::TempDir;

use super::merge;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A clone's function app, with its `deploy/`.
pub(crate) fn app() -> TempDir {
    let app = tempfile::tempdir().unwrap();
    for folder in ["greeting", "deploy"] {
        std::fs::create_dir(app.path().join(folder)).unwrap();
    }
    for file in [
        "host.json",
        "greeting/function.json",
        "deploy/app-registration.json",
        "deploy/client-registration.json",
        "deploy/authsettingsV2.json",
    ] {
        std::fs::copy(format!("{ROOT}/{file}"), app.path().join(file)).unwrap();
    }
    app
}

/// The same, with these changes (RFC 7396) to one file.
pub(crate) fn changed(file: &str, changes: &Value) -> TempDir {
    let app = app();
    let path = app.path().join(file);
    let mut content = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    merge(&mut content, changes);
    std::fs::write(path, content.to_string()).unwrap();
    app
}
