//! Where a token comes from: an earlier run, `az`, `azd`, a device code or the browser.

use std::io::IsTerminal as _;
use std::sync::Arc;

use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential,
    AzureDeveloperCliCredentialOptions,
};
use greeting_cli::browser::BrowserCredential;
use greeting_cli::device_code::{AuthorityError, DeviceCodeCredential, Tokens};
use reqwest::Client;
use serde_json::Value;
use url::Url;

use crate::cache::{Cache, Entry, Key};
use crate::call::now;
use crate::cli::{CredentialKind, Output};
use crate::diagnosis::{self, Finding, SCOPE, Source};
use crate::http::Unreached;
use crate::prompt;
use crate::report::tell;
use crate::token::Decoded;
use crate::trust;

/// A kept token with less than this left is renewed, in seconds.
const MARGIN: i64 = 300;

/// For whom, from whom.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) authority: String,
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) scope: String,
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
    pub(crate) http: &'a Client,
    pub(crate) request: &'a Request,
    pub(crate) output: Output,
    /// None: nothing is read or kept.
    pub(crate) cache: Option<Cache>,
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
        for name in self.kinds() {
            if let Some(entry) = cache.find(&self.key(name)).await
                && let Some(token) = self.renewed(cache, entry).await?
            {
                return Ok(token);
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

    /// What is kept for this request, if anything is.
    pub(crate) async fn kept(&self) -> Option<Entry> {
        let cache = self.cache.as_ref()?;
        for name in self.kinds() {
            if let Some(entry) = cache.find(&self.key(name)).await {
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
                let _ = cache.forget(&entry.key).await;
                // Where a person is there, they sign in again.
                if std::io::stderr().is_terminal() {
                    tell(&format!("{}; signing in again", finding.summary));
                    Ok(None)
                } else {
                    Err(finding)
                }
            }
        }
    }

    async fn new_token(&self) -> Result<Entry, Box<Finding>> {
        match self.kind {
            CredentialKind::DeviceCode => self.by_device_code().await,
            CredentialKind::Browser => self.by_browser().await,
            CredentialKind::AzureCli => self.by_azure_cli().await,
            CredentialKind::Azd => self.by_azd().await,
            CredentialKind::Auto => {
                // A local authority is not the one that az is signed in to, unless told so.
                let local =
                    Url::parse(&self.request.authority).is_ok_and(|url| trust::is_loopback(&url));
                if !local {
                    match self.by_azure_cli().await {
                        Err(finding) if matches!(finding.code, "az-missing" | "az-signed-out") => {}
                        other => return other,
                    }
                }
                self.by_device_code().await
            }
            CredentialKind::None => Err(Box::new(Finding::proved(
                "no-token",
                "--credential none asks for no token",
                "--credential device-code, browser or azure-cli",
            ))),
        }
    }

    async fn by_device_code(&self) -> Result<Entry, Box<Finding>> {
        let credential = self.device_code()?;
        let signed_in = credential.authenticate(&self.scopes()).await;
        prompt::done();
        let entry = self.entry(
            "device-code",
            signed_in.map_err(|error| self.explain(&error))?,
        );
        prompt::signed_in(entry.user.as_deref(), self.output);
        Ok(entry)
    }

    async fn by_browser(&self) -> Result<Entry, Box<Finding>> {
        let Request {
            authority,
            tenant,
            client_id,
            ..
        } = self.request;
        let output = self.output;
        let signed_in = match BrowserCredential::new(
            self.http.clone(),
            authority,
            tenant,
            client_id,
            move |url| {
                prompt::browser(url, output);
            },
        ) {
            Ok(credential) => credential.authenticate(&self.scopes()).await,
            Err(error) => Err(error),
        };
        let entry = self.entry("browser", signed_in.map_err(|error| self.explain(&error))?);
        prompt::signed_in(entry.user.as_deref(), self.output);
        Ok(entry)
    }

    async fn by_azure_cli(&self) -> Result<Entry, Box<Finding>> {
        let options = AzureCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            ..Default::default()
        };
        let credential =
            AzureCliCredential::new(Some(options)).map_err(|error| self.az_failed(&error))?;
        self.by_tool("azure-cli", credential)
            .await
            .map_err(|error| self.az_failed(&error))
    }

    async fn by_azd(&self) -> Result<Entry, Box<Finding>> {
        let options = AzureDeveloperCliCredentialOptions {
            tenant_id: Some(self.request.tenant.clone()),
            ..Default::default()
        };
        let failed = |error: azure_core::Error| {
            Box::new(
                Finding::proved(
                    "azd-failed",
                    "the Azure Developer CLI (azd) gave no token",
                    "azd auth login; or --credential azure-cli or device-code",
                )
                .saw("azd", error.to_string(), Value::Null, Source::Answer),
            )
        };
        let credential = AzureDeveloperCliCredential::new(Some(options)).map_err(failed)?;
        self.by_tool("azd", credential).await.map_err(failed)
    }

    async fn by_tool<C: TokenCredential>(
        &self,
        name: &str,
        credential: Arc<C>,
    ) -> azure_core::Result<Entry> {
        let access = credential.get_token(&[&self.request.scope], None).await?;
        Ok(self.entry(
            name,
            Tokens {
                access,
                refresh: None,
                id: None,
            },
        ))
    }

    fn az_failed(&self, error: &azure_core::Error) -> Box<Finding> {
        Box::new(diagnosis::az_failure(
            &error.to_string(),
            &self.request.tenant,
            &self.request.scope,
        ))
    }

    fn device_code(&self) -> Result<DeviceCodeCredential, Box<Finding>> {
        let Request {
            authority,
            tenant,
            client_id,
            ..
        } = self.request;
        let output = self.output;
        DeviceCodeCredential::new(
            self.http.clone(),
            authority,
            tenant,
            client_id,
            move |code| prompt::device_code(code, output),
        )
        .map_err(|error| self.explain(&error))
    }

    /// With a refresh token for the next run, and an ID token to say who signed in.
    fn scopes(&self) -> [&str; 4] {
        [&self.request.scope, "openid", "profile", "offline_access"]
    }

    fn entry(&self, credential: &str, tokens: Tokens) -> Entry {
        let Tokens {
            access: AccessToken { token, expires_on },
            refresh,
            id,
        } = tokens;
        let user = id
            .or_else(|| Some(token.clone()))
            .and_then(|token| Decoded::parse(token.secret()).ok())
            .and_then(|token| {
                ["preferred_username", "upn", "unique_name"]
                    .iter()
                    .find_map(|name| token.text(name))
                    .map(str::to_owned)
            });
        Entry {
            key: self.key(credential),
            user,
            access_token: token,
            expires_at: expires_on.unix_timestamp(),
            refresh_token: refresh,
        }
    }

    /// What the authority or the network did.
    fn explain(&self, error: &azure_core::Error) -> Box<Finding> {
        let Request {
            authority,
            tenant,
            client_id,
            scope,
        } = self.request;
        if let Some(refused) = error.downcast_ref::<AuthorityError>() {
            return Box::new(diagnosis::refusal(refused, client_id, tenant, scope));
        }
        if let (Some(failed), Ok(url)) = (
            error.downcast_ref::<reqwest::Error>(),
            Url::parse(authority),
        ) {
            return Box::new(diagnosis::unreached(&url, &Unreached::of(failed)));
        }
        Box::new(
            Finding::proved(
                "authority-refused",
                "the authority gave no token",
                "check --authority-host and --tenant",
            )
            .saw("authority", authority.as_str(), Value::Null, Source::Answer)
            .saw("said", error.to_string(), Value::Null, Source::Answer),
        )
    }
}
