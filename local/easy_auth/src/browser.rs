//! The browser side, `/.auth/*`: sign-in by an ID token of the front channel, sessions in
//! encrypted cookies, client-directed sign-in with `X-ZUMO-AUTH`, `/.auth/me`, `/.auth/refresh`,
//! `/.auth/logout`.
//!
//! <https://learn.microsoft.com/azure/app-service/configure-authentication-customize-sign-in-out>
//!
//! - `session`: who is signed in; `spent`: which sign-ins are over
//! - `sign_in`: the way there; `callback`: back; `targets`: and where that may lead
//! - `refresh`: new tokens; `token_endpoint`: where they come from; `pages`: what is shown

mod callback;
mod pages;
mod refresh;
mod session;
mod sign_in;
mod spent;
mod targets;
mod token_endpoint;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use local_events::Clock;
use local_http::page::keep_private;
use local_http::relay::{BoxBody, answer, text};
use local_http::serve::RequestBody;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};

use self::session::{Session, Sessions};
use self::spent::Spent;
use super::behaviour::Behaviour;
use super::claims::{Claims, time};
use super::decision::check_claims;
use super::issuer::Issuer;
use super::origin::Origin;
use super::reason::Reason;
use super::settings::Settings;
use super::{bearer, headers};

/// A token is a few KiB; a body above this is none.
const MAX_BODY: usize = 64 * 1024;
/// The line of an app registration that lets it have ID tokens from the front channel.
pub const ALLOW_ID_TOKENS: &str =
    r#""web": {"implicitGrantSettings": {"enableIdTokenIssuance": true}}"#;

/// What the browser side needs; one a gate.
pub(crate) struct Browser {
    sessions: Sessions,
    spent: Spent,
    http: reqwest::Client,
    /// `clientSecretSettingName`'s value. Never printed.
    secret: Option<String>,
    clock: Clock,
}

/// The gate's parts that are borrowed for one request.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub settings: &'a Settings,
    pub behaviour: &'a Behaviour,
    pub issuer: &'a Issuer,
    pub origin: &'a Origin,
}

impl Context<'_> {
    fn prefix(&self) -> &str {
        &self.settings.http_settings.routes.api_prefix
    }

    fn store(&self) -> bool {
        self.settings.login.token_store.enabled
    }
}

/// A page of the gate's own.
#[derive(Debug, Clone, Copy)]
enum OwnPage {
    SignIn,
    Callback,
    SignedIn,
    Me,
    Refresh,
    SignOut,
    SignedOut,
}

/// Where they are, below the prefix.
const OWN: [(&str, OwnPage); 8] = [
    ("/login/aad", OwnPage::SignIn),
    ("/login/aad/callback", OwnPage::Callback),
    ("/login/done", OwnPage::SignedIn),
    ("/me", OwnPage::Me),
    ("/refresh", OwnPage::Refresh),
    ("/logout", OwnPage::SignOut),
    ("/logout/complete", OwnPage::SignedOut),
    ("/logout/done", OwnPage::SignedOut),
];

#[derive(Deserialize)]
struct Directed {
    access_token: Option<String>,
    id_token: Option<String>,
}

impl Browser {
    pub(crate) fn new(http: reqwest::Client, secret: Option<String>, clock: Clock) -> Self {
        Self {
            sessions: Sessions::new(),
            spent: Spent::default(),
            http,
            secret,
            clock,
        }
    }

