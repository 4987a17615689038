//! What a 401 says: `WWW-Authenticate: Bearer` with Easy Auth's parameters, or the address of
//! the resource's metadata (RFC 9728).

mod schemes;

use serde::Serialize;
use url::Url;

pub(crate) use self::schemes::{Scheme, schemes};
use crate::http::Answer;
use crate::provenance::Source;
use crate::scope::{self, is_plain, scope_of};

/// The authority, tenant and API that a challenge names. Claimed, not trusted: see `trust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Challenge {
    /// The authority's origin.
    pub(crate) authority: String,
    /// The tenant, as the authorization URI has it.
    pub(crate) tenant: String,
    /// The API's client id or URI.
    pub(crate) resource: String,
    /// The authorization URI's.
    #[serde(skip)]
    pub(crate) version: Version,
    /// The scope to ask for, where somebody names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<Asked>,
    /// Who names authority and API.
    #[serde(skip)]
    pub(crate) source: Source,
}

/// The endpoints of an authority, and what their tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl Version {
    /// Of an issuer: `https://login.microsoftonline.com/<tenant>/v2.0`, or B2C's, which ends in a
    /// slash.
    pub(crate) fn of_issuer(issuer: &str) -> Self {
        if issuer.trim_end_matches('/').ends_with("/v2.0") {
            Self::V2
        } else {
            Self::V1
        }
    }

    /// Of an address of the authority.
    fn of(uri: &Url) -> Self {
        if uri.path().contains("/v2.0/") {
            Self::V2
        } else {
            Self::V1
        }
    }
}

/// A scope to ask for, by its whole name, and who names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Asked {
    pub(crate) scope: String,
    #[serde(skip)]
    pub(crate) source: Source,
}

impl Challenge {
    /// Reads a `WWW-Authenticate` value. None: not a challenge of Easy Auth's form.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        schemes(header)
            .iter()
            .filter(|scheme| scheme.is("Bearer"))
            .find_map(Self::of)
    }

    fn of(scheme: &Scheme) -> Option<Self> {
        let uri = Url::parse(scheme.get("authorization_uri")?).ok()?;
        // The URL standard allows a quote in a host, and no name on the network has one.
        if !uri.host_str().is_none_or(is_host) {
            return None;
        }
        let resource = scheme.get("resource_id").filter(|id| is_plain(id))?;
        let tenant = uri
            .path_segments()?
            .next()
            .filter(|tenant| is_plain(tenant))?;
        Some(Self {
            authority: authority(&uri),
            tenant: tenant.to_owned(),
            resource: resource.to_owned(),
            version: Version::of(&uri),
            scope: scheme
                .get("scope")
                .and_then(|scopes| scope::asked_of(scopes, resource))
                .map(|scope| Asked {
                    scope,
                    source: Source::Challenge,
                }),
            source: Source::Challenge,
        })
    }

    /// The scope to ask for: the challenge's or the metadata's, else `Greeting.Read` of this API.
    pub(crate) fn scope(&self) -> String {
        self.scope
            .as_ref()
            .map_or_else(|| scope_of(&self.resource), |asked| asked.scope.clone())
    }
}

/// Whether a host is a name or an address as they are on the network.
fn is_host(host: &str) -> bool {
    host.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte))
}

/// The authority's origin. The v1 hosts of a cloud give tokens under its other name.
pub(crate) fn authority(uri: &Url) -> String {
    match uri.origin().ascii_serialization().as_str() {
        "https://login.windows.net" | "https://sts.windows.net" => {
            "https://login.microsoftonline.com".to_owned()
        }
        origin => origin.to_owned(),
    }
}

/// Every challenge of an answer, of all its headers.
pub(crate) fn schemes_of(answer: &Answer) -> Vec<Scheme> {
    answer
        .challenges
        .iter()
        .flat_map(|header| schemes(header))
        .collect()
}

pub(crate) fn challenge_of(answer: &Answer) -> Option<Challenge> {
    answer
        .challenges
        .iter()
        .find_map(|header| Challenge::parse(header))
}

#[cfg(test)]
mod tests;
