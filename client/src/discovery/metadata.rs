//! The protected resource's metadata (RFC 9728), which names what a bare challenge does not.

use serde::Deserialize;
use url::Url;

use super::challenge::{Asked, Challenge, Version, authority, challenge_of, schemes, schemes_of};
use crate::http::{self, Answer, Clients};
use crate::provenance::Source;
use crate::scope::{self, SCOPE, is_plain};

/// The challenge of a 401. What it does not name its metadata (RFC 9728) may; that is fetched
/// without a token.
pub(crate) async fn discover(
    clients: &Clients,
    url: &Url,
    answer: &Answer,
    told: impl Fn(&str),
) -> Option<Challenge> {
    if answer.status != 401 {
        return None;
    }
    let challenge = challenge_of(answer);
    if challenge.as_ref().is_some_and(|it| it.scope.is_some()) {
        return challenge;
    }
    let metadata = metadata(clients, url, answer, told).await;
    match (challenge, metadata) {
        (Some(challenge), Some(metadata)) => Some(challenge.with_scope_of(&metadata)),
        (Some(challenge), None) => Some(challenge),
        (None, Some(metadata)) => Challenge::of_metadata(&metadata, asked(answer)),
        (None, None) => None,
    }
}

/// What a challenge that names no API asks for.
fn asked(answer: &Answer) -> Option<String> {
    let schemes = schemes_of(answer);
    schemes
        .iter()
        .filter(|scheme| scheme.is("Bearer") || scheme.is("DPoP"))
        .find_map(|scheme| scheme.get("scope"))
        .map(str::to_owned)
}

/// The well-known path of RFC 9728 section 3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

async fn metadata(
    clients: &Clients,
    url: &Url,
    answer: &Answer,
    told: impl Fn(&str),
) -> Option<Metadata> {
    let at = named(url, answer)?;
    fetched(clients, url, &at, told).await
}

/// The metadata that a client of an MCP server finds, in the order of MCP's specification
/// (Authorization, Protected Resource Metadata Discovery): where the challenge says, else at the
/// well-known path of the URL's own path, else of the origin.
pub(crate) async fn published(
    clients: &Clients,
    url: &Url,
    answer: &Answer,
    told: impl Fn(&str),
) -> Option<Metadata> {
    let well_known = |path: &str| url.join(&format!("{WELL_KNOWN}{path}")).ok();
    let of_path = match url.path() {
        "/" => None,
        path => well_known(path),
    };
    let places = [named(url, answer), of_path, well_known("")];
    for at in places.into_iter().flatten() {
        if let Some(metadata) = fetched(clients, url, &at, &told).await {
            return Some(metadata);
        }
    }
    None
}

fn named(url: &Url, answer: &Answer) -> Option<Url> {
    answer
        .challenges
        .iter()
        .find_map(|header| Challenge::metadata_url(header, url))
}

async fn fetched(clients: &Clients, url: &Url, at: &Url, told: impl Fn(&str)) -> Option<Metadata> {
    told(&format!("> GET {} no token", http::without_query(at)));
    let answer = http::get(clients, at, None).await.ok()?;
    for line in answer.told() {
        told(&line);
    }
    if answer.status != 200 {
        return None;
    }
    Metadata::read(&answer.body, url)
}

/// A protected resource's metadata (RFC 9728 section 2), as far as it is used.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// As it is written: Entra compares it so.
    pub(crate) resource: String,
    #[serde(default)]
    pub(crate) authorization_servers: Vec<String>,
    #[serde(default)]
    pub(crate) scopes_supported: Vec<String>,
}

impl Metadata {
    /// Reads `url`'s metadata. None: it is not metadata of this resource (RFC 9728 section 3.3).
    pub(crate) fn read(json: &str, url: &Url) -> Option<Self> {
        let metadata: Self = serde_json::from_str(json).ok()?;
        let resource = Url::parse(&metadata.resource).ok()?;
        let path = resource.path().trim_end_matches('/');
        (resource.origin() == url.origin() && url.path().starts_with(path)).then_some(metadata)
    }

    /// Whether the resource is more than an origin.
    pub(crate) fn has_a_path(&self) -> bool {
        Url::parse(&self.resource).is_ok_and(|resource| resource.path() != "/")
    }

    /// The scope to ask for, of those that fit: this project's, else the first.
    fn scope(&self, fits: impl Fn(&str) -> bool) -> Option<&String> {
        let wanted = |scope: &&String| scope.rsplit('/').next() == Some(SCOPE);
        let fit = self.scopes_supported.iter().filter(|scope| fits(scope));
        let scopes: Vec<&String> = fit.collect();
        let own = scopes.iter().copied().find(wanted);
        own.or_else(|| scopes.first().copied())
    }
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

    /// What metadata says of authority and API. None: it names no API by its scopes. `asked` is
    /// what the challenge asks for.
    pub(crate) fn of_metadata(metadata: &Metadata, asked: Option<String>) -> Option<Self> {
        let issuer = Url::parse(metadata.authorization_servers.first()?).ok()?;
        let tenant = issuer
            .path_segments()?
            .next()
            .filter(|tenant| is_plain(tenant))?;
        // A scope without an API's id does not say which API it is of.
        let scope = metadata.scope(|scope| scope.contains('/') && is_plain(scope))?;
        let (api, _) = scope.rsplit_once('/')?;
        let asked = asked.and_then(|scopes| scope::asked_of(&scopes, api));
        let scope = match asked {
            Some(scope) => Asked {
                scope,
                source: Source::Challenge,
            },
            None => Asked {
                scope: scope.clone(),
                source: Source::Discovery,
            },
        };
        Some(Self {
            authority: authority(&issuer),
            tenant: tenant.to_owned(),
            resource: api.to_owned(),
            version: Version::of_issuer(issuer.path()),
            scope: Some(scope),
            source: Source::Discovery,
        })
    }

    /// With the scope that the metadata names, as one of the challenge's API: discovery is not
    /// trust, and only that API is asked about.
    fn with_scope_of(self, metadata: &Metadata) -> Self {
        let name = metadata.scope(|name| scope::asked_of(name, &self.resource).is_some());
        let scope = name.and_then(|name| scope::asked_of(name, &self.resource));
        Self {
            scope: scope.map(|scope| Asked {
                scope,
                source: Source::Discovery,
            }),
            ..self
        }
    }
}
