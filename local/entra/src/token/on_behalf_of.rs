//! On behalf of (documented: v2-oauth2-on-behalf-of-flow): a protected API hands in the token that
//! it was called with, and gets one of the same user for the next API.

use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use super::redeeming::Redeemed;
use super::spendable::Spendable;
use crate::Authority;
use crate::claims::Credential;
use crate::error::{AuthorityError, UserAssertion};
use crate::parameters::Parameters;
use crate::resources::Resource;

impl Authority {
    /// The user of the assertion, and what is asked for them. Every parameter is documented as
    /// required.
    pub(super) fn redeem_assertion(
        &self,
        (client, credential): (&str, Credential),
        parameters: &Parameters,
        now: i64,
    ) -> Result<Redeemed, AuthorityError> {
        // "Middle-tier" is a confidential client (reported of a public one: msal-dotnet#1289).
        if credential == Credential::None {
            return Err(AuthorityError::PublicClientOff);
        }
        let token_use = parameters.required("requested_token_use")?;
        if token_use != "on_behalf_of" {
            return Err(AuthorityError::TokenUse(token_use.to_owned()));
        }
        let assertion = parameters.required("assertion")?;
        let asked = self.asked_of_one(client, parameters.required("scope")?)?;
        self.check_resource(parameters, &asked)?;
        self.check_not_itself(client, &asked)?;
        let user = self
            .user_of_assertion(client, assertion, now)
            .map_err(AuthorityError::UserAssertion)?;
        Ok(Redeemed {
            user,
            asked,
            nonce: None,
            grant: Spendable::Assertion,
        })
    }

    /// The sign-in name in an access token of this authority's that is for `client` and has not
    /// ended. There is no skew: a capture of AADSTS500133 is of a token 21 seconds after its end.
    fn user_of_assertion(
        &self,
        client: &str,
        assertion: &str,
        now: i64,
    ) -> Result<String, UserAssertion> {
        let claims = self.verified(assertion, now)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        let audience = text("aud");
        // Microsoft Graph's tokens are signed in a way that Graph alone can check (reported:
        // msal-dotnet#1636).
        if self.resource(audience) == Some(Resource::Graph) {
            return Err(UserAssertion::SignatureWrong);
        }
        if ![self.issuer_v1(), self.issuer_v2()].contains(&text("iss").to_owned()) {
            return Err(UserAssertion::KeyUnknown);
        }
        let expires = time("exp").ok_or(UserAssertion::Malformed)?;
        if expires <= now || time("nbf").is_some_and(|begins| begins > now) {
            return Err(UserAssertion::Time { now, expires });
        }
        // An access token names its client.
        if text("azp").is_empty() && text("appid").is_empty() {
            return Err(UserAssertion::IdToken);
        }
        let directory = self.directory();
        let own = directory.application(client);
        if !own.is_some_and(|app| app.is_audience(audience)) {
            return Err(UserAssertion::Audience {
                audience: audience.to_owned(),
                client: client.to_owned(),
                name: directory.client_name(client).unwrap_or("").to_owned(),
            });
        }
        if text("scp").is_empty() {
            return Err(UserAssertion::AppOnly(client.to_owned()));
        }
        let mut users = directory.users().iter();
        let user = users.find(|user| user.oid == text("oid"));
        user.map(|user| user.upn.clone())
            .ok_or(UserAssertion::UserUnknown)
    }

    fn verified(&self, assertion: &str, now: i64) -> Result<Map<String, Value>, UserAssertion> {
        let header =
            jsonwebtoken::decode_header(assertion).map_err(|_| UserAssertion::Malformed)?;
        let key = header.kid.and_then(|kid| self.ring().find(&kid, now));
        let key = key.ok_or(UserAssertion::KeyUnknown)?;
        let key = key.verifying().map_err(|_| UserAssertion::SignatureWrong)?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(assertion, &key, &validation)
            .map(|token| token.claims)
            .map_err(|_| UserAssertion::SignatureWrong)
    }
}
