//! What a `scope` parameter asks for, and whether the user has to consent to it.

use std::collections::HashSet;

use super::directory::{Directory, User};
use super::error::AuthorityError;
use super::grants::ScopeRequest;
use super::{Authority, Resource};

/// Scopes of the protocol, which belong to no API.
const PROTOCOL: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Scopes that one request may name: this program's own limit, Entra documents none.
const MAX_SCOPES: usize = 100;

/// Keeps the first of those that are there more than once.
fn fold(scopes: &mut Vec<String>) {
    let mut seen = HashSet::new();
    scopes.retain(|scope| seen.insert(scope.clone()));
}

impl Authority {
    /// Reads a `scope` parameter: one API's scopes beside the protocol's.
    pub(super) fn asked(&self, client: &str, scope: &str) -> Result<ScopeRequest, AuthorityError> {
        let (protocol, api): (Vec<&str>, Vec<&str>) = scope
            .split_ascii_whitespace()
            .partition(|scope| PROTOCOL.contains(scope));
        if api.len() + protocol.len() > MAX_SCOPES {
            return Err(AuthorityError::ScopeInvalid(format!(
                "more than {MAX_SCOPES} scopes"
            )));
        }
        let mut resource = None;
        let mut scopes = Vec::new();
        for full in api {
            // `api://id/Scope`, `id/Scope` or `…/.default`.
            let (named, scope) = full
                .rsplit_once('/')
                .filter(|(named, scope)| !named.is_empty() && !scope.is_empty())
                .ok_or_else(|| AuthorityError::ScopeInvalid(full.to_owned()))?;
            let kind = self.known_resource(named)?;
            if resource.is_some_and(|first| first != named) {
                return Err(AuthorityError::ScopeInvalid(full.to_owned()));
            }
            resource = Some(named);
            if kind == Resource::Management {
                scopes.push("user_impersonation".to_owned());
            } else if scope == ".default" {
                scopes.extend(self.directory().scopes().map(str::to_owned));
            } else if self.directory().scopes().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            } else {
                return Err(AuthorityError::ScopeUndefined {
                    client: client.to_owned(),
                    scope: scope.to_owned(),
                });
            }
        }
        fold(&mut scopes);
        let mut protocol: Vec<String> = protocol.into_iter().map(str::to_owned).collect();
        fold(&mut protocol);
        let default = format!("api://{}", self.api_client_id());
        Ok(ScopeRequest {
            client: client.to_owned(),
            resource: resource.unwrap_or(&default).to_owned(),
            scopes,
            protocol,
        })
    }

    fn known_resource(&self, named: &str) -> Result<Resource, AuthorityError> {
        self.resource(named)
            .ok_or_else(|| AuthorityError::ResourceUnknown {
                resource: named.to_owned(),
                tenant: self.tenant().to_owned(),
            })
    }

    /// Reads a daemon's `scope`: `<resource>/.default`, and nothing else.
    pub(super) fn asked_by_daemon(
        &self,
        client: &str,
        scope: &str,
    ) -> Result<ScopeRequest, AuthorityError> {
        let resource = scope
            .trim()
            .strip_suffix("/.default")
            .filter(|resource| !resource.is_empty() && !resource.contains(' '))
            .ok_or_else(|| AuthorityError::ScopeNotDefault(scope.to_owned()))?;
        self.known_resource(resource)?;
        Ok(ScopeRequest {
            client: client.to_owned(),
            resource: resource.to_owned(),
            ..ScopeRequest::default()
        })
    }

    /// Whether the client gets what it asks for without a consent prompt.
    pub(super) fn has_consent(&self, asked: &ScopeRequest, user: &User) -> bool {
        if self.resource(&asked.resource) == Some(Resource::Management) {
            return Directory::is_first_party(&asked.client);
        }
        if !self.policy().consent {
            return asked.scopes.is_empty();
        }
        asked.scopes.iter().all(|scope| {
            self.directory().consented(&asked.client, scope, user)
                || self.grants().has_consent(&asked.client, scope, &user.upn)
        })
    }
}
