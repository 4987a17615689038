//! What a 401 tells: `WWW-Authenticate: Bearer` with Easy Auth's parameters.

use serde::Serialize;

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
}

impl Challenge {
    /// Reads a `WWW-Authenticate` value. None: not a challenge of Easy Auth's form.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let rest = header
            .trim_start()
            .get(..6)
            .filter(|s| s.eq_ignore_ascii_case("bearer"))?;
        let parameters = parameters(&header.trim_start()[rest.len()..]);
        let get = |name: &str| {
            parameters
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.as_str())
        };
        let uri = url::Url::parse(get("authorization_uri")?).ok()?;
        let resource = get("resource_id").filter(|id| !id.is_empty())?;
        let tenant = uri
            .path_segments()?
            .next()
            .filter(|tenant| !tenant.is_empty())?;
        // The v1 host of the same cloud; tokens come from the other one.
        let authority = match uri.origin().ascii_serialization() {
            old if old == "https://login.windows.net" => {
                "https://login.microsoftonline.com".to_owned()
            }
            origin => origin,
        };
        Some(Self {
            authority,
            tenant: tenant.to_owned(),
            resource: resource.to_owned(),
            v2: uri.path().contains("/v2.0/"),
        })
    }
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
        for other in [
            "",
            "Bearer",
            "Basic realm=\"x\"",
            "Bearer realm=\"h\"",
            "Bearer authorization_uri=\"x\" resource_id=\"r\"",
            "é",
        ] {
            assert_eq!(Challenge::parse(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC*") {
            let _ = Challenge::parse(&text);
            let _ = Challenge::parse(&format!("Bearer {text}"));
        }
    }
}
