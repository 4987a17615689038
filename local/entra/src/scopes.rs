//! What a `scope` parameter asks for, and of which resource.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::Authority;
use super::error::AuthorityError;
use super::resources::{GRAPH, Resource};

/// Scopes of the protocol, which name no resource (Microsoft: "Scopes and permissions in the
/// Microsoft identity platform", OpenID Connect scopes).
const PROTOCOL: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Scopes that one request may name: this program's own limit, Entra documents none.
const MAX_SCOPES: usize = 100;

/// What a client asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ScopeRequest {
    pub client: String,
    /// The resource that is named first: the token's.
    pub first: ResourceScopes,
    /// Of other resources: authorize takes them, to ask for consent; the token endpoint does not.
    pub more: Vec<ResourceScopes>,
    /// `openid`, `profile`, `offline_access`, `email`.
    pub protocol: Vec<String>,
}

/// One resource's part of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ResourceScopes {
    pub resource: Resource,
    /// The resource as it was named first; a v1 token's audience.
    pub named: String,
    pub permissions: Permissions,
}

/// Which permissions of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Permissions {
    /// These. None: only what the protocol's scopes say.
    Named(Vec<Scope>),
    /// Whatever the client has been granted: `.default`.
    Granted,
}

impl Default for Permissions {
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

/// A scope that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    /// As it was written, the resource included.
    pub full: String,
    /// Its resource's name for it.
    pub value: String,
}

impl ResourceScopes {
    /// The scopes as they were written.
    pub(crate) fn full(&self) -> Vec<String> {
        match &self.permissions {
            Permissions::Named(scopes) => scopes.iter().map(|scope| scope.full.clone()).collect(),
            Permissions::Granted => vec![format!("{}/.default", self.named)],
        }
    }
}

impl ScopeRequest {
    /// Every resource's part.
    pub(crate) fn resources(&self) -> impl Iterator<Item = &ResourceScopes> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// Whether it has this scope of the protocol.
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.protocol.iter().any(|asked| asked == scope)
    }

    /// Everything, as it was written, for people.
    pub(crate) fn full(&self) -> Vec<String> {
        let resources = self.resources().flat_map(ResourceScopes::full);
        resources.chain(self.protocol.iter().cloned()).collect()
    }

    /// The first resource's part alone.
    pub(crate) fn only_first(self) -> Self {
        Self {
            more: Vec::new(),
            ..self
        }
    }
}

/// Keeps the first of those that are there more than once.
fn fold(scopes: Vec<&str>) -> Vec<&str> {
    let mut seen = HashSet::new();
    scopes
        .into_iter()
        .filter(|scope| seen.insert(*scope))
        .collect()
}

/// The resource and the scope of `api://id/Scope`, `id/Scope` or `…/.default`; a bare scope has
/// no resource.
fn split(full: &str) -> Option<(Option<&str>, &str)> {
    match full.rsplit_once('/') {
        None => Some((None, full)),
        Some((named, scope)) => {
            (!named.is_empty() && !scope.is_empty()).then_some((Some(named), scope))
        }
    }
}

