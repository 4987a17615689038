//! Tokens that survive between runs: a file in the user's state folder, sealed with a key that
//! the OS key store keeps, or readable by its owner only where there is no key store.
//!
//! The tokens themselves are not in the key store, since Windows' takes 2560 bytes at most.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

mod key_store;

pub(crate) use self::key_store::{KeyStore, key_store};
use self::key_store::{NO_STORE, NoKey, SILENT, in_key_store, key, new_key};
use super::Credential;
use crate::state_folder;
use crate::terminal::{quoted, tell, tell_once, tell_sentence};

const FILE: &str = "tokens.json";

/// How long another run is waited for. It may wait for a person, and that may take minutes.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// What a token was requested with: all of it has to match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) credential: Credential,
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

/// A token of an earlier run. `Debug` shows no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptToken {
    pub(crate) key: Key,
    /// Who signed in, where the token says so.
    pub(crate) user: Option<String>,
    pub(crate) access_token: Secret,
    /// Seconds since 1970.
    pub(crate) expires_at: i64,
    pub(crate) refresh_token: Option<Secret>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stored {
    /// Sealed with the key store's key: nonce and ciphertext, base64.
    Sealed(String),
    /// No key store: plain, for the file's owner only.
    Plain(Vec<KeptToken>),
}

/// Why a token is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    #[error("the tokens can't be sealed")]
    NotSealed,
    #[error("the key store gives no key")]
    NoKey,
    #[error("the key store did not open: {0}")]
    KeyStore(keyring_core::Error),
    #[error("{}: {error}", dir.display())]
    NotWritten { dir: PathBuf, error: io::Error },
}

/// The cache of this user.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

/// Held while a token is looked for, so that two runs don't sign in twice. Released when dropped,
/// or when the process ends.
#[derive(Debug)]
pub(crate) struct CacheLock {
    /// None: another run held it for too long.
    #[cfg_attr(not(test), expect(dead_code, reason = "closing it releases the lock"))]
    file: Option<File>,
}

impl Cache {
    /// The cache in the user's state folder. None: there is no such folder.
    pub(crate) fn open() -> Option<Self> {
        state_folder::path().ok().map(|dir| Self { dir })
    }

    /// Waits until no other run looks for a token.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) async fn lock(&self) -> io::Result<CacheLock> {
        ::state_folder::make_private(&self.dir)?;
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let path = self.dir.join("lock");
        // Opening a FIFO for writing waits for its reader.
        if std::fs::metadata(&path).is_ok_and(|lock| !lock.is_file()) {
            let why = format!("{} is not a regular file", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let file = options.open(path)?;
        if file.try_lock().is_ok() {
            return Ok(CacheLock { file: Some(file) });
        }
        tell("another greeting-cli is signing in; waiting for it …");
        let deadline = Instant::now() + LOCK_PATIENCE;
        while Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if file.try_lock().is_ok() {
                return Ok(CacheLock { file: Some(file) });
            }
        }
        tell(&format!(
            "note: it is still signing in after {} s; going on without it",
            LOCK_PATIENCE.as_secs()
        ));
        Ok(CacheLock { file: None })
    }

    /// The token for this key, expired or not: `user`'s, else that of the last who signed in.
    pub(crate) async fn find(&self, key: &Key, user: Option<&str>) -> Option<KeptToken> {
        self.read().await.into_iter().rfind(|entry| {
            entry.key == *key
                && user.is_none_or(|user| {
                    entry
                        .user
                        .as_ref()
                        .is_some_and(|it| it.eq_ignore_ascii_case(user))
                })
        })
    }

    /// Every kept token, the newest last.
    pub(crate) async fn all(&self) -> Vec<KeptToken> {
        self.read().await
    }

    /// Keeps a token in place of the key's and user's earlier one. Call it while [`lock`](Self::lock)ed.
    ///
    /// # Errors
    /// For a warning: the call that needed the token can go on.
    pub(crate) async fn keep(&self, entry: KeptToken) -> Result<(), NotKept> {
        let mut entries = self.read().await;
        entries.retain(|other| other.key != entry.key || other.user != entry.user);
        entries.push(entry);
        self.write(entries).await
    }

