//! Refresh tokens that are out. Each use gives a new one; the old one stays valid until its end
//! (Microsoft: "Refresh tokens in the Microsoft identity platform").

use std::collections::HashMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_events::{Stream, print};
use serde::{Deserialize, Serialize};
use state_folder::{Kept, Readers, Unusable};

use super::{Grants, ScopeRequest};
use crate::directory::Platform;
use crate::error::AuthorityError;
use crate::secrets::{hash, secret};

/// Refresh tokens that are remembered; the oldest go first.
pub(super) const MAX_REFRESH: usize = 10_000;
/// A refresh token's life in seconds: 90 days, or 24 hours for a single-page app (same page).
const LIFETIME: i64 = 90 * 24 * 3600;
const SPA_LIFETIME: i64 = 24 * 3600;
/// What a token has that was made here, by whichever run.
const LENGTH: usize = 32;

/// What a refresh token stands for. Kept by its SHA-256, so that the file holds no token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Refresh {
    family: String,
    pub user: String,
    pub asked: ScopeRequest,
    pub platform: Platform,
    issued: i64,
    expires: i64,
    used: bool,
}

/// Tokens that go back to one sign-in.
pub(crate) enum Family {
    /// The sign-in has just been.
    New,
    /// That of the token that this one was got by.
    Of(Refresh),
}

/// What a refresh token that is used a second time means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Nothing: two programs may have it.
    Allowed,
    /// It was stolen, so its whole family ends (RFC 9700 section 4.14.2).
    EndsFamily,
}

/// The refresh tokens that were issued, and the file in which they outlive a run, if there is one.
#[derive(Default)]
pub struct RefreshTokens {
    pub(super) issued: HashMap<String, Refresh>,
    path: Option<PathBuf>,
}

impl RefreshTokens {
    /// What is kept in the file `path`, which need not exist.
    ///
    /// # Errors
    /// Others may read or write it, or it can't be read.
    pub fn load(path: PathBuf) -> Result<Self, Unusable> {
        let issued = match state_folder::load(&path, Readers::Owner, |text| {
            serde_json::from_slice(text)
        })? {
            Kept::Content(issued) => issued,
            Kept::Missing => HashMap::new(),
            Kept::Damaged(damaged) => {
                print(
                    Stream::Err,
                    format!(
                        "warning: {damaged}. Refresh tokens that were issued before are refused: sign in again"
                    ),
                );
                HashMap::new()
            }
        };
        Ok(Self {
            issued,
            path: Some(path),
        })
    }
}

impl Grants {
    /// A refresh token; the one that it was got by is then a used one.
    pub(crate) fn issue_refresh(
        &mut self,
        user: &str,
        asked: &ScopeRequest,
        platform: Platform,
        family: Family,
        now: i64,
    ) -> String {
        self.refresh
            .issued
            .retain(|_, refresh| refresh.expires > now);
        if self.refresh.issued.len() >= MAX_REFRESH
            && let Some(oldest) = self
                .refresh
                .issued
                .iter()
                .min_by_key(|(_, refresh)| (!refresh.used, refresh.expires))
                .map(|(hash, _)| hash.clone())
        {
            self.refresh.issued.remove(&oldest);
        }
        let (family, expires) = match (family, platform) {
            // What a single-page app's token is renewed by ends when the first one ends.
            (Family::Of(old), Platform::Spa) => (old.family, old.expires),
            (Family::Of(old), _) => (old.family, now + LIFETIME),
            (Family::New, Platform::Spa) => (uuid::Uuid::new_v4().to_string(), now + SPA_LIFETIME),
            (Family::New, _) => (uuid::Uuid::new_v4().to_string(), now + LIFETIME),
        };
        let token = secret();
        self.refresh.issued.insert(
            hash(&token),
            Refresh {
                family,
                user: user.to_owned(),
                asked: asked.clone(),
                platform,
                issued: now,
                expires,
                used: false,
            },
        );
        self.save();
        token
    }

    /// What a refresh token stands for. Asking changes nothing, but where reuse ends the family.
    ///
    /// # Errors
    /// Malformed, unknown or another client's, expired, or ended with its family.
    pub(crate) fn refresh(
        &mut self,
        token: &str,
        client: &str,
        reuse: Reuse,
        now: i64,
    ) -> Result<Refresh, AuthorityError> {
        if URL_SAFE_NO_PAD.decode(token).map(|bytes| bytes.len()) != Ok(LENGTH) {
            return Err(AuthorityError::Malformed);
        }
        let found = self
            .refresh
            .issued
            .get(&hash(token))
            .filter(|refresh| refresh.asked.client.eq_ignore_ascii_case(client))
            .cloned()
            .ok_or(AuthorityError::GrantUnknown)?;
        let issued = found.issued;
        if found.expires <= now {
            return Err(match found.platform {
                Platform::Spa => AuthorityError::RefreshOver { issued },
                Platform::Web | Platform::PublicClient => AuthorityError::RefreshExpired { issued },
            });
        }
        if found.used && reuse == Reuse::EndsFamily {
            self.refresh
                .issued
                .retain(|_, refresh| refresh.family != found.family);
            self.save();
            return Err(AuthorityError::RefreshRevoked);
        }
        Ok(found)
    }

    /// A refresh token has been used.
    pub(crate) fn use_refresh(&mut self, token: &str) {
        if let Some(refresh) = self.refresh.issued.get_mut(&hash(token)) {
            refresh.used = true;
        }
    }

    fn save(&self) {
        if let Some(path) = &self.refresh.path
            && let Ok(text) = serde_json::to_vec(&self.refresh.issued)
            && let Err(error) = state_folder::write_private(path, &text)
        {
            print(
                Stream::Err,
                format!("[authority] refresh tokens will not outlive this run: {error}"),
            );
        }
    }
}
