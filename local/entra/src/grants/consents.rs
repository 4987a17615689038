//! Consents that people gave on the page. They last for this run.

use super::Grants;

impl Grants {
    /// Remembers, for this run, that `user` lets the client have these scopes.
    pub(crate) fn consent(&mut self, client: &str, scopes: Vec<String>, user: &str) {
        let consents = scopes
            .into_iter()
            .map(|scope| (client.to_owned(), scope, user.to_owned()));
        self.consents.extend(consents);
    }

    pub(crate) fn has_consent(&self, client: &str, scope: &str, user: &str) -> bool {
        self.consents
            .contains(&(client.to_owned(), scope.to_owned(), user.to_owned()))
    }
}
