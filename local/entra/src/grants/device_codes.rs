//! Device codes that are out: issued, approved, redeemed once (RFC 8628).

use super::{Grants, MAX_PENDING, ScopeRequest};
use crate::error::AuthorityError;
use crate::secrets::{random, secret};

/// Seconds that a device code lives.
pub(crate) const EXPIRES_IN: i64 = 900;

/// How long a client is told to wait between two polls for a device code (RFC 8628 section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollInterval(i64);

impl PollInterval {
    /// As Entra ID says.
    pub const ENTRA: Self = Self(5);
    /// For a sign-in that a program approves at once.
    pub const SHORT: Self = Self(1);

    pub(crate) fn seconds(self) -> i64 {
        self.0
    }
}

/// No vowels, and no look-alikes (0/O, 1/I/L, 2/Z, 5/S, 8/B).
const ALPHABET: &[u8] = b"CDFGHJKMNPQRTVWXY34679";
const CODE_LENGTH: usize = 9;

/// A sign-in that is not decided yet.
pub(crate) struct Undecided<'a> {
    pub(crate) user_code: &'a str,
    pub(crate) asked: &'a ScopeRequest,
    /// For how many seconds it waits.
    pub(crate) seconds: i64,
}

/// No sign-in with this user code is pending.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoSuchCode;

#[derive(Clone, PartialEq, Eq)]
enum Approval {
    Pending,
    Approved(String),
    Declined,
}

/// A sign-in that waits for its person, by its device code.
pub(super) struct Pending {
    user_code: String,
    asked: ScopeRequest,
    decision: Approval,
    expires: i64,
    last_poll: Option<i64>,
    interval: i64,
}

impl Grants {
    /// A new device code and user code for what was asked.
    pub(crate) fn start(
        &mut self,
        asked: ScopeRequest,
        now: i64,
        interval: PollInterval,
    ) -> (String, String) {
        // Expired ones stay for as long again, so that a late poll is answered "expired".
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
                decision: Approval::Pending,
                expires: now + EXPIRES_IN,
                last_poll: None,
                interval: interval.seconds(),
            },
        );
        (device_code, user_code)
    }

    /// What the pending sign-in with this user code asks for.
    pub(crate) fn asked(&self, user_code: &str, now: i64) -> Option<&ScopeRequest> {
        let code = normalized(user_code);
        self.pending
            .values()
            .find(|pending| {
                pending.user_code == code
                    && pending.expires > now
                    && pending.decision == Approval::Pending
            })
            .map(|pending| &pending.asked)
    }

    /// The sign-ins that are not decided yet.
    pub(crate) fn waiting(&self, now: i64) -> impl Iterator<Item = Undecided<'_>> {
        self.pending
            .values()
            .filter(move |pending| pending.expires > now && pending.decision == Approval::Pending)
            .map(move |pending| Undecided {
                user_code: &pending.user_code,
                asked: &pending.asked,
                seconds: now - (pending.expires - EXPIRES_IN),
            })
    }

    /// Approves the sign-in with this user code, as `user`.
    ///
    /// # Errors
    /// No sign-in with this code is pending.
    pub(crate) fn approve(
        &mut self,
        user_code: &str,
        user: &str,
        now: i64,
    ) -> Result<(), NoSuchCode> {
        self.decide(user_code, Approval::Approved(user.to_owned()), now)
    }

    /// Declines the sign-in with this user code.
    ///
    /// # Errors
    /// No sign-in with this code is pending.
    pub(crate) fn decline(&mut self, user_code: &str, now: i64) -> Result<(), NoSuchCode> {
        self.decide(user_code, Approval::Declined, now)
    }

    fn decide(&mut self, user_code: &str, decision: Approval, now: i64) -> Result<(), NoSuchCode> {
        let code = normalized(user_code);
        let pending = self.pending.values_mut().find(|pending| {
            pending.user_code == code
                && pending.expires > now
                && pending.decision == Approval::Pending
        });
        pending.ok_or(NoSuchCode)?.decision = decision;
        Ok(())
    }

    /// One poll (RFC 8628 section 3.5): who signed in, and for what. The code stays, until
    /// `take_device_code`: a refusal after this one must not cost it.
    ///
    /// # Errors
    /// Pending, too fast, declined, expired, unknown, or another client's.
    pub(crate) fn poll(
        &mut self,
        device_code: &str,
        client: &str,
        now: i64,
    ) -> Result<(String, ScopeRequest), AuthorityError> {
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
            Approval::Declined => Err(AuthorityError::Declined),
            Approval::Approved(user) => Ok((user.clone(), pending.asked.clone())),
            Approval::Pending => {
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

    /// The code is redeemed, and gone.
    ///
    /// # Errors
    /// Somebody else has just redeemed it.
    pub(crate) fn take_device_code(&mut self, device_code: &str) -> Result<(), AuthorityError> {
        let taken = self.pending.remove(device_code);
        taken.map(drop).ok_or(AuthorityError::CodeUnknown)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_codes_have_nine_characters_without_look_alikes() {
        for _ in 0..100 {
            let code = user_code();
            assert_eq!(code.len(), CODE_LENGTH);
            assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
        }
    }
}
