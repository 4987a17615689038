//! Sign in in this machine's browser.

use super::cache::Entry;
use super::{Request, Seeker, prompt};
use crate::diagnosis::Finding;
use crate::oauth::browser::BrowserCredential;

impl Seeker<'_> {
    pub(super) async fn by_browser(&self) -> Result<Entry, Box<Finding>> {
        let Request {
            authority,
            tenant,
            client_id,
            ..
        } = self.request;
        let output = self.output;
        let signed_in =
            match BrowserCredential::new(self.client()?, authority, tenant, client_id, move |url| {
                prompt::browser(url, output);
            }) {
                Ok(credential) => {
                    let credential = match self.user {
                        Some(user) => credential.with_login_hint(user),
                        None => credential,
                    };
                    credential.authenticate(&self.scopes()).await
                }
                Err(error) => Err(error),
            };
        prompt::done();
        let entry = self.entry("browser", signed_in.map_err(|error| self.explain(&error))?);
        prompt::signed_in(entry.user.as_deref(), self.user, self.output);
        Ok(entry)
    }
}
