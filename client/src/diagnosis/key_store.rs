//! The key store, which seals kept tokens.

use serde_json::Value;

use super::{Code, Finding};
use crate::provenance::Source;

const FIX: &str = "unlock or restart it; or GREETING_KEY_STORE=none, which keeps tokens in a file that only you can read; or keep none: greeting-cli call URL --no-cache";

pub(crate) fn key_store_silent() -> Finding {
    Finding::proved(
        Code::KeyStoreSilent,
        "the key store does not answer; tokens are kept in a file that only you can read",
        FIX,
    )
}

pub(crate) fn key_store_fails(why: &str) -> Finding {
    Finding::proved(
        Code::KeyStoreSilent,
        "the key store gives no key, so that no token is kept",
        FIX,
    )
    .saw("key store", why, Value::Null, Source::Answer)
}
