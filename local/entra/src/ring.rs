//! The keys that are live: the one that signs, and those that were rotated out while their tokens
//! have not ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use local_events::tell;
use serde_json::{Value, json};
use state_folder::Unusable;

use super::claims::MANAGED_IDENTITY_LIFETIME;
use super::keys::{KeyError, SigningKeys};

/// A retired key's file; the time until which it is published follows, seconds since 1970.
const RETIRED: &str = "signing-key-retired-";
/// The skew that verifiers allow, in seconds.
const SKEW: i64 = 300;

/// Every live key.
pub struct KeyRing {
    folder: Option<PathBuf>,
    current: Arc<SigningKeys>,
    retired: Vec<(i64, Arc<SigningKeys>)>,
}

impl KeyRing {
    /// The keys in `folder`; one is made if there is none.
    ///
    /// # Errors
    /// The folder can't be written, or others may read or write a key in it.
    pub fn load_or_create(folder: &Path, now: i64) -> Result<Self, KeyError> {
        let current = SigningKeys::load_or_create(
            &folder.join(super::keys::FILE),
            "A new signing key is made: tokens that the old one signed are refused",
        )?;
        Self::with_retired(folder, current, now)
    }

    /// The keys in `folder`, which another process signs with, too.
    ///
    /// # Errors
    /// There is none, it is damaged, or others may read or write a key in it.
    pub fn load(folder: &Path, now: i64) -> Result<Self, KeyError> {
        let current = SigningKeys::load(&folder.join(super::keys::FILE))?;
        Self::with_retired(folder, current, now)
    }

    fn with_retired(folder: &Path, current: SigningKeys, now: i64) -> Result<Self, KeyError> {
        let mut retired = Vec::new();
        for entry in std::fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let until = name
                .to_string_lossy()
                .strip_prefix(RETIRED)
                .and_then(|rest| rest.strip_suffix(".pem")?.parse::<i64>().ok());
            match until {
                Some(until) if until > now => match SigningKeys::load(&entry.path()) {
                    Ok(key) => retired.push((until, Arc::new(key))),
                    Err(KeyError::Damaged(damaged)) => tell(
                        "warning: ",
                        format!("{damaged}. Tokens that this retired key signed are refused"),
                    ),
                    // It has just been removed.
                    Err(KeyError::Missing(_)) => {}
                    Err(error) => return Err(error),
                },
                Some(_) => drop(std::fs::remove_file(entry.path())),
                None => {}
            }
        }
        Ok(Self {
            folder: Some(folder.to_owned()),
            current: Arc::new(current),
            retired,
        })
    }

    /// The key that signs.
    pub fn current(&self) -> Arc<SigningKeys> {
        self.current.clone()
    }

    /// The live key of this id.
    pub fn find(&self, kid: &str, now: i64) -> Option<Arc<SigningKeys>> {
        self.live(now).find(|key| key.kid() == kid).cloned()
    }

    /// From now on another key signs; the one before stays published until its tokens have ended.
    ///
    /// # Errors
    /// No key can be made, or kept.
    pub fn rotate(&mut self, now: i64) -> Result<(), KeyError> {
        // No token lives longer than a managed identity's.
        let until = now + MANAGED_IDENTITY_LIFETIME + SKEW;
        let pem = SigningKeys::new_pem()?;
        if let Some(folder) = &self.folder {
            let retired = folder.join(format!("{RETIRED}{until}.pem"));
            // First the old one's copy: a crash in between leaves both.
            let current = folder.join(super::keys::FILE);
            let old = state_folder::read_private(&current)
                .map_err(|error| Unusable::new(&current, error))?;
            state_folder::write_private(&retired, &old)?;
            state_folder::write_private(&folder.join(super::keys::FILE), pem.as_bytes())?;
        }
        let new = Arc::new(SigningKeys::parse(&pem)?);
        let old = std::mem::replace(&mut self.current, new);
        self.retired.push((until, old));
        Ok(())
    }

    /// The JWKS (RFC 7517).
    pub fn jwks(&self, issuer: &str, now: i64) -> Value {
        let keys: Vec<Value> = self.live(now).map(|key| key.jwk(issuer)).collect();
        json!({"keys": keys})
    }

    fn live(&self, now: i64) -> impl Iterator<Item = &Arc<SigningKeys>> {
        std::iter::once(&self.current).chain(
            self.retired
                .iter()
                .filter(move |(until, _)| *until > now)
                .map(|(_, key)| key),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retired_key_is_published_until_its_tokens_have_ended() {
        let folder = tempfile::tempdir().unwrap();
        let mut ring = KeyRing::load_or_create(folder.path(), 0).unwrap();
        let first = ring.current().kid().to_owned();
        ring.rotate(0).unwrap();
        let second = ring.current().kid().to_owned();
        assert_ne!(first, second);
        let kids = |ring: &KeyRing, now| -> Vec<String> {
            let jwks = ring.jwks("i", now);
            let keys = jwks["keys"].as_array().unwrap();
            keys.iter()
                .map(|key| key["kid"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(kids(&ring, 0), [second.clone(), first.clone()]);
        let end = MANAGED_IDENTITY_LIFETIME + SKEW;
        assert_eq!(kids(&ring, end), std::slice::from_ref(&second));
        // Another run has the same ones.
        let again = KeyRing::load_or_create(folder.path(), 0).unwrap();
        assert_eq!(kids(&again, 0), [second.clone(), first]);
        KeyRing::load_or_create(folder.path(), end).unwrap();
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "what has ended is removed"
        );
    }
}
