//! Authorization codes that are out, and the sign-ins that lead to them.

use super::{Grants, MAX_PENDING, ScopeRequest};
use crate::directory::Platform;
use crate::error::AuthorityError;
use crate::pkce::Challenge;
use crate::prompt::Prompt;
use crate::secrets::{hash, secret};

/// How an answer of authorize comes back (OAuth 2.0 Multiple Response Type Encoding Practices
/// section 2.1; OAuth 2.0 Form Post Response Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// What authorize is asked for (OAuth 2.0 Multiple Response Type Encoding Practices sections 3
/// and 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseType {
    Code,
    IdToken,
    CodeAndIdToken,
}

/// A sign-in that waits for its person.
#[derive(Clone)]
pub(crate) struct Flow {
    pub asked: ScopeRequest,
    pub redirect: url::Url,
    /// The same as the request wrote it: the code's redemption has to repeat it.
    pub redirect_as_written: String,
    pub prompt: Prompt,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: Option<Challenge>,
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    pub platform: Platform,
    pub expires: i64,
}

/// What a code stands for.
#[derive(Clone)]
pub(crate) struct Code {
    pub user: String,
    pub asked: ScopeRequest,
    pub redirect: String,
    pub challenge: Option<Challenge>,
    /// That of its redirect URI.
    pub platform: Platform,
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

    /// What a code stands for, for the client and redirect that it was made for (RFC 6749 section
    /// 4.1.3). It stays good until `use_code`: a refusal after this one must not cost it.
    ///
    /// # Errors
    /// Malformed, unknown, another client's, redeemed, expired, or another redirect's.
    pub(crate) fn code(
        &self,
        code: &str,
        client: &str,
        redirect: &str,
        now: i64,
    ) -> Result<Code, AuthorityError> {
        let known = self
            .codes
            .get(&hash(code))
            .ok_or(AuthorityError::Malformed)?;
        if !known.asked.client.eq_ignore_ascii_case(client) {
            return Err(AuthorityError::GrantUnknown);
        }
        if known.used {
            return Err(AuthorityError::AuthorizationCodeUsed);
        }
        if known.expires <= now {
            return Err(AuthorityError::AuthorizationCodeExpired);
        }
        // Documented (v2-oauth2-auth-code-flow): "the same redirect_uri value".
        if redirect != known.redirect {
            return Err(AuthorityError::RedirectMismatch {
                redirect: redirect.to_owned(),
                client: client.to_owned(),
            });
        }
        Ok(known.clone())
    }

    /// The code is redeemed.
    ///
    /// # Errors
    /// Somebody else has just redeemed it.
    pub(crate) fn use_code(&mut self, code: &str) -> Result<(), AuthorityError> {
        let known = self
            .codes
            .get_mut(&hash(code))
            .filter(|code| !code.used)
            .ok_or(AuthorityError::AuthorizationCodeUsed)?;
        known.used = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_redeemed_once_by_who_began() {
        let mut grants = Grants::new(crate::grants::RefreshTokens::default());
        let asked = ScopeRequest {
            client: "c".into(),
            ..ScopeRequest::default()
        };
        let code = grants.issue_code(
            Code {
                user: "u".into(),
                asked,
                redirect: "http://localhost:1/".into(),
                challenge: None,
                platform: Platform::PublicClient,
                nonce: None,
                expires: 600,
                used: false,
            },
            0,
        );
        let see = |grants: &Grants, code: &str, client: &str, redirect: &str, now: i64| {
            let found = grants.code(code, client, redirect, now);
            found.map(|code| code.user)
        };
        let here = "http://localhost:1/";
        use AuthorityError as E;
        assert_eq!(see(&grants, "x", "c", here, 1), Err(E::Malformed));
        assert_eq!(see(&grants, &code, "d", here, 1), Err(E::GrantUnknown));
        for other in [
            "http://localhost:2/",
            "http://localhost:1/x/..",
            "HTTP://localhost:1/",
        ] {
            assert!(matches!(
                see(&grants, &code, "c", other, 1),
                Err(E::RedirectMismatch { .. })
            ));
        }
        assert_eq!(
            see(&grants, &code, "c", here, 600),
            Err(E::AuthorizationCodeExpired)
        );
        // Looking costs nothing.
        for _ in 0..2 {
            assert_eq!(see(&grants, &code, "c", here, 1), Ok("u".to_owned()));
        }
        assert_eq!(grants.use_code(&code), Ok(()));
        assert_eq!(grants.use_code(&code), Err(E::AuthorizationCodeUsed));
        assert_eq!(
            see(&grants, &code, "c", here, 1),
            Err(E::AuthorizationCodeUsed)
        );
    }
}
