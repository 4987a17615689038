//! The token response.

use serde_json::{Value, json};

use super::spendable::Spendable;
use crate::claims::{Credential, Grant, LIFETIME};
use crate::directory::{TokenKind, UserState};
use crate::error::AuthorityError;
use crate::grants::NewRefresh;
use crate::keys::WithX5t;
use crate::resources::Resource;
use crate::scopes::{Permissions, ScopeRequest};
use crate::{Authority, TokenVersion};

/// What a token response is made of.
pub(super) struct Answer<'a> {
    pub user: &'a str,
    pub asked: &'a ScopeRequest,
    pub nonce: Option<String>,
    pub credential: Credential,
    /// What the client declares that it can do.
    pub capabilities: Vec<String>,
    pub now: i64,
}

impl Authority {
    /// The token response. `grant` is spent last, when nothing can be refused any more.
    pub(super) fn issue(
        &self,
        answer: Answer<'_>,
        grant: Spendable,
    ) -> Result<Value, AuthorityError> {
        let Answer { asked, now, .. } = answer;
        let directory = self.directory();
        let user = directory
            .user(answer.user)
            .ok_or(AuthorityError::RefreshRevoked)?;
        if user.state == UserState::Disabled {
            return Err(AuthorityError::UserDisabled);
        }
        self.check_defined(asked)?;
        if !self.has_consent(asked, user) {
            return Err(self.consent_required(&asked.client));
        }
        let of = &asked.first;
        let granted = match &of.permissions {
            Permissions::Named(scopes) => scopes.iter().map(|scope| scope.value.clone()).collect(),
            Permissions::Granted => self.granted(&asked.client, of.resource, user),
        };
        let version = self.version(of.resource);
        let access = self.access_claims(&Grant {
            user,
            client: &asked.client,
            credential: answer.credential,
            audience: match version {
                TokenVersion::V1 => &of.named,
                TokenVersion::V2 => self.app_id(of.resource),
            },
            recipient: self.app_id(of.resource),
            app: self.application(of.resource),
            capabilities: &answer.capabilities,
            scopes: &scp(asked, &granted),
            version,
            issued: now,
            expires: now + LIFETIME,
        });
        // A key that signed at start-up signs now too; if not, the client may ask again.
        let sign = |claims: &Value, x5t| {
            self.keys()
                .sign(claims, x5t)
                .map_err(|_| AuthorityError::Temporary)
        };
        let x5t = match version {
            TokenVersion::V1 => WithX5t::Yes,
            TokenVersion::V2 => WithX5t::No,
        };
        let mut body = json!({
            "token_type": "Bearer",
            "scope": echo(asked, &granted),
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": sign(&Value::Object(access), x5t)?,
        });
        if asked.has("openid") {
            let mut claims =
                self.id_claims(user, &asked.client, TokenKind::Id, &asked.protocol, now);
            if let Some(nonce) = answer.nonce {
                claims["nonce"] = json!(nonce);
            }
            body["id_token"] = json!(sign(&claims, WithX5t::No)?);
        }
        let mut grants = self.grants();
        match &grant {
            Spendable::DeviceCode(code) => grants.take_device_code(code)?,
            Spendable::Code { code, .. } => grants.use_code(code)?,
            Spendable::RefreshToken { .. } | Spendable::Assertion => {}
        }
        if asked.has("offline_access") {
            let new = NewRefresh {
                user: &user.upn,
                asked,
                platform: grant.platform(),
                got_by: grant.refresh_token(),
            };
            body["refresh_token"] = json!(grants.issue_refresh(&new, now));
        }
        Ok(body)
    }

    pub(crate) fn consent_required(&self, client: &str) -> AuthorityError {
        AuthorityError::ConsentRequired {
            client: client.to_owned(),
            name: self
                .directory()
                .client_name(client)
                .unwrap_or("")
                .to_owned(),
        }
    }

    /// The version of a resource's tokens: its registration's; Microsoft's own have v1.
    pub(crate) fn version(&self, resource: Resource) -> TokenVersion {
        match self.application(resource) {
            Some(app) if app.token_version() == 2 => TokenVersion::V2,
            _ => TokenVersion::V1,
        }
    }
}

/// The token's scopes. Those of the protocol are Microsoft Graph's.
fn scp(asked: &ScopeRequest, granted: &[String]) -> Vec<String> {
    let mut scopes = granted.to_vec();
    if asked.first.resource == Resource::Graph {
        scopes.extend(protocol(asked));
    }
    scopes
}

fn protocol(asked: &ScopeRequest) -> impl Iterator<Item = String> {
    let all = asked.protocol.iter();
    all.filter(|scope| *scope != "offline_access").cloned()
}

/// The response's `scope`. By name: as asked, fully qualified, since a short echo makes MSAL miss
/// its cache. Of `.default`: what was granted, then `.default` (captured: darkcodi/AzureTokenApi),
/// since MSAL Go refuses an answer that lacks it. The protocol's scopes are there for Microsoft
/// Graph alone (documented: the device code page; the same capture).
fn echo(asked: &ScopeRequest, granted: &[String]) -> String {
    let of = &asked.first;
    let mut echo: Vec<String> = match &of.permissions {
        Permissions::Named(_) => Vec::new(),
        Permissions::Granted => granted
            .iter()
            .map(|scope| format!("{}/{scope}", of.named))
            .collect(),
    };
    echo.extend(of.full());
    if of.resource == Resource::Graph {
        echo.extend(protocol(asked));
    }
    echo.join(" ")
}
