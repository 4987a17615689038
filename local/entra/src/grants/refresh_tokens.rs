//! Refresh tokens that are out. They rotate: each is used once, and gives the next of its family.

use std::collections::HashMap;
use std::path::PathBuf;

use local_events::{Stream, print};
use serde::{Deserialize, Serialize};
use state_folder::{Kept, Readers, Unusable};

use super::{Grants, ScopeRequest};
use crate::error::AuthorityError;
use crate::secrets::{hash, secret};

/// Refresh tokens that are remembered; the oldest go first.
pub(super) const MAX_REFRESH: usize = 10_000;
/// A refresh token's life in seconds: Entra's 90 days.
const REFRESH_LIFETIME: i64 = 90 * 24 * 3600;

/// What a refresh token stands for. Kept by its SHA-256, so that the file holds no token.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Refresh {
    family: String,
    user: String,
    asked: ScopeRequest,
    expires: i64,
    used: bool,
}

/// Tokens that go back to one sign-in.
pub(crate) enum Family {
    /// The sign-in has just been.
    New,
    /// That of the token that this one replaces.
    Of(String),
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
    /// A refresh token.
    pub(crate) fn issue_refresh(
        &mut self,
        user: &str,
        asked: &ScopeRequest,
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
                .min_by_key(|(_, refresh)| refresh.expires)
                .map(|(hash, _)| hash.clone())
        {
            self.refresh.issued.remove(&oldest);
        }
        let token = secret();
        self.refresh.issued.insert(
            hash(&token),
            Refresh {
                family: match family {
                    Family::New => uuid::Uuid::new_v4().to_string(),
                    Family::Of(name) => name,
                },
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
    ) -> Result<(String, ScopeRequest, String), AuthorityError> {
        let Some(refresh) = self
            .refresh
            .issued
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
                .issued
                .retain(|_, refresh| refresh.family != found.family);
            self.save();
            return Err(AuthorityError::RefreshRevoked);
        }
        refresh.used = true;
        self.save();
        Ok((found.user, found.asked, found.family))
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
