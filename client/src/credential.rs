//! Where a token comes from: an earlier run, `az`, `azd`, a device code or the browser.

mod fresh;

use std::io::IsTerminal as _;

use azure_core::credentials::Secret;
use greeting_cli::device_code::AuthorityError;
use url::Url;

use crate::cache::{Cache, Entry, Key};
use crate::cli::{CredentialKind, Output};
use crate::diagnosis::{Finding, SCOPE};
use crate::http::Clients;
use crate::report::tell;
use crate::session::now;
use crate::trust;

/// A kept token with less than this left is renewed, in seconds.
pub(crate) const MARGIN: i64 = 300;

/// For whom, from whom.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

impl Request {
    /// Whether this machine's own authority is asked.
    pub(crate) fn is_local(&self) -> bool {
        Url::parse(&self.authority).is_ok_and(|url| trust::is_loopback(&url))
    }
}

/// The scope of this function's API.
pub(crate) fn scope_of(resource: &str) -> String {
    if resource.contains("://") {
        format!("{}/{SCOPE}", resource.trim_end_matches('/'))
    } else {
        format!("api://{resource}/{SCOPE}")
    }
}

/// Gets tokens of one kind for one request.
pub(crate) struct Seeker<'a> {
    pub(crate) kind: CredentialKind,
    pub(crate) http: &'a Clients,
    pub(crate) request: &'a Request,
    /// The one whose token is wanted, where several sign in here.
    pub(crate) user: Option<&'a str>,
    pub(crate) output: Output,
    /// None: nothing is read or kept.
    pub(crate) cache: Option<Cache>,
    pub(crate) person: Person,
    pub(crate) reuse: Reuse,
}

/// Whether a kept token will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    Kept,
    /// Somebody wants to sign in now, whatever is kept.
    Nothing,
}

/// Whether somebody can be asked to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Present,
    Absent,
}

impl Person {
    /// Somebody is at a terminal.
    pub(crate) fn here() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Present
        } else {
            Self::Absent
        }
    }
}

impl Seeker<'_> {
    /// A token, kept from an earlier run or new.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn get(&self) -> Result<Secret, Box<Finding>> {
        let Some(cache) = &self.cache else {
            return Ok(self.new_token().await?.access_token);
        };
        let held = match cache.hold().await {
            Ok(held) => held,
            Err(error) => {
                tell(&format!("warning: tokens are not kept: {error}"));
                return Ok(self.new_token().await?.access_token);
            }
        };
        if self.reuse == Reuse::Kept {
            for name in self.kinds() {
                if let Some(entry) = cache.find(&self.key(name), self.user).await
                    && let Some(token) = self.renewed(cache, entry).await?
                {
                    return Ok(token);
                }
            }
        }
        let entry = self.new_token().await?;
        let token = entry.access_token.clone();
        if let Err(why) = cache.keep(entry).await {
            tell(&format!("warning: the token is not kept: {why}"));
        }
        drop(held);
        Ok(token)
    }

    /// Signs in now, whatever is kept.
    pub(crate) fn anew(self) -> Self {
        Self {
            reuse: Reuse::Nothing,
            ..self
        }
    }

    /// Forgets the kept access token, if it is this one, and whatever would renew it.
    pub(crate) async fn forget(&self, token: &Secret) {
        let Some(cache) = &self.cache else {
            return;
        };
        let Ok(_held) = cache.hold().await else {
            return;
        };
        for entry in cache.all().await {
            if entry.access_token.secret() == token.secret() && cache.forget(&entry).await.is_ok() {
                tell("note: the kept token is forgotten; the next call signs in again");
            }
        }
    }

    /// What is kept for this request, if anything is.
    pub(crate) async fn kept(&self) -> Option<Entry> {
        let cache = self.cache.as_ref()?;
        for name in self.kinds() {
            if let Some(entry) = cache.find(&self.key(name), self.user).await {
                return Some(entry);
            }
        }
        None
    }

    /// The kinds whose kept tokens will do.
    fn kinds(&self) -> &'static [&'static str] {
        match self.kind {
            CredentialKind::Auto => &["device-code", "browser", "azure-cli"],
            CredentialKind::DeviceCode => &["device-code"],
            CredentialKind::Browser => &["browser"],
            CredentialKind::AzureCli => &["azure-cli"],
            CredentialKind::Azd => &["azd"],
            CredentialKind::None => &[],
        }
    }

    fn key(&self, credential: &str) -> Key {
        let Request {
            authority,
            tenant,
            client_id,
            scope,
        } = self.request.clone();
        Key {
            credential: credential.to_owned(),
            authority,
            tenant,
            client_id,
            scope,
        }
    }

    /// A kept token that is good for a while, or a new one for its refresh token. None: neither.
    async fn renewed(&self, cache: &Cache, entry: Entry) -> Result<Option<Secret>, Box<Finding>> {
        if entry.expires_at > now() + MARGIN {
            return Ok(Some(entry.access_token));
        }
        let Some(refresh) = &entry.refresh_token else {
            return Ok(None);
        };
        let credential = self.device_code()?;
        match credential.refresh(refresh, &self.scopes()).await {
            Ok(tokens) => {
                let mut renewed = self.entry(&entry.key.credential, tokens);
                renewed.user = renewed.user.or(entry.user);
                // Without a new one the old one stays good (RFC 6749 section 6).
                renewed.refresh_token = renewed.refresh_token.or(entry.refresh_token);
                let token = renewed.access_token.clone();
                if let Err(why) = cache.keep(renewed).await {
                    tell(&format!("warning: the token is not kept: {why}"));
                }
                Ok(Some(token))
            }
            Err(error) => {
                let refused = error.downcast_ref::<AuthorityError>().is_some();
                let finding = self.explain(&error);
                if !refused {
                    return Err(finding);
                }
                let _ = cache.forget(&entry).await;
                // Where a person is there, they sign in again.
                if self.person == Person::Present {
                    tell(&format!("{}; signing in again", finding.summary));
                    Ok(None)
                } else {
                    Err(finding)
                }
            }
        }
    }
}
