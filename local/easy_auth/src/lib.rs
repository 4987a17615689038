//! Easy Auth, locally: decides on each request, then hands it to the app with or without a
//! principal.
//!
//! - `settings`: the `authsettingsV2` document; `behaviour`, `app_settings`: what is not in it
//! - `bearer`, `issuer`, `claims`: from the `Authorization` header to claims that the issuer signed
//! - `verified`, `remembered`: their caller, and for how long a signature need not be checked again
//! - `decision`, `reason`, `substatus`: what happens to a request, and why; pure
//! - `rules`: what it decides by, for requests, and for a caller that wants the decision beforehand
//! - `headers`, `origin`, `caller`: what only the gate may set, the URL that the caller asked for, and
//!   whether a browser asks, from which page
//! - `challenge`, `browser`: the gate's own answers

mod app_settings;
mod bearer;
mod behaviour;
mod browser;
mod caller;
mod challenge;
mod claims;
mod decision;
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod issuer;
mod origin;
mod reason;
mod remembered;
mod rules;
mod settings;
mod substatus;
mod verified;

use std::sync::Arc;

use hyper::header::{HeaderValue, LOCATION};
use hyper::{Request, Response, StatusCode};
use local_events::Outcome;
use local_http::arrival;
use local_http::cors::Cors;
use local_http::page::keep_private;
use local_http::relay::{BoxBody, text};
use local_http::serve::{RequestBody, Scheme, Service};
use serde_json::Value;

pub use self::app_settings::app_setting_warnings;
pub use self::behaviour::{Behaviour, BrowserBy, ChallengeForm, ClaimNames};
pub use self::browser::ALLOW_ID_TOKENS;
use self::browser::Browser;
use self::caller::FromSite;
pub use self::claims::Claims;
use self::decision::Evidence;
pub use self::decision::{Facts, Verdict};
use self::origin::Origin;
pub use self::reason::Reason;
pub use self::rules::Rules;
pub use self::settings::{PLAIN_HTTP, Settings, StoredLists, UnauthenticatedAction};
pub use self::verified::Verified;

/// What a gate is made of.
pub struct GateParts {
    /// What it decides by.
    pub rules: Arc<Rules>,
    /// Redeems codes, so it has to trust the issuer's certificate.
    pub http: reqwest::Client,
    /// `clientSecretSettingName`'s value.
    pub client_secret: Option<String>,
    /// Whose pages may call, which the gate asks of a browser's POST.
    pub cors: Cors,
    /// What stands behind the gate.
    pub app: Service,
}

/// The gate in front of one app.
pub struct Gate {
    rules: Arc<Rules>,
    browser: Browser,
    cors: Cors,
    app: Service,
}

/// What is logged of an answer, beside the request.
pub struct Decided {
    /// What became of it.
    pub outcome: Outcome,
    /// Why, where there is more to say.
    pub reason: Option<Reason>,
    /// As Azure's logs have it, where that is public.
    pub substatus: Option<u16>,
    /// The delegated scopes of a caller who passed.
    pub scp: Option<String>,
    /// Their app roles.
    pub roles: Vec<String>,
}

impl Decided {
    fn new(outcome: Outcome, reason: Option<Reason>) -> Self {
        Self {
            outcome,
            reason,
            substatus: None,
            scp: None,
            roles: Vec::new(),
        }
    }

    fn refused(status: StatusCode, reason: Reason) -> Self {
        Self {
            substatus: substatus::of_refusal(status, &reason),
            ..Self::new(Outcome::Refused, Some(reason))
        }
    }

    fn passed(claims: &Claims) -> Self {
        let roles = claims.get("roles").and_then(Value::as_array);
        Self {
            outcome: Outcome::Passed,
            reason: None,
            substatus: None,
            scp: claims.get("scp").and_then(Value::as_str).map(str::to_owned),
            roles: roles
                .into_iter()
                .flatten()
                .filter_map(|role| role.as_str().map(str::to_owned))
                .collect(),
        }
    }
}

/// Headers that gate and host add to a call: of its way three, of its caller four, of the host three.
const ADDED: usize = 10;

impl Gate {
    /// A gate that decides by `rules` and hands on to `app`.
    #[must_use]
    pub fn new(parts: GateParts) -> Self {
        let clock = parts.rules.clock.clone();
        Self {
            rules: parts.rules,
            browser: Browser::new(parts.http, parts.client_secret, clock),
            cors: parts.cors,
            app: parts.app,
        }
    }