    /// Deletes one token.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub(crate) async fn forget(&self, entry: &KeptToken) -> Result<(), NotKept> {
        let mut entries = self.read().await;
        entries.retain(|other| other.key != entry.key || other.user != entry.user);
        self.write(entries).await
    }

    /// Deletes all tokens, and the key store's key. Returns whether there was anything.
    ///
    /// # Errors
    /// The file can't be removed.
    pub(crate) async fn clear(&self) -> io::Result<bool> {
        let _lock = self.lock().await?;
        // Without the file the key is of no use; a key store that does not answer keeps it.
        if let Err(NoKey::Silent) = in_key_store(|entry| entry.delete_credential()).await {
            tell_once(SILENT);
        }
        match std::fs::remove_file(self.dir.join(FILE)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self) -> Vec<KeptToken> {
        let path = self.dir.join(FILE);
        let bytes = match ::state_folder::read_private(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                match error.kind() {
                    io::ErrorKind::NotFound => {}
                    io::ErrorKind::PermissionDenied => not_private(&path, &error),
                    _ => tell_once(&format!(
                        "warning: the token cache {} is not read: {error}",
                        path.display()
                    )),
                }
                return Vec::new();
            }
        };
        let entries = match serde_json::from_slice(&bytes) {
            Ok(Stored::Plain(entries)) => Some(entries),
            Ok(Stored::Sealed(sealed)) => match key().await {
                Ok(Some(key)) => unseal(&key, &sealed),
                // Sealed by a key that is not here.
                Ok(None) | Err(NoKey::NoStore) => None,
                Err(NoKey::Silent) => {
                    tell_once(SILENT);
                    return Vec::new();
                }
                // Locked, or gone for now: it is not damaged.
                Err(NoKey::Failed(_)) => return Vec::new(),
            },
            Err(_) => None,
        };
        let mut entries = entries.unwrap_or_else(|| {
            set_aside(&path);
            Vec::new()
        });
        // Earlier versions kept those of az and azd too.
        entries.retain(|entry| entry.key.credential.is_kept_here());
        entries
    }

    async fn write(&self, entries: Vec<KeptToken>) -> Result<(), NotKept> {
        let path = self.dir.join(FILE);
        let key = match key().await {
            Ok(None) => new_key().await,
            other => other,
        };
        let stored = match key {
            Ok(Some(key)) => Stored::Sealed(seal(&key, &entries).ok_or(NotKept::NotSealed)?),
            Ok(None) => return Err(NotKept::NoKey),
            Err(NoKey::Silent) => {
                tell_once(SILENT);
                Stored::Plain(entries)
            }
            Err(NoKey::NoStore) => {
                if !path.exists() {
                    tell_sentence(&format!(
                        "note: {NO_STORE}; tokens are kept in {}, readable by you only (--no-cache keeps none)",
                        path.display()
                    ));
                }
                Stored::Plain(entries)
            }
            // A locked store is no reason to keep tokens in the open.
            Err(NoKey::Failed(error)) => return Err(NotKept::KeyStore(error)),
        };
        let bytes = serde_json::to_vec(&stored).map_err(|_| NotKept::NotSealed)?;
        state_folder::write(&self.dir, FILE, &bytes).map_err(|error| NotKept::NotWritten {
            dir: self.dir.clone(),
            error,
        })
    }
}

pub(crate) fn seal(key: &[u8], entries: &[KeptToken]) -> Option<String> {
    let mut bytes = serde_json::to_vec(entries).ok()?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut bytes)
        .ok()?;
    Some(STANDARD.encode([&nonce.as_ref()[..], &bytes].concat()))
}

pub(crate) fn unseal(key: &[u8], sealed: &str) -> Option<Vec<KeptToken>> {
    let bytes = STANDARD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let plain = key.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
    serde_json::from_slice(plain).ok()
}

fn set_aside(path: &Path) {
    let aside = path.with_extension("damaged");
    if std::fs::rename(path, &aside).is_ok() {
        tell(&format!(
            "warning: the token cache can't be read and was renamed to {}; sign in again",
            aside.display()
        ));
    }
}

/// Others may have written it, or read it: it is not used.
fn not_private(path: &Path, why: &io::Error) {
    let aside = path.with_extension("not-private");
    if std::fs::rename(path, &aside).is_ok() {
        let (from, to) = (
            quoted(&aside.to_string_lossy()),
            quoted(&path.to_string_lossy()),
        );
        tell(&format!(
            "warning: the token cache is not used, and is set aside: {why}. Sign in again; or, if only you have used it:\n  chmod 600 {from} && mv {from} {to}"
        ));
    }
}

#[cfg(test)]
mod tests;
