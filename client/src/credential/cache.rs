//! Tokens that survive between runs: a file in the user's state folder, sealed with a key that
//! the OS key store keeps, or readable by its owner only where there is no key store.
//!
//! The tokens themselves are not in the key store, since Windows' takes 2560 bytes at most.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::state_folder;
use crate::terminal::tell;

const FILE: &str = "tokens.json";
const SERVICE: &str = "greeting-cli";

/// What a token is for: all of it has to match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) credential: String,
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

/// A token that was got before. `Debug` shows no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
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
enum Stored {
    /// Sealed with the key store's key: nonce and ciphertext, base64.
    Sealed(String),
    /// No key store: plain, for the file's owner only.
    Plain(Vec<Entry>),
}

/// The cache of this user.
#[derive(Debug)]
pub(crate) struct Cache {
    dir: PathBuf,
}

/// Held while a token is sought, so that two runs don't sign in twice. Let go when dropped, or
/// when the process ends.
#[derive(Debug)]
pub(crate) struct Held {
    _file: File,
}

impl Cache {
    /// The cache in the user's state folder. None: there is no such folder.
    pub(crate) fn open() -> Option<Self> {
        state_folder::state_dir().map(|dir| Self { dir })
    }

    /// Waits until no other run seeks a token.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) async fn hold(&self) -> io::Result<Held> {
        state_folder::private_dir(&self.dir)?;
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.dir.join("lock"))?;
        if file.try_lock().is_ok() {
            return Ok(Held { _file: file });
        }
        tell("another greeting-cli is signing in; waiting for it …");
        tokio::task::spawn_blocking(move || {
            file.lock()?;
            Ok(Held { _file: file })
        })
        .await
        .map_err(io::Error::other)?
    }

    /// The token for this key, expired or not: `user`'s, else that of the last who signed in.
    pub(crate) async fn find(&self, key: &Key, user: Option<&str>) -> Option<Entry> {
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

    /// Every kept token, the last one that was got last.
    pub(crate) async fn all(&self) -> Vec<Entry> {
        self.read().await
    }

    /// Keeps a token in place of the key's and user's earlier one. Call it while [`hold`](Self::hold)ing.
    ///
    /// # Errors
    /// In words for a warning: the call that needed the token can go on.
    pub(crate) async fn keep(&self, entry: Entry) -> Result<(), String> {
        let mut entries = self.read().await;
        entries.retain(|other| other.key != entry.key || other.user != entry.user);
        entries.push(entry);
        self.write(entries).await
    }

    /// Takes one token away.
    ///
    /// # Errors
    /// As [`keep`](Self::keep).
    pub(crate) async fn forget(&self, entry: &Entry) -> Result<(), String> {
        let mut entries = self.read().await;
        entries.retain(|other| other.key != entry.key || other.user != entry.user);
        self.write(entries).await
    }

    /// Takes all tokens away, and the key store's key. Returns whether there was anything.
    ///
    /// # Errors
    /// The file can't be removed.
    pub(crate) async fn clear(&self) -> io::Result<bool> {
        let _held = self.hold().await?;
        let _ = blocking(|| keyring::Entry::new(SERVICE, "cache-key")?.delete_credential()).await;
        match std::fs::remove_file(self.dir.join(FILE)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read(&self) -> Vec<Entry> {
        let path = self.dir.join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(_) => return Vec::new(),
        };
        let entries = match serde_json::from_slice(&bytes) {
            Ok(Stored::Plain(entries)) => Some(entries),
            Ok(Stored::Sealed(sealed)) => match store_key(false).await {
                Ok(Some(key)) => unseal(&key, &sealed),
                // Sealed by a key that is not here.
                Ok(None) | Err(keyring::Error::NoDefaultStore) => None,
                // Locked, or gone for now: it is not damaged.
                Err(_) => return Vec::new(),
            },
            Err(_) => None,
        };
        entries.unwrap_or_else(|| {
            set_aside(&path);
            Vec::new()
        })
    }

    async fn write(&self, entries: Vec<Entry>) -> Result<(), String> {
        let path = self.dir.join(FILE);
        let stored = match store_key(true).await {
            Ok(Some(key)) => Stored::Sealed(seal(&key, &entries).ok_or("sealing failed")?),
            Ok(None) => return Err("the key store gives no key".to_owned()),
            Err(keyring::Error::NoDefaultStore) => {
                if !path.exists() {
                    tell(&format!(
                        "note: no OS key store here; tokens are kept in {}, readable by you only (--no-cache keeps none)",
                        path.display()
                    ));
                }
                Stored::Plain(entries)
            }
            // A locked store is no reason to keep tokens in the open.
            Err(error) => return Err(format!("the key store did not open: {error}")),
        };
        let bytes = serde_json::to_vec(&stored).map_err(|error| error.to_string())?;
        state_folder::write(&self.dir, FILE, &bytes)
            .map_err(|error| format!("{}: {error}", self.dir.display()))
    }
}

fn seal(key: &[u8], entries: &[Entry]) -> Option<String> {
    let mut bytes = serde_json::to_vec(entries).ok()?;
    let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut bytes)
        .ok()?;
    Some(STANDARD.encode([&nonce.as_ref()[..], &bytes].concat()))
}

fn unseal(key: &[u8], sealed: &str) -> Option<Vec<Entry>> {
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
            "warning: the token cache can't be read and is set aside as {}; sign in again",
            aside.display()
        ));
    }
}

/// The key store's key; made where there is none and `make` says so. `None`: no key yet.
///
/// `GREETING_KEY_STORE=none` says that there is no key store, for machines where asking hangs.
async fn store_key(make: bool) -> keyring::Result<Option<Vec<u8>>> {
    if std::env::var_os("GREETING_KEY_STORE").is_some_and(|value| value == "none") {
        return Err(keyring::Error::NoDefaultStore);
    }
    blocking(move || {
        let entry = keyring::Entry::new(SERVICE, "cache-key")?;
        match entry.get_secret() {
            Ok(key) if key.len() == 32 => return Ok(Some(key)),
            Ok(_) | Err(keyring::Error::NoEntry) => {}
            Err(error) => return Err(error),
        }
        let mut key = vec![0; 32];
        if !make || aws_lc_rs::rand::fill(&mut key).is_err() {
            return Ok(None);
        }
        entry.set_secret(&key)?;
        Ok(Some(key))
    })
    .await
}

/// The key store blocks, and may ask the person to unlock it.
async fn blocking<T: Send + 'static>(
    ask: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> keyring::Result<T> {
    match tokio::task::spawn_blocking(ask).await {
        Ok(outcome) => outcome,
        Err(_) => Err(keyring::Error::NoDefaultStore),
    }
}

#[cfg(test)]
mod tests;
