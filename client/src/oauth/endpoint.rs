//! An authority's token endpoints (RFC 6749), and how they refuse.

use std::fmt;
use std::time::Duration;

use azure_core::credentials::{AccessToken, Secret};
use azure_core::error::ErrorKind;
use azure_core::time::OffsetDateTime;
use loopback::is_loopback;
use reqwest::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

/// Why the authority gave no token: RFC 6749 section 5.2 with Entra's additions.
#[derive(Debug, Clone, Default, Deserialize, thiserror::Error)]
#[error("{error}: {error_description}")]
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
    /// The time, as Entra writes it.
    pub timestamp: Option<String>,
}

/// The tokens of one sign-in.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// For the API.
    pub access: AccessToken,
    /// For the next access token; only where `offline_access` was granted.
    pub refresh: Option<Secret>,
    /// Who signed in; only where `openid` was granted. For the client only.
    pub id: Option<Secret>,
}

/// More than any token response: Entra's tokens stay below 64 KiB, to fit into a header.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// One tenant's v2 endpoints, for one client.
#[derive(Clone)]
pub(crate) struct Endpoint {
    http: Client,
    base: Url,
    client_id: String,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.base, self.client_id)
    }
}

impl Endpoint {
    pub(crate) fn new(
        http: Client,
        authority_host: &str,
        tenant: &str,
        client_id: &str,
    ) -> azure_core::Result<Self> {
        let refuse = |why: String| azure_core::Error::with_message(ErrorKind::Credential, why);
        let base = Url::parse(authority_host).map_err(|error| {
            refuse(format!(
                "the authority {:?} is not a URL: {error}",
                secret_forms::word(authority_host)
            ))
        })?;
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(&base)) {
            return Err(refuse(format!(
                "the authority {:?} is not https",
                secret_forms::word(authority_host)
            )));
        }
        if tenant.is_empty()
            || !tenant
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        {
            return Err(refuse(format!(
                "{:?} is not a tenant id or domain",
                secret_forms::word(tenant)
            )));
        }
        let base = base
            .join(&format!("/{tenant}/oauth2/v2.0/"))
            .map_err(|error| refuse(error.to_string()))?;
        Ok(Self {
            http,
            base,
            client_id: client_id.to_owned(),
        })
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn url(&self, endpoint: &str) -> azure_core::Result<Url> {
        self.base.join(endpoint).map_err(|error| {
            azure_core::Error::with_message(ErrorKind::Credential, error.to_string())
        })
    }

    /// Asks the token endpoint once.
    pub(crate) async fn redeem(&self, form: &[(&str, &str)]) -> azure_core::Result<Tokens> {
        match self.post("token", form).await? {
            Ok(granted) => tokens(granted),
            Err(refusal) => Err(credential_error(refusal)),
        }
    }

    /// The outer error: no OAuth answer. The inner: a refusal.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        endpoint: &str,
        form: &[(&str, &str)],
    ) -> azure_core::Result<Result<T, AuthorityError>> {
        let url = self.url(endpoint)?;
        let failed = |error: reqwest::Error| azure_core::Error::new(ErrorKind::Io, error);
        let mut response = self
            .http
            .post(url)
            .form(form)
            .send()
            .await
            .map_err(failed)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            bytes.extend_from_slice(&chunk);
            // What is longer is no answer of OAuth's: cut, it can't be read.
            if bytes.len() > LONGEST_ANSWER {
                bytes.clear();
                break;
            }
        }
        // The answer of a proxy may be temporary; a success that can't be read is final.
        let strange = |kind| {
            azure_core::Error::with_message(
                kind,
                format!("the authority answered {status} without an OAuth answer: is it one?"),
            )
        };
        if status.is_success() {
            serde_json::from_slice(&bytes)
                .map(Ok)
                .map_err(|_| strange(ErrorKind::DataConversion))
        } else {
            serde_json::from_slice(&bytes)
                .map(Err)
                .map_err(|_| strange(ErrorKind::Io))
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Granted {
    access_token: Secret,
    /// RFC 6749 section 5.1: REQUIRED.
    token_type: String,
    #[serde(default)]
    expires_in: u32,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
}

/// # Errors
/// The token is of a type that this client does not know, which it must not use (RFC 6749 section
/// 7.1), or there is none in it.
pub(crate) fn tokens(granted: Granted) -> azure_core::Result<Tokens> {
    let strange = |why: String| azure_core::Error::with_message(ErrorKind::DataConversion, why);
    if !granted.token_type.eq_ignore_ascii_case("bearer") {
        return Err(strange(format!(
            "the authority gave a token of type {:?}, and only Bearer is known here",
            secret_forms::word(&granted.token_type)
        )));
    }
    if is_empty(&granted.access_token) {
        return Err(strange(
            "the authority gave an empty access token".to_owned(),
        ));
    }
    let expires_on = OffsetDateTime::now_utc() + Duration::from_secs(granted.expires_in.into());
    Ok(Tokens {
        access: AccessToken {
            token: granted.access_token,
            expires_on,
        },
        refresh: granted.refresh_token.filter(|token| !is_empty(token)),
        id: granted.id_token.filter(|token| !is_empty(token)),
    })
}

fn is_empty(token: &Secret) -> bool {
    token.secret().trim().is_empty()
}

pub(crate) fn credential_error(refusal: AuthorityError) -> azure_core::Error {
    azure_core::Error::new(ErrorKind::Credential, refusal)
}
