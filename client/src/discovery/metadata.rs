//! The protected resource's metadata (RFC 9728), which names what a bare challenge does not.

use serde::Deserialize;
use url::Url;

use super::challenge::{Challenge, authority, challenge_of, is_plain, schemes};
use crate::http::{self, Answer, Clients};
use crate::scope::SCOPE;

/// The challenge of a 401, else what its metadata (RFC 9728) says; fetched without a token.
pub(crate) async fn discover(
    clients: &Clients,
    url: &Url,
    answer: &Answer,
    told: impl Fn(&str),
) -> Option<Challenge> {
    if answer.status != 401 {
        return None;
    }
    if let Some(challenge) = challenge_of(answer) {
        return Some(challenge);
    }
    let at = answer
        .challenges
        .iter()
        .find_map(|header| Challenge::metadata_url(header, url))?;
    told(&format!("> GET {} no token", http::without_query(&at)));
    let answer = http::get(clients, &at, None).await.ok()?;
    for line in answer.told() {
        told(&line);
    }
    if answer.status != 200 {
        return None;
    }
    Challenge::from_metadata(&answer.body, url)
}

/// A protected resource's metadata (RFC 9728 section 2), as far as it is used.
#[derive(Debug, Deserialize)]
struct Metadata {
    resource: String,
    #[serde(default)]
    authorization_servers: Vec<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
}

impl Challenge {
    /// The address of `url`'s metadata that a `WWW-Authenticate` value names. None: none is named,
    /// or one of another origin, which says nothing about this one.
    pub(crate) fn metadata_url(header: &str, url: &Url) -> Option<Url> {
        let schemes = schemes(header);
        let named = schemes
            .iter()
            .filter(|scheme| scheme.is("Bearer") || scheme.is("DPoP"))
            .find_map(|scheme| scheme.get("resource_metadata"))?;
        Url::parse(named)
            .ok()
            .filter(|named| named.origin() == url.origin())
    }

    /// Reads `url`'s metadata. None: it is not metadata of this resource (RFC 9728 section 3.3),
    /// or names no API by its scopes.
    pub(crate) fn from_metadata(json: &str, url: &Url) -> Option<Self> {
        let Metadata {
            resource,
            authorization_servers,
            scopes_supported,
        } = serde_json::from_str(json).ok()?;
        let resource = Url::parse(&resource).ok()?;
        if resource.origin() != url.origin() || !url.path().starts_with(resource.path()) {
            return None;
        }
        let issuer = Url::parse(authorization_servers.first()?).ok()?;
        let tenant = issuer
            .path_segments()?
            .next()
            .filter(|tenant| is_plain(tenant))?;
        let wanted = format!("/{SCOPE}");
        // A scope without an API's id does not say which API it is of.
        let mut scopes = scopes_supported
            .iter()
            .filter(|scope| scope.contains('/') && is_plain(scope));
        let scope = scopes
            .clone()
            .find(|scope| scope.ends_with(&wanted))
            .or_else(|| scopes.next())?;
        let (api, _) = scope.rsplit_once('/')?;
        Some(Self {
            authority: authority(&issuer),
            tenant: tenant.to_owned(),
            resource: api.to_owned(),
            v2: issuer.path().trim_end_matches('/').ends_with("/v2.0"),
            scope: Some(scope.clone()),
        })
    }
}
