//! Browsers that are signed in at the authority itself.

use super::{Grants, MAX_PENDING};
use crate::secrets::{hash, secret};

/// Seconds that a session lives, if its browser is not closed before: a day, as a session that is
/// not kept has at Entra (documented: session lifetime policies).
const LIFETIME: i64 = 24 * 3600;

/// Who is signed in, in one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrowserSession {
    pub user: String,
    /// When they signed in, seconds since 1970.
    pub since: i64,
}

impl Grants {
    /// Begins a session; what its cookie has. Sessions are kept by hashes, and the oldest goes
    /// where there are too many.
    pub(crate) fn begin_session(&mut self, user: &str, now: i64) -> String {
        self.sessions
            .retain(|_, session| session.since.saturating_add(LIFETIME) > now);
        if self.sessions.len() >= MAX_PENDING
            && let Some(oldest) = self
                .sessions
                .iter()
                .min_by_key(|(_, session)| session.since)
                .map(|(hash, _)| hash.clone())
        {
            self.sessions.remove(&oldest);
        }
        let secret = secret();
        let session = BrowserSession {
            user: user.to_owned(),
            since: now,
        };
        self.sessions.insert(hash(&secret), session);
        secret
    }

    /// The session of a cookie, if it has not ended.
    pub(crate) fn session(&self, secret: &str, now: i64) -> Option<BrowserSession> {
        self.sessions
            .get(&hash(secret))
            .filter(|session| session.since.saturating_add(LIFETIME) > now)
            .cloned()
    }

    pub(crate) fn end_session(&mut self, secret: &str) {
        self.sessions.remove(&hash(secret));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::RefreshTokens;

    #[test]
    fn item_15_sessions_end_and_are_bounded() {
        let mut grants = Grants::new(RefreshTokens::default());
        let first = grants.begin_session("u", 0);
        assert_eq!(grants.session(&first, LIFETIME - 1).unwrap().user, "u");
        assert_eq!(grants.session(&first, LIFETIME), None);
        assert_eq!(grants.session("another", 0), None);
        for now in 1..=MAX_PENDING {
            grants.begin_session("u", i64::try_from(now).unwrap());
        }
        assert_eq!(grants.sessions.len(), MAX_PENDING);
        assert_eq!(grants.session(&first, 1), None, "the oldest went");
        let last = grants.begin_session("u", 5000);
        grants.end_session(&last);
        assert_eq!(grants.session(&last, 5000), None);
    }
}
