//! `Host.CORS` of local.settings.json: which other sites' pages may call. The platform answers
//! preflights before authentication (observed on Linux Consumption), so the gate asks here first.
//!
//! The Fetch standard, section 3.2: <https://fetch.spec.whatwg.org/#http-cors-protocol>

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_TYPE, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, Request, Response, StatusCode};

use crate::relay::{BoxBody, text};

/// The allowed origins; none turns it off.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    /// `*` for any.
    pub origins: Vec<HeaderValue>,
    /// Whether pages may send cookies and read what comes back.
    pub credentials: bool,
}

impl Cors {
    /// The calling page's origin, if it may call.
    pub fn caller(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.origins
            .iter()
            .any(|allowed| allowed == "*" || allowed == origin)
            .then(|| origin.clone())
    }

    /// The answer to a preflight of a page that may call.
    pub fn preflight<B>(&self, request: &Request<B>) -> Option<Response<BoxBody>> {
        let headers = request.headers();
        let method = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
        if request.method() != Method::OPTIONS || self.caller(headers).is_none() {
            return None;
        }
        let mut response = text(StatusCode::NO_CONTENT, "");
        let answer = response.headers_mut();
        answer.remove(CONTENT_TYPE);
        answer.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let Some(names) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        Some(response)
    }

    /// Lets the page read the answer.
    pub fn allow(&self, caller: Option<HeaderValue>, headers: &mut HeaderMap) {
        let Some(caller) = caller else { return };
        let anybody = self.origins.iter().any(|allowed| allowed == "*");
        // Credentials for anybody would hand every site the caller's session.
        if anybody {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            return;
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, caller);
        headers.append(VARY, HeaderValue::from_static("Origin"));
        if self.credentials {
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }
}

#[cfg(test)]
mod tests;
