//! Refresh tokens that are out. Each use gives a new one; the old one stays valid until its end
//! (Microsoft: "Refresh tokens in the Microsoft identity platform").

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_events::tell;
use serde::{Deserialize, Serialize};
use state_folder::{Kept, Readers, Unusable};

use super::refresh_journal::{Journal, read};
use super::{Grants, ScopeRequest};
use crate::directory::Platform;
use crate::error::AuthorityError;
use crate::secrets::{hash, secret};

/// How many are kept.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Tokens that are remembered; used ones go first, the oldest before others.
    pub tokens: usize,
    /// Lines of the file until it is written anew: as rarely as it has that many to write.
    pub lines: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            tokens: 10_000,
            lines: 30_000,
        }
    }
}

/// A refresh token's life in seconds: 90 days, or 24 hours for a single-page app (same page).
const LIFETIME: i64 = 90 * 24 * 3600;
const SPA_LIFETIME: i64 = 24 * 3600;
/// Bytes of a token that was made here, by whichever run.
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

/// What has happened to the tokens, which are named by their hashes: a line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Issued {
        hash: String,
        stands_for: Box<Refresh>,
    },
    Used {
        hash: String,
    },
    FamilyEnded {
        family: String,
    },
}

/// A token that is issued.
pub(crate) struct NewRefresh<'a> {
    pub user: &'a str,
    pub asked: &'a ScopeRequest,
    pub platform: Platform,
    /// The token that this one was got by, and what that stands for; none after a sign-in.
    pub got_by: Option<(&'a str, &'a Refresh)>,
}

/// What a refresh token that is used a second time means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Nothing: two programs may have it.
    Allowed,
    /// It was stolen, so its whole family ends (RFC 9700 section 4.14.2).
    EndsFamily,
}

/// Which goes first where there are too many: used, when it ends, and its hash.
type Place = (Unused, i64, String);

/// Used ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Unused {
    No,
    Yes,
}

/// The refresh tokens that were issued, and the file in which they outlive a run, if there is one.
#[derive(Default)]
pub struct RefreshTokens {
    issued: HashMap<String, Refresh>,
    /// The same, in the order in which they go.
    order: BTreeSet<Place>,
    journal: Option<Journal>,
    bounds: Bounds,
}

fn place(hash: &str, refresh: &Refresh) -> Place {
    let unused = if refresh.used {
        Unused::No
    } else {
        Unused::Yes
    };
    (unused, refresh.expires, hash.to_owned())
}

impl RefreshTokens {
    /// What is kept in the file `path`, which need not exist.
    ///
    /// # Errors
    /// Others may read or write it, or it can't be read or written.
    pub fn load(path: PathBuf) -> Result<Self, Unusable> {
        Self::load_within(Bounds::default(), path)
    }

    pub(super) fn load_within(bounds: Bounds, path: PathBuf) -> Result<Self, Unusable> {
        let mut tokens = Self {
            bounds,
            ..Self::default()
        };
        match state_folder::load(&path, Readers::Owner, read)? {
            Kept::Content(changes) => {
                let changes: Vec<Change> = changes;
                for change in changes {
                    tokens.apply(change);
                }
            }
            Kept::Missing => {}
            Kept::Damaged(damaged) => tell(
                "warning: ",
                format!(
                    "{damaged}. Refresh tokens that were issued before are refused: sign in again"
                ),
            ),
        }
        let journal = Journal::start(path.clone(), &tokens.all());
        tokens.journal = Some(journal.map_err(|error| Unusable::new(&path, error))?);
        Ok(tokens)
    }

    /// How many are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.issued.len()
    }

    /// Each as it was issued.
    fn all(&self) -> Vec<Change> {
        let all = self.issued.iter();
        all.map(|(hash, stands_for)| Change::Issued {
            hash: hash.clone(),
            stands_for: Box::new(stands_for.clone()),
        })
        .collect()
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Issued { hash, stands_for } => {
                self.order.insert(place(&hash, &stands_for));
                self.issued.insert(hash, *stands_for);
                while self.issued.len() > self.bounds.tokens
                    && let Some((_, _, first)) = self.order.pop_first()
                {
                    self.issued.remove(&first);
                }
            }
            Change::Used { hash } => {
                if let Some(refresh) = self.issued.get_mut(&hash) {
                    self.order.remove(&place(&hash, refresh));
                    refresh.used = true;
                    self.order.insert(place(&hash, refresh));
                }
            }
            Change::FamilyEnded { family } => {
                self.issued.retain(|_, refresh| refresh.family != family);
                let issued = &self.issued;
                self.order.retain(|(_, _, hash)| issued.contains_key(hash));
            }
        }
    }

    /// Writes the changes down, then makes them.
    fn change(&mut self, changes: Vec<Change>) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.add(&changes)
        {
            tell(
                "[authority] ",
                format!("refresh tokens will not outlive this run: {error}"),
            );
        }
        for change in changes {
            self.apply(change);
        }
        if self
            .journal
            .as_ref()
            .is_some_and(|journal| journal.len() > self.bounds.lines)
            && let Some(old) = self.journal.take()
        {
            // The old file stays as it was where this fails.
            self.journal = Some(Journal::start(old.path().clone(), &self.all()).unwrap_or(old));
        }
    }

    /// Those whose time is over, a few at a time: as many as come, go.
    fn forget(&mut self, now: i64) {
        for unused in [Unused::No, Unused::Yes] {
            let first = self.order.range((unused, i64::MIN, String::new())..).next();
            if let Some(over) = first.filter(|(kind, ends, _)| *kind == unused && *ends <= now) {
                let over = over.clone();
                self.issued.remove(&over.2);
                self.order.remove(&over);
            }
        }
    }
}

impl Grants {
    /// A refresh token; the one that it was got by is then a used one.
    pub(crate) fn issue_refresh(&mut self, new: &NewRefresh<'_>, now: i64) -> String {
        self.refresh.forget(now);
        let (family, expires) = match (new.got_by, new.platform) {
            // What a single-page app's token is renewed by ends when the first one ends.
            (Some((_, old)), Platform::Spa) => (old.family.clone(), old.expires),
            (Some((_, old)), _) => (old.family.clone(), now + LIFETIME),
            (None, Platform::Spa) => (uuid::Uuid::new_v4().to_string(), now + SPA_LIFETIME),
            (None, _) => (uuid::Uuid::new_v4().to_string(), now + LIFETIME),
        };
        let token = secret();
        let used = new.got_by.map(|(old, _)| Change::Used { hash: hash(old) });
        let issued = Change::Issued {
            hash: hash(&token),
            stands_for: Box::new(Refresh {
                family,
                user: new.user.to_owned(),
                asked: new.asked.clone(),
                platform: new.platform,
                issued: now,
                expires,
                used: false,
            }),
        };
        self.refresh
            .change(used.into_iter().chain([issued]).collect());
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
            let family = found.family;
            self.refresh.change(vec![Change::FamilyEnded { family }]);
            return Err(AuthorityError::RefreshRevoked);
        }
        Ok(found)
    }
}
