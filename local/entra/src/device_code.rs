//! Device codes and refresh tokens that are out: issued, approved, redeemed once (RFC 8628).

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::authorize::{Code, Flow};
use super::error::AuthorityError;

/// Seconds that a device code lives, and that a client waits between two polls.
pub(crate) const EXPIRES_IN: i64 = 900;
pub(crate) const INTERVAL: i64 = 5;
/// Sign-ins that may be pending at once: a loop can't fill the memory.
pub(super) const MAX_PENDING: usize = 1000;
/// Refresh tokens that are remembered; the oldest go first.
const MAX_REFRESH: usize = 10_000;
/// A refresh token's life in seconds: Entra's 90 days.
const REFRESH_LIFETIME: i64 = 90 * 24 * 3600;
/// No vowels, and no look-alikes (0/O, 1/I/L, 2/Z, 5/S, 8/B).
const ALPHABET: &[u8] = b"CDFGHJKMNPQRTVWXY34679";
const CODE_LENGTH: usize = 9;

/// What a client asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub client: String,
    /// The resource as it was named.
    pub resource: String,
    /// Its scopes, without the resource.
    pub scopes: Vec<String>,
    /// `openid`, `profile`, `offline_access`, `email`.
    pub protocol: Vec<String>,
}

#[derive(Clone, PartialEq, Eq)]
enum Decision {
    Pending,
    Approved(String),
    Denied,
}

struct Pending {
    user_code: String,
    asked: Asked,
    decision: Decision,
    expires: i64,
    last_poll: Option<i64>,
    interval: i64,
}

/// What a refresh token stands for. Kept by its SHA-256, so that the file opens no door.
#[derive(Clone, Serialize, Deserialize)]
struct Refresh {
    family: String,
    user: String,
    asked: Asked,
    expires: i64,
    used: bool,
}

/// Everything that is out. One owner, one lock: a code is redeemed once, atomically.
pub(crate) struct Grants {
    pending: HashMap<String, Pending>,
    refresh: HashMap<String, Refresh>,
    pub(super) flows: HashMap<String, Flow>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) consents: HashSet<(String, String, String)>,
    store: Option<PathBuf>,
}

impl Grants {
    /// Remembers refresh tokens in `store`, if there is one.
    pub(crate) fn new(store: Option<PathBuf>) -> Self {
        let refresh = store
            .as_ref()
            .and_then(|path| std::fs::read(path).ok())
            // A damaged file only means that people sign in again.
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default();
        Self {
            pending: HashMap::new(),
            refresh,
            flows: HashMap::new(),
            codes: HashMap::new(),
            consents: HashSet::new(),
            store,
        }
    }

    /// A new device code and user code for what was asked.
    pub(crate) fn start(&mut self, asked: Asked, now: i64) -> (String, String) {
        // Expired ones stay for as long again, so that a late poll hears "expired".
        self.pending
            .retain(|_, pending| pending.expires + EXPIRES_IN > now);
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self
                .pending
                .iter()
                .min_by_key(|(_, pending)| pending.expires)
                .map(|(code, _)| code.clone())
        {
            self.pending.remove(&oldest);
        }
        let (device_code, user_code) = (secret(), user_code());
        self.pending.insert(
            device_code.clone(),
            Pending {
                user_code: user_code.clone(),
                asked,
                decision: Decision::Pending,
                expires: now + EXPIRES_IN,
                last_poll: None,
                interval: INTERVAL,
            },
        );
        (device_code, user_code)
    }

    /// What the pending sign-in with this user code asks for.
    pub(crate) fn asked(&self, user_code: &str, now: i64) -> Option<&Asked> {
        let code = normalized(user_code);
        self.pending
            .values()
            .find(|pending| {
                pending.user_code == code
                    && pending.expires > now
                    && pending.decision == Decision::Pending
            })
            .map(|pending| &pending.asked)
    }

    /// The sign-ins that nobody has decided yet, and for how many seconds they wait.
    pub(crate) fn waiting(&self, now: i64) -> impl Iterator<Item = (&Asked, i64)> {
        self.pending
            .values()
            .filter(move |pending| pending.expires > now && pending.decision == Decision::Pending)
            .map(move |pending| (&pending.asked, now - (pending.expires - EXPIRES_IN)))
    }

    /// Approves as `user`, or declines. False: no such code is pending.
    pub(crate) fn decide(&mut self, user_code: &str, user: Option<&str>, now: i64) -> bool {
        let code = normalized(user_code);
        let Some(pending) = self.pending.values_mut().find(|pending| {
            pending.user_code == code
                && pending.expires > now
                && pending.decision == Decision::Pending
        }) else {
            return false;
        };
        pending.decision =
            user.map_or(Decision::Denied, |user| Decision::Approved(user.to_owned()));
        true
    }

