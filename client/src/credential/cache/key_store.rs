//! The operating system's key store, which keeps the key that seals the tokens: Keychain on macOS,
//! Credential Manager on Windows, the Secret Service elsewhere, where this program was built with
//! it. The Secret Service is a desktop's, is reached over D-Bus, and what speaks D-Bus is some 60
//! crates more to compile: so it is a feature, for those who package this.
//!
//! Linux has a second store, the kernel's keyrings. It is not used: where no login made a session
//! keyring (containers, services, WSL), a key that one process keeps no other one reads
//! (session-keyring(7), keyrings(7)), and the kept tokens would be lost at each run.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SERVICE: &str = "greeting-cli";

/// How long the key store is waited for; it is local, and answers within milliseconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no key store.
pub(super) const NO_STORE: &str = if HAS_STORE {
    "no OS key store here"
} else {
    "built without an OS key store (cargo feature secret-service)"
};
const HAS_STORE: bool = cfg!(any(
    windows,
    target_os = "macos",
    feature = "secret-service"
));

/// Whether the key store could be opened, once for a run.
static OPENED: OnceLock<bool> = OnceLock::new();

fn open() -> bool {
    #[cfg(windows)]
    return windows_native_keyring_store::Store::new()
        .map(|store| keyring_core::set_default_store(store))
        .is_ok();
    #[cfg(target_os = "macos")]
    return apple_native_keyring_store::keychain::Store::new()
        .map(|store| keyring_core::set_default_store(store))
        .is_ok();
    #[cfg(all(unix, not(target_os = "macos"), feature = "secret-service"))]
    return zbus_secret_service_keyring_store::Store::new()
        .map(|store| keyring_core::set_default_store(store))
        .is_ok();
    #[cfg(not(any(windows, target_os = "macos", feature = "secret-service")))]
    false
}

/// The key store's key. `None`: there is none yet.
pub(super) async fn key() -> Result<Option<Vec<u8>>, NoKey> {
    in_key_store(|entry| match entry.get_secret() {
        Ok(key) if key.len() == 32 => Ok(Some(key)),
        Ok(_) | Err(keyring_core::Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
    .await
}

/// A new key, kept by the key store. `None`: the system has no randomness.
pub(super) async fn new_key() -> Result<Option<Vec<u8>>, NoKey> {
    in_key_store(|entry| {
        let mut key = vec![0; 32];
        if aws_lc_rs::rand::fill(&mut key).is_err() {
            return Ok(None);
        }
        entry.set_secret(&key)?;
        Ok(Some(key))
    })
    .await
}

/// Why the key store gave nothing.
#[derive(Debug)]
pub(super) enum NoKey {
    /// There is none.
    NoStore,
    /// It does not answer.
    Silent,
    Failed(keyring_core::Error),
}

/// Whether the key store can seal tokens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum KeyStore {
    Answers,
    None,
    Silent,
    /// It answers with an error: it is locked, for example.
    Fails(String),
}

/// Asks the key store, and keeps nothing in it.
pub(crate) async fn key_store() -> KeyStore {
    match key().await {
        Ok(_) => KeyStore::Answers,
        Err(NoKey::NoStore) => KeyStore::None,
        Err(NoKey::Silent) => KeyStore::Silent,
        Err(NoKey::Failed(error)) => KeyStore::Fails(error.to_string()),
    }
}

/// What is said of a key store that does not answer.
pub(super) const SILENT: &str = "warning: key-store-silent: the key store does not answer; tokens are kept in a file that only you can read (GREETING_KEY_STORE=none does not ask it, --no-cache keeps none)";

/// `GREETING_KEY_STORE=none` says that there is no key store.
pub(super) async fn in_key_store<T: Send + 'static>(
    ask: impl FnOnce(keyring_core::Entry) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, NoKey> {
    if environment::variable("GREETING_KEY_STORE").is_some_and(|value| value == "none") {
        return Err(NoKey::NoStore);
    }
    within(PATIENCE, &IS_SILENT, || {
        if !OPENED.get_or_init(open) {
            return Err(keyring_core::Error::NoDefaultStore);
        }
        ask(keyring_core::Entry::new(SERVICE, "cache-key")?)
    })
    .await
}

/// A key store that was silent once is not asked again in this run.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

/// The key store blocks, may ask the user to unlock it, and may never answer: then its thread is
/// left behind, and ends with the process.
async fn within<T: Send + 'static>(
    patience: Duration,
    is_silent: &AtomicBool,
    ask: impl FnOnce() -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, NoKey> {
    if is_silent.load(Ordering::Relaxed) {
        return Err(NoKey::Silent);
    }
    let (answer, answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody may wait any more.
        let _ = answer.send(ask());
    });
    match tokio::time::timeout(patience, answered).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(keyring_core::Error::NoDefaultStore)) | Err(_)) => Err(NoKey::NoStore),
        Ok(Ok(Err(error))) => Err(NoKey::Failed(error)),
        Err(_) => {
            is_silent.store(true, Ordering::Relaxed);
            Err(NoKey::Silent)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Time stands still but where somebody waits for it: the bounds pass at once.
    #[tokio::test(start_paused = true)]
    async fn point_15_a_key_store_that_never_answers_is_waited_for_once() {
        let is_silent = AtomicBool::new(false);
        let (hold, held) = std::sync::mpsc::channel::<()>();
        let begun = Instant::now();
        let outcome = within(PATIENCE, &is_silent, move || {
            let _ = held.recv();
            Ok(())
        });
        assert!(matches!(outcome.await, Err(NoKey::Silent)));
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        let again = within(PATIENCE, &is_silent, || Ok(())).await;
        assert!(matches!(again, Err(NoKey::Silent)));
        assert_eq!(begun.elapsed().as_secs(), PATIENCE.as_secs());
        drop(hold);
    }
}
