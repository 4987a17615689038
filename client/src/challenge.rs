//! What a 401 tells: `WWW-Authenticate: Bearer` with Easy Auth's parameters, or the address of
//! the resource's metadata (RFC 9728).

use serde::{Deserialize, Serialize};
use url::Url;

use crate::credential::scope_of;
use crate::diagnosis::{SCOPE, Source};

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

    /// The scope to ask for: metadata's, else the function's of this API.
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

    /// The address of `url`'s metadata that a `WWW-Authenticate` value names. None: none is named,
    /// or one of another origin, which can't speak for this one.
    pub(crate) fn metadata_url(header: &str, url: &Url) -> Option<Url> {
        let parameters = bearer(header)?;
        let (_, named) = parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case("resource_metadata"))?;
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
        // A scope without its API's id is nobody's.
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

/// Whether a name is made of what names of tenants, APIs and scopes are made of. Scopes are
/// separated by spaces (RFC 6749 section 3.3), so that one with a space would ask for more; and
/// names stand in the commands that people are told to paste, where a shell must find nothing.
fn is_plain(name: &str) -> bool {
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
fn bearer(header: &str) -> Option<Vec<(String, String)>> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_captured_forms_are_read() {
        for (header, authority, v2) in [
            (
                "Bearer realm=\"h\" authorization_uri=\"https://login.microsoftonline.com/t/oauth2/v2.0/authorize\" resource_id=\"r\"",
                "https://login.microsoftonline.com",
                true,
            ),
            (
                "Bearer realm=\"h\" authorization_uri=\"https://login.windows.net/t/oauth2/authorize\" resource_id=\"r\"",
                "https://login.microsoftonline.com",
                false,
            ),
            (
                "bearer authorization_uri=https://localhost:7443/t/oauth2/v2.0/authorize, resource_id=r",
                "https://localhost:7443",
                true,
            ),
        ] {
            let challenge = Challenge::parse(header).unwrap();
            assert_eq!(
                (challenge.authority.as_str(), challenge.v2),
                (authority, v2)
            );
            assert_eq!(
                (challenge.tenant.as_str(), challenge.resource.as_str()),
                ("t", "r")
            );
        }
    }

    #[test]
    fn other_forms_and_names_that_a_shell_would_read_are_no_challenge() {
        for other in [
            "",
            "Bearer",
            "Basic realm=\"x\"",
            "Bearer realm=\"h\"",
            "Bearer authorization_uri=\"x\" resource_id=\"r\"",
            // A second scope in the API's name.
            "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"x/S https://graph.microsoft.com/Mail.Read api://r\"",
            // Commands in what people are told to paste.
            "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"api://r;id\"",
            "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"api://r$(id)\"",
            "Bearer authorization_uri=\"https://a/$(id)/oauth2/v2.0/authorize\" resource_id=\"r\"",
            "Bearer authorization_uri=\"https://a/t&id/oauth2/v2.0/authorize\" resource_id=\"r\"",
            "é",
        ] {
            assert_eq!(Challenge::parse(other), None, "{other}");
        }
    }

    #[test]
    fn metadata_speaks_for_its_own_origin_only() {
        let url = Url::parse("https://a.example/api/greeting").unwrap();
        let header = |at: &str| format!("Bearer realm=\"a\" resource_metadata=\"{at}\"");
        let own = "https://a.example/.well-known/oauth-protected-resource/api/greeting";
        assert_eq!(
            Challenge::metadata_url(&header(own), &url)
                .unwrap()
                .as_str(),
            own
        );
        for foreign in [
            "https://evil.example/.well-known/oauth-protected-resource",
            "http://a.example/.well-known/oauth-protected-resource",
            "https://a.example:8443/",
            "/relative",
        ] {
            assert_eq!(Challenge::metadata_url(&header(foreign), &url), None);
        }
        let issuer = "https://login.microsoftonline.com/t/v2.0";
        let metadata = |resource: &str, scopes: &[&str]| {
            let json = serde_json::json!({"resource": resource, "authorization_servers": [issuer], "scopes_supported": scopes});
            Challenge::from_metadata(&json.to_string(), &url)
        };
        let scopes = ["openid", "api://id/Other", "api://id/Greeting.Read"];
        for resource in ["https://a.example", "https://a.example/api/greeting"] {
            let challenge = metadata(resource, &scopes).unwrap();
            assert_eq!(challenge.scope.as_deref(), Some("api://id/Greeting.Read"));
            assert_eq!(
                (
                    challenge.resource.as_str(),
                    challenge.tenant.as_str(),
                    challenge.v2
                ),
                ("api://id", "t", true)
            );
        }
        for resource in ["https://b.example", "https://a.example/admin", "nothing"] {
            assert_eq!(metadata(resource, &scopes), None, "{resource}");
        }
        assert_eq!(metadata("https://a.example", &["openid"]), None);
        assert_eq!(metadata("https://a.example", &["api://id`id`/X"]), None);
        assert_eq!(Challenge::from_metadata("<html>", &url), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*") {
            let url = Url::parse("https://a.example/").unwrap();
            let _ = Challenge::parse(&text);
            let _ = Challenge::parse(&format!("Bearer {text}"));
            let _ = Challenge::metadata_url(&format!("Bearer {text}"), &url);
        }
    }
}
