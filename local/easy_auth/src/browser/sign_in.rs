//! To the authority's sign-in page, as App Service sends a browser there: an ID token of the front
//! channel (`id_token`), with a client secret a code beside it (`code id_token`), both by a form
//! (`form_post`), without PKCE. A dozen public URLs of 2017 to 2026 have the parameters in this
//! order, with a nonce of 32 hexadecimal digits and a time, and the state `redir=…`.

use hyper::{Request, Response};
use jiff::Timestamp;
use local_http::relay::{BoxBody, text};
use local_http::serve::RequestBody;
use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::targets::{not_allowed, target};
use super::{Browser, Context, add_cookie, pages, query, redirect, session};

/// The cookie that binds a sign-in to the browser that began it; a part of its nonce follows the
/// name, so that two tabs can sign in at once.
const NONCE_COOKIE: &str = "AppServiceAuthNonce";
/// What an app's link to the sign-in may say to the authority, beside `scope`; it wins over
/// `loginParameters` (the blog of Easy Auth's author, 2016).
const PASSED_ON: [&str; 3] = ["prompt", "domain_hint", "login_hint"];
/// What the gate says itself. What else it says no settings have: they are refused.
const OWN: [&str; 2] = ["scope", "response_type"];
/// What is asked for where nobody says anything else (public URLs).
const SCOPE: &str = "openid profile email";

/// What the nonce's cookie holds, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) nonce: String,
    pub(super) scope: String,
    pub(super) target: String,
    /// Seconds since 1970.
    pub(super) ends_at: i64,
}

impl Begun {
    /// What the authority gives back with its answer: where the sign-in ends.
    pub(super) fn state(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("redir", &self.target)
            .finish()
    }
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
        let more = more_parameters(gate, request);
        let life = gate.settings.login.nonce.nonce_expiration_interval.0;
        let ends_at = self.clock.now().saturating_add(life);
        let begun = Begun {
            nonce: nonce(ends_at),
            scope: scope(gate, request),
            target,
            ends_at,
        };
        let response_type = match &self.secret {
            Some(_) => "code id_token",
            None => "id_token",
        };
        url.query_pairs_mut()
            .append_pair("response_type", response_type)
            .append_pair("redirect_uri", &callback(gate))
            .append_pair("client_id", &registration.client_id)
            .append_pair("scope", &begun.scope)
            .append_pair("response_mode", "form_post")
            .extend_pairs(more)
            .append_pair("nonce", &begun.nonce)
            .append_pair("state", &begun.state());
        let mut response = redirect(url.as_str());
        let name = cookie_of(&begun.nonce);
        let sealed = self
            .sessions
            .seal_as(&name, &serde_json::to_string(&begun).unwrap_or_default());
        let cookie = session::cookie(&name, &sealed, gate.prefix(), Some(life), gate.origin);
        add_cookie(&mut response, &cookie);
        response
    }

    /// The sign-ins that this browser began.
    pub(super) fn begun(&self, headers: &hyper::HeaderMap) -> Vec<Begun> {
        session::cookies(headers, NONCE_COOKIE)
            .into_iter()
            .filter_map(|(name, sealed)| self.sessions.unseal(&name, &sealed))
            .filter_map(|text| serde_json::from_str(&text).ok())
            .collect()
    }
}

/// `scope`, by the app's link, else by every `scope=` of `loginParameters`.
fn scope(gate: Context<'_>, request: &Request<RequestBody>) -> String {
    if let Some(scope) = query(request, "scope") {
        return scope;
    }
    let named: Vec<&str> = login_parameters(gate)
        .filter(|(name, _)| *name == "scope")
        .map(|(_, value)| value)
        .collect();
    match named.as_slice() {
        [] => SCOPE.to_owned(),
        named => named.join(" "),
    }
}

/// What is asked beside what every sign-in asks.
fn more_parameters(gate: Context<'_>, request: &Request<RequestBody>) -> Vec<(String, String)> {
    let of_link: Vec<(String, String)> = PASSED_ON
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), query(request, name)?)))
        .collect();
    let mut more: Vec<(String, String)> = login_parameters(gate)
        .filter(|(name, _)| !OWN.contains(name))
        .filter(|(name, _)| !of_link.iter().any(|(wins, _)| wins == name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    more.extend(of_link);
    more
}

fn login_parameters(gate: Context<'_>) -> impl Iterator<Item = (&str, &str)> {
    let parameters = &gate.settings.provider().login.login_parameters;
    parameters
        .iter()
        .filter_map(|parameter| parameter.split_once('='))
}

/// As App Service writes one: 122 random bits, and when it ends.
fn nonce(ends_at: i64) -> String {
    let time = Timestamp::from_second(ends_at)
        .map(|time| time.strftime("%Y%m%d%H%M%S").to_string())
        .unwrap_or_default();
    format!("{}_{time}", uuid::Uuid::new_v4().simple())
}

/// The name of a sign-in's cookie.
pub(super) fn cookie_of(nonce: &str) -> String {
    let part = nonce.get(..16).unwrap_or(nonce);
    format!("{NONCE_COOKIE}_{part}")
}

pub(super) fn callback(gate: Context<'_>) -> String {
    let path = format!("{}/login/aad/callback", gate.prefix());
    gate.origin.url(gate.origin.scheme, &path)
}

fn unavailable(why: &str) -> Response<BoxBody> {
    text(
        hyper::StatusCode::BAD_GATEWAY,
        format!("The identity provider can't be reached: {why}\n"),
    )
}
