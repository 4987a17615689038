//! Authorization code with PKCE (RFC 7636), from the redirect to the session.

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::{Request, Response, StatusCode};
use local_http::relay::{BoxBody, text};
use local_http::serve::RequestBody;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::session::{self, Tokens, random};
use super::{Browser, Context, add_cookie, no_store, pages, query, redirect};
use crate::decision::{Claims, time};

/// The cookie that binds a sign-in to the browser that began it; its state follows the name, so
/// that two tabs can sign in at once.
const STATE_COOKIE: &str = "AppServiceAuthNonce";
/// A token endpoint's answer is a few KiB.
const MAX_ANSWER: usize = 1 << 20;

/// What the state cookie holds, sealed.
#[derive(Serialize, Deserialize)]
struct Begun {
    nonce: String,
    verifier: String,
    target: String,
    /// Seconds since 1970.
    at: i64,
}

/// What the token endpoint answers. No `Debug`: these are secrets.
#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "RFC 6749's names")]
struct Granted {
    access_token: Option<String>,
    id_token: Option<String>,
    refresh_token: Option<String>,
}

impl Browser {
    /// To the authority's sign-in page.
    pub(super) async fn begin(
        &self,
        gate: Context<'_>,
        request: &Request<RequestBody>,
    ) -> Response<BoxBody> {
        let wanted = query(request, "post_login_redirect_uri")
            .or_else(|| query(request, "post_login_redirect_url"))
            .unwrap_or_else(|| format!("{}/login/done", gate.prefix()));
        let Some(target) = target(gate, &wanted) else {
            return not_allowed(&wanted);
        };
        let registration = &gate.settings.provider().registration;
        if let (Some(name), None) = (&registration.client_secret_setting_name, &self.secret) {
            return pages::no_secret(name);
        }
        let endpoint = match gate.issuer.published(None).await {
            Ok(published) => published.authorization_endpoint.clone(),
            Err(why) => return unavailable(&why),
        };
        let Some(mut url) = endpoint.and_then(|endpoint| Url::parse(&endpoint).ok()) else {
            return unavailable("its discovery document names no authorization_endpoint");
        };
        let state = random();
        let begun = Begun {
            nonce: random(),
            verifier: random(),
            target,
            at: self.clock.now(),
        };
        let challenge = digest::digest(&digest::SHA256, begun.verifier.as_bytes());
        let login = &gate.settings.provider().login;
        let own = |name: &str| {
            login
                .login_parameters
                .iter()
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(known, _)| *known == name)
                .map(|(_, value)| value.to_owned())
        };
        let scope = own("scope").unwrap_or_else(|| {
            let offline = if gate.store() { " offline_access" } else { "" };
            format!("openid profile email{offline}")
        });
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair(
                "client_id",
                &gate.settings.provider().registration.client_id,
            )
            .append_pair("redirect_uri", &callback(gate))
            .append_pair("scope", &scope)
            .append_pair("state", &state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(challenge))
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(
                login
                    .login_parameters
                    .iter()
                    .filter_map(|parameter| parameter.split_once('='))
                    .filter(|(name, _)| !["scope", "response_type"].contains(name)),
            );
        let mut response = redirect(url.as_str());
        let name = state_cookie(&state);
        let sealed = self
            .sessions
            .seal_as(&name, &serde_json::to_string(&begun).unwrap_or_default());
        let life = gate.settings.login.nonce.nonce_expiration_interval.0;
        let cookie = session::cookie(&name, &sealed, gate.prefix(), Some(life), gate.origin);
        add_cookie(&mut response, &cookie);
        response
    }

    /// Back from the authority.
    pub(super) async fn finish(
        &self,
        gate: Context<'_>,
        request: &Request<RequestBody>,
    ) -> Response<BoxBody> {
        let state = query(request, "state").unwrap_or_default();
        let name = state_cookie(&state);
        let begun = session::cookie_value(request.headers(), &name)
            .and_then(|sealed| self.sessions.unseal(&name, &sealed))
            .and_then(|text| serde_json::from_str::<Begun>(&text).ok());
        let Some(begun) = begun else {
            return pages::failed(
                StatusCode::FORBIDDEN,
                "This browser did not begin that sign-in, or it took too long.",
                gate.prefix(),
            );
        };
        let settings = &gate.settings.login.nonce;
        if self.clock.now().saturating_sub(begun.at) > settings.nonce_expiration_interval.0 {
            return pages::failed(
                StatusCode::FORBIDDEN,
                "The sign-in took too long.",
                gate.prefix(),
            );
        }
        if let Some(error) = query(request, "error") {
            let why = query(request, "error_description").unwrap_or_default();
            return pages::failed(
                StatusCode::UNAUTHORIZED,
                &format!("{error}: {why}"),
                gate.prefix(),
            );
        }
        let form = [
            ("grant_type", "authorization_code".to_owned()),
            ("code", query(request, "code").unwrap_or_default()),
            ("redirect_uri", callback(gate)),
            ("code_verifier", begun.verifier.clone()),
        ];
        let granted = match self.redeem(gate, &form).await {
            Ok(granted) => granted,
            Err(why) => return pages::failed(StatusCode::UNAUTHORIZED, &why, gate.prefix()),
        };
        let (claims, tokens) = match self.signed_in(gate, granted, None).await {
            Ok(signed_in) => signed_in,
            Err(why) => return pages::failed(StatusCode::UNAUTHORIZED, &why, gate.prefix()),
        };
        // An ID token with another nonce belongs to another sign-in.
        let nonce = claims.get("nonce").and_then(|nonce| nonce.as_str());
        if settings.validate_nonce && nonce != Some(&begun.nonce) {
            return pages::failed(
                StatusCode::UNAUTHORIZED,
                "The ID token is not for this sign-in (nonce).",
                gate.prefix(),
            );
        }
        let (id, life) = self.start(gate, claims, tokens);
        let mut response = redirect(&begun.target);
        let cookie = session::cookie(
            session::COOKIE,
            &self.sessions.seal(&id),
            "/",
            Some(life),
            gate.origin,
        );
        add_cookie(&mut response, &cookie);
        let done = session::cookie(&name, "", gate.prefix(), Some(0), gate.origin);
        add_cookie(&mut response, &done);
        response
    }

    /// New tokens for a session, also in its time of grace (documented).
    pub(super) async fn refresh(
        &self,
        gate: Context<'_>,
        headers: &hyper::HeaderMap,
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
            return text(
                StatusCode::FORBIDDEN,
                "There is no refresh token: add scope=openid offline_access to loginParameters, or sign in again.\n",
            );
        };
        let form = [
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", refresh.clone()),
            ("scope", "openid profile email offline_access".to_owned()),
        ];
        let refreshed = match self.redeem(gate, &form).await {
            Ok(granted) => self.signed_in(gate, granted, Some(refresh)).await,
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
        let sealed = self.sessions.seal(&id);
        let cookie = session::cookie(session::COOKIE, &sealed, "/", Some(life), gate.origin);
        add_cookie(&mut response, &cookie);
        response
    }

    async fn redeem(&self, gate: Context<'_>, form: &[(&str, String)]) -> Result<Granted, String> {
        let published = gate.issuer.published(None).await?;
        let endpoint = published
            .token_endpoint
            .as_deref()
            .ok_or("the issuer's discovery document names no token_endpoint")?;
        let mut form = form.to_vec();
        form.push((
            "client_id",
            gate.settings.provider().registration.client_id.clone(),
        ));
        if let Some(secret) = &self.secret {
            form.push(("client_secret", secret.clone()));
        }
        let mut response = self
            .http
            .post(endpoint)
            .form(&form)
            .send()
            .await
            .map_err(|error| {
                format!(
                    "the token endpoint was not reached: {}",
                    error.without_url()
                )
            })?;
        let ok = response.status().is_success();
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER {
                return Err("the token endpoint's answer is over 1 MiB".into());
            }
        }
        if ok {
            // serde's message could quote a token.
            return serde_json::from_slice(&body)
                .map_err(|_| "the token endpoint's answer is not a token response".into());
        }
        #[derive(Deserialize)]
        struct Refusal {
            error: String,
            #[serde(default)]
            error_description: String,
        }
        Err(serde_json::from_slice::<Refusal>(&body).map_or_else(
            |_| "the token endpoint refused, without a reason".to_owned(),
            |refusal| {
                let first = refusal
                    .error_description
                    .lines()
                    .next()
                    .unwrap_or("")
                    .to_owned();
                format!("{}: {first}", refusal.error)
            },
        ))
    }

    /// What the tokens say, checked as a bearer token would be.
    async fn signed_in(
        &self,
        gate: Context<'_>,
        granted: Granted,
        old_refresh: Option<String>,
    ) -> Result<(Claims, Tokens), String> {
        let id = granted.id_token.ok_or("the answer has no ID token")?;
        let claims = self
            .checked(gate, &id)
            .await
            .map_err(|reason| format!("the ID token was refused: {}", reason.code()))?;
        // An ID token is for the client itself, whatever audiences are allowed to callers.
        let client = &gate.settings.provider().registration.client_id;
        if claims.get("aud").and_then(|aud| aud.as_str()) != Some(client) {
            return Err("the ID token is another client's".into());
        }
        let tokens = Tokens {
            access: granted.access_token,
            id: Some(id),
            refresh: granted.refresh_token.or(old_refresh),
            expires_at: time(&claims, "exp").unwrap_or(0),
        };
        Ok((claims, tokens))
    }
}

