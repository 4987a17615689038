//! What tests compare with the files that they keep. `BLESS=1 cargo test -p greeting-cli` accepts
//! what is printed now: snapshots and pages. Read the difference.

use std::path::{Path, PathBuf};

/// Whether what is printed now is accepted.
fn blessed() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// The snapshot `name` is this text.
#[track_caller]
pub(crate) fn is_current(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    if blessed() {
        let path = folder.join(format!("{name}.snap"));
        std::fs::write(
            path,
            format!("---\nsource: client/src\n---\n{}\n", text.trim_end()),
        )
        .unwrap();
    }
    insta::with_settings!({
        snapshot_path => folder,
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, text);
    });
}

/// The page `name` of `docs/` is this text.
#[track_caller]
pub(crate) fn page_is_current(name: &str, text: &str) {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "docs", name]
        .iter()
        .collect();
    if blessed() {
        std::fs::write(&path, text).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        page, text,
        "docs/{name} is stale: BLESS=1 cargo test -p greeting-cli"
    );
}
