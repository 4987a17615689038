//! The configured issuer: its discovery document and its keys, cached, refetched on an unknown
//! `kid`, and kept while it is away.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, JwkSet, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::behaviour::Behaviour;
use super::settings::Settings;

/// How often an unknown `kid` may cause a fetch, so that callers can't make the gate hammer
/// the issuer.
const REFETCH_AFTER: Duration = Duration::from_secs(60);
/// How long keys are taken for the issuer's own without asking again.
const STALE_AFTER: Duration = Duration::from_secs(24 * 3600);
/// How long an issuer that does not answer is not asked again.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Keys and discovery documents are a few KiB; more is not one.
const MAX_DOCUMENT: usize = 1 << 20;

/// What the issuer publishes.
pub(crate) struct Published {
    /// What `iss` may be: `issuer` of the discovery document, and for a setting that accepts v1
    /// tokens the v1 document's. None for a multi-tenant issuer: any will do.
    pub issuers: Arc<[String]>,
    /// `issuer`, as metadata names it.
    pub issuer: String,
    pub authorization_endpoint: Option<String>,
    pub token_endpoint: Option<String>,
    pub end_session_endpoint: Option<String>,
    keys: Vec<(String, DecodingKey)>,
}

impl Published {
    /// A document without a key.
    #[cfg(test)]
    pub(crate) fn without_keys() -> Self {
        Self {
            issuers: [].into(),
            issuer: String::new(),
            authorization_endpoint: None,
            token_endpoint: None,
            end_session_endpoint: None,
            keys: Vec::new(),
        }
    }

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
    multi_tenant: bool,
    accept_v1: bool,
    http: reqwest::Client,
    cached: RwLock<Cached>,
    /// Held while fetching, so that many callers with an unknown kid cause one fetch.
    fetching: Mutex<()>,
    pub(super) refetch_after: Duration,
}

#[derive(Default)]
struct Cached {
    published: Option<Arc<Published>>,
    tried: Option<Instant>,
    /// When an unknown `kid` last caused a fetch.
    tried_for_kid: Option<Instant>,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
}

impl Issuer {
    /// The issuer of `settings`; `http` must trust the certificate of its server.
    pub(crate) fn new(settings: &Settings, behaviour: &Behaviour, http: reqwest::Client) -> Self {
        Self {
            url: settings.issuer().to_owned(),
            multi_tenant: settings.is_multi_tenant(),
            accept_v1: behaviour.accept_v1_tokens,
            http,
            cached: RwLock::default(),
            fetching: Mutex::new(()),
            refetch_after: REFETCH_AFTER,
        }
    }

    /// What the issuer publishes, fresh enough to know `kid` if it is known at all.
    ///
    /// # Errors
    /// A sentence, when nothing was ever fetched and nothing can be.
    pub(crate) async fn published(&self, kid: Option<&str>) -> Result<Arc<Published>, String> {
        if let Some(answer) = self.remembered(kid) {
            return answer;
        }
        let _one_at_a_time = self.fetching.lock().await;
        // The task that held the lock before may have fetched the key already.
        if let Some(answer) = self.remembered(kid) {
            return answer;
        }
        // Of few calls, whose room the others need not have.
        let fetched = Box::pin(self.fetch()).await;
        let mut cached = self.cached.write().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let had_keys = cached.published.is_some();
        cached.tried = Some(now);
        if had_keys {
            cached.tried_for_kid = Some(now);
        }
        match fetched {
            Ok(published) => {
                let published = Arc::new(published);
                cached.published = Some(published.clone());
                cached.failure = None;
                Ok(published)
            }
            // Known keys keep serving while the issuer is away.
            Err(why) => {
                cached.failure = Some(why.clone());
                cached.published.clone().ok_or(why)
            }
        }
    }

    /// What is known without asking; `None` where it is time to ask.
    fn remembered(&self, kid: Option<&str>) -> Option<Result<Arc<Published>, String>> {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        let since = cached.tried?.elapsed();
        let Some(published) = &cached.published else {
            let why = cached.failure.clone()?;
            return (since < RETRY_AFTER.min(self.refetch_after)).then_some(Err(why));
        };
        let known = kid.is_none_or(|kid| published.key(kid).is_some());
        if cached.failure.is_none() && known {
            return (since < STALE_AFTER).then(|| Ok(published.clone()));
        }
        // The first fetch was for no unknown kid: a key that is rotated right after it is found.
        let recently = cached
            .tried_for_kid
            .is_some_and(|tried| tried.elapsed() < self.refetch_after);
        recently.then(|| Ok(published.clone()))
    }