    /// The claims of the session that a request brings, by cookie or `X-ZUMO-AUTH`.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) fn claims(&self, headers: &HeaderMap) -> Result<Claims, Reason> {
        let session = self.sessions.find(headers, self.clock.now())?;
        Ok(session.claims)
    }

    /// Adds what only sessions bring, where the token store is on.
    pub(crate) fn add_tokens(&self, settings: &Settings, headers: &mut HeaderMap) {
        if !settings.login.token_store.enabled {
            return;
        }
        let Ok(session) = self.sessions.find(headers, self.clock.now()) else {
            return;
        };
        let mut set = |name: &'static str, value: Option<String>| {
            if let Some(mut value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                value.set_sensitive(true);
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set(
            "x-ms-token-aad-expires-on",
            Some(date(session.tokens.expires_at)),
        );
        set("x-ms-token-aad-id-token", session.tokens.id);
        // Azure has an access token to give only with a client secret (documented).
        if self.secret.is_some() {
            set("x-ms-token-aad-access-token", session.tokens.access);
            set("x-ms-token-aad-refresh-token", session.tokens.refresh);
        }
    }

    /// Sends a browser to sign in and come back to `wanted` (path and query).
    pub(crate) fn send_to_sign_in(gate: Context<'_>, wanted: &str) -> Response<BoxBody> {
        let login = format!("{}/login/aad", gate.prefix());
        if gate.settings.login.preserve_url_fragments_for_logins {
            return pages::keep_fragment(&login);
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("post_login_redirect_uri", wanted)
            .finish();
        redirect(&format!("{login}?{query}"))
    }

    /// Answers one request to the gate's own pages.
    pub(crate) async fn call(
        &self,
        gate: Context<'_>,
        request: Request<RequestBody>,
    ) -> Response<BoxBody> {
        let path = request.uri().path().to_owned();
        let inside = path.strip_prefix(gate.prefix()).unwrap_or("/logout");
        let inside = inside.trim_end_matches('/');
        let own = OWN.iter().find(|(path, _)| *path == inside);
        let mut response = match (own.map(|(_, page)| *page), request.method()) {
            (None, _) => text(
                StatusCode::NOT_FOUND,
                "Easy Auth has no such page here: the local gate has /login/aad, /me, /refresh and /logout.\n",
            ),
            (Some(OwnPage::SignIn), &Method::POST) => self.directed(gate, request).await,
            (Some(OwnPage::Callback), &Method::POST | &Method::GET) => {
                self.finish(gate, request).await
            }
            (Some(page), &Method::GET | &Method::HEAD) => match page {
                OwnPage::SignIn => self.begin(gate, &request).await,
                // A HEAD is no answer of an authority's.
                OwnPage::Callback => text(StatusCode::METHOD_NOT_ALLOWED, ""),
                OwnPage::SignedIn => pages::signed_in(gate.prefix()),
                OwnPage::Me => self.me(gate, request.headers()),
                OwnPage::Refresh => self.refresh(gate, request.headers()).await,
                OwnPage::SignOut => self.sign_out(gate, &request).await,
                OwnPage::SignedOut => pages::signed_out(gate.prefix()),
            },
            (Some(_), _) => text(StatusCode::METHOD_NOT_ALLOWED, ""),
        };
        keep_private(response.headers_mut());
        response
    }

    /// Client-directed sign-in: a token in, a session's `authenticationToken` out (documented).
    async fn directed(
        &self,
        gate: Context<'_>,
        request: Request<RequestBody>,
    ) -> Response<BoxBody> {
        // A form of another site can't send this type without asking first.
        let is_json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| {
                let kind = kind.split(';').next().unwrap_or("").trim();
                // RFC 9110 section 8.3.1.
                kind.eq_ignore_ascii_case("application/json")
            });
        if !is_json {
            return text(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send application/json: {\"access_token\": \"…\"}.\n",
            );
        }
        let Some(body) = body_of(request).await else {
            return text(
                StatusCode::BAD_REQUEST,
                "The body is too long, or broke off.\n",
            );
        };
        let Ok(directed) = serde_json::from_slice::<Directed>(&body) else {
            return text(
                StatusCode::BAD_REQUEST,
                "Send {\"access_token\": \"…\"} or {\"id_token\": \"…\"}.\n",
            );
        };
        let (token, is_id) = match (directed.access_token, directed.id_token) {
            (Some(token), _) => (token, false),
            (None, Some(token)) => (token, true),
            (None, None) => {
                return text(
                    StatusCode::BAD_REQUEST,
                    "Send {\"access_token\": \"…\"} or {\"id_token\": \"…\"}.\n",
                );
            }
        };
        let Ok(claims) = self.checked(gate, &token).await else {
            return text(
                StatusCode::UNAUTHORIZED,
                "The token is not one that this gate accepts.\n",
            );
        };
        let tokens = session::Tokens {
            access: (!is_id).then(|| token.clone()),
            id: is_id.then_some(token),
            refresh: None,
            scope: String::new(),
            expires_at: time(&claims, "exp").unwrap_or(0),
        };
        let (id, _) = self.start(gate, claims, tokens);
        let user = session::user_id(&id);
        let sealed = self.sessions.seal(&id);
        json_answer(&json!({"authenticationToken": sealed, "user": {"userId": user}}))
    }

    /// The claims of a token that the gate accepts now.
    async fn checked(&self, gate: Context<'_>, token: &str) -> Result<Claims, Reason> {
        let signed = bearer::verify(gate.issuer, token).await?;
        let issuers = &signed.by.issuers;
        check_claims(gate.settings, issuers, &signed.claims, self.clock.now())?;
        Ok(signed.claims)
    }

    /// A new session; its id, and for how many seconds its cookie lives.
    fn start(&self, gate: Context<'_>, claims: Claims, tokens: session::Tokens) -> (String, i64) {
        let now = self.clock.now();
        let expiration = &gate.settings.login.cookie_expiration;
        let life = match expiration.convention {
            super::settings::CookieConvention::FixedTime => expiration.time_to_expiration.0,
            super::settings::CookieConvention::IdentityProviderDerived => {
                tokens.expires_at.saturating_sub(now).max(0)
            }
        };
        let grace = hours(
            gate.settings
                .login
                .token_store
                .token_refresh_extension_hours,
        );
        let session = Session {
            claims,
            tokens,
            ends_at: now.saturating_add(life),
            forgotten_at: now.saturating_add(life).saturating_add(grace),
        };
        (self.sessions.insert(session, now), life)
    }

    /// Gives a browser the cookie of the session `id`, for `life` seconds.
    fn add_session(&self, response: &mut Response<BoxBody>, id: &str, life: i64, origin: &Origin) {
        let sealed = self.sessions.seal(id);
        let cookie = session::cookie(session::COOKIE, &sealed, "/", Some(life), origin);
        add_cookie(response, &cookie);
    }

    fn me(&self, gate: Context<'_>, headers: &HeaderMap) -> Response<BoxBody> {
        if !gate.store() {
            return no_store();
        }
        let Ok(session) = self.sessions.find(headers, self.clock.now()) else {
            return text(StatusCode::UNAUTHORIZED, "");
        };
        let claims = headers::principal(&session.claims, gate.behaviour).claims;
        let user = headers::name(&session.claims)
            .or_else(|| session.claims.get("sub").and_then(Value::as_str));
        let mut tokens = session.tokens;
        if self.secret.is_none() {
            tokens.access = None;
            tokens.refresh = None;
        }
        // In alphabetical order, and nothing is null (observed).
        let me: serde_json::Map<String, Value> = [
            ("access_token", tokens.access.map(Value::from)),
            ("expires_on", Some(date(tokens.expires_at).into())),
            ("id_token", tokens.id.map(Value::from)),
            ("provider_name", Some("aad".into())),
            ("refresh_token", tokens.refresh.map(Value::from)),
            ("user_claims", Some(json!(claims))),
            ("user_id", user.map(Value::from)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect();
        json_answer(&json!([me]))
    }

    async fn sign_out(
        &self,
        gate: Context<'_>,
        request: &Request<RequestBody>,
    ) -> Response<BoxBody> {
        self.sessions.remove(request.headers());
        // Where the two platforms' documentation has it.
        let end = if gate.behaviour.is_container_app() {
            "done"
        } else {
            "complete"
        };
        let wanted = query(request, "post_logout_redirect_uri")
            .unwrap_or_else(|| format!("{}/logout/{end}", gate.prefix()));
        let Some(target) = targets::target(gate, &wanted) else {
            return targets::not_allowed(&wanted);
        };
        let published = gate.issuer.published(None).await.ok();
        let end = published.and_then(|published| published.end_session_endpoint.clone());
        // The authority wants an absolute URL to come back to.
        let absolute = if target.starts_with('/') {
            gate.origin.url(gate.origin.scheme, &target)
        } else {
            target.clone()
        };
        let mut response = match end.and_then(|end| reqwest::Url::parse(&end).ok()) {
            Some(mut url) => {
                url.query_pairs_mut()
                    .append_pair("post_logout_redirect_uri", &absolute);
                redirect(url.as_str())
            }
            None => redirect(&target),
        };
        let gone = session::cookie(session::COOKIE, "", "/", Some(0), gate.origin);
        add_cookie(&mut response, &gone);
        response
    }
}

fn hours(hours: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the settings allow a year's hours at most"
    )]
    let seconds = (hours * 3600.0) as i64;
    seconds
}

/// A date with seven digits of a second's fraction, none of them left out (observed).
fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| format!("{time:.7}"))
}

