//! The state folder.

use std::fs;
use std::path::{Path, PathBuf};

use local_failure::Failure;

/// The state folder, made private (0700) when it is first needed.
///
/// # Errors
/// The folder can't be made, or there is no home folder to put it in.
pub(crate) fn folder(chosen: Option<&Path>) -> Result<PathBuf, Failure> {
    let folder = match chosen {
        Some(folder) => folder.to_owned(),
        None => state_folder::of("greeting-local").map_err(|error| {
            Failure::new(
                "there is no folder for the state",
                error,
                "name one with --state-dir",
            )
        })?,
    };
    state_folder::make_private(&folder).map_err(|error| {
        Failure::new(
            format!("the state folder {} can't be made", folder.display()),
            error,
            "name another one with --state-dir",
        )
    })?;
    // Other programs are told of files in it, wherever they stand.
    fs::canonicalize(&folder).map_err(|error| {
        Failure::new(
            format!("{} can't be read", folder.display()),
            error,
            "name another folder with --state-dir",
        )
    })
}
