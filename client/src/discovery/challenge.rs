//! What a 401 says: `WWW-Authenticate: Bearer` with Easy Auth's parameters, or the address of
//! the resource's metadata (RFC 9728).

use serde::Serialize;
use url::Url;

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
        let parameters = bearer(header)?;
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let uri = Url::parse(get("authorization_uri")?).ok()?;
        let resource = get("resource_id").filter(|id| is_plain(id))?;
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
/// names are printed in commands to paste, in which a shell must find nothing to run.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/+@".contains(&byte);
    !name.is_empty() && name.bytes().all(plain)
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

/// The parameters of a `Bearer` challenge.
pub(super) fn bearer(header: &str) -> Option<Vec<(String, String)>> {
    let header = header.trim_start();
    header
        .get(..6)
        .filter(|scheme| scheme.eq_ignore_ascii_case("bearer"))?;
    Some(parameters(&header[6..]))
}

/// `name=value` pairs, quoted or bare, separated by commas (RFC 9110 section 11.2) or, as Easy
/// Auth writes them, by spaces.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']);
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            let Some((inside, after)) = quoted.split_once('"') else {
                break;
            };
            (value, rest) = (inside, after);
        } else {
            let end = after.find([' ', ',', '\t']).unwrap_or(after.len());
            (value, rest) = after.split_at(end);
        }
        let name = name.rsplit([' ', ',']).next().unwrap_or(name);
        pairs.push((name.to_owned(), value.to_owned()));
    }
    pairs
}

pub(crate) fn challenge_of(answer: &Answer) -> Option<Challenge> {
    answer
        .challenges
        .iter()
        .find_map(|header| Challenge::parse(header))
}

#[cfg(test)]
mod tests;
