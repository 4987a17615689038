//! This program's state folder: kept tokens and agreements, readable by their owner only.

use std::io;
use std::path::{Path, PathBuf};

/// The folder, which need not exist.
///
/// # Errors
/// The user has no home folder.
pub(crate) fn path() -> io::Result<PathBuf> {
    ::state_folder::of("greeting-cli")
}

/// Makes the folder and writes a file in it, whole or not at all.
///
/// # Errors
/// It can't be written.
pub(crate) fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    ::state_folder::make_private(folder)?;
    ::state_folder::write_private(&folder.join(name), content)
}
