//! Random secrets that can't be guessed, and the hashes by which they are kept.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 256 random bits.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A system without randomness can't have secrets, and must not go on with known ones.
    rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A secret's SHA-256, by which it is kept.
pub(crate) fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, secret.as_bytes()))
}
