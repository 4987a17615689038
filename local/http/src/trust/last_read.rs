//! What the trust files were made of when they were last written: reading the system's roots, a
//! file for each on Debian, and encoding them twice was half of a warm start.
//!
//! A file is taken for unchanged by its `ctime` among others (inode(7)), which the system sets at
//! each change of content or mode, and which no program sets as it can `mtime`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;
use state_folder::{Kept, Readers, Unusable};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::tls::TlsError;

/// Where the system keeps its roots.
#[allow(dead_code, reason = "a system has one of the two")]
pub(super) enum Roots {
    /// In files, or folders of files, that are among these.
    Files(Vec<PathBuf>),
    /// Elsewhere: they are read at each start.
    Elsewhere,
}

impl Roots {
    /// All that `rustls-native-certs` may read.
    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) fn of_system() -> Self {
        let found = openssl_probe::probe();
        // As they are set, whether or not there is such a file.
        let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
        let named = named
            .iter()
            .flatten()
            .flat_map(|paths| std::env::split_paths(paths));
        let usual = found.cert_file.into_iter().chain(found.cert_dir);
        Self::Files(named.chain(usual).collect())
    }

    /// The key stores of macOS and Windows.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    pub(super) fn of_system() -> Self {
        Self::Elsewhere
    }

    /// The state of the roots, and of what is written with them; none where it is not known.
    pub(super) fn state(&self, ca: &CertificateDer<'_>) -> Option<State> {
        let Self::Files(paths) = self else {
            return None;
        };
        // Another version may write them otherwise.
        let mut state = State(env!("CARGO_PKG_VERSION").as_bytes().to_vec());
        state.push(ca);
        let mut folders = BTreeSet::new();
        for path in paths {
            state.push_file(path);
            // One folder goes by several names, and looking at each of its files is what takes long.
            folders.extend(fs::canonicalize(path));
        }
        for folder in folders {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut inside: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
            inside.sort_unstable();
            for path in inside {
                state.push_file(&path);
            }
        }
        Some(state)
    }
}

/// The names and states of files, one after the other.
pub(super) struct State(Vec<u8>);

impl State {
    fn push(&mut self, part: &[u8]) {
        self.0.extend((part.len() as u64).to_be_bytes());
        self.0.extend(part);
    }

    /// A file by its name, and what it is a link to by its state.
    fn push_file(&mut self, path: &Path) {
        self.push(path.as_os_str().as_encoded_bytes());
        match fs::metadata(path) {
            Ok(metadata) => self.push(&of_metadata(&metadata)),
            Err(error) => self.push(error.to_string().as_bytes()),
        }
    }

    /// A hash of it and of the files that were written.
    fn with(&self, written: [&Path; 2]) -> digest::Digest {
        let mut state = Self(self.0.clone());
        for path in written {
            state.push_file(path);
        }
        digest::digest(&digest::SHA256, &state.0)
    }
}

#[cfg(unix)]
fn of_metadata(metadata: &fs::Metadata) -> Vec<u8> {
    use std::os::unix::fs::MetadataExt as _;
    let numbers = [metadata.dev(), metadata.ino(), metadata.size()];
    let times = [
        metadata.ctime(),
        metadata.ctime_nsec(),
        metadata.mtime(),
        metadata.mtime_nsec(),
    ];
    let numbers = numbers.into_iter().flat_map(u64::to_be_bytes);
    numbers
        .chain(times.into_iter().flat_map(i64::to_be_bytes))
        .collect()
}

/// Roots are nowhere in files there, but for tests.
#[cfg(not(unix))]
fn of_metadata(metadata: &fs::Metadata) -> Vec<u8> {
    format!("{metadata:?}").into_bytes()
}

/// The file that keeps the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LastRead(PathBuf);

impl LastRead {
    /// That of the state folder `folder`.
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.join("roots-last-read"))
    }

    /// Whether neither the roots nor the files have changed since.
    ///
    /// # Errors
    /// The file is not this user's alone.
    pub(super) fn is(&self, state: Option<&State>, written: [&Path; 2]) -> Result<bool, Unusable> {
        let Some(state) = state else {
            return Ok(false);
        };
        let same =
            |kept: &[u8]| Ok::<_, std::convert::Infallible>(kept == state.with(written).as_ref());
        let kept = state_folder::load(&self.0, Readers::Owner, same)?;
        Ok(matches!(kept, Kept::Content(true)))
    }

    /// Notes them.
    ///
    /// # Errors
    /// The file can't be written.
    pub(super) fn note(&self, state: &State, written: [&Path; 2]) -> Result<(), TlsError> {
        let hash = state.with(written);
        state_folder::write_private(&self.0, hash.as_ref())
            .map_err(|error| Unusable::new(&self.0, error).into())
    }
}
