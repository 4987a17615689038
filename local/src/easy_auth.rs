//! Easy Auth, locally: decides on each request, then hands it to the app with or without a
//! principal.
//!
//! - `settings`: the `authsettingsV2` document
//! - `bearer`, `issuer`: from the `Authorization` header to claims that the issuer signed
//! - `decision`: 401, 403 or pass, pure
//! - `headers`: what only the gate may set

mod bearer;
mod decision;
mod headers;
mod issuer;
mod settings;

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue, SERVER, WWW_AUTHENTICATE};
use hyper::{Request, Response, StatusCode};

use self::decision::{Reason, Verdict};
use self::issuer::Issuer;
pub(crate) use self::settings::Settings;
use crate::authority::Clock;
use crate::functions_host::{BoxBody, Host};

/// The gate in front of one app.
pub(crate) struct Gate {
    settings: Settings,
    issuer: Issuer,
    app: Host,
    clock: Clock,
    /// One line a refusal, with its reason, goes here when the terminal is ours.
    log: Log,
}

/// Whether refusals are logged to stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    Stderr,
    Silent,
}

impl Gate {
    /// `http` fetches the issuer's keys, so it has to trust the issuer's certificate.
    pub(crate) fn new(
        settings: Settings,
        http: reqwest::Client,
        app: Host,
        clock: Clock,
        log: Log,
    ) -> Arc<Self> {
        let registration = &settings
            .identity_providers
            .azure_active_directory
            .registration;
        let issuer = Issuer::new(&registration.open_id_issuer, http);
        Arc::new(Self {
            settings,
            issuer,
            app,
            clock,
            log,
        })
    }

    /// Answers one request. The order is that of the documented decision: forged headers go
    /// first, whatever follows, and a wrong path without a token is 401, not 404.
    pub(crate) async fn call(&self, mut request: Request<Incoming>) -> Response<BoxBody> {
        // With Easy Auth off nothing is stripped either; the handler then refuses by itself.
        if self.settings.platform.enabled {
            headers::strip(request.headers_mut());
        }
        let token = self.authenticate(&request).await;
        match decision::decide(&self.settings, request.uri().path(), token) {
            Verdict::Pass(claims) => {
                headers::add(request.headers_mut(), &claims);
                self.app.call(request).await
            }
            Verdict::PassAnonymous => self.app.call(request).await,
            Verdict::Unauthorized(reason) => {
                self.refuse(&request, StatusCode::UNAUTHORIZED, &reason)
            }
            Verdict::Forbidden(reason) => self.refuse(&request, StatusCode::FORBIDDEN, &reason),
        }
    }

    async fn authenticate(&self, request: &Request<Incoming>) -> Result<decision::Claims, Reason> {
        let provider = &self.settings.identity_providers.azure_active_directory;
        if !self.settings.platform.enabled || !provider.enabled {
            return Err(Reason::NoToken);
        }
        let token = bearer::token(request.headers())?;
        let (claims, issuer) = bearer::verify(&self.issuer, token).await?;
        decision::check_claims(&self.settings, &issuer, &claims, self.clock.now())?;
        Ok(claims)
    }

    fn refuse(
        &self,
        request: &Request<Incoming>,
        status: StatusCode,
        reason: &Reason,
    ) -> Response<BoxBody> {
        if self.log == Log::Stderr {
            eprintln!(
                "[easy-auth] {} {} -> {}  {reason}",
                request.method(),
                request.uri().path().escape_debug(),
                status.as_u16(),
            );
        }
        let body = Empty::<Bytes>::new().map_err(|never| match never {});
        let mut response = Response::new(BoxBody::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static("Kestrel"));
        if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
            headers.insert("x-ms-middleware-request-id", id);
        }
        if status == StatusCode::UNAUTHORIZED && !self.settings.login.disable_www_authenticate {
            let host = request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok());
            if let Ok(challenge) = HeaderValue::from_str(&self.challenge(host.unwrap_or(""))) {
                headers.insert(WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }

    /// Easy Auth's challenge on Linux, as captured: separated by spaces, not commas.
    fn challenge(&self, host: &str) -> String {
        let registration = &self
            .settings
            .identity_providers
            .azure_active_directory
            .registration;
        let issuer = registration.open_id_issuer.trim_end_matches('/');
        let authorization_uri = match issuer.strip_suffix("/v2.0") {
            Some(tenant) => format!("{tenant}/oauth2/v2.0/authorize"),
            None => format!("{issuer}/oauth2/authorize"),
        };
        // Quotes in a Host header would let a caller write their own parameters.
        let host: String = host.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        format!(
            "Bearer realm=\"{host}\" authorization_uri=\"{authorization_uri}\" resource_id=\"{}\"",
            registration.client_id
        )
    }
}
