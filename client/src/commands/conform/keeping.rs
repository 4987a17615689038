//! The capture's file: a new one, readable by its owner only.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::conformance::capture::Capture;
use crate::conformance::refusal::Refusal;
use crate::terminal::to_value;

/// Where a capture goes.
pub(super) struct Keeping<'a>(Option<&'a Path>);

impl<'a> Keeping<'a> {
    /// Before anything is sent: a gate is not asked for an answer that can't be kept.
    ///
    /// # Errors
    /// It stands there already, or its folder does not.
    pub(super) fn check(path: Option<&'a Path>) -> Result<Self, Refusal> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let error = if path.symlink_metadata().is_ok() {
            Some(io::ErrorKind::AlreadyExists)
        } else if folder.is_some_and(|folder| !folder.is_dir()) {
            Some(io::ErrorKind::NotFound)
        } else {
            None
        };
        match error {
            Some(kind) => Err(Refusal::NotWritten {
                path: path.to_owned(),
                error: kind.into(),
            }),
            None => Ok(Self(Some(path))),
        }
    }

    /// Writes it, where one is wanted.
    ///
    /// # Errors
    /// It was not written.
    pub(super) fn write(&self, capture: &Capture) -> Result<(), Refusal> {
        let Some(path) = self.0 else {
            return Ok(());
        };
        new(path, &format!("{:#}\n", to_value(capture))).map_err(|error| Refusal::NotWritten {
            path: path.to_owned(),
            error,
        })
    }
}

fn new(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