fn callback(gate: Context<'_>) -> String {
    let path = format!("{}/login/aad/callback", gate.prefix());
    gate.origin.url(gate.origin.scheme, &path)
}

fn state_cookie(state: &str) -> String {
    // A cookie's name is a token; a state of ours is.
    let safe: String = state
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(16)
        .collect();
    format!("{STATE_COOKIE}_{safe}")
}

/// Where a sign-in or sign-out may end: this origin, or a URL that the settings allow, whose
/// query is not compared (documented). `None` for any other.
pub(super) fn target(gate: Context<'_>, wanted: &str) -> Option<String> {
    if wanted.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    if wanted.starts_with('/') && !wanted.starts_with("//") {
        return Some(wanted.to_owned());
    }
    let url = Url::parse(wanted).ok()?;
    let own = Url::parse(&gate.origin.url(gate.origin.scheme, "/")).ok()?;
    if url.origin() == own.origin() && url.username().is_empty() && url.password().is_none() {
        return Some(url.to_string());
    }
    let without_query = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    gate.settings
        .login
        .allowed_external_redirect_urls
        .iter()
        .filter_map(|allowed| Url::parse(allowed).ok())
        .any(|allowed| without_query(&allowed) == without_query(&url))
        .then(|| url.to_string())
}

pub(super) fn not_allowed(wanted: &str) -> Response<BoxBody> {
    text(
        StatusCode::FORBIDDEN,
        format!(
            "{} is neither on this origin nor in login.allowedExternalRedirectUrls.\n",
            wanted.escape_debug()
        ),
    )
}

