//! Which other sites' pages may call: those of single-page apps, by the origins of their redirect
//! URIs (`spa.redirectUris`), at discovery, keys and token endpoint (documented:
//! v2-oauth2-auth-code-flow, "Redirect URIs for single-page apps"). The exact headers of Entra's
//! preflight have no capture; these are what the Fetch standard needs.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Authority;

/// Answers a preflight, and lets the page read any other answer.
pub(super) async fn of_single_page_apps(
    State(authority): State<Authority>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = authority.page_that_may_call(request.headers()) else {
        return next.run(request).await;
    };
    let wanted = header::ACCESS_CONTROL_REQUEST_METHOD;
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(wanted);
    let mut response = if is_preflight {
        let asked = request
            .headers()
            .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        if let Some(asked) = asked {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
        let methods = HeaderValue::from_static("GET, POST, OPTIONS");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

impl Authority {
    /// The calling page's origin, if it is a single-page app's.
    fn page_that_may_call(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        let url = Url::parse(origin.to_str().ok()?).ok()?;
        self.directory()
            .is_single_page_apps_origin(&url)
            .then(|| origin.clone())
    }
}
