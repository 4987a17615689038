//! Consents that people gave on the page. They last for this run.

use super::{Grants, ScopeRequest};

impl Grants {
    /// Remembers, for this run, that `user` lets the client have what it asked for.
    pub(crate) fn consent(&mut self, asked: &ScopeRequest, user: &str) {
        for scope in &asked.scopes {
            let consent = (asked.client.clone(), scope.clone(), user.to_owned());
            self.consents.insert(consent);
        }
    }

    pub(crate) fn has_consent(&self, client: &str, scope: &str, user: &str) -> bool {
        self.consents
            .contains(&(client.to_owned(), scope.to_owned(), user.to_owned()))
    }
}