    /// What the issuer publishes, where it is not time to ask for it anew.
    pub(crate) fn current(&self) -> Option<Arc<Published>> {
        let cached = self.cached.read().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = cached.failure.is_none() && cached.tried?.elapsed() < STALE_AFTER;
        cached.published.clone().filter(|_| is_fresh)
    }

    async fn fetch(&self) -> Result<Published, String> {
        let discovery = self.discovery(&self.url).await?;
        let mut issuers = vec![discovery.issuer.clone()];
        if self.multi_tenant {
            issuers.clear();
        } else if let Some(v1) = self.url.strip_suffix("/v2.0").filter(|_| self.accept_v1) {
            issuers.push(self.discovery(v1).await?.issuer);
        }
        let jwks: JwkSet = self.get(&discovery.jwks_uri).await?;
        Ok(Published {
            issuers: issuers.into(),
            issuer: discovery.issuer,
            authorization_endpoint: discovery.authorization_endpoint,
            token_endpoint: discovery.token_endpoint,
            end_session_endpoint: discovery.end_session_endpoint,
            keys: keys(&jwks),
        })
    }

    /// The discovery document of an issuer, which names itself there (OpenID Connect Discovery,
    /// section 3: `issuer` is required).
    async fn discovery(&self, issuer: &str) -> Result<Discovery, String> {
        let url = document(issuer);
        let discovery: Discovery = self.get(&url).await?;
        if discovery.issuer.trim().is_empty() {
            return Err(format!("{url}: its issuer is empty"));
        }
        Ok(discovery)
    }

    /// A sentence, where the issuer names itself otherwise than the settings do.
    ///
    /// # Errors
    /// As [`published`](Self::published).
    pub(crate) async fn differs(&self) -> Result<Option<String>, String> {
        let published = self.published(None).await?;
        let issuer = &published.issuer;
        let same = issuer.trim_end_matches('/') == self.url.trim_end_matches('/');
        Ok((!same && !self.multi_tenant).then(|| {
            format!(
                "the issuer in the settings is {}, and its discovery document says {issuer}: tokens are accepted if their iss is {issuer}",
                self.url
            )
        }))
    }

    async fn get<T: serde::de::DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let failed = |why: &dyn std::fmt::Display| format!("{url}: {why}");
        let parsed = reqwest::Url::parse(url).map_err(|error| failed(&error))?;
        if parsed.scheme() != "https" && !loopback::is_loopback(&parsed) {
            return Err(failed(&"keys are fetched over https only"));
        }
        let mut response = self
            .http
            .get(parsed)
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| failed(&chain(&error.without_url())))?;
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(&chain(&error.without_url())))?
        {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_DOCUMENT {
                return Err(failed(&"the answer is over 1 MiB"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| failed(&error))
    }
}

/// An error and what caused it: "error sending request" alone does not say that it was the name,
/// the proxy or the certificate.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text += &format!(": {more}");
        }
        cause = error.source();
    }
    text
}

/// The keys that sign tokens. A key of another kind is not an error: issuers publish those too.
pub(super) fn keys(jwks: &JwkSet) -> Vec<(String, DecodingKey)> {
    jwks.keys
        .iter()
        .filter(|key| {
            let common = &key.common;
            // RFC 7517 sections 4.2 to 4.4.
            let usage = common.public_key_use.as_ref();
            let operations = common.key_operations.as_ref();
            matches!(key.algorithm, AlgorithmParameters::RSA(_))
                && usage.is_none_or(|usage| *usage == PublicKeyUse::Signature)
                && operations.is_none_or(|all| all.contains(&KeyOperations::Verify))
                && common
                    .key_algorithm
                    .is_none_or(|algorithm| algorithm == KeyAlgorithm::RS256)
        })
        .filter_map(|key| {
            let decoding = DecodingKey::from_jwk(key).ok()?;
            Some((key.common.key_id.clone()?, decoding))
        })
        .collect()
}

fn document(issuer: &str) -> String {
    format!("{issuer}/.well-known/openid-configuration")
}

#[cfg(test)]
mod tests;
