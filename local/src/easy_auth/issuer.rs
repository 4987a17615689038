//! The configured issuer's keys: by its discovery document, cached, refetched on an unknown `kid`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use tokio::sync::Mutex;

/// How often an unknown `kid` may cause a fetch, so that callers can't make the gate hammer
/// the issuer.
const REFETCH_AFTER: Duration = Duration::from_secs(60);
/// Keys and discovery documents are a few KiB; more is not one.
const MAX_DOCUMENT: usize = 1 << 20;

/// What the issuer publishes.
pub(crate) struct Published {
    /// `issuer` of the discovery document: what `iss` must be.
    pub(crate) issuer: String,
    keys: Vec<(String, DecodingKey)>,
}

impl Published {
    /// The signature key named `kid`.
    pub(crate) fn key(&self, kid: &str) -> Option<&DecodingKey> {
        self.keys
            .iter()
            .find(|(id, _)| id == kid)
            .map(|(_, key)| key)
    }
}

/// Fetches and keeps what one issuer publishes.
pub(crate) struct Issuer {
    url: String,
    http: reqwest::Client,
    cached: Mutex<Option<(Instant, Arc<Published>)>>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct RsaKey {
    kid: String,
    kty: String,
    n: String,
    e: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
}

impl Issuer {
    /// `url` is the Issuer URL of the settings; `http` trusts whoever serves it.
    pub(crate) fn new(url: &str, http: reqwest::Client) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            http,
            cached: Mutex::new(None),
        }
    }

    /// What the issuer publishes, fresh enough to know `kid` if it is known at all.
    ///
    /// # Errors
    /// A sentence, when nothing was ever fetched and nothing can be.
    pub(crate) async fn published(&self, kid: &str) -> Result<Arc<Published>, String> {
        // Held while fetching, so that many callers with an unknown kid cause one fetch.
        let mut cached = self.cached.lock().await;
        if let Some((fetched, published)) = cached.as_ref()
            && (published.key(kid).is_some() || fetched.elapsed() < REFETCH_AFTER)
        {
            return Ok(published.clone());
        }
        match (self.fetch().await, cached.as_mut()) {
            (Ok(published), _) => {
                let published = Arc::new(published);
                *cached = Some((Instant::now(), published.clone()));
                Ok(published)
            }
            // Known keys keep serving while the issuer is away.
            (Err(_), Some((fetched, published))) => {
                *fetched = Instant::now();
                Ok(published.clone())
            }
            (Err(why), None) => Err(why),
        }
    }

    async fn fetch(&self) -> Result<Published, String> {
        let discovery: Discovery = self
            .get(&format!("{}/.well-known/openid-configuration", self.url))
            .await?;
        let jwks: Jwks = self.get(&discovery.jwks_uri).await?;
        // A key of another kind is not an error: issuers publish those too.
        let keys = jwks
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<RsaKey>(key).ok())
            .filter(|key| {
                key.kty == "RSA"
                    && key.usage.as_deref().is_none_or(|usage| usage == "sig")
                    && key.alg.as_deref().is_none_or(|alg| alg == "RS256")
            })
            .filter_map(|key| {
                let decoding = DecodingKey::from_rsa_components(&key.n, &key.e).ok()?;
                Some((key.kid, decoding))
            })
            .collect();
        Ok(Published {
            issuer: discovery.issuer,
            keys,
        })
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let failed = |why: &dyn std::fmt::Display| format!("{url}: {why}");
        let mut response = self
            .http
            .get(url)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| failed(&error.without_url()))?;
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(&error.without_url()))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_DOCUMENT {
                return Err(failed(&"the answer is over 1 MiB"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| failed(&error))
    }
}
