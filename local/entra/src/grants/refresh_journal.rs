//! A file in which changes outlive a run, those of the refresh tokens. Each change is a line at its end, so that one
//! costs the same however many there are; now and then it is written anew, with what still counts.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The open file.
pub(super) struct Journal {
    path: PathBuf,
    end: File,
    lines: usize,
}

impl Journal {
    /// Starts the file anew, with these changes alone.
    pub(super) fn start(path: PathBuf, changes: &[impl Serialize]) -> io::Result<Self> {
        let text = lines(changes)?;
        // Most starts find what still counts, and the disk is slow.
        if state_folder::read_private(&path).ok().as_ref() != Some(&text) {
            state_folder::write_private(&path, &text)?;
        }
        let end = OpenOptions::new().append(true).open(&path)?;
        let lines = changes.len();
        Ok(Self { path, end, lines })
    }

    /// Adds changes. They are on the disk when this returns.
    pub(super) fn add(&mut self, changes: &[impl Serialize]) -> io::Result<()> {
        self.end.write_all(&lines(changes)?)?;
        self.end.sync_data()?;
        self.lines += changes.len();
        Ok(())
    }

    /// How many changes are in the file.
    pub(super) fn len(&self) -> usize {
        self.lines
    }

    pub(super) fn path(&self) -> &PathBuf {
        &self.path
    }
}

fn lines(changes: &[impl Serialize]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for change in changes {
        serde_json::to_writer(&mut text, change)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// The changes in a file. A last line without its end was cut off as it was written: whoever was
/// to get that token has not got it.
pub(super) fn read<T: DeserializeOwned>(content: &[u8]) -> Result<Vec<T>, String> {
    let Some(end) = content.iter().rposition(|byte| *byte == b'\n') else {
        return match content {
            [] => Ok(Vec::new()),
            _ => Err("it has no whole line".to_owned()),
        };
    };
    content[..end]
        .split(|byte| *byte == b'\n')
        .enumerate()
        // serde's own message could quote what is in the file.
        .map(|(index, line)| {
            serde_json::from_slice(line)
                .map_err(|_| format!("line {} is none of its own", index + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is replaced is another one, though the path be the same.
    #[cfg(unix)]
    #[test]
    fn item_5_a_start_that_drops_nothing_leaves_the_file_alone() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let file = || std::fs::metadata(&path).unwrap().ino();
        let start = |changes: &[&str]| Journal::start(path.clone(), changes).unwrap();
        start(&["one"]).add(&["two"]).unwrap();
        let before = file();
        start(&["one", "two"]).add(&["three"]).unwrap();
        assert_eq!(file(), before);
        start(&["three"]);
        assert_ne!(file(), before);
        let kept = std::fs::read_to_string(&path).unwrap();
        assert_eq!(kept, "\"three\"\n");
    }
}
