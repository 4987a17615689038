//! The sign-ins that are over: each makes one session, whoever sends its answer again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// More than this in five minutes come from a loop.
const MAX_SPENT: usize = 10_000;

/// By nonce, with the time after which its cookie does not count anyway.
#[derive(Default)]
pub(super) struct Spent(Mutex<HashMap<String, i64>>);

impl Spent {
    /// Whether the sign-in was not over before; now it is. Beyond the limit none is accepted: one
    /// that is forgotten could be sent again.
    pub(super) fn spend(&self, nonce: &str, ends_at: i64, now: i64) -> bool {
        let mut spent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= MAX_SPENT {
            spent.retain(|_, ends_at| *ends_at >= now);
        }
        spent.len() < MAX_SPENT && spent.insert(nonce.to_owned(), ends_at).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_33_each_sign_in_makes_one_session() {
        let spent = Spent::default();
        assert!(spent.spend("a", 10, 0));
        assert!(!spent.spend("a", 10, 0));
        for index in 1..MAX_SPENT {
            assert!(spent.spend(&index.to_string(), 10, 0));
        }
        assert!(!spent.spend("b", 20, 10), "all of them still count");
        assert!(spent.spend("b", 20, 11));
        assert!(!spent.spend("b", 20, 11));
    }
}
