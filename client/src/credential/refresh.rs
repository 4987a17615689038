//! A kept token, renewed with its refresh token once it has expired.

use super::cache::{Cache, KeptToken};
use super::{MARGIN, Person, TokenSource};
use crate::clock::now;
use crate::diagnosis::Finding;
use crate::oauth::device_code::AuthorityError;
use crate::terminal::tell;

impl TokenSource<'_> {
    /// A kept token that is valid for a while, or a new one for its refresh token. None: neither.
    pub(super) async fn renewed(
        &self,
        cache: &Cache,
        entry: KeptToken,
    ) -> Result<Option<KeptToken>, Box<Finding>> {
        if entry.expires_at > now() + MARGIN {
            return Ok(Some(entry));
        }
        let Some(refresh) = &entry.refresh_token else {
            return Ok(None);
        };
        let credential = self.device_code().await?;
        match credential.refresh(refresh, &self.scopes()).await {
            Ok(tokens) => {
                let mut renewed = self.kept_token(entry.key.credential, tokens);
                renewed.user = renewed.user.or(entry.user);
                // Without a new one the old one stays valid (RFC 6749 section 6).
                renewed.refresh_token = renewed.refresh_token.or(entry.refresh_token);
                if let Err(why) = cache.keep(renewed.clone()).await {
                    tell(&format!("warning: the token is not kept: {why}"));
                }
                Ok(Some(renewed))
            }
            Err(error) => {
                let refused = error.downcast_ref::<AuthorityError>().is_some();
                let finding = self.explain(&error).await;
                if !refused {
                    return Err(Box::new(finding));
                }
                let _ = cache.forget(&entry).await;
                // On a terminal the user signs in again.
                if self.person == Person::Present {
                    tell(&format!("{}; signing in again", finding.summary));
                    Ok(None)
                } else {
                    Err(Box::new(finding))
                }
            }
        }
    }
}
