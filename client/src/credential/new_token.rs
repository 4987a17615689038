//! A new token, from one of the sources.

use std::sync::Arc;

use azure_core::credentials::{AccessToken, TokenCredential};
use serde_json::Value;
use url::Url;

use super::cache::KeptToken;
use super::{Credential, TokenRequest, TokenSource};
use crate::cli::CredentialKind;
use crate::diagnosis::{self, Code, Finding};
use crate::http::Unreached;
use crate::oauth::device_code::{AuthorityError, Tokens};
use crate::provenance::Source;
use crate::token::Decoded;

impl TokenSource<'_> {
    /// A new token, which is not kept yet.
    pub(super) async fn new_token(&self) -> Result<KeptToken, Box<Finding>> {
        match self.kind {
            CredentialKind::DeviceCode => self.by_device_code().await,
            CredentialKind::Browser => self.by_browser().await,
            CredentialKind::AzureCli => self.by_azure_cli().await,
            CredentialKind::Azd => self.by_azd().await,
            CredentialKind::Auto => {
                // az is signed in to Azure, not to a local authority.
                if !self.request.is_local()
                    && let Some(token) = self.by_azure_cli_if_it_can().await?
                {
                    return Ok(token);
                }
                self.by_device_code().await
            }
            CredentialKind::None => Err(Box::new(Finding::proved(
                Code::NoToken,
                "--credential none asks for no token",
                "sign in: greeting-cli call URL --credential device-code",
            ))),
        }
    }

    pub(super) async fn by_tool<C: TokenCredential>(
        &self,
        credential: Credential,
        sdk: Arc<C>,
    ) -> azure_core::Result<KeptToken> {
        let access = sdk.get_token(&[&self.request.scope], None).await?;
        Ok(self.kept_token(
            credential,
            Tokens {
                access,
                refresh: None,
                id: None,
            },
        ))
    }

    /// The client for the authority.
    pub(super) fn client(&self) -> Result<reqwest::Client, Box<Finding>> {
        match Url::parse(&self.request.authority) {
            Ok(authority) => match self.http.of(&authority) {
                Ok(client) => Ok(client.clone()),
                Err(unreached) => Err(Box::new(diagnosis::authority_unreached(
                    &authority, &unreached,
                ))),
            },
            // What is not a URL is refused before anything is sent.
            Err(_) => Ok(reqwest::Client::new()),
        }
    }

    /// With a refresh token for the next run, and an ID token to say who signed in.
    pub(super) fn scopes(&self) -> [&str; 4] {
        [&self.request.scope, "openid", "profile", "offline_access"]
    }

    pub(super) fn kept_token(&self, credential: Credential, tokens: Tokens) -> KeptToken {
        let Tokens {
            access: AccessToken { token, expires_on },
            refresh,
            id,
        } = tokens;
        let user = id
            .or_else(|| Some(token.clone()))
            .and_then(|token| Decoded::parse(token.secret()).ok())
            .and_then(|token| token.user().map(str::to_owned));
        KeptToken {
            key: self.key(credential),
            user,
            access_token: token,
            expires_at: expires_on.unix_timestamp(),
            refresh_token: refresh,
        }
    }

    /// The finding for an error of the authority or the network.
    pub(super) async fn explain(&self, error: &azure_core::Error) -> Finding {
        let TokenRequest {
            authority,
            tenant,
            client_id,
            scope,
        } = self.request;
        if let Some(refused) = error.downcast_ref::<AuthorityError>() {
            return diagnosis::refusal(refused, client_id, tenant, scope);
        }
        if let (Some(failed), Ok(url)) = (
            error.downcast_ref::<reqwest::Error>(),
            Url::parse(authority),
        ) {
            return diagnosis::authority_unreached(&url, &Unreached::of(failed, &url).await);
        }
        Finding::proved(
            Code::AuthorityRefused,
            "the authority gave no token",
            "name the authority and the tenant: greeting-cli call URL --authority-host AUTHORITY --tenant TENANT",
        )
        .saw("authority", authority.as_str(), Value::Null, Source::Answer)
        .saw("said", error.to_string(), Value::Null, Source::Answer)
    }
}