fn no_store() -> Response<BoxBody> {
    text(
        StatusCode::NOT_FOUND,
        "The token store is off; login.tokenStore.enabled turns it on.\n",
    )
}

fn json_answer(value: &Value) -> Response<BoxBody> {
    answer(StatusCode::OK, "application/json", value.to_string())
}

/// What a URL can't hold raw (RFC 3986 section 2), beside what is not ASCII; escapes stay.
const NOT_IN_A_URL: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');

fn redirect(to: &str) -> Response<BoxBody> {
    let mut response = text(StatusCode::FOUND, Bytes::new());
    response.headers_mut().remove(CONTENT_TYPE);
    let to = utf8_percent_encode(to, NOT_IN_A_URL).to_string();
    match HeaderValue::from_str(&to) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => text(StatusCode::BAD_REQUEST, "The redirect is not a URL.\n"),
    }
}

fn add_cookie(response: &mut Response<BoxBody>, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// The whole body, where it is no longer than a token's and comes in time.
async fn body_of(request: Request<RequestBody>) -> Option<Bytes> {
    let body = request.into_body().in_time();
    let body = Limited::new(body, MAX_BODY).collect().await.ok()?;
    Some(body.to_bytes())
}

/// A parameter of the request's query.
fn query(request: &Request<RequestBody>, name: &str) -> Option<String> {
    url::form_urlencoded::parse(request.uri().query()?.as_bytes())
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests;
