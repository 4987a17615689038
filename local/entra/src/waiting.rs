//! The device sign-ins that nobody has decided yet.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::Authority;

/// A device sign-in that waits for its person.
#[derive(Serialize, Deserialize)]
pub struct Waiting {
    /// The code that the device shows. Only for those who know the stack's secret: no page has it.
    pub user_code: String,
    /// The client's name.
    pub client: String,
    /// What it asks for, separated by spaces.
    pub scopes: String,
    /// For how long.
    pub seconds: i64,
}

impl Authority {
    /// The device sign-ins that wait for a user; the oldest first.
    pub fn waiting(&self) -> Vec<Waiting> {
        let now = self.clock().now();
        let mut waiting: Vec<Waiting> = self
            .grants()
            .waiting(now)
            .map(|one| Waiting {
                user_code: one.user_code.to_owned(),
                client: self
                    .directory()
                    .client_name(&one.asked.client)
                    .unwrap_or("")
                    .to_owned(),
                scopes: one.asked.full().join(" "),
                seconds: one.seconds,
            })
            .collect();
        waiting.sort_by_key(|one| Reverse(one.seconds));
        waiting
    }
}
