//! The OAuth 2.0 device authorization grant (RFC 8628) as an Azure SDK credential.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::time::OffsetDateTime;
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, sleep_until};
use url::{Host, Url};

/// What a person needs to sign in: show it, then wait.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceCodePrompt {
    /// The code to type.
    pub user_code: String,
    /// Where to type it.
    #[serde(alias = "verification_url")]
    pub verification_uri: String,
    /// Seconds until the code is void.
    pub expires_in: u64,
    /// The authority's own sentence for the person, in their language where it knows it.
    #[serde(default)]
    pub message: String,
}

/// Why the authority gave no token: RFC 6749 section 5.2 with Entra's additions.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AuthorityError {
    /// The OAuth error code, such as `authorization_declined`.
    pub error: String,
    /// Entra's sentence, beginning with the `AADSTS` number.
    #[serde(default)]
    pub error_description: String,
    /// The `AADSTS` numbers.
    #[serde(default)]
    pub error_codes: Vec<u64>,
    /// The claims to satisfy next time (Conditional Access), as JSON text.
    pub claims: Option<String>,
    /// Entra's id of the request.
    pub trace_id: Option<String>,
    /// The id that ties the requests of one sign-in together.
    pub correlation_id: Option<String>,
    /// When, in Entra's words.
    pub timestamp: Option<String>,
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.error_description)
    }
}

impl std::error::Error for AuthorityError {}

/// The tokens of one sign-in.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the API.
    pub access: AccessToken,
    /// For the next access token; only where `offline_access` was granted.
    pub refresh: Option<Secret>,
}

type Prompt = dyn Fn(&DeviceCodePrompt) + Send + Sync;

/// Signs a person in on any device, with a code.
///
/// Follows RFC 8628: honours `interval`, adds five seconds on `slow_down`, and goes on through
/// network errors until the code expires. Keeps nothing: each call signs in anew.
///
/// ```no_run
/// # async fn example() -> azure_core::Result<()> {
/// use azure_core::credentials::TokenCredential;
/// use greeting_cli::device_code::DeviceCodeCredential;
///
/// let credential = DeviceCodeCredential::new(
///     reqwest::Client::new(),
///     "https://login.microsoftonline.com",
///     "contoso.onmicrosoft.com",
///     "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22",
///     |prompt| eprintln!("{}", prompt.message),
/// )?;
/// let token = credential.get_token(&["api://contoso-api/Greeting.Read"], None).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DeviceCodeCredential {
    http: Client,
    base: Url,
    client_id: String,
    prompt: Arc<Prompt>,
}

impl fmt::Debug for DeviceCodeCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodeCredential")
            .field("authority", &self.base.as_str())
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