impl Authority {
    /// Reads a `scope` parameter. Whether the scopes exist is another question, which Entra
    /// asks later: `check_defined`.
    pub(super) fn asked(&self, client: &str, scope: &str) -> Result<ScopeRequest, AuthorityError> {
        let (protocol, of_resources): (Vec<&str>, Vec<&str>) = scope
            .split_ascii_whitespace()
            .partition(|scope| PROTOCOL.contains(scope));
        let (protocol, of_resources) = (fold(protocol), fold(of_resources));
        if of_resources.len() + protocol.len() > MAX_SCOPES {
            return Err(AuthorityError::ScopeInvalid(format!(
                "of more than {MAX_SCOPES} names"
            )));
        }
        let mut resources: Vec<ResourceScopes> = Vec::new();
        for full in of_resources {
            let (named, value) =
                split(full).ok_or_else(|| AuthorityError::ScopeInvalid(full.to_owned()))?;
            let resource = named.map_or(Ok(Resource::Graph), |named| self.known_resource(named))?;
            let permissions = if value == ".default" {
                Permissions::Granted
            } else {
                Permissions::Named(vec![Scope {
                    full: full.to_owned(),
                    value: value.to_owned(),
                }])
            };
            let known = resources.iter_mut().find(|of| of.resource == resource);
            match (known, permissions) {
                (None, permissions) => resources.push(ResourceScopes {
                    resource,
                    named: named.unwrap_or(GRAPH).to_owned(),
                    permissions,
                }),
                (Some(known), Permissions::Named(more)) => match &mut known.permissions {
                    Permissions::Named(scopes) => scopes.extend(more),
                    Permissions::Granted => return Err(combined(scope)),
                },
                (Some(known), Permissions::Granted) => {
                    // The same `.default` by another name of the resource.
                    if known.permissions != Permissions::Granted {
                        return Err(combined(scope));
                    }
                }
            }
        }
        let mut resources = resources.into_iter();
        Ok(ScopeRequest {
            client: client.to_owned(),
            first: resources.next().unwrap_or_else(|| ResourceScopes {
                named: GRAPH.to_owned(),
                ..ResourceScopes::default()
            }),
            more: resources.collect(),
            protocol: fold(protocol).into_iter().map(str::to_owned).collect(),
        })
    }

    /// Reads the `scope` of a token request: of one resource (captured: AADSTS28000 of the
    /// authorization code's redemption, msal-js#1487).
    pub(super) fn asked_of_one(
        &self,
        client: &str,
        scope: &str,
    ) -> Result<ScopeRequest, AuthorityError> {
        let asked = self.asked(client, scope)?;
        if asked.more.is_empty() {
            return Ok(asked);
        }
        Err(AuthorityError::SeveralResources(scope.to_owned()))
    }

    /// Whether each scope that is asked for by name is one of its resource's. Entra says so after
    /// the sign-in (captured: claude-ai-mcp#514).
    pub(super) fn check_defined(&self, asked: &ScopeRequest) -> Result<(), AuthorityError> {
        for of in asked.resources() {
            if matches!(of.resource, Resource::App(_)) && self.application(of.resource).is_none() {
                // A grant of an earlier run, whose app has no registration any more.
                self.known_resource(&of.named)?;
            }
            let Permissions::Named(scopes) = &of.permissions else {
                continue;
            };
            let defined = self.defined(of.resource);
            if let Some(scope) = scopes.iter().find(|scope| !defined.contains(&scope.value)) {
                let name = self.directory().client_name(&asked.client).unwrap_or("");
                return Err(AuthorityError::ScopeUndefined {
                    client: name.to_owned(),
                    scope: scope.value.clone(),
                    resource: self.app_id(of.resource).to_owned(),
                });
            }
        }
        Ok(())
    }

    fn known_resource(&self, named: &str) -> Result<Resource, AuthorityError> {
        self.resource(named)
            .ok_or_else(|| AuthorityError::ResourceUnknown {
                resource: named.to_owned(),
                tenant: self.tenant().to_owned(),
            })
    }

    /// Reads a daemon's `scope`: `<resource>/.default`, and nothing else but the protocol's
    /// scopes, which MSAL Go and MSAL4J add to every request.
    pub(super) fn asked_by_daemon(
        &self,
        client: &str,
        scope: &str,
    ) -> Result<ScopeRequest, AuthorityError> {
        let not_default = || AuthorityError::ScopeNotDefault(scope.to_owned());
        let mut of_resources = scope
            .split_ascii_whitespace()
            .filter(|scope| !PROTOCOL.contains(scope));
        let (Some(one), None) = (of_resources.next(), of_resources.next()) else {
            return Err(not_default());
        };
        let named = one
            .strip_suffix("/.default")
            .filter(|named| !named.is_empty())
            .ok_or_else(not_default)?;
        Ok(ScopeRequest {
            client: client.to_owned(),
            first: ResourceScopes {
                resource: self.known_resource(named)?,
                named: named.to_owned(),
                permissions: Permissions::Granted,
            },
            ..ScopeRequest::default()
        })
    }
}

/// `.default` beside another scope of its resource (captured: github/copilot-cli#4464).
fn combined(scope: &str) -> AuthorityError {
    AuthorityError::DefaultCombined(scope.to_owned())
}
