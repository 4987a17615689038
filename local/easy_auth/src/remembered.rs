//! Tokens whose signature held, remembered until they end: RSA is most of what a call costs the
//! gate, and a client sends one token for an hour.
//!
//! What is remembered is that the issuer's key has signed these claims, and nothing that follows
//! from it: issuer, audience, `exp` and `nbf`, and who may call (applications, groups, identities,
//! tenants) are decided anew for every request, by the clock and the settings of that moment.
//!
//! - **Key**: HMAC-SHA-256 of the whole token, as it was sent, under a random key of this process.
//!   A token that differs in one bit of its signature is another token. No token is kept.
//! - **Epoch**: what the issuer publishes, and the clock's shift. At the first request after either
//!   has changed, everything is forgotten. Settings do not change while a gate runs: each set of
//!   rules has a memory of its own.
//! - **Bound**: two generations of at most [`TOKENS`] tokens and [`BYTES`] bytes each, so never over
//!   128 MiB, and about 8 KB for an ordinary token. A full generation becomes the old one, and the
//!   old one goes; a token that is used again comes back to the young one. Only what the issuer has
//!   signed for this API gets in, so a flood of other tokens takes no place.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use local_events::TimeShift;

use super::issuer::Published;
use super::verified::Verified;

/// Tokens of one generation.
pub(crate) const TOKENS: usize = 16_384;
/// Bytes of one generation, by [`Verified::bytes`].
pub(crate) const BYTES: usize = 64 << 20;

/// A token, by its keyed hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest([u8; 32]);

/// For how long what is remembered holds.
#[derive(Clone)]
pub(crate) struct Epoch {
    /// Who signed it: the very document, not an equal one.
    pub(crate) published: Arc<Published>,
    pub(crate) shift: TimeShift,
}

impl PartialEq for Epoch {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.published, &other.published) && self.shift == other.shift
    }
}

/// How much one generation holds.
#[derive(Clone, Copy)]
struct Bounds {
    tokens: usize,
    bytes: usize,
}

/// The memory of one gate.
pub(crate) struct Remembered {
    /// None where the system has no random bytes: then nothing is remembered. Made when it is first
    /// needed, since the library's start takes longer than a whole call.
    key: OnceLock<Option<hmac::Key>>,
    bounds: Bounds,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    epoch: Option<Epoch>,
    young: Generation,
    old: Generation,
}

#[derive(Default)]
struct Generation {
    tokens: HashMap<Digest, Entry>,
    bytes: usize,
}

struct Entry {
    caller: Arc<Verified>,
    /// When the gate stops to accept it, by its own clock.
    ends_at: i64,
    bytes: usize,
}

impl Default for Remembered {
    fn default() -> Self {
        Self::bounded(Bounds {
            tokens: TOKENS,
            bytes: BYTES,
        })
    }
}

impl Remembered {
    fn bounded(bounds: Bounds) -> Self {
        Self {
            key: OnceLock::new(),
            bounds,
            kept: Mutex::default(),
        }
    }

    /// How many tokens it holds, and their bytes, by a count of all of them.
    #[cfg(test)]
    pub(crate) fn held(&self) -> (usize, usize) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let all = [&kept.young, &kept.old];
        for generation in all {
            let counted = generation.tokens.values().map(|entry| entry.bytes);
            assert_eq!(generation.bytes, counted.sum::<usize>());
        }
        (
            all.iter().map(|generation| generation.tokens.len()).sum(),
            all.iter().map(|generation| generation.bytes).sum(),
        )
    }

    /// By what a token is known here.
    pub(crate) fn digest(&self, token: &str) -> Option<Digest> {
        let key = self
            .key
            .get_or_init(|| hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok());
        let tag = hmac::sign(key.as_ref()?, token.as_bytes());
        tag.as_ref().try_into().ok().map(Digest)
    }

    /// The caller of a token that was verified in this epoch, and has not ended.
    pub(crate) fn get(&self, digest: Digest, epoch: &Epoch, now: i64) -> Option<Arc<Verified>> {
        // What goes is dropped after the lock, since it may be long.
        let (_forgotten, _oldest);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        _forgotten = kept.begin(epoch);
        if let Some(entry) = kept.young.tokens.get(&digest)
            && entry.ends_at > now
        {
            return Some(entry.caller.clone());
        }
        let entry = kept.take(digest).filter(|entry| entry.ends_at > now)?;
        let caller = entry.caller.clone();
        _oldest = kept.insert(digest, entry, self.bounds);
        Some(caller)
    }

    /// Keeps the caller of a token that was verified in this epoch, until it ends.
    pub(crate) fn keep(&self, digest: Digest, epoch: &Epoch, caller: Arc<Verified>, ends_at: i64) {
        let bytes = caller.bytes() + size_of::<(Digest, Entry)>();
        if bytes > self.bounds.bytes {
            return;
        }
        let entry = Entry {
            caller,
            ends_at,
            bytes,
        };
        let (_forgotten, _replaced, _oldest);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        _forgotten = kept.begin(epoch);
        _replaced = kept.take(digest);
        _oldest = kept.insert(digest, entry, self.bounds);
    }
}

impl Kept {
    /// Nothing of another epoch is left after this; it is returned.
    fn begin(&mut self, epoch: &Epoch) -> Option<Self> {
        if self.epoch.as_ref() == Some(epoch) {
            return None;
        }
        let begun = Self {
            epoch: Some(epoch.clone()),
            ..Self::default()
        };
        Some(mem::replace(self, begun))
    }

    /// Removes a token, wherever it is.
    fn take(&mut self, digest: Digest) -> Option<Entry> {
        let of_young = self.young.take(digest);
        let of_old = self.old.take(digest);
        of_young.or(of_old)
    }

    /// Adds a token that is nowhere; the old generation is returned, where it had to go.
    fn insert(&mut self, digest: Digest, entry: Entry, bounds: Bounds) -> Option<Generation> {
        let young = &self.young;
        let is_full =
            young.tokens.len() >= bounds.tokens || young.bytes + entry.bytes > bounds.bytes;
        let oldest = is_full.then(|| {
            let full = mem::take(&mut self.young);
            mem::replace(&mut self.old, full)
        });
        self.young.bytes += entry.bytes;
        self.young.tokens.insert(digest, entry);
        oldest
    }
}

impl Generation {
    fn take(&mut self, digest: Digest) -> Option<Entry> {
        let entry = self.tokens.remove(&digest)?;
        self.bytes -= entry.bytes;
        Some(entry)
    }
}

#[cfg(test)]
mod tests;
