//! What is out: device codes, authorization codes, refresh tokens, and the consents of this run.

mod authorization_codes;
mod browser_sessions;
mod consents;
mod device_codes;
mod refresh_journal;
mod refresh_tokens;

use std::collections::{HashMap, HashSet};

pub(crate) use self::authorization_codes::{Code, Flow, ResponseMode, ResponseType};
use self::browser_sessions::BrowserSession;
use self::device_codes::Pending;
pub use self::device_codes::PollInterval;
pub(crate) use self::device_codes::{EXPIRES_IN, NoSuchCode};
pub use self::refresh_tokens::RefreshTokens;
pub(crate) use self::refresh_tokens::{NewRefresh, Refresh, Reuse};
pub(crate) use super::scopes::ScopeRequest;

/// Sign-ins that may be pending at once: a loop can't fill the memory.
const MAX_PENDING: usize = 1000;

/// Everything that is out. One owner, one lock: a code is redeemed once, atomically.
pub(crate) struct Grants {
    pending: HashMap<String, Pending>,
    refresh: RefreshTokens,
    flows: HashMap<String, Flow>,
    codes: HashMap<String, Code>,
    consents: HashSet<(String, String, String)>,
    /// By their secrets' hashes.
    sessions: HashMap<String, BrowserSession>,
}

impl Grants {
    /// Nothing is out but these refresh tokens.
    pub(crate) fn new(refresh: RefreshTokens) -> Self {
        Self {
            pending: HashMap::new(),
            refresh,
            flows: HashMap::new(),
            codes: HashMap::new(),
            consents: HashSet::new(),
            sessions: HashMap::new(),
        }
    }
}

#[cfg(test)]
mod tests;