    /// Answers one request.
    ///
    /// The order is that of the documented decision: forged headers go first, whatever follows,
    /// and a wrong path without a token is 401, not 404.
    pub async fn call(&self, mut request: Request<RequestBody>) -> (Response<BoxBody>, Decided) {
        if let Err(why) = arrival::read(&mut request) {
            let mut response = text(why.status(), format!("{why}\n"));
            keep_private(response.headers_mut());
            let reason = Some(Reason::Unreadable(why));
            return (response, Decided::new(Outcome::Refused, reason));
        }
        let peer = request.body().peer();
        let origin = Origin::of(
            &self.rules.settings,
            request.uri().authority(),
            request.headers(),
            peer.scheme,
        );
        // The map grows once for what is added here and behind; where it can not, as they are added.
        let _ = request.headers_mut().try_reserve(ADDED);
        headers::add_forwarded(&mut request, peer, origin.scheme);
        // With Easy Auth off nothing is stripped either; the handler then refuses by itself.
        if self.rules.settings.platform.enabled {
            headers::strip(request.headers_mut());
        }
        let evidence = self.evidence(&request).await;
        let cross_site = self.cross_site(&request, &origin);
        let path = request.uri().path().to_owned();
        let facts = Facts {
            path: &path,
            wants_page: caller::wants_page(&request, self.rules.behaviour.browser_by),
            plain_http: origin.scheme_is_known && origin.scheme == Scheme::Http,
            cross_site: cross_site.as_ref(),
        };
        let is_session = matches!(evidence, Evidence::Session(_));
        let verdict = self.rules.verdict(facts, evidence);
        let context = browser::Context {
            settings: &self.rules.settings,
            behaviour: &self.rules.behaviour,
            issuer: &self.rules.issuer,
            origin: &origin,
        };
        match verdict {
            Verdict::Off => (self.pass(request).await, Decided::new(Outcome::Off, None)),
            Verdict::UseHttps => (
                use_https(&request, &origin),
                Decided::new(Outcome::Https, None),
            ),
            Verdict::Own => {
                let method = request.method().clone();
                // Of few calls, whose room the others need not have.
                let mut response = Box::pin(self.browser.call(context, request)).await;
                let reason = response.extensions_mut().remove::<Reason>();
                let prefix = &self.rules.settings.http_settings.routes.api_prefix;
                let page = path.strip_prefix(prefix.as_str()).unwrap_or("/logout");
                let decided = Decided {
                    substatus: substatus::of_page(&method, page, response.status()),
                    ..Decided::new(Outcome::Own, reason)
                };
                (response, decided)
            }
            Verdict::Metadata => (
                Box::pin(self.metadata(&origin, &path)).await,
                Decided::new(Outcome::Own, None),
            ),
            Verdict::Pass(caller) => {
                let decided = Decided::passed(caller.claims());
                caller.add_to(request.headers_mut());
                if is_session {
                    self.browser
                        .add_tokens(&self.rules.settings, request.headers_mut());
                }
                (self.pass(request).await, decided)
            }
            Verdict::Anonymous(reason) => {
                let decided = Decided::new(Outcome::Anonymous, Some(reason));
                (self.pass(request).await, decided)
            }
            Verdict::Unauthorized(reason) => {
                let response = self.refuse(StatusCode::UNAUTHORIZED, &origin, &path);
                (response, Decided::refused(StatusCode::UNAUTHORIZED, reason))
            }
            Verdict::Forbidden(reason) => {
                let response = self.refuse(StatusCode::FORBIDDEN, &origin, &path);
                (response, Decided::refused(StatusCode::FORBIDDEN, reason))
            }
            Verdict::NotFound(reason) => {
                let response = self.refuse(StatusCode::NOT_FOUND, &origin, &path);
                (response, Decided::refused(StatusCode::NOT_FOUND, reason))
            }
            Verdict::SignIn(reason) => {
                let wanted = request.uri().path_and_query().map_or("/", |p| p.as_str());
                let mut response = Browser::send_to_sign_in(context, wanted);
                keep_private(response.headers_mut());
                (response, Decided::new(Outcome::SignIn, Some(reason)))
            }
        }
    }

    /// What the request shows of its caller: a bearer token decides where there is one, else a
    /// session.
    async fn evidence(&self, request: &Request<RequestBody>) -> Evidence {
        if !self.rules.settings.platform.enabled || !self.rules.settings.provider().enabled {
            return Evidence::None(Reason::NoToken);
        }
        match bearer::token(request.headers()) {
            Ok(token) => self.rules.evidence(token).await,
            Err(Reason::NoToken) => match self.browser.claims(request.headers()) {
                Ok(claims) => Evidence::Session(Arc::new(self.rules.caller(claims))),
                Err(reason) => Evidence::None(reason),
            },
            Err(reason) => Evidence::None(reason),
        }
    }

    /// Why another site's page may have sent this request.
    fn cross_site(&self, request: &Request<RequestBody>, origin: &Origin) -> Option<Reason> {
        let allowed = &self.rules.settings.login.allowed_external_redirect_urls;
        match caller::from_site(request, origin, allowed, &self.cors) {
            FromSite::Allowed => None,
            FromSite::Unnamed => Some(Reason::CrossSite(None)),
            FromSite::Foreign(site) => Some(Reason::CrossSite(Some(site))),
        }
    }

    async fn pass(&self, request: Request<RequestBody>) -> Response<BoxBody> {
        (self.app)(request).await
    }

    fn refuse(&self, status: StatusCode, origin: &Origin, path: &str) -> Response<BoxBody> {
        challenge::refusal(
            &self.rules.settings,
            &self.rules.behaviour,
            status,
            origin,
            path,
        )
    }

    async fn metadata(&self, origin: &Origin, path: &str) -> Response<BoxBody> {
        let scopes = self
            .rules
            .behaviour
            .metadata_scopes
            .as_deref()
            .unwrap_or(&[]);
        // The issuer's own name for itself, else the one in the settings.
        let published = self.rules.issuer.published(None).await.ok();
        let issuer = published
            .as_ref()
            .map_or(self.rules.settings.issuer(), |published| {
                published.issuer.as_str()
            });
        challenge::metadata(scopes, issuer, origin, path)
    }
}

fn use_https(request: &Request<RequestBody>, origin: &Origin) -> Response<BoxBody> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    // App Service's own status for it.
    let mut response = text(StatusCode::MOVED_PERMANENTLY, "");
    match HeaderValue::from_str(&origin.url(Scheme::Https, path)) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => text(StatusCode::BAD_REQUEST, "Use HTTPS.\n"),
    }
}
