//! What is printed when nobody reads: the last of it, in a file of its owner's.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Of one file, in bytes; the one before is kept beside it, so that there are twice as many at most.
const MAX_BYTES: usize = 1024 * 1024;

static FILE: OnceLock<Mutex<OutputFile>> = OnceLock::new();

struct OutputFile {
    path: PathBuf,
    file: File,
    written: usize,
}

/// From now on prints into the file at `path`, and no more to stdout and stderr.
///
/// # Errors
/// It can't be made.
pub fn print_into(path: &Path) -> io::Result<()> {
    let file = OutputFile {
        path: path.to_owned(),
        file: empty(path)?,
        written: 0,
    };
    // Once is enough: a second call is another process's.
    let _ = FILE.set(Mutex::new(file));
    Ok(())
}

/// The files that [`print_into`] a `path` makes in time: it, and the one before it.
#[must_use]
pub fn output_files(path: &Path) -> [PathBuf; 2] {
    [path.to_owned(), path.with_extension("1.log")]
}

/// Writes `line` where that was asked for; else none.
pub(crate) fn write(line: &str) -> Option<io::Result<()>> {
    let mut file = FILE.get()?.lock().unwrap_or_else(PoisonError::into_inner);
    Some(file.write(line))
}

impl OutputFile {
    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.written + line.len() > MAX_BYTES {
            let [now, before] = output_files(&self.path);
            std::fs::rename(now, before)?;
            self.file = empty(&self.path)?;
            self.written = 0;
        }
        self.written += line.len();
        self.file.write_all(line.as_bytes())
    }
}

/// The file, empty, for its owner alone.
fn empty(path: &Path) -> io::Result<File> {
    state_folder::write_private(path, b"")?;
    File::options().append(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_bounded_and_the_last_of_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.log");
        let mut file = OutputFile {
            path: path.clone(),
            file: empty(&path).unwrap(),
            written: 0,
        };
        let line = "x".repeat(1000);
        for number in 0..5_000 {
            file.write(&format!("{number} {line}\n")).unwrap();
        }
        let now = std::fs::read_to_string(&path).unwrap();
        let before = std::fs::read_to_string(folder.path().join("output.1.log")).unwrap();
        assert!(now.len() <= MAX_BYTES && before.len() <= MAX_BYTES);
        assert!(now.contains("4999 x"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
