//! What a token request hands in, and what it stands for.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::issuing::Answer;
use super::spendable::Spendable;
use crate::Authority;
use crate::claims::Credential;
use crate::directory::Platform;
use crate::error::AuthorityError;
use crate::grants::Reuse;
use crate::parameters::{Parameters, add_basic};
use crate::resources::Resource;
use crate::scopes::ScopeRequest;

/// Whom and what a grant stands for.
pub(super) struct Redeemed {
    pub(super) user: String,
    pub(super) asked: ScopeRequest,
    pub(super) nonce: Option<String>,
    pub(super) grant: Spendable,
}

impl Authority {
    pub(super) fn redeem(
        &self,
        tenant: &str,
        headers: &HeaderMap,
        mut pairs: Vec<(String, String)>,
    ) -> Result<Value, AuthorityError> {
        add_basic(headers, &mut pairs);
        let parameters = Parameters::new(pairs)?;
        let grant = parameters.required("grant_type")?.to_owned();
        let client = self.check_caller(tenant, &parameters)?;
        if let Some(kind) = parameters
            .get("token_type")
            .filter(|kind| !kind.eq_ignore_ascii_case("bearer"))
        {
            return Err(AuthorityError::TokenType(kind.to_owned()));
        }
        let now = self.clock().now();
        let credential = self.authenticate(&client, &parameters, now)?;
        let origin = headers
            .get(header::ORIGIN)
            .and_then(|origin| origin.to_str().ok());
        if grant == "client_credentials" {
            check_origin(origin, Platform::Web)?;
            let asked = self.asked_by_daemon(&client, parameters.required("scope")?)?;
            self.check_resource(&parameters, &asked)?;
            return self.issue_app(&asked, credential, &parameters.capabilities(), now);
        }
        self.check_policy(&client, &parameters)?;
        let redeemed = match grant.as_str() {
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                self.redeem_device_code(&client, &parameters, now)?
            }
            "authorization_code" => {
                self.redeem_code((&client, credential), &parameters, origin, now)?
            }
            "refresh_token" => {
                self.redeem_refresh_token((&client, credential), &parameters, origin, now)?
            }
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                check_origin(origin, Platform::Web)?;
                self.redeem_assertion((&client, credential), &parameters, now)?
            }
            other => return Err(AuthorityError::GrantUnsupported(other.to_owned())),
        };
        let answer = Answer {
            user: &redeemed.user,
            asked: &redeemed.asked,
            nonce: redeemed.nonce,
            credential,
            capabilities: parameters.capabilities(),
            now,
        };
        let mut body = self.issue(answer, redeemed.grant)?;
        if parameters.get("client_info") == Some("1")
            && let Some(user) = self.directory().user(&redeemed.user)
        {
            let info = json!({"uid": user.oid, "utid": self.tenant()}).to_string();
            body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
        }
        Ok(body)
    }

    /// What a policy refuses everybody with.
    fn check_policy(&self, client: &str, parameters: &Parameters) -> Result<(), AuthorityError> {
        let Some(code) = self.policy().refuse else {
            return Ok(());
        };
        let asked = parameters
            .get("scope")
            .and_then(|scope| self.asked(client, scope).ok());
        let resource = asked.map_or(Resource::Api, |asked| asked.first.resource);
        Err(AuthorityError::Policy {
            code,
            resource: self.app_id(resource).to_owned(),
        })
    }

    fn redeem_device_code(
        &self,
        client: &str,
        parameters: &Parameters,
        now: i64,
    ) -> Result<Redeemed, AuthorityError> {
        if !self.directory().is_public_client(client) {
            return Err(AuthorityError::PublicClientOff);
        }
        // az sends the code under both names.
        let code = parameters
            .get("device_code")
            .or_else(|| parameters.get("code"))
            .ok_or(AuthorityError::ParameterMissing("device_code"))?;
        let (user, asked) = self.grants().poll(code, client, now)?;
        if !self.policy().device_code {
            return Err(AuthorityError::Policy {
                code: 53003,
                resource: self.app_id(asked.first.resource).to_owned(),
            });
        }
        self.check_resource(parameters, &asked)?;
        Ok(Redeemed {
            user,
            asked,
            nonce: None,
            grant: Spendable::DeviceCode(code.to_owned()),
        })
    }

    /// A web app proves itself, whoever has its code.
    fn check_proof(
        &self,
        client: &str,
        credential: Credential,
        platform: Platform,
    ) -> Result<(), AuthorityError> {
        if credential == Credential::None && self.directory().has_to_prove_itself(client, platform)
        {
            return Err(AuthorityError::PublicClientOff);
        }
        Ok(())
    }

    fn redeem_code(
        &self,
        (client, credential): (&str, Credential),
        parameters: &Parameters,
        origin: Option<&str>,
        now: i64,
    ) -> Result<Redeemed, AuthorityError> {
        let code = parameters.required("code")?;
        let redirect = parameters.required("redirect_uri")?;
        // Optional (v2-oauth2-auth-code-flow); another one than authorize was asked is allowed.
        let wanted = parameters
            .get("scope")
            .map(|scope| self.asked_of_one(client, scope))
            .transpose()?;
        let known = self.grants().code(code, client, redirect, now)?;
        self.check_proof(client, credential, known.platform)?;
        check_origin(origin, known.platform)?;
        check_credential(origin, credential, known.platform)?;
        // Without a challenge there is nothing to verify, whatever is sent.
        if let Some(challenge) = &known.challenge {
            challenge.check(parameters.get("code_verifier"))?;
        }
        let mut asked = known.asked.only_first();
        if let Some(wanted) = wanted {
            for scope in wanted.protocol {
                if !asked.has(&scope) {
                    asked.protocol.push(scope);
                }
            }
            asked.first = wanted.first;
        }
        self.check_resource(parameters, &asked)?;
        Ok(Redeemed {
            user: known.user,
            asked,
            nonce: known.nonce,
            grant: Spendable::Code {
                code: code.to_owned(),
                platform: known.platform,
            },
        })
    }

    fn redeem_refresh_token(
        &self,
        (client, credential): (&str, Credential),
        parameters: &Parameters,
        origin: Option<&str>,
        now: i64,
    ) -> Result<Redeemed, AuthorityError> {
        let token = parameters.required("refresh_token")?;
        // Another scope than the first is allowed. Of several resources' the first one counts
        // (v2-oauth2-auth-code-flow, "Refresh the access token": "a token for the resource
        // specified in the first scope").
        let wanted = parameters
            .get("scope")
            .map(|scope| self.asked(client, scope).map(ScopeRequest::only_first))
            .transpose()?;
        let reuse = if self.policy().refresh_reuse {
            Reuse::Allowed
        } else {
            Reuse::EndsFamily
        };
        let stands_for = self.grants().refresh(token, client, reuse, now)?;
        self.check_proof(client, credential, stands_for.platform)?;
        check_origin(origin, stands_for.platform)?;
        check_credential(origin, credential, stands_for.platform)?;
        let mut asked = wanted.unwrap_or_else(|| stands_for.asked.clone());
        if !asked.has("offline_access") {
            asked.protocol.push("offline_access".to_owned());
        }
        self.check_resource(parameters, &asked)?;
        self.check_not_itself(client, &asked)?;
        Ok(Redeemed {
            user: stands_for.user.clone(),
            asked,
            nonce: None,
            grant: Spendable::RefreshToken {
                token: token.to_owned(),
                stands_for: Box::new(stands_for),
            },
        })
    }

    /// An API gets no token for itself by a URI of its own. Captured of a refresh:
    /// modelcontextprotocol/typescript-sdk#2718. The code's redemption passes (reported:
    /// Softeria/ms-365-mcp-server#508).
    pub(super) fn check_not_itself(
        &self,
        client: &str,
        asked: &ScopeRequest,
    ) -> Result<(), AuthorityError> {
        let of = &asked.first;
        let app = self.application(of.resource);
        if !app.is_some_and(|app| app.is(client)) || of.named.eq_ignore_ascii_case(client) {
            return Ok(());
        }
        let name = self.directory().client_name(client).unwrap_or("");
        Err(AuthorityError::TokenForItself {
            client: client.to_owned(),
            name: name.to_owned(),
        })
    }
}

