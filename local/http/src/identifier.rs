//! Identifiers of requests: for logs and for whoever reports a fault. None is a secret, and a system
//! call for each would be a tenth of what the gate's own answers cost.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use hyper::header::HeaderValue;
use uuid::Builder;
use uuid::fmt::Hyphenated;

/// Of this process: a keyed hash (SipHash) whose key is random.
static KEYED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A UUID, as those that are random (RFC 9562 section 5.4): its bits are a keyed hash of a number that
/// counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identifier([u8; Hyphenated::LENGTH]);

impl Identifier {
    /// Another one than any before.
    #[must_use]
    pub fn next() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let [high, low] = [0_u8, 1].map(|half| KEYED.hash_one((number, half)));
        let bits = u128::from(high) << 64 | u128::from(low);
        let uuid = Builder::from_random_bytes(bits.to_be_bytes()).into_uuid();
        let mut text = [0; Hyphenated::LENGTH];
        uuid.hyphenated().encode_lower(&mut text);
        Self(text)
    }

    /// Its 36 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // They are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As a header has it.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        // Digits, letters and hyphens are a header's value.
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use uuid::{Uuid, Variant, Version};

    use super::*;

    #[test]
    fn point_3_identifiers_are_random_uuids_and_no_two_are_equal() {
        let many: Vec<Identifier> = (0..10_000).map(|_| Identifier::next()).collect();
        let mut seen = HashSet::new();
        for identifier in &many {
            let uuid = Uuid::try_parse(identifier.as_str()).unwrap();
            assert_eq!(uuid.get_version(), Some(Version::Random));
            assert_eq!(uuid.get_variant(), Variant::RFC4122);
            assert_eq!(identifier.header(), identifier.as_str());
            assert_eq!(identifier.as_str(), uuid.to_string());
            assert!(seen.insert(uuid));
        }
        // Neither half counts.
        let halves = |shift: u32| {
            many.iter().map(move |one| {
                let bits = Uuid::try_parse(one.as_str()).unwrap().as_u128();
                bits >> shift & 0xffff_ffff
            })
        };
        for shift in [0, 96] {
            let all: HashSet<u128> = halves(shift).collect();
            assert!(all.len() > 9_990, "{}", all.len());
        }
    }
}
