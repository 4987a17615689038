//! Where a token comes from: an earlier run, `az`, `azd`, a device code or the browser.

mod azd;
mod azure_cli;
mod browser;
pub(crate) mod cache;
mod device_code;
mod new_token;
pub(crate) mod prompt;
pub(crate) mod provided;
mod refresh;
pub(crate) mod tool;

use std::fmt;
use std::io::IsTerminal as _;

use azure_core::credentials::Secret;
use loopback::is_loopback;
use serde::{Deserialize, Serialize};
use url::Url;

use self::cache::{Cache, KeptToken, Key};
use crate::cli::{CredentialKind, Output};
use crate::diagnosis::Finding;
use crate::http::Clients;
use crate::terminal::tell;

/// A kept token with less than this left is renewed, in seconds.
pub(crate) const MARGIN: i64 = 300;

/// Which token: from which authority, for which client and scope.
#[derive(Debug, Clone)]
pub(crate) struct TokenRequest {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
}

impl TokenRequest {
    /// Whether this machine's own authority is asked.
    pub(crate) fn is_local(&self) -> bool {
        Url::parse(&self.authority).is_ok_and(|url| is_loopback(&url))
    }
}

/// Gets tokens of one kind for one request.
pub(crate) struct TokenSource<'a> {
    pub(crate) kind: CredentialKind,
    pub(crate) http: &'a Clients,
    pub(crate) request: &'a TokenRequest,
    /// The user whose token is wanted, where several sign in here.
    pub(crate) user: Option<&'a str>,
    pub(crate) output: Output,
    /// None: nothing is read or kept.
    pub(crate) cache: Option<Cache>,
    pub(crate) person: Person,
    pub(crate) reuse: Reuse,
    /// What an API wants a new sign-in to meet.
    pub(crate) claims: Option<&'a str>,
}

/// What gave a token. Spelled in the kept file as on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Credential {
    DeviceCode,
    Browser,
    AzureCli,
    Azd,
}

impl Credential {
    /// az and azd keep their tokens themselves, and know who is signed in now.
    pub(crate) fn is_kept_here(self) -> bool {
        match self {
            Self::DeviceCode | Self::Browser => true,
            Self::AzureCli | Self::Azd => false,
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeviceCode => "device-code",
            Self::Browser => "browser",
            Self::AzureCli => "azure-cli",
            Self::Azd => "azd",
        })
    }
}

/// Whether a kept token is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    Kept,
    /// The user signs in now, even if a token is kept.
    Nothing,
}

/// Whether there is a user who can be asked to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Present,
    Absent,
}

impl Person {
    /// Present where stderr is a terminal.
    pub(crate) fn here() -> Self {
        if std::io::stderr().is_terminal() {
            Self::Present
        } else {
            Self::Absent
        }
    }
}

impl<'a> TokenSource<'a> {
    /// Signs in now, with what the API wants of the sign-in, by the way that gave the last token.
    pub(crate) fn meeting(self, claims: &'a str, by: CredentialKind) -> Self {
        Self {
            kind: by,
            claims: Some(claims),
            ..self.anew()
        }
    }
}

impl TokenSource<'_> {
    /// A token, kept from an earlier run or new.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn get(&self) -> Result<Secret, Box<Finding>> {
        Ok(self.obtain().await?.access_token)
    }

    /// As [`get`](Self::get), with whose it is.
    pub(crate) async fn obtain(&self) -> Result<KeptToken, Box<Finding>> {
        let Some(cache) = self.cache.as_ref().filter(|_| !self.usable().is_empty()) else {
            return self.new_token().await;
        };
        let lock = match cache.lock().await {
            Ok(lock) => lock,
            Err(error) => {
                tell(&format!("warning: tokens are not kept: {error}"));
                return self.new_token().await;
            }
        };
        if self.reuse == Reuse::Kept {
            for credential in self.usable() {
                if let Some(entry) = cache.find(&self.key(*credential), self.user).await
                    && let Some(token) = self.renewed(cache, entry).await?
                {
                    return Ok(token);
                }
            }
        }
        let entry = self.new_token().await?;
        if entry.key.credential.is_kept_here()
            && let Err(why) = cache.keep(entry.clone()).await
        {
            tell(&format!("warning: the token is not kept: {why}"));
        }
        drop(lock);
        Ok(entry)
    }

    /// Signs in now, even if a token is kept.
    pub(crate) fn anew(self) -> Self {
        Self {
            reuse: Reuse::Nothing,
            ..self
        }
    }

    /// Deletes the kept access token, if it is this one, and its refresh token.
    pub(crate) async fn forget(&self, token: &Secret) {
        let Some(cache) = &self.cache else {
            return;
        };
        let Ok(_lock) = cache.lock().await else {
            return;
        };
        for entry in cache.all().await {
            if entry.access_token.secret() == token.secret() && cache.forget(&entry).await.is_ok() {
                tell("note: the kept token was deleted; the next call signs in again");
            }
        }
    }

    /// What is kept for this request, if anything is.
    pub(crate) async fn kept(&self) -> Option<KeptToken> {
        let cache = self.cache.as_ref()?;
        for credential in self.usable() {
            if let Some(entry) = cache.find(&self.key(*credential), self.user).await {
                return Some(entry);
            }
        }
        None
    }

    /// The credentials whose kept tokens are used.
    fn usable(&self) -> &'static [Credential] {
        match self.kind {
            CredentialKind::Auto => &[Credential::DeviceCode, Credential::Browser],
            CredentialKind::DeviceCode => &[Credential::DeviceCode],
            CredentialKind::Browser => &[Credential::Browser],
            CredentialKind::AzureCli | CredentialKind::Azd | CredentialKind::None => &[],
        }
    }

    fn key(&self, credential: Credential) -> Key {
        let TokenRequest {
            authority,
            tenant,
            client_id,
            scope,
        } = self.request.clone();
        Key {
            credential,
            authority,
            tenant,
            client_id,
            scope,
        }
    }
}
