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
mod tests {
    use super::*;

    fn cors(origins: &[&'static str], credentials: bool) -> Cors {
        Cors {
            origins: origins
                .iter()
                .copied()
                .map(HeaderValue::from_static)
                .collect(),
            credentials,
        }
    }

    fn ask(
        cors: &Cors,
        method: Method,
        origin: &str,
        preflight: bool,
    ) -> (Option<u16>, Option<String>, bool) {
        let mut request = Request::builder().method(method).header(ORIGIN, origin);
        if preflight {
            request = request.header(ACCESS_CONTROL_REQUEST_METHOD, "GET");
        }
        let request = request.body(()).unwrap();
        let status = cors
            .preflight(&request)
            .map(|response| response.status().as_u16());
        let mut headers = HeaderMap::new();
        cors.allow(cors.caller(request.headers()), &mut headers);
        let allowed = headers
            .get(ACCESS_CONTROL_ALLOW_ORIGIN)
            .map(|origin| origin.to_str().unwrap().to_owned());
        let credentials = headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS);
        (status, allowed, credentials)
    }

    #[test]
    fn only_listed_origins_may_call() {
        let listed = cors(&["https://a.example"], true);
        let a = || Some("https://a.example".to_owned());
        assert_eq!(
            ask(&listed, Method::OPTIONS, "https://a.example", true),
            (Some(204), a(), true)
        );
        assert_eq!(
            ask(&listed, Method::OPTIONS, "https://a.example", false),
            (None, a(), true)
        );
        assert_eq!(
            ask(&listed, Method::GET, "https://a.example", true),
            (None, a(), true)
        );
        assert_eq!(
            ask(&listed, Method::OPTIONS, "https://b.example", true),
            (None, None, false)
        );
        let anybody = cors(&["*"], true);
        let star = Some("*".to_owned());
        assert_eq!(
            ask(&anybody, Method::GET, "https://b.example", false),
            (None, star, false)
        );
        assert_eq!(
            ask(
                &cors(&[], false),
                Method::OPTIONS,
                "https://a.example",
                true
            ),
            (None, None, false)
        );
    }
}
