//! What goes back to the client in the end: a code, an ID token of the front channel, or both.

use aws_lc_rs::digest;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::Authority;
use crate::directory::{TokenKind, User};
use crate::error::AuthorityError;
use crate::grants::{Code, Flow, ResponseType};
use crate::keys::WithX5t;

/// Seconds that an authorization code lives (documented: about ten minutes).
const CODE_LIFETIME: i64 = 600;

impl Authority {
    /// Back to the client, with what it asked for.
    pub(super) fn finish(&self, flow: &Flow, user: &User, now: i64) -> Response {
        let code = match flow.response_type {
            ResponseType::IdToken => None,
            ResponseType::Code | ResponseType::CodeAndIdToken => Some(self.code(flow, user, now)),
        };
        let id_token = match flow.response_type {
            ResponseType::Code => None,
            ResponseType::IdToken | ResponseType::CodeAndIdToken => {
                match self.id_token(flow, user, code.as_deref(), now) {
                    Ok(token) => Some(token),
                    Err(error) => return flow.refusal(&error, now),
                }
            }
        };
        let answer = [("code", &code), ("id_token", &id_token)];
        let answer: Vec<(&str, &str)> = answer
            .iter()
            .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
            .collect();
        flow.back(&answer)
    }

    /// What is told of who asks before anybody is asked for consent. A policy's refusal is told at
    /// the token endpoint, and here only where a token of the front channel never comes there.
    pub(super) fn check_user_side(&self, flow: &Flow) -> Result<(), AuthorityError> {
        self.check_defined(&flow.asked)?;
        match (flow.response_type, self.policy().refuse) {
            (ResponseType::IdToken | ResponseType::CodeAndIdToken, Some(code)) => {
                let resource = self.app_id(flow.asked.first.resource).to_owned();
                Err(AuthorityError::Policy { code, resource })
            }
            (ResponseType::Code, _) | (_, None) => Ok(()),
        }
    }

    /// What the user has accepted on the page. With consent switched off it counts for nothing,
    /// which a code's redemption tells; an ID token of the front channel is refused here.
    pub(super) fn check_accepted(&self, flow: &Flow, user: &User) -> Result<(), AuthorityError> {
        self.consent(&flow.asked, &user.upn);
        if flow.response_type == ResponseType::Code || self.has_consent(&flow.asked, user) {
            Ok(())
        } else {
            Err(self.consent_required(&flow.asked.client))
        }
    }

    fn code(&self, flow: &Flow, user: &User, now: i64) -> String {
        self.grants().issue_code(
            Code {
                user: user.upn.clone(),
                asked: flow.asked.clone(),
                redirect: flow.redirect_as_written.clone(),
                challenge: flow.challenge.clone(),
                platform: flow.platform,
                nonce: flow.nonce.clone(),
                expires: now + CODE_LIFETIME,
                used: false,
            },
            now,
        )
    }

    /// An ID token of the front channel. Its `c_hash` binds the code that comes with it (OpenID
    /// Connect Core section 3.3.2.11).
    fn id_token(
        &self,
        flow: &Flow,
        user: &User,
        code: Option<&str>,
        now: i64,
    ) -> Result<String, AuthorityError> {
        let mut claims = self.id_claims(
            user,
            &flow.asked.client,
            TokenKind::IdInFront,
            &flow.asked.protocol,
            now,
        );
        if let Some(nonce) = &flow.nonce {
            claims["nonce"] = json!(nonce);
        }
        if let Some(code) = code {
            let hash = digest::digest(&digest::SHA256, code.as_bytes());
            let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
            claims["c_hash"] = json!(URL_SAFE_NO_PAD.encode(left));
        }
        self.keys()
            .sign(&claims, WithX5t::No)
            .map_err(|_| AuthorityError::Temporary)
    }
}
