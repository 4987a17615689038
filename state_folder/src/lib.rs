//! Where a program keeps what outlives a run, and files that only their owner may read.
//!
//! On Unix the folder is `$XDG_STATE_HOME/<program>`, else `~/.local/state/<program>` (XDG Base
//! Directory Specification 0.8); on Windows it is `%APPDATA%\\<program>\\data`, which has no
//! folder for state.

use std::fs;
use std::io::{self, Read, Write};
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
    // tempfile makes its files 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder_of(path))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
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
    read_open(regular(path)?)
}

/// Reads this user's file that only its owner may read and write.
///
/// # Errors
/// As [`read_regular`]; [`io::ErrorKind::PermissionDenied`] where others may read or write it, or
/// it is another user's: a program of the superuser's can read it all the same.
pub fn read_private(path: &Path) -> io::Result<Vec<u8>> {
    let file = regular(path)?;
    #[cfg(unix)]
    {
        let metadata = file.metadata()?;
        owned_by(this_user(path)?, &metadata)?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        if mode & 0o077 != 0 {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("others may read or write it (mode {:04o})", mode & 0o7777),
            ));
        }
    }
    read_open(file)
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
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("it belongs to another user (uid {owner}, and this program's is {user})"),
    ))
}

/// Opens a regular file. A FIFO that nobody writes can't even be opened.
fn regular(path: &Path) -> io::Result<fs::File> {
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
    fn point_17_only_regular_files_are_read() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let fifo = root.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.unwrap().success());
        let socket = root.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&fifo, &socket, root.path(), Path::new("/dev/zero")] {
            let error = read_regular(path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
        let file = root.path().join("file");
        fs::write(&file, "content").unwrap();
        for (mode, private) in [(0o600, true), (0o400, true), (0o644, false), (0o602, false)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_regular(&file).unwrap(), b"content");
            assert_eq!(read_private(&file).is_ok(), private, "{mode:o}");
        }
        // A link to a regular file is one.
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(read_regular(&link).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn point_17_another_users_file_is_not_private() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        write_private(&path, b"content").unwrap();
        let own = this_user(&path).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        owned_by(own, &metadata).unwrap();
        let error = owned_by(own + 1, &metadata).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        // Only the superuser can give a file away, and read it then.
        if std::os::unix::fs::chown(&path, Some(own + 1), None).is_ok() {
            let error = read_private(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            assert!(error.to_string().contains("another user"), "{error}");
        }
    }

    #[test]
    fn no_file_is_read_without_end() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("file");
        fs::File::create(&path)
            .unwrap()
            .set_len(LONGEST + 1)
            .unwrap();
        let error = read_regular(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
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