/// A single-page app's grants are redeemed by its pages, which send `Origin`, and nobody else's
/// are (captured: AADSTS9002327, next-auth#9414; AADSTS9002326, umi-request#299).
fn check_origin(origin: Option<&str>, platform: Platform) -> Result<(), AuthorityError> {
    match (origin, platform) {
        (None, Platform::Spa) => Err(AuthorityError::OriginMissing),
        (Some(origin), Platform::Web | Platform::PublicClient) => {
            Err(AuthorityError::OriginUnexpected(origin.to_owned()))
        }
        (Some(_), Platform::Spa) | (None, Platform::Web | Platform::PublicClient) => Ok(()),
    }
}

/// Who may not prove themselves: a native app by its redirect URI, whatever secrets its
/// registration has (reported: Softeria/ms-365-mcp-server#288, #664; captured of a device code's
/// refresh: email-oauth2-proxy#363, canonical/authd#1881), and a page (documented:
/// v2-oauth2-auth-code-flow, "prevents the use of client credentials in all flows in the presence
/// of an Origin header"; AADSTS9002326 is captured of client_credentials alone, umi-request#299).
fn check_credential(
    origin: Option<&str>,
    credential: Credential,
    platform: Platform,
) -> Result<(), AuthorityError> {
    match (credential, platform) {
        (Credential::None, _) | (_, Platform::Web) => Ok(()),
        (_, Platform::PublicClient) => Err(AuthorityError::SecretFromPublicClient),
        (_, Platform::Spa) => {
            let origin = origin.unwrap_or("").to_owned();
            Err(AuthorityError::OriginUnexpected(origin))
        }
    }
}
