//! The zip: the same input gives the same bytes, and the handler stays executable whatever system
//! wrote it.

use std::io::{Cursor, Write};

use zip::result::ZipResult;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

/// One file of the zip.
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Unix permissions.
    pub(crate) mode: u32,
    pub(crate) content: Vec<u8>,
}

impl Entry {
    /// A file to read, 0644.
    pub(crate) fn file(name: &str, content: Vec<u8>) -> Self {
        let (name, mode) = (name.to_owned(), 0o644);
        Self {
            name,
            mode,
            content,
        }
    }

    /// A program to run, 0755.
    pub(crate) fn program(name: &str, content: Vec<u8>) -> Self {
        let (name, mode) = (name.to_owned(), 0o755);
        Self {
            name,
            mode,
            content,
        }
    }
}

/// The zip of `entries`, in their order.
///
/// # Errors
/// A name that no zip can hold, twice the same one, or a content beyond a zip's size.
pub(crate) fn zip(entries: &[Entry]) -> ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // Permissions are Unix's only where the entry says so, and on Windows it would not.
        .system(System::Unix)
        // Not today: the same input gives the same bytes.
        .last_modified_time(DateTime::default());
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        writer.start_file(&entry.name, options.unix_permissions(entry.mode))?;
        writer.write_all(&entry.content)?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_input_gives_the_same_zip_with_an_executable_handler() {
        let entries = [
            Entry::file("greeting/function.json", b"{}".to_vec()),
            Entry::program("greeting-server", b"program".to_vec()),
        ];
        let bytes = zip(&entries).unwrap();
        assert_eq!(bytes, zip(&entries).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        for entry in &entries {
            let packed = archive.by_name(&entry.name).unwrap();
            assert_eq!(packed.unix_mode().unwrap() & 0o777, entry.mode);
            assert_eq!(packed.last_modified().unwrap(), DateTime::default());
        }
        assert!(zip(&[Entry::file("a", vec![]), Entry::file("a", vec![])]).is_err());
    }
}
