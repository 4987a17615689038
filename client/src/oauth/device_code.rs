//! The OAuth 2.0 device authorization grant (RFC 8628) as an Azure SDK credential.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use reqwest::Client;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

pub use super::endpoint::{AuthorityError, Tokens};
use super::endpoint::{Endpoint, Granted, credential_error, tokens};

/// What a person needs to sign in: show it, then wait.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceCodePrompt {
    /// The code to type.
    pub user_code: String,
    /// Where to type it.
    #[serde(alias = "verification_url")]
    pub verification_uri: String,
    /// The same with the code in it, where the authority offers that (RFC 8628 section 3.3.1).
    #[serde(default)]
    pub verification_uri_complete: Option<String>,
    /// Seconds until the code expires.
    pub expires_in: u64,
    /// The authority's own sentence for the person, in their language where it knows it.
    #[serde(default)]
    pub message: String,
}

type Prompt = dyn Fn(&DeviceCodePrompt) + Send + Sync;

/// Signs a person in on any device, with a code.
///
/// Follows RFC 8628: honours `interval`, adds five seconds on `slow_down`, and goes on through
/// network errors, ever slower, until the code expires. Keeps nothing: each call signs in again.
///
/// ```no_run
/// # async fn example() -> azure_core::Result<()> {
/// use azure_core::credentials::TokenCredential;
/// use greeting_cli::oauth::device_code::DeviceCodeCredential;
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
///
/// A refusal keeps what the authority said:
///
/// ```
/// use greeting_cli::oauth::device_code::AuthorityError;
///
/// fn why(error: &azure_core::Error) -> String {
///     match error.downcast_ref::<AuthorityError>() {
///         Some(refused) if refused.error == "authorization_declined" => "declined".into(),
///         Some(refused) => format!("{:?}, trace id {:?}", refused.error_codes, refused.trace_id),
///         None => format!("not reached: {error}"),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct DeviceCodeCredential {
    endpoint: Endpoint,
    claims: Option<String>,
    prompt: Arc<Prompt>,
}

impl fmt::Debug for DeviceCodeCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCodeCredential")
            .field("endpoint", &self.endpoint)
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
        Ok(Self {
            endpoint: Endpoint::new(http, authority_host, tenant, client_id)?,
            claims: None,
            prompt: Arc::new(prompt),
        })
    }

    /// Has the sign-in meet these claims, as an API's claims challenge names them: the JSON of
    /// OpenID Connect Core 1.0 section 5.5.
    #[must_use]
    pub fn with_claims(self, claims: &str) -> Self {
        Self {
            claims: Some(claims.to_owned()),
            ..self
        }
    }

    /// Signs in for `scopes` and keeps the refresh token where they have `offline_access`.
    ///
    /// # Errors
    /// The authority's refusal as [`AuthorityError`] inside; else what the network did.
    pub async fn authenticate(&self, scopes: &[&str]) -> azure_core::Result<Tokens> {
        let scope = scopes.join(" ");
        // Other libraries send the claims with the one request or the other.
        let claims = self.claims.as_deref().map(|claims| ("claims", claims));
        let mut form = vec![("client_id", self.endpoint.client_id()), ("scope", &scope)];
        form.extend(claims);
        let started: Started = match self.endpoint.post("devicecode", &form).await? {
            Ok(started) => started,
            Err(refusal) => return Err(credential_error(refusal)),
        };
        // Bounded: an authority can write a number that no clock can count to.
        let lifetime = started.prompt.expires_in.min(24 * 3600);
        let deadline = Instant::now() + Duration::from_secs(lifetime);
        (self.prompt)(&started.prompt);
        let mut form = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", self.endpoint.client_id()),
            ("device_code", started.device_code.secret()),
        ];
        form.extend(claims);
        let mut interval = started.interval();
        let mut after_failure = SHORTEST;
        loop {
            sleep_until((Instant::now() + interval).min(deadline)).await;
            if Instant::now() >= deadline {
                return Err(credential_error(AuthorityError {
                    error: "expired_token".into(),
                    error_description: "the code expired before it was used".into(),
                    ..AuthorityError::default()
                }));
            }
            match self.endpoint.post::<Granted>("token", &form).await {
                Ok(Ok(granted)) => return tokens(granted),
                Ok(Err(refusal)) => match refusal.error.as_str() {
                    "authorization_pending" => after_failure = SHORTEST,
                    // Section 3.5: five seconds more for this and all later requests.
                    "slow_down" => interval += Duration::from_secs(5),
                    "temporarily_unavailable" | "server_error" => {
                        back_off(&mut after_failure, deadline).await;
                    }
                    _ => return Err(credential_error(refusal)),
                },
                // The code was redeemed, for something that can't be read: asking again is useless.
                Err(error) if *error.kind() == ErrorKind::DataConversion => return Err(error),
                // Section 3.5: a connection that fails is tried again, ever slower.
                Err(_) => back_off(&mut after_failure, deadline).await,
            }
        }
    }

    /// Gets new tokens for a refresh token (RFC 6749 section 6).
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
            ("client_id", self.endpoint.client_id()),
            ("refresh_token", refresh_token.secret()),
            ("scope", &scope),
        ];
        self.endpoint.redeem(&form).await
    }
}

/// The wait after a first failure, on top of the interval; it doubles with each that follows.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

async fn back_off(after_failure: &mut Duration, deadline: Instant) {
    sleep_until((Instant::now() + *after_failure).min(deadline)).await;
    *after_failure = (*after_failure * 2).min(LONGEST);
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
    /// As JSON has it: a number, or its text (Entra's v1 endpoint).
    interval: Option<serde_json::Value>,
    #[serde(flatten)]
    prompt: DeviceCodePrompt,
}

impl Started {
    /// The wait between two requests. RFC 8628 section 3.2: five seconds where the authority names
    /// none; and where it names less than one, which would be no wait.
    fn interval(&self) -> Duration {
        const USUAL: u64 = 5;
        const LONGEST: f64 = 3600.0;
        let seconds = match &self.interval {
            Some(serde_json::Value::String(text)) => text.parse::<f64>().ok(),
            Some(value) => value.as_f64(),
            None => None,
        };
        match seconds {
            Some(seconds) if seconds >= 1.0 => Duration::from_secs_f64(seconds.min(LONGEST)),
            _ => Duration::from_secs(USUAL),
        }
    }
}

#[cfg(test)]
mod tests;
