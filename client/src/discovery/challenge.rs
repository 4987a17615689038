//! What a 401 says: `WWW-Authenticate: Bearer` with Easy Auth's parameters, or the address of
//! the resource's metadata (RFC 9728).

mod schemes;

use serde::Serialize;
use url::Url;

pub(crate) use self::schemes::{Scheme, schemes};
use crate::http::Answer;
use crate::provenance::Source;
use crate::scope::scope_of;

/// The authority, tenant and API that a challenge names. Claimed, not trusted: see `trust`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Challenge {
    /// The authority's origin.
    pub(crate) authority: String,
    /// The tenant, as the authorization URI has it.
    pub(crate) tenant: String,
    /// The API's client id or URI.
    pub(crate) resource: String,
    /// Whether the authorization URI is a v2 one.
    #[serde(skip)]
    pub(crate) v2: bool,
    /// The scope to ask for, where metadata names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<String>,
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
            v2: uri.path().contains("/v2.0/"),
            scope: None,
        })
    }

    /// The scope to ask for: the metadata's, else `Greeting.Read` of this API.
    pub(crate) fn scope(&self) -> String {
        self.scope
            .clone()
            .unwrap_or_else(|| scope_of(&self.resource))
    }

    /// Where its values come from.
    pub(crate) fn source(&self) -> Source {
        match self.scope {
            Some(_) => Source::Discovery,
            None => Source::Challenge,
        }
    }
}

/// Whether a name has only characters of the names of tenants, APIs and scopes. Scopes are
/// separated by spaces (RFC 6749 section 3.3), so that one with a space would ask for more; and
/// names are printed in commands to paste, in which a shell must find nothing to run or to
/// expand (`~`), and a program no option.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/+@".contains(&byte);
    name.as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
        && name.bytes().all(plain)
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
