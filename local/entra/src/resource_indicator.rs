//! RFC 8707's `resource` as Entra checks it: against the identifier URIs of the scopes' resource.
//!
//! Documented in "Secure an MCP server with Microsoft Entra ID" (entra/agent-id); captured in
//! anthropics/claude-ai-mcp#514, #977, microsoft/azure-devops-mcp#1531 and others, which the
//! tests name row by row.

use super::Authority;
use super::error::AuthorityError;
use super::parameters::Parameters;
use super::resources::{GRAPH, GRAPH_URI, Resource};
use super::scopes::ScopeRequest;

/// What a slash at the end of `resource` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TrailingSlash {
    /// It makes another resource, as Entra has it (the page's FAQ).
    Differs,
    /// It is not compared: a relaxation that was announced (opencode#12308) and not seen yet.
    Ignored,
}

/// Whether `resource` is, character for character, one of these identifier URIs.
fn names(resource: &str, identifier_uris: &[&str], slash: TrailingSlash) -> bool {
    let cut = |uri: &str| match slash {
        TrailingSlash::Differs => uri.to_owned(),
        TrailingSlash::Ignored => uri.strip_suffix('/').unwrap_or(uri).to_owned(),
    };
    identifier_uris.iter().any(|uri| cut(uri) == cut(resource))
}

impl Authority {
    /// Checks `resource`, if there is one: at authorize before anybody signs in, and again in each
    /// token request, by that request's own scopes.
    pub(super) fn check_resource(
        &self,
        parameters: &Parameters,
        asked: &ScopeRequest,
    ) -> Result<(), AuthorityError> {
        let Some(resource) = parameters.get("resource") else {
            return Ok(());
        };
        let slash = if self.policy().resource_slash {
            TrailingSlash::Differs
        } else {
            TrailingSlash::Ignored
        };
        let management = self.management_uris();
        let fits = asked.resources().all(|of| match of.resource {
            Resource::Api | Resource::App(_) => self
                .application(of.resource)
                .is_some_and(|app| names(resource, &app.identifier_uris(), slash)),
            Resource::Management => names(resource, &management, slash),
            // A request for nothing but the protocol's scopes fails with any `resource`
            // (claude-code#52871); whether Graph's own URI passes with Graph's scopes is inferred.
            Resource::Graph => of.named != GRAPH && names(resource, &[GRAPH_URI], slash),
        });
        if fits {
            Ok(())
        } else {
            Err(AuthorityError::ResourceMismatch)
        }
    }
}

#[cfg(test)]
mod tests;
