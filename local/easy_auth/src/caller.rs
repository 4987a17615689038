//! What a request says of where it comes from: a browser or another program, and of which site's
//! page.

use hyper::header::{ACCEPT, AUTHORIZATION, HeaderMap, ORIGIN, REFERER, USER_AGENT};
use hyper::{Method, Request};
use local_http::cors::Cors;
use url::Url;

use super::behaviour::BrowserBy;
use super::origin::Origin;

/// A browser names itself so, and hardly anything else does (inferred: the reports name Firefox,
/// Chrome, Edge and Internet Explorer, of which each does, and `MyTestApp` and `Angular`, which do
/// not).
fn has_browsers_agent(headers: &HeaderMap) -> bool {
    headers
        .get(USER_AGENT)
        .is_some_and(|agent| agent.as_bytes().starts_with(b"Mozilla/"))
}

/// Whether a browser asks for a page, which is sent to sign in. Who sends a token is an API's
/// caller by either rule (inferred).
pub(crate) fn wants_page<B>(request: &Request<B>, by: BrowserBy) -> bool {
    let headers = request.headers();
    let is_browser = || match by {
        BrowserBy::UserAgent => has_browsers_agent(headers),
        BrowserBy::Accept => headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.contains("text/html")),
    };
    matches!(*request.method(), Method::GET | Method::HEAD)
        && !headers.contains_key(AUTHORIZATION)
        && is_browser()
}

/// Which site's page a request with a session's cookie comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FromSite {
    /// One that may send it; or no browser's POST, of which nothing is asked.
    Allowed,
    /// A browser's POST that names no page.
    Unnamed,
    /// A browser's POST of a page there.
    Foreign(String),
}

/// The documented rule against cross-site requests: a browser's POST has to come from the app's
/// own pages, from one of `allowedExternalRedirectUrls`, or from a CORS origin.
///
/// <https://learn.microsoft.com/azure/app-service/overview-authentication-authorization>
pub(crate) fn from_site<B>(
    request: &Request<B>,
    own: &Origin,
    allowed: &[String],
    cors: &Cors,
) -> FromSite {
    let headers = request.headers();
    // Another site's page can't send this header without being asked by CORS first.
    let by_cookie = !headers.contains_key("x-zumo-auth");
    if request.method() != Method::POST || !by_cookie || !has_browsers_agent(headers) {
        return FromSite::Allowed;
    }
    if cors.caller(headers).is_some() {
        return FromSite::Allowed;
    }
    let named = headers.get(ORIGIN).or_else(|| headers.get(REFERER));
    let Some(named) = named else {
        return FromSite::Unnamed;
    };
    let named = String::from_utf8_lossy(named.as_bytes());
    // `Origin: null`, and whatever is no URL, is nobody's own.
    let Some(site) = Site::of(&named) else {
        return FromSite::Foreign(named.chars().take(80).collect());
    };
    let own = Site::of(&own.url(own.scheme, "/"));
    let mut allowed = allowed.iter().filter_map(|url| Site::of(url));
    if own.is_some_and(|own| own.is_host_of(&site)) || allowed.any(|one| one == site) {
        FromSite::Allowed
    } else {
        FromSite::Foreign(site.to_string())
    }
}

/// A URL's origin. Its path and query may hold a secret, and say nothing here.
#[derive(PartialEq, Eq)]
struct Site {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Site {
    fn of(url: &str) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port(),
        })
    }

    /// Of the app's own host the scheme is not asked: TLS may end in front of the gate.
    fn is_host_of(&self, other: &Self) -> bool {
        (&self.host, self.port) == (&other.host, other.port)
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
