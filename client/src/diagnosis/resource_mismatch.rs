//! What Entra will say to a client that follows the published metadata (RFC 9728), as clients of
//! MCP servers do: `resource` (RFC 8707) from it, and its scopes. Entra compares the two.
//!
//! Documented in "Secure an MCP server with Microsoft Entra ID" (entra/agent-id).

use serde_json::{Value, json};

use super::{Code, Finding};
use crate::discovery::metadata::Metadata;
use crate::provenance::Source;
use crate::scope::{is_openid, resource_of};

/// The app setting whose scopes App Service publishes.
const SETTING: &str = "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES";

/// Whether Entra serves a client that asks for what the metadata of the API `api` says.
///
/// # Errors
/// It refuses (AADSTS9010010): proved where no registration could make the two fit, likely where
/// it depends on the API's Application ID URIs, which only its tenant sees.
pub(crate) fn resource_of_metadata(metadata: &Metadata, api: &str) -> Result<String, Box<Finding>> {
    let resource = metadata.resource.as_str();
    let scopes: Vec<&str> = metadata
        .scopes_supported
        .iter()
        .map(String::as_str)
        .filter(|scope| !is_openid(scope))
        .collect();
    let add = |uri: &str| {
        format!(
            "az ad app update --id {api} --identifier-uris {uri} $(az ad app show --id {api} --query identifierUris --output tsv)"
        )
    };
    if let Some(uri) = resource.strip_suffix('/') {
        return Err(Box::new(
            Finding::proved(
                Code::ResourceMismatch,
                "the published resource ends in a slash; no Application ID URI does, and Entra compares them character for character",
                format!(
                    "give clients the URL without the slash, and publish it so; the API needs it as an Application ID URI: {}",
                    add(uri)
                ),
            )
            .saw("resource", resource, uri, Source::Discovery),
        ));
    }
    let of_graph: Vec<&&str> = scopes.iter().filter(|it| !it.contains('/')).collect();
    let first = of_graph.first();
    if first.is_some() || scopes.is_empty() {
        let name = first.map_or("SCOPE", |name| **name);
        let fix = format!("publish whole scopes: {SETTING}={resource}/{name}");
        let finding = match (first, metadata.scopes_supported.is_empty()) {
            (Some(name), _) => Finding::proved(
                Code::ResourceMismatch,
                format!(
                    "the published scope {name} names no API, so it is one of Microsoft Graph, and resource is not"
                ),
                fix,
            ),
            (None, false) => Finding::proved(
                Code::ResourceMismatch,
                "the published scopes name no API, so they mean Microsoft Graph, and resource does not",
                fix,
            ),
            // A client may have a scope of its own.
            (None, true) => Finding::likely(
                Code::ResourceMismatch,
                "no scope is published: a client that has none of its own asks for nothing of this API",
                fix,
            ),
        };
        let seen = json!(metadata.scopes_supported);
        let whole = format!("{resource}/{name}");
        return Err(Box::new(finding.saw(
            "scopes",
            seen,
            whole,
            Source::Discovery,
        )));
    }
    match scopes.iter().find(|scope| resource_of(scope) != resource) {
        Some(scope) => Err(Box::new(
            Finding::likely(
                Code::ResourceMismatch,
                format!(
                    "clients send this resource with a scope of {}: Entra refuses them (AADSTS9010010) unless the resource is an Application ID URI of that API, too",
                    resource_of(scope)
                ),
                format!(
                    "{}; then publish its scopes as that URI's: {SETTING}={resource}/{}",
                    add(resource),
                    scope.rsplit('/').next().unwrap_or_default()
                ),
            )
            .saw("resource", resource, resource_of(scope), Source::Discovery)
            .saw("scopes", json!(scopes), Value::Null, Source::Discovery),
        )),
        None if metadata.has_a_path() => Ok(format!("clients ask for {resource} and scopes of it")),
        None => Ok(format!(
            "clients ask for {resource} and scopes of it; it has no path, so that older ones add a slash, which Entra refuses"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::Certainty;

    const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";

    fn told(resource: &str, scopes: &[&str]) -> Result<String, Box<Finding>> {
        let metadata = json!({"resource": resource, "scopes_supported": scopes,
            "authorization_servers": ["https://login.microsoftonline.com/t/v2.0"]});
        let url = resource.parse().unwrap();
        let metadata = Metadata::read(&metadata.to_string(), &url).unwrap();
        resource_of_metadata(&metadata, API)
    }

    /// What Entra answered (captures and its documentation: see the table of the local authority)
    /// is what is foretold, and nothing is proved that a registration can make right.
    #[test]
    fn item_3_what_entra_answers_is_foretold_from_the_metadata() {
        const MCP: &str = "https://mcp.contoso.com/mcp";
        let own = &format!("api://{API}/Use")[..];
        let by_id = &format!("{API}/Use")[..];
        let proved = Some(Certainty::Proved);
        let likely = Some(Certainty::Likely);
        for (resource, scopes, expected) in [
            (MCP, &["https://mcp.contoso.com/mcp/Use"][..], None),
            (
                MCP,
                &["https://mcp.contoso.com/mcp/Use", "offline_access"],
                None,
            ),
            (
                "https://mcp.contoso.com",
                &["https://mcp.contoso.com/Use"],
                None,
            ),
            (
                "https://mcp.contoso.com/mcp/",
                &["https://mcp.contoso.com/mcp/Use"],
                proved,
            ),
            (
                "https://mcp.contoso.com/",
                &["https://mcp.contoso.com/Use"],
                proved,
            ),
            (MCP, &["Use"], proved),
            (MCP, &["https://mcp.contoso.com/mcp/Use", "Use"], proved),
            (MCP, &["openid", "profile"], proved),
            (MCP, &[], likely),
            // The API may have both: only its tenant knows.
            (MCP, &[own], likely),
            (MCP, &[by_id], likely),
            (MCP, &["https://MCP.contoso.com/mcp/Use"], likely),
        ] {
            let seen = told(resource, scopes);
            let certainty = seen.as_ref().err().map(|finding| finding.certainty);
            assert_eq!(certainty, expected, "{resource} {scopes:?}: {seen:?}");
        }
    }

    #[test]
    fn the_fix_keeps_the_uris_that_are_there() {
        let own = format!("api://{API}/Use");
        let finding = told("https://mcp.contoso.com/mcp", &[&own]).unwrap_err();
        assert_eq!(
            finding.fix,
            format!(
                "az ad app update --id {API} --identifier-uris https://mcp.contoso.com/mcp $(az ad app show --id {API} --query identifierUris --output tsv); then publish its scopes as that URI's: WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES=https://mcp.contoso.com/mcp/Use"
            )
        );
    }

    #[test]
    fn a_bare_origin_is_said_to_get_a_slash() {
        let seen = told("https://mcp.contoso.com", &["https://mcp.contoso.com/Use"]);
        assert!(seen.unwrap().contains("older ones add a slash"));
    }
}
