//! Back from the authority: the ID token of the front channel, and the code beside it.
//!
//! The form is another site's, so a browser sends it without cookies (`SameSite=Lax`). It is sent
//! once more then, from a page of the gate's own. App Service has a cookie that any site's form
//! brings instead, which no browser keeps of plain HTTP but on localhost, and Safari not there.

use std::collections::HashMap;

use aws_lc_rs::{constant_time, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::{Method, Request, Response, StatusCode};
use local_http::relay::BoxBody;
use local_http::serve::RequestBody;

use super::session::{self, Tokens};
use super::sign_in::{Begun, callback, cookie_of};
use super::{Browser, Context, add_cookie, body_of, pages, redirect};
use crate::claims::{Claims, time};

/// That a form was sent once more: it is not sent a third time.
const AGAIN: &str = "again";

/// What came back, by name. No `Debug`: tokens are among it.
pub(super) struct Answer(HashMap<String, String>);

impl Answer {
    fn of(pairs: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(pairs).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Why a sign-in made no session, for its person.
struct Refused(StatusCode, String);

impl Refused {
    fn not_begun() -> Self {
        Self(
            StatusCode::FORBIDDEN,
            "This browser did not begin that sign-in, or it took too long.".to_owned(),
        )
    }

    fn by_token(why: impl Into<String>) -> Self {
        Self(StatusCode::UNAUTHORIZED, why.into())
    }
}

impl Browser {
    /// Back from the authority.
    pub(super) async fn finish(
        &self,
        gate: Context<'_>,
        request: Request<RequestBody>,
    ) -> Response<BoxBody> {
        let begun = self.begun(request.headers());
        let is_form = request.method() == Method::POST;
        let answer = if is_form {
            let Some(body) = body_of(request).await else {
                let why = "The answer is too long, or broke off.";
                return pages::failed(StatusCode::BAD_REQUEST, why, gate.prefix());
            };
            Answer::of(&body)
        } else {
            Answer::of(request.uri().query().unwrap_or_default().as_bytes())
        };
        if is_form && begun.is_empty() && answer.get(AGAIN).is_none() {
            return pages::send_again(&callback(gate), &answer.0, AGAIN);
        }
        let state = answer.get("state").unwrap_or_default();
        let begun: Vec<Begun> = begun
            .into_iter()
            .filter(|one| one.state() == state)
            .collect();
        match self.session_of(gate, &answer, &begun).await {
            Ok((begun, claims, tokens)) => {
                let (id, life) = self.start(gate, claims, tokens);
                let mut response = redirect(&begun.target);
                self.add_session(&mut response, &id, life, gate.origin);
                let name = cookie_of(&begun.nonce);
                let done = session::cookie(&name, "", gate.prefix(), Some(0), gate.origin);
                add_cookie(&mut response, &done);
                response
            }
            Err(Refused(status, why)) => pages::failed(status, &why, gate.prefix()),
        }
    }

    /// Who has signed in, by an answer to one of the sign-ins that this browser began.
    async fn session_of<'a>(
        &self,
        gate: Context<'_>,
        answer: &Answer,
        begun: &'a [Begun],
    ) -> Result<(&'a Begun, Claims, Tokens), Refused> {
        let now = self.clock.now();
        let latest = begun.iter().max_by_key(|one| one.ends_at);
        let latest = latest.ok_or_else(Refused::not_begun)?;
        if latest.ends_at < now {
            let why = "The sign-in took too long.";
            return Err(Refused(StatusCode::FORBIDDEN, why.to_owned()));
        }
        if let Some(error) = answer.get("error") {
            let why = answer.get("error_description").unwrap_or_default();
            return Err(Refused::by_token(format!(
                "{error}: {why}{}",
                cure(gate, why)
            )));
        }
        let id = answer
            .get("id_token")
            .ok_or_else(|| Refused::by_token("The answer has no ID token."))?;
        let claims = self.id_claims(gate, id).await.map_err(Refused::by_token)?;
        let begun = if gate.settings.login.nonce.validate_nonce {
            // An ID token with another nonce belongs to another sign-in.
            let nonce = claims.get("nonce").and_then(|nonce| nonce.as_str());
            begun
                .iter()
                .find(|one| Some(one.nonce.as_str()) == nonce && one.ends_at >= now)
                .ok_or_else(|| Refused::by_token("The ID token is not for this sign-in (nonce)."))?
        } else {
            latest
        };
        // Each sign-in once: what came back can't make a second session.
        if !self.spent.spend(&begun.nonce, begun.ends_at, now) {
            return Err(Refused(
                StatusCode::FORBIDDEN,
                "This sign-in is over already.".to_owned(),
            ));
        }
        let mut tokens = Tokens {
            access: None,
            id: Some(id.to_owned()),
            refresh: None,
            scope: begun.scope.clone(),
            expires_at: time(&claims, "exp").unwrap_or(0),
        };
        if let (Some(code), Some(_)) = (answer.get("code"), &self.secret) {
            check_code(&claims, code).map_err(Refused::by_token)?;
            let form = [
                ("grant_type", "authorization_code".to_owned()),
                ("code", code.to_owned()),
                ("redirect_uri", callback(gate)),
            ];
            let granted = self.redeem(gate, &form).await;
            let granted = granted.map_err(Refused::by_token)?;
            if let Some(id) = &granted.id_token {
                // The same person's (OpenID Connect Core section 3.3.3.6).
                let other = self.id_claims(gate, id).await.map_err(Refused::by_token)?;
                if other.get("sub") != claims.get("sub") {
                    return Err(Refused::by_token("The code is another user's."));
                }
            }
            tokens.access = granted.access_token;
            tokens.refresh = granted.refresh_token;
        }
        Ok((begun, claims, tokens))
    }

    /// What an ID token says, checked as a bearer token would be.
    ///
    /// # Errors
    /// Why it does not hold, in words.
    pub(super) async fn id_claims(&self, gate: Context<'_>, token: &str) -> Result<Claims, String> {
        let claims = self
            .checked(gate, token)
            .await
            .map_err(|reason| format!("the ID token was refused: {}", reason.code()))?;
        // An ID token is for the client itself, whatever audiences are allowed to callers.
        let client = &gate.settings.provider().registration.client_id;
        if claims.get("aud").and_then(|aud| aud.as_str()) != Some(client) {
            return Err("the ID token is another client's".into());
        }
        Ok(claims)
    }
}

/// Whether the ID token is the one that came with this code (OpenID Connect Core section
/// 3.3.2.10). Entra's has a `c_hash` then; one without is not refused for that.
fn check_code(claims: &Claims, code: &str) -> Result<(), &'static str> {
    let Some(hash) = claims.get("c_hash") else {
        return Ok(());
    };
    let ours = digest::digest(&digest::SHA256, code.as_bytes());
    let (left, _) = ours.as_ref().split_at(ours.as_ref().len() / 2);
    let ours = URL_SAFE_NO_PAD.encode(left);
    let theirs = hash.as_str().unwrap_or_default();
    constant_time::verify_slices_are_equal(ours.as_bytes(), theirs.as_bytes())
        .map_err(|_| "The code is not the one that the ID token came with (c_hash).")
}

/// What to do about a refusal that the registration is the reason of.
fn cure(gate: Context<'_>, why: &str) -> String {
    if !why.contains("AADSTS700054") {
        return String::new();
    }
    let client = &gate.settings.provider().registration.client_id;
    format!(
        " The app's registration has to allow ID tokens. Here: {} in its file. In Azure: az ad app update --id {client} --enable-id-token-issuance true",
        super::ALLOW_ID_TOKENS
    )
}
