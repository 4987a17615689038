//! Where a program keeps what outlives a run, and files that only their owner may read.
//!
//! On Unix the folder is `$XDG_STATE_HOME/<program>`, else `~/.local/state/<program>` (XDG Base
//! Directory Specification 0.8); on Windows it is `%LOCALAPPDATA%\\<program>`, which stays on this
//! machine: keys and tokens are of no use on another, and roaming profiles are copied to servers.

mod kept;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use etcetera::{BaseStrategy, choose_base_strategy};

pub use crate::kept::{Damaged, Kept, NotPrivate, Unusable, load, quoted};

/// The folder of `program`, which need not exist.
///
/// # Errors
/// The user has no home folder.
pub fn of(program: &str) -> io::Result<PathBuf> {
    choose_base_strategy()
        .map(|system| of_system(&system, program))
        .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))
}

/// The folder of `program` where folders are as `system` has them. Windows has none for state;
/// the one for caches is the user's folder that does not roam.
fn of_system(system: &impl BaseStrategy, program: &str) -> PathBuf {
    let folder = system.state_dir().unwrap_or_else(|| system.cache_dir());
    folder.join(program)
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
    let file = written(path, content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// Likewise, for what says something about a process that runs, and means nothing once the machine
/// has stopped: the disk, which may take many milliseconds, is not waited for.
///
/// # Errors
/// The file can't be written.
pub fn write_private_of_this_run(path: &Path, content: &[u8]) -> io::Result<()> {
    written(path, content)?.persist(path)?;
    Ok(())
}

/// The content beside `path`, under a name that nobody reads.
fn written(path: &Path, content: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    // tempfile makes its files 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(content)?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// More than any file that is read whole here: settings, keys, certificates, kept tokens.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Reads a regular file. What is none (a FIFO, a device) would be waited for, or has no end.
///
/// # Errors
/// It can't be read, is no regular file, or has more than 16 MiB.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    read_open(open_regular(path)?)
}

/// Reads a file that a person names. It is a regular one, or what a shell gives for `<(command)`
/// and for standard input: those are open already, and their writer is there.
///
/// # Errors
/// As [`read_regular`].
pub fn read_named(path: &Path) -> io::Result<Vec<u8>> {
    read_open(open_named(path)?)
}

/// Opens a file that a person names, as [`read_named`] does: for one that may be long.
///
/// # Errors
/// It can't be opened, or is neither of the two.
pub fn open_named(path: &Path) -> io::Result<fs::File> {
    if is_open_already(path) {
        fs::File::open(path)
    } else {
        open_regular(path)
    }
}

/// Whether the path is of a file descriptor of this process.
fn is_open_already(path: &Path) -> bool {
    let numbered = |name: &std::ffi::OsStr| {
        let name = name.as_encoded_bytes();
        !name.is_empty() && name.iter().all(u8::is_ascii_digit)
    };
    let folders = [Path::new("/dev/fd"), Path::new("/proc/self/fd")];
    path == Path::new("/dev/stdin")
        || path.file_name().is_some_and(numbered)
            && path
                .parent()
                .is_some_and(|parent| folders.contains(&parent))
}

/// Who may read a file that only its owner may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Its owner: it is a secret.
    Owner,
    /// Every user of this machine.
    All,
}

/// Reads this user's file that only its owner may read and write.
///
/// # Errors
/// As [`read_regular`]; [`io::ErrorKind::PermissionDenied`] around a [`NotPrivate`] where others may
/// read or write it, or it is another user's: a program of the superuser's can read it all the same.
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    read(path, Readers::Owner)
}

/// Reads this user's file that others can't write, and that only `readers` may read.
fn read(path: &Path, readers: Readers) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    #[cfg(unix)]
    {
        let metadata = file.metadata()?;
        owned_by(this_user(path)?, &metadata)?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        let others = match readers {
            Readers::Owner => 0o077,
            Readers::All => 0o022,
        };
        if mode & others != 0 {
            return Err(not_private(NotPrivate::Mode { mode, readers }));
        }
    }
    #[cfg(not(unix))]
    let _ = readers;
    read_open(file)
}

#[cfg(unix)]
fn not_private(why: NotPrivate) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why)
}

/// Refuses a folder that others can write: they can replace the files in it by their own.
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] around a [`NotPrivate`], or the folder can't be read.
#[cfg(unix)]
pub fn check_folder(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
    if mode & 0o022 != 0 {
        let readers = Readers::All;
        return Err(not_private(NotPrivate::Mode { mode, readers }));
    }
    let user = std::os::unix::fs::MetadataExt::uid(&tempfile::tempfile_in(folder)?.metadata()?);
    owned_by(user, &metadata)
}

/// Who this program acts as where `path` is: the owner of a new file beside it, since std names no
/// user.
#[cfg(unix)]
fn this_user(path: &Path) -> io::Result<u32> {
    let new = tempfile::tempfile_in(folder_of(path))?;
    Ok(std::os::unix::fs::MetadataExt::uid(&new.metadata()?))
}

/// Whoever owns a file has written what is in it.
#[cfg(unix)]
fn owned_by(user: u32, metadata: &fs::Metadata) -> io::Result<()> {
    let owner = std::os::unix::fs::MetadataExt::uid(metadata);
    if owner == user {
        return Ok(());
    }
    Err(not_private(NotPrivate::Owner { owner, user }))
}

/// Opens a regular file. A FIFO that nobody writes can't even be opened.
///
/// # Errors
/// It can't be opened, or is no regular file.
pub fn open_regular(path: &Path) -> io::Result<fs::File> {
    let check = |metadata: &fs::Metadata| {
        if metadata.is_file() {
            return Ok(());
        }
        let why = "it is not a regular file";
        Err(io::Error::new(io::ErrorKind::InvalidInput, why))
    };
    check(&fs::metadata(path)?)?;
    let file = fs::File::open(path)?;
    check(&file.metadata()?)?;
    Ok(file)
}

fn read_open(file: fs::File) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LONGEST {
        let why = "it has more than 16 MiB";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(content)
}

#[cfg(test)]
mod tests;
