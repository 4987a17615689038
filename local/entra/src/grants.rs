//! What is out: device codes, authorization codes, refresh tokens, and the consents of this run.

mod authorization_codes;
mod consents;
mod device_codes;
mod refresh_tokens;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use self::authorization_codes::{Code, Flow};
use self::device_codes::Pending;
pub(crate) use self::device_codes::{EXPIRES_IN, INTERVAL, NoSuchCode};
pub(crate) use self::refresh_tokens::Family;
use self::refresh_tokens::Refresh;

/// Sign-ins that may be pending at once: a loop can't fill the memory.
const MAX_PENDING: usize = 1000;

/// What a client asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScopeRequest {
    pub client: String,
    /// The resource as it was named.
    pub resource: String,
    /// Its scopes, without the resource.
    pub scopes: Vec<String>,
    /// `openid`, `profile`, `offline_access`, `email`.
    pub protocol: Vec<String>,
}

/// Everything that is out. One owner, one lock: a code is redeemed once, atomically.
pub(crate) struct Grants {
    pending: HashMap<String, Pending>,
    refresh: HashMap<String, Refresh>,
    flows: HashMap<String, Flow>,
    codes: HashMap<String, Code>,
    consents: HashSet<(String, String, String)>,
    /// Where refresh tokens outlive a run, if they do.
    store: Option<PathBuf>,
}

impl Grants {
    /// Remembers refresh tokens in `store`, if there is one.
    pub(crate) fn new(store: Option<PathBuf>) -> Self {
        Self {
            pending: HashMap::new(),
            refresh: refresh_tokens::load(store.as_deref()),
            flows: HashMap::new(),
            codes: HashMap::new(),
            consents: HashSet::new(),
            store,
        }
    }
}

#[cfg(test)]
mod tests;
