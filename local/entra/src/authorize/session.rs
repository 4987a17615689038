//! The browser's own sign-in at the authority, in a cookie: who has signed in once is not asked
//! again, and `prompt=none` answers by it (OpenID Connect Core section 3.1.2.1; documented:
//! v2-oauth2-auth-code-flow, `prompt`).
//!
//! The cookie is sent from other sites' frames too (`SameSite=None`): a single-page app asks in
//! one. It is of no use to them: answers go to registered redirect URIs alone.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use cookie::{Cookie, SameSite};

use crate::Authority;
use crate::directory::{User, UserState};
use crate::parameters::Parameters;

const COOKIE: &str = "GreetingLocalSession";

impl User {
    /// Whether a `login_hint` means them: the user name, or the mail address.
    pub(crate) fn is_named(&self, hint: &str) -> bool {
        let names = [Some(&self.upn), self.mail.as_ref()];
        let mut names = names.into_iter().flatten();
        names.any(|name| name.eq_ignore_ascii_case(hint))
    }
}

impl Authority {
    /// Who is signed in in this browser, if that is who the request is about, and recent enough
    /// for it.
    pub(super) fn signed_in(
        &self,
        headers: &HeaderMap,
        parameters: &Parameters,
        now: i64,
    ) -> Option<&User> {
        let session = self.grants().session(&secret_of(headers)?, now)?;
        let user = self
            .directory()
            .user(&session.user)
            .filter(|user| user.state != UserState::Disabled)?;
        let is_meant = parameters
            .get("login_hint")
            .is_none_or(|hint| user.is_named(hint));
        let is_recent = parameters
            .get("max_age")
            .and_then(|seconds| seconds.parse::<i64>().ok())
            .is_none_or(|seconds| now.saturating_sub(session.since) <= seconds);
        (is_meant && is_recent).then_some(user)
    }

    /// The answer, with which `user` is signed in in this browser from now on.
    pub(super) fn with_session(
        &self,
        headers: &HeaderMap,
        user: &User,
        now: i64,
        response: Response,
    ) -> Response {
        let mut grants = self.grants();
        if let Some(old) = secret_of(headers) {
            grants.end_session(&old);
        }
        let secret = grants.begin_session(&user.upn, now);
        with_cookie(response, cookie(secret))
    }

    /// The answer, with which nobody is signed in in this browser any more.
    pub(super) fn without_session(&self, headers: &HeaderMap, response: Response) -> Response {
        let Some(old) = secret_of(headers) else {
            return response;
        };
        self.grants().end_session(&old);
        let mut gone = cookie(String::new());
        gone.set_max_age(cookie::time::Duration::ZERO);
        with_cookie(response, gone)
    }
}

fn secret_of(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| Cookie::split_parse(value).flatten())
        .find(|cookie| cookie.name() == COOKIE)
        .map(|cookie| cookie.value().to_owned())
}

/// It ends with the browser. The authority is always HTTPS.
fn cookie(secret: String) -> Cookie<'static> {
    Cookie::build((COOKIE, secret))
        .path("/")
        .http_only(true)
        .secure(true)
        .same_site(SameSite::None)
        .build()
}

fn with_cookie(mut response: Response, cookie: Cookie<'static>) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
