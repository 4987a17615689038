//! Sign in in this machine's browser.

use super::cache::KeptToken;
use super::{Credential, TokenRequest, TokenSource, prompt};
use crate::diagnosis::Finding;
use crate::oauth::browser::BrowserCredential;

impl TokenSource<'_> {
    pub(super) async fn by_browser(&self) -> Result<KeptToken, Box<Finding>> {
        let TokenRequest {
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
                    let credential = match self.claims {
                        Some(claims) => credential.with_claims(claims),
                        None => credential,
                    };
                    credential.authenticate(&self.scopes()).await
                }
                Err(error) => Err(error),
            };
        prompt::done();
        let entry = self.kept_token(
            Credential::Browser,
            match signed_in {
                Ok(tokens) => tokens,
                Err(error) => return Err(Box::new(self.explain(&error).await)),
            },
        );
        prompt::signed_in(entry.user.as_deref(), self.user, self.output);
        Ok(entry)
    }
}
