//! Authorization codes that are out, and the sign-ins that lead to them.

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Grants, MAX_PENDING, ScopeRequest};
use crate::error::AuthorityError;
use crate::secrets::{hash, secret};

/// A sign-in that waits for its person.
#[derive(Clone)]
pub(crate) struct Flow {
    pub asked: ScopeRequest,
    pub redirect: url::Url,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: String,
    pub form_post: bool,
    pub expires: i64,
}

/// What a code stands for.
#[derive(Clone)]
pub(crate) struct Code {
    pub user: String,
    pub asked: ScopeRequest,
    pub redirect: String,
    /// The S256 challenge.
    pub challenge: String,
    pub nonce: Option<String>,
    pub expires: i64,
    pub used: bool,
}

impl Grants {
    /// Keeps a sign-in until its person has decided; its id.
    pub(crate) fn begin_flow(&mut self, flow: Flow, now: i64) -> String {
        self.flows.retain(|_, flow| flow.expires > now);
        if self.flows.len() >= MAX_PENDING
            && let Some(oldest) = self
                .flows
                .iter()
                .min_by_key(|(_, flow)| flow.expires)
                .map(|(id, _)| id.clone())
        {
            self.flows.remove(&oldest);
        }
        let id = secret();
        self.flows.insert(id.clone(), flow);
        id
    }

    pub(crate) fn flow(&self, id: &str, now: i64) -> Option<Flow> {
        self.flows
            .get(id)
            .filter(|flow| flow.expires > now)
            .cloned()
    }

    pub(crate) fn end_flow(&mut self, id: &str) {
        self.flows.remove(id);
    }

    /// A code, kept by its hash.
    pub(crate) fn issue_code(&mut self, code: Code, now: i64) -> String {
        self.codes.retain(|_, code| code.expires > now);
        if self.codes.len() >= MAX_PENDING
            && let Some(oldest) = self
                .codes
                .iter()
                .min_by_key(|(_, code)| code.expires)
                .map(|(hash, _)| hash.clone())
        {
            self.codes.remove(&oldest);
        }
        let secret = secret();
        self.codes.insert(hash(&secret), code);
        secret
    }

    /// Redeems a code, once, for the client and redirect that it was made for (RFC 6749 section
    /// 4.1.3), by who knows the verifier (RFC 7636 section 4.6).
    ///
    /// # Errors
    /// Unknown, expired, redeemed, another client's or redirect's, or a wrong verifier.
    pub(crate) fn redeem_code(
        &mut self,
        code: &str,
        client: &str,
        redirect: &str,
        verifier: &str,
        now: i64,
    ) -> Result<Code, AuthorityError> {
        let Some(known) = self
            .codes
            .get_mut(&hash(code))
            .filter(|code| code.asked.client.eq_ignore_ascii_case(client))
        else {
            return Err(AuthorityError::AuthorizationCodeUnknown);
        };
        if known.used {
            return Err(AuthorityError::AuthorizationCodeUsed);
        }
        if known.expires <= now {
            return Err(AuthorityError::AuthorizationCodeExpired);
        }
        if !url::Url::parse(redirect).is_ok_and(|url| url.as_str() == known.redirect) {
            return Err(AuthorityError::RedirectMismatch {
                redirect: redirect.to_owned(),
                client: client.to_owned(),
            });
        }
        let challenge =
            URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        let equal = constant_time::verify_slices_are_equal(
            challenge.as_bytes(),
            known.challenge.as_bytes(),
        );
        if equal.is_err() {
            return Err(AuthorityError::VerifierWrong);
        }
        known.used = true;
        Ok(known.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_redeemed_once_by_who_began() {
        let mut grants = Grants::new(crate::grants::RefreshTokens::default());
        let verifier = "v".repeat(43);
        let challenge =
            URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        let asked = ScopeRequest {
            client: "c".into(),
            ..ScopeRequest::default()
        };
        let code = grants.issue_code(
            Code {
                user: "u".into(),
                asked,
                redirect: "http://localhost:1/".into(),
                challenge,
                nonce: None,
                expires: 600,
                used: false,
            },
            0,
        );
        let mut redeem = |code: &str, client: &str, redirect: &str, verifier: &str, now: i64| {
            grants
                .redeem_code(code, client, redirect, verifier, now)
                .map(|code| code.user)
        };
        let here = "http://localhost:1";
        use AuthorityError as E;
        assert_eq!(
            redeem("x", "c", here, &verifier, 1),
            Err(E::AuthorizationCodeUnknown)
        );
        assert_eq!(
            redeem(&code, "d", here, &verifier, 1),
            Err(E::AuthorizationCodeUnknown)
        );
        assert!(matches!(
            redeem(&code, "c", "http://localhost:2", &verifier, 1),
            Err(E::RedirectMismatch { .. })
        ));
        assert_eq!(redeem(&code, "c", here, "w", 1), Err(E::VerifierWrong));
        assert_eq!(
            redeem(&code, "c", here, &verifier, 600),
            Err(E::AuthorizationCodeExpired)
        );
        assert_eq!(redeem(&code, "c", here, &verifier, 1), Ok("u".to_owned()));
        assert_eq!(
            redeem(&code, "c", here, &verifier, 1),
            Err(E::AuthorizationCodeUsed)
        );
    }
}
