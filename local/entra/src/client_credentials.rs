//! Who the client is, where it has to prove it; and the grant that needs nothing else (RFC 6749
//! section 4.4).

use serde_json::{Value, json};

use super::claims::{Credential, LIFETIME, insert_before, insert_sorted};
use super::daemon;
use super::error::AuthorityError;
use super::grants::ScopeRequest;
use super::keys::WithX5t;
use super::parameters::Parameters;
use super::resources::Resource;
use super::{Authority, TokenVersion};

/// RFC 7523 section 2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What an app-only token is for.
pub(super) struct AppGrant<'a> {
    pub client: &'a str,
    pub credential: Credential,
    pub resource: Resource,
    /// The resource as it was asked for; v1 tokens repeat it.
    pub named: &'a str,
    pub roles: &'a [&'a str],
    /// What the client declares that it can do.
    pub capabilities: &'a [String],
    pub issued: i64,
    pub expires: i64,
}

impl Authority {
    /// A confidential client proves itself; a public one has nothing to prove with.
    pub(super) fn authenticate(
        &self,
        client: &str,
        parameters: &Parameters,
        now: i64,
    ) -> Result<Credential, AuthorityError> {
        let directory = self.directory();
        let secret = parameters.get("client_secret");
        let assertion = parameters.get("client_assertion");
        if let Some(daemon) = self.daemon().filter(|_| client == daemon::CLIENT_ID) {
            return match (secret, assertion) {
                (_, Some(assertion)) => {
                    if parameters.get("client_assertion_type") != Some(JWT_BEARER) {
                        return Err(AuthorityError::ParameterMissing("client_assertion_type"));
                    }
                    daemon
                        .check_assertion(assertion, &self.audiences(), now)
                        .map(|()| Credential::Certificate)
                }
                (Some(secret), None) => daemon.check_secret(secret).map(|()| Credential::Secret),
                (None, None) => Err(self.proof_missing(parameters)),
            };
        }
        match (secret, assertion) {
            (Some(sent), _) => directory
                .check_secret(client, sent, now)
                .map(|()| Credential::Secret),
            (None, Some(_)) => Err(AuthorityError::SecretFromPublicClient),
            (None, None)
                if directory.is_confidential(client)
                    || parameters.get("grant_type") == Some("client_credentials") =>
            {
                Err(self.proof_missing(parameters))
            }
            (None, None) => Ok(Credential::None),
        }
    }

    #[expect(
        clippy::unused_self,
        reason = "called as a method, beside those that read it"
    )]
    fn proof_missing(&self, parameters: &Parameters) -> AuthorityError {
        if parameters.get("grant_type") == Some("client_credentials") {
            AuthorityError::ProofMissing
        } else {
            AuthorityError::PublicClientOff
        }
    }

    /// The names that this token endpoint goes by in an assertion's `aud`.
    fn audiences(&self) -> Vec<String> {
        let origin = self.origin();
        [self.tenant(), "common", "organizations"]
            .iter()
            .flat_map(|tenant| {
                [
                    format!("{origin}/{tenant}/oauth2/v2.0/token"),
                    format!("{origin}/{tenant}/oauth2/token"),
                    format!("{origin}/{tenant}/v2.0"),
                    format!("{origin}/{tenant}/"),
                    format!("{origin}/{tenant}"),
                ]
            })
            .collect()
    }

    /// The token of a daemon: app roles, no scope, no user.
    pub(super) fn issue_app(
        &self,
        asked: &ScopeRequest,
        credential: Credential,
        capabilities: &[String],
        now: i64,
    ) -> Result<Value, AuthorityError> {
        let directory = self.directory();
        let of = &asked.first;
        let roles = self
            .application(of.resource)
            .map_or_else(Vec::new, |app| directory.app_roles(&asked.client, app));
        let token = self.app_token(&AppGrant {
            client: &asked.client,
            credential,
            resource: of.resource,
            named: &of.named,
            roles: &roles,
            capabilities,
            issued: now,
            expires: now + LIFETIME,
        })?;
        Ok(json!({
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": token,
        }))
    }

    /// An app-only access token.
    pub(super) fn app_token(&self, grant: &AppGrant<'_>) -> Result<String, AuthorityError> {
        let AppGrant {
            issued, expires, ..
        } = *grant;
        let version = self.version(grant.resource);
        let oid = self.directory().service_principal(grant.client);
        let credential = grant.credential.acr();
        let opaque = super::claims::opaque;
        let mut claims = match version {
            TokenVersion::V2 => json!({
                "aud": self.app_id(grant.resource), "iss": self.issuer_v2(),
                "iat": issued, "nbf": issued, "exp": expires,
                "aio": opaque(), "azp": grant.client, "azpacr": credential,
                "oid": oid, "rh": opaque(), "sub": oid, "tid": self.tenant(),
                "uti": opaque(), "ver": "2.0", "xms_ftd": opaque(),
            }),
            TokenVersion::V1 => json!({
                "aud": grant.named, "iss": self.issuer_v1(),
                "iat": issued, "nbf": issued, "exp": expires,
                "aio": opaque(), "appid": grant.client, "appidacr": credential,
                "idp": self.issuer_v1(), "idtyp": "app",
                "oid": oid, "rh": opaque(), "sub": oid, "tid": self.tenant(),
                "uti": opaque(), "ver": "1.0",
            }),
        };
        if let (false, Some(claims)) = (grant.roles.is_empty(), claims.as_object_mut()) {
            insert_before(claims, "sub", "roles", json!(grant.roles));
        }
        if let (Some(app), Some(claims)) =
            (self.application(grant.resource), claims.as_object_mut())
        {
            for (name, value) in app.claims_of_app(version, grant.capabilities) {
                insert_sorted(claims, &name, value);
            }
        }
        let x5t = match version {
            TokenVersion::V1 => WithX5t::Yes,
            TokenVersion::V2 => WithX5t::No,
        };
        self.keys()
            .sign(&claims, x5t)
            .map_err(|_| AuthorityError::Temporary)
    }
}
