//! How a registered client proves itself, and which may go without.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::application::Application;
use super::{DAEMON_CLIENT_ID, Directory, Platform};
use crate::error::AuthorityError;

/// A client secret of a registration (`passwordCredentials[].secretText`).
#[derive(Clone)]
pub struct AppSecret {
    app: String,
    text: String,
    ends: Option<i64>,
}

impl AppSecret {
    /// The secret `text` of the app with this client id, good until `ends` (Unix seconds).
    pub fn new(app: String, text: String, ends: Option<i64>) -> Self {
        Self { app, text, ends }
    }
}

/// Says whose it is, and not what.
impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSecret")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl Application {
    /// Whether it could do without a secret somewhere: it is marked as a public client, or sends
    /// people back to a program or a page of its own.
    fn may_be_public(&self) -> bool {
        self.is_fallback_public_client
            || !self.public_client.redirect_uris.is_empty()
            || !self.spa.redirect_uris.is_empty()
    }
}

impl Directory {
    /// Takes this secret for a proof of its app's.
    pub fn add_secret(&mut self, secret: AppSecret) {
        self.secrets.push(secret);
    }

    fn secrets_of<'a>(&'a self, client: &'a str) -> impl Iterator<Item = &'a AppSecret> {
        let secrets = self.secrets.iter();
        secrets.filter(|secret| secret.app.eq_ignore_ascii_case(client))
    }

    /// Whether the client may use flows that need no secret.
    pub fn is_public_client(&self, id: &str) -> bool {
        match self.application(id) {
            Some(app) => app.is_fallback_public_client && !self.is_api_client(id),
            None => !id.eq_ignore_ascii_case(DAEMON_CLIENT_ID),
        }
    }

    /// Whether nothing but a secret, or a certificate, makes this client known.
    pub(crate) fn is_confidential(&self, client: &str) -> bool {
        self.secrets_of(client).next().is_some()
            && self
                .application(client)
                .is_some_and(|app| self.is_api_client(client) || !app.may_be_public())
    }

    /// Whether a code or refresh token for this platform takes a proof of the client: a web app's
    /// does (documented: v2-oauth2-auth-code-flow, `client_secret`). The registrations that are
    /// built in have none, and the gate's sign-in may go without.
    pub(crate) fn has_to_prove_itself(&self, client: &str, platform: Platform) -> bool {
        platform == Platform::Web
            && (self.secrets_of(client).next().is_some()
                || self.more.iter().any(|app| app.is(client)))
    }

    /// Whether `sent` is one of the client's secrets.
    pub(crate) fn check_secret(
        &self,
        client: &str,
        sent: &str,
        now: i64,
    ) -> Result<(), AuthorityError> {
        let is_it = |secret: &&AppSecret| {
            verify_slices_are_equal(sent.as_bytes(), secret.text.as_bytes()).is_ok()
        };
        let mut known = self.secrets_of(client).peekable();
        if known.peek().is_none() && self.is_or_may_be_public(client) {
            return Err(AuthorityError::SecretFromPublicClient);
        }
        match known.find(is_it) {
            None => Err(AuthorityError::SecretWrong(client.to_owned())),
            Some(secret) if secret.ends.is_some_and(|ends| ends <= now) => {
                Err(AuthorityError::SecretExpired(client.to_owned()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether whoever has no secret and sends one is told to be public.
    fn is_or_may_be_public(&self, client: &str) -> bool {
        match self.application(client) {
            Some(app) => {
                !self.is_api_client(client) && (app.may_be_public() || app.is(self.cli_client_id()))
            }
            None => true,
        }
    }
}