impl DeviceCodeCredential {
    /// A credential of `client_id` at `authority_host` (an origin) in `tenant` (id or domain).
    /// `http` should follow no redirects.
    ///
    /// # Errors
    /// The authority is neither https nor loopback, or the tenant has other characters than
    /// letters, digits, `-` and `.`.
    pub fn new(
        http: Client,
        authority_host: &str,
        tenant: &str,
        client_id: &str,
        prompt: impl Fn(&DeviceCodePrompt) + Send + Sync + 'static,
    ) -> azure_core::Result<Self> {
        let refuse = |why: String| azure_core::Error::with_message(ErrorKind::Credential, why);
        let base = Url::parse(authority_host).map_err(|error| {
            refuse(format!(
                "the authority {authority_host:?} is not a URL: {error}"
            ))
        })?;
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(&base)) {
            return Err(refuse(format!(
                "the authority {authority_host:?} is not https"
            )));
        }
        if tenant.is_empty()
            || !tenant
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        {
            return Err(refuse(format!("{tenant:?} is not a tenant id or domain")));
        }
        let base = base
            .join(&format!("/{tenant}/oauth2/v2.0/"))
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self {
            http,
            base,
            client_id: client_id.to_owned(),
            prompt: Arc::new(prompt),
        })
    }

    /// Signs in for `scopes` and keeps the refresh token where they have `offline_access`.
    ///
    /// # Errors
    /// The authority's refusal as [`AuthorityError`] inside; else what the network did.
    pub async fn authenticate(&self, scopes: &[&str]) -> azure_core::Result<Tokens> {
        let scope = scopes.join(" ");
        let started: Started = match self
            .post(
                "devicecode",
                &[("client_id", self.client_id.as_str()), ("scope", &scope)],
            )
            .await?
        {
            Ok(started) => started,
            Err(refusal) => return Err(credential_error(refusal)),
        };
        // Bounded, since a clock can't count every number that an authority can write.
        let lifetime = started.prompt.expires_in.min(24 * 3600);
        let deadline = Instant::now() + Duration::from_secs(lifetime);
        (self.prompt)(&started.prompt);
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", self.client_id.as_str()),
            ("device_code", started.device_code.secret()),
        ];
        // RFC 8628 section 3.2: five seconds where the authority names none.
        let mut interval = Duration::from_secs(started.interval.unwrap_or(5).min(3600));
        let mut after_failure = Duration::from_secs(1);
        loop {
            sleep_until((Instant::now() + interval).min(deadline)).await;
            if Instant::now() >= deadline {
                return Err(credential_error(AuthorityError {
                    error: "expired_token".into(),
                    error_description: "the code expired before anybody used it".into(),
                    ..AuthorityError::default()
                }));
            }
            match self.post("token", &form).await {
                Ok(Ok(granted)) => return Ok(tokens(granted)),
                Ok(Err(refusal)) => match refusal.error.as_str() {
                    "authorization_pending" => after_failure = Duration::from_secs(1),
                    // Section 3.5: five seconds more for this and all later requests.
                    "slow_down" => interval += Duration::from_secs(5),
                    _ => return Err(credential_error(refusal)),
                },
                // Section 3.5: a connection that fails is tried again, ever slower.
                Err(_) => {
                    sleep(after_failure).await;
                    after_failure = (after_failure * 2).min(Duration::from_secs(30));
                }
            }
        }
    }

    /// Trades a refresh token (RFC 6749 section 6).
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate).
    pub async fn refresh(
        &self,
        refresh_token: &Secret,
        scopes: &[&str],
    ) -> azure_core::Result<Tokens> {
        let scope = scopes.join(" ");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client_id.as_str()),
            ("refresh_token", refresh_token.secret()),
            ("scope", &scope),
        ];
        match self.post("token", &form).await? {
            Ok(granted) => Ok(tokens(granted)),
            Err(refusal) => Err(credential_error(refusal)),
        }
    }

    /// The outer error: no answer of OAuth's form. The inner: a refusal.
    async fn post<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
    ) -> azure_core::Result<Result<T, AuthorityError>> {
        let url = self.base.join(endpoint).map_err(|error| {
            azure_core::Error::with_message(ErrorKind::Credential, error.to_string())
        })?;
        let failed = |error: reqwest::Error| azure_core::Error::new(ErrorKind::Io, error);
        let response = self
            .http
            .post(url)
            .form(form)
            .send()
            .await
            .map_err(failed)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(failed)?;
        let strange = || {
            azure_core::Error::with_message(
                ErrorKind::DataConversion,
                format!("the authority answered {status} without an OAuth answer: is it one?"),
            )
        };
        if status.is_success() {
            serde_json::from_slice(&bytes)
                .map(Ok)
                .map_err(|_| strange())
        } else {
            serde_json::from_slice(&bytes)
                .map(Err)
                .map_err(|_| strange())
        }
    }
}

#[async_trait::async_trait]
impl TokenCredential for DeviceCodeCredential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(self.authenticate(scopes).await?.access)
    }
}

#[derive(Deserialize)]
struct Started {
    device_code: Secret,
    interval: Option<u64>,
    #[serde(flatten)]
    prompt: DeviceCodePrompt,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    #[serde(default)]
    expires_in: u32,
    refresh_token: Option<Secret>,
}

fn tokens(granted: Granted) -> Tokens {
    let expires_on = OffsetDateTime::now_utc() + Duration::from_secs(granted.expires_in.into());
    Tokens {
        access: AccessToken {
            token: granted.access_token,
            expires_on,
        },
        refresh: granted.refresh_token,
    }
}

fn credential_error(refusal: AuthorityError) -> azure_core::Error {
    azure_core::Error::new(ErrorKind::Credential, refusal)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