    /// One poll (RFC 8628 section 3.5). Who signed in, and for what; the code is then gone.
    ///
    /// # Errors
    /// Pending, too fast, declined, expired, unknown, or another client's.
    pub(crate) fn poll(
        &mut self,
        device_code: &str,
        client: &str,
        now: i64,
    ) -> Result<(String, Asked), AuthorityError> {
        let Some(pending) = self
            .pending
            .get_mut(device_code)
            .filter(|pending| pending.asked.client.eq_ignore_ascii_case(client))
        else {
            return Err(AuthorityError::CodeUnknown);
        };
        if pending.expires <= now {
            return Err(AuthorityError::CodeExpired);
        }
        match &pending.decision {
            Decision::Denied => {
                self.pending.remove(device_code);
                Err(AuthorityError::Declined)
            }
            Decision::Approved(user) => {
                let approved = (user.clone(), pending.asked.clone());
                self.pending.remove(device_code);
                Ok(approved)
            }
            Decision::Pending => {
                // Whole seconds on both sides: one of them may be lost to rounding.
                let too_fast = pending
                    .last_poll
                    .is_some_and(|last| now - last < pending.interval - 1);
                pending.last_poll = Some(now);
                if too_fast {
                    pending.interval += 5;
                    return Err(AuthorityError::SlowDown);
                }
                Err(AuthorityError::AuthorizationPending)
            }
        }
    }

    /// A refresh token; `family` continues an older one's.
    pub(crate) fn issue_refresh(
        &mut self,
        user: &str,
        asked: &Asked,
        family: Option<String>,
        now: i64,
    ) -> String {
        self.refresh.retain(|_, refresh| refresh.expires > now);
        if self.refresh.len() >= MAX_REFRESH
            && let Some(oldest) = self
                .refresh
                .iter()
                .min_by_key(|(_, refresh)| refresh.expires)
                .map(|(hash, _)| hash.clone())
        {
            self.refresh.remove(&oldest);
        }
        let token = secret();
        self.refresh.insert(
            hash(&token),
            Refresh {
                family: family.unwrap_or_else(|| uuid::Uuid::new_v4().to_string()),
                user: user.to_owned(),
                asked: asked.clone(),
                expires: now + REFRESH_LIFETIME,
                used: false,
            },
        );
        self.save();
        token
    }

    /// Redeems a refresh token: its user, what it was for, its family. A used one that comes
    /// again was stolen, so its whole family dies (RFC 9700 section 4.14.2).
    ///
    /// # Errors
    /// Unknown, revoked, expired, or another client's.
    pub(crate) fn redeem_refresh(
        &mut self,
        token: &str,
        client: &str,
        now: i64,
    ) -> Result<(String, Asked, String), AuthorityError> {
        let Some(refresh) = self
            .refresh
            .get_mut(&hash(token))
            .filter(|refresh| refresh.asked.client.eq_ignore_ascii_case(client))
        else {
            return Err(AuthorityError::RefreshRevoked);
        };
        if refresh.expires <= now {
            return Err(AuthorityError::RefreshExpired);
        }
        let found = refresh.clone();
        if found.used {
            self.refresh
                .retain(|_, refresh| refresh.family != found.family);
            self.save();
            return Err(AuthorityError::RefreshRevoked);
        }
        refresh.used = true;
        self.save();
        Ok((found.user, found.asked, found.family))
    }

    fn save(&self) {
        if let Some(path) = &self.store
            && let Ok(text) = serde_json::to_vec(&self.refresh)
            && let Err(error) = state_folder::write_private(path, &text)
        {
            eprintln!("[authority] refresh tokens will not outlive this run: {error}");
        }
    }
}

/// 256 bits that nobody guesses.
pub(super) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A system without randomness can't have secrets, and must not go on with known ones.
    #[allow(clippy::expect_used)]
    rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

fn user_code() -> String {
    let mut code = String::new();
    while code.len() < CODE_LENGTH {
        // Bytes over the last whole multiple would make some letters likelier.
        let fair = 256 / ALPHABET.len() * ALPHABET.len();
        code.extend(
            random::<32>()
                .into_iter()
                .map(usize::from)
                .filter(|byte| *byte < fair)
                .take(CODE_LENGTH - code.len())
                .map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])),
        );
    }
    code
}

/// What a person typed, as it was shown: case, spaces and dashes do not count.
fn normalized(code: &str) -> String {
    code.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

pub(super) fn hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

#[cfg(test)]
mod tests;
