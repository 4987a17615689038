//! Where a program keeps what outlives a run, and files that only their owner may read.
//!
//! On Unix the folder is `$XDG_STATE_HOME/<program>`, else `~/.local/state/<program>` (XDG Base
//! Directory Specification 0.8); on Windows it is `%APPDATA%\\<program>\\data`, which has no
//! folder for state.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};

/// The folder of `program`, which need not exist.
///
/// # Errors
/// The user has no home folder.
pub fn of(program: &str) -> io::Result<PathBuf> {
    choose_app_strategy(AppStrategyArgs {
        app_name: program.to_owned(),
        ..AppStrategyArgs::default()
    })
    .map(|strategy| strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
    .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))
}

/// Makes `folder` and those above it, where they are missing, for their owner only (0700).
///
/// # Errors
/// The folder can't be made.
pub fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Replaces `path` whole, readable by its owner only (0600): a reader sees the old or the new
/// content.
///
/// # Errors
/// The file can't be written.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // tempfile makes its files 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_bears_the_programs_name() {
        assert!(of("greeting-test").unwrap().ends_with("greeting-test") || cfg!(windows));
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make_private(&folder).unwrap();
        // A second time is no error.
        make_private(&folder).unwrap();
        let path = folder.join("file");
        for content in ["a longer content", "short"] {
            write_private(&path, content.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
        // Nothing else is left beside it.
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make_private(&folder).unwrap();
        let path = folder.join("file");
        // Also where the file was there before, for all to read.
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write_private(&path, b"new").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
    }
}
