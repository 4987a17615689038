//! `/.auth/refresh`: new tokens for a session.

use hyper::{HeaderMap, Response, StatusCode};
use local_http::relay::{BoxBody, text};

use super::session::Tokens;
use super::{Browser, Context, no_store};
use crate::claims::{Claims, time};
use crate::reason::Reason;

impl Browser {
    /// New tokens for a session, also in its time of grace (documented).
    ///
    /// Without a refresh token there are none: by default a sign-in asks for none, and App Service
    /// refuses then (documented: "Refresh auth tokens"; that the status is 403 is inferred).
    pub(super) async fn refresh(
        &self,
        gate: Context<'_>,
        headers: &HeaderMap,
    ) -> Response<BoxBody> {
        if !gate.store() {
            return no_store();
        }
        let now = self.clock.now();
        let Some((id, session)) = self
            .sessions
            .known(headers)
            .ok()
            .filter(|(_, session)| session.forgotten_at > now)
        else {
            return text(StatusCode::UNAUTHORIZED, "");
        };
        let Some(refresh) = session.tokens.refresh.clone() else {
            let reason = match &self.secret {
                Some(_) => Reason::NoRefreshToken,
                None => Reason::NoClientSecret,
            };
            let mut response = text(StatusCode::FORBIDDEN, format!("{reason}\n"));
            response.extensions_mut().insert(reason);
            return response;
        };
        let form = [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.clone()),
            ("scope", session.tokens.scope.clone()),
        ];
        let refreshed = match self.redeem(gate, &form).await {
            Ok(granted) => {
                let tokens = Tokens {
                    access: granted.access_token,
                    id: granted.id_token,
                    refresh: granted.refresh_token.or(Some(refresh)),
                    ..session.tokens.clone()
                };
                self.refreshed(gate, tokens).await
            }
            Err(why) => Err(why),
        };
        let (claims, tokens) = match refreshed {
            Ok(refreshed) => refreshed,
            Err(why) => return text(StatusCode::FORBIDDEN, format!("{why}\n")),
        };
        // Another person's answer can't take this session over.
        if claims.get("sub") != session.claims.get("sub") {
            return text(
                StatusCode::FORBIDDEN,
                "The refreshed tokens are another user's.\n",
            );
        }
        let (fresh, life) = self.start(gate, claims, tokens);
        if let Some(started) = self.sessions.take(&fresh) {
            self.sessions.replace(&id, started);
        }
        let mut response = text(StatusCode::OK, "");
        self.add_session(&mut response, &id, life, gate.origin);
        response
    }

    async fn refreshed(
        &self,
        gate: Context<'_>,
        mut tokens: Tokens,
    ) -> Result<(Claims, Tokens), String> {
        let id = tokens.id.as_deref().ok_or("the answer has no ID token")?;
        let claims = self.id_claims(gate, id).await?;
        tokens.expires_at = time(&claims, "exp").unwrap_or(0);
        Ok((claims, tokens))
    }
}