fn unavailable(why: &str) -> Response<BoxBody> {
    text(
        StatusCode::BAD_GATEWAY,
        format!("The identity provider can't be reached: {why}\n"),
    )
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use local_http::serve::Scheme;

    use super::*;
    use crate::behaviour::Behaviour;
    use crate::issuer::Issuer;
    use crate::origin::Origin;
    use crate::settings::Settings;

    #[test]
    fn redirects_stay_at_home_or_go_where_the_settings_say() {
        let settings = Settings::parse(
            r#"{"platform":{"enabled":false},"login":{"allowedExternalRedirectUrls":["https://app.example/after"]}}"#,
            "test",
        )
        .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost:7071".parse().unwrap());
        let origin = Origin::of(&settings, None, &headers, Scheme::Http);
        let behaviour = Behaviour::default();
        let issuer = Issuer::new(&settings, &Behaviour::default(), reqwest::Client::new());
        let gate = Context {
            settings: &settings,
            behaviour: &behaviour,
            issuer: &issuer,
            origin: &origin,
        };
        for (wanted, allowed) in [
            ("/", true),
            ("/a?b=c#d", true),
            ("http://localhost:7071/a", true),
            ("https://app.example/after", true),
            ("https://app.example/after?x=1", true),
            ("https://app.example/other", false),
            ("https://app.example.evil.example/after", false),
            ("//evil.example/", false),
            ("/\\evil.example", false),
            ("https:evil.example", false),
            ("http://localhost:7072/", false),
            ("http://localhost:7071@evil.example/", false),
            ("http://user@localhost:7071/", false),
            ("javascript:alert(1)", false),
            ("/a\r\nset-cookie: x", false),
            ("", false),
        ] {
            assert_eq!(target(gate, wanted).is_some(), allowed, "{wanted}");
        }
    }
}
