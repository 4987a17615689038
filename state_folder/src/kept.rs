//! Files that a program makes and keeps for itself, such as keys: who else may read or write them,
//! and what becomes of one that is damaged.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Readers, read};

/// Why a file is not this user's alone. It is the cause inside an [`io::Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPrivate {
    /// Its mode lets others read or write it.
    Mode {
        /// The mode.
        mode: u32,
        /// Who may read it.
        readers: Readers,
    },
    /// Whoever owns a file has written what is in it.
    Owner {
        /// Whose it is.
        owner: u32,
        /// Who this program acts as.
        user: u32,
    },
}

impl NotPrivate {
    /// The `NotPrivate` inside `error`, if it has one.
    pub fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl fmt::Display for NotPrivate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mode { mode, readers } => {
                let may = match readers {
                    Readers::Owner => "read or write",
                    Readers::All => "write",
                };
                write!(f, "others may {may} it (mode {:04o})", mode & 0o7777)
            }
            Self::Owner { owner, user } => write!(
                f,
                "it belongs to another user (uid {owner}, and this program's is {user})"
            ),
        }
    }
}

impl std::error::Error for NotPrivate {}

/// A file of the program's own that can't be used as it is.
#[derive(Debug)]
pub struct Unusable {
    path: PathBuf,
    error: io::Error,
}

impl Unusable {
    /// This error, of this file.
    pub fn new(path: &Path, error: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            error,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Why it can't be used.
    pub fn why(&self) -> &io::Error {
        &self.error
    }

    /// The command that mends it.
    pub fn fix(&self) -> String {
        let path = quoted(&self.path);
        match NotPrivate::of(&self.error) {
            Some(NotPrivate::Mode { readers, .. }) => match readers {
                Readers::Owner => format!("chmod 600 {path}"),
                Readers::All => format!("chmod 644 {path}"),
            },
            Some(NotPrivate::Owner { .. }) => format!("sudo chown \"$(id -u)\" {path}"),
            None if self.error.kind() == io::ErrorKind::PermissionDenied => {
                format!("sudo chown \"$(id -u)\" {path} && chmod 600 {path}")
            }
            None => format!("mv {path} {}", quoted(&aside(&self.path))),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for Unusable {}

/// What a file of the program's own holds.
#[derive(Debug)]
pub enum Kept<T> {
    /// It could be read.
    Content(T),
    /// There is no such file.
    Missing,
    /// It could not, and has been renamed.
    Damaged(Damaged),
}

/// A file whose content can't be used. It has been renamed, so that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    path: PathBuf,
    aside: PathBuf,
    why: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is damaged ({}) and was renamed to {}",
            self.path.display(),
            self.why,
            self.aside.display()
        )
    }
}

/// What `path` holds, by `parse`. A file that `parse` does not take is renamed to `<name>.damaged`,
/// and the caller says what that means.
///
/// # Errors
/// It is not this user's alone, is no regular file, or can't be read or renamed.
pub fn load<T, E: fmt::Display>(
    path: &Path,
    readers: Readers,
    parse: impl FnOnce(&[u8]) -> Result<T, E>,
) -> Result<Kept<T>, Unusable> {
    let content = match read(path, readers) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::Missing),
        Err(error) => return Err(Unusable::new(path, error)),
    };
    let why = match parse(&content) {
        Ok(value) => return Ok(Kept::Content(value)),
        Err(why) if content.is_empty() => {
            drop(why);
            "it is empty".to_owned()
        }
        Err(why) => why.to_string(),
    };
    let aside = aside(path);
    fs::rename(path, &aside).map_err(|error| Unusable::new(path, error))?;
    Ok(Kept::Damaged(Damaged {
        path: path.to_owned(),
        aside,
        why,
    }))
}

fn aside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".damaged");
    name.into()
}

/// A path as one word of a POSIX shell: modes and owners are Unix's.
pub fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:@+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
