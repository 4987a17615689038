//! What the gate shows a person. No script but for the URL's fragment, which only a script sees.

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::{Response, StatusCode};

use crate::relay::{BoxBody, answer};

const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem}";

/// What may be in a page, and that nobody may frame it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(super) fn signed_in(prefix: &str) -> Response<BoxBody> {
    page(
        StatusCode::OK,
        "You are signed in",
        &format!(
            "<p>The local Easy Auth knows this browser now.<p><a href=\"/\">Go to the app</a> · <a href=\"{}/logout\">Sign out</a>",
            escape(prefix)
        ),
    )
}

pub(super) fn signed_out(prefix: &str) -> Response<BoxBody> {
    page(
        StatusCode::OK,
        "You are signed out",
        &format!(
            "<p>The local Easy Auth has forgotten this browser.<p><a href=\"{}/login/aad?post_login_redirect_uri=/\">Sign in again</a>",
            escape(prefix)
        ),
    )
}

pub(super) fn failed(status: StatusCode, why: &str, prefix: &str) -> Response<BoxBody> {
    page(
        status,
        "You are not signed in",
        &format!(
            "<p>{}<p><a href=\"{}/login/aad?post_login_redirect_uri=/\">Try again</a>",
            escape(why),
            escape(prefix)
        ),
    )
}

/// Sends the browser to `login` with all of the URL that it wanted, `#…` included.
pub(super) fn keep_fragment(login: &str) -> Response<BoxBody> {
    let login = escape(login);
    let mut response = page(
        // A client that runs no script sees that it is not signed in.
        StatusCode::UNAUTHORIZED,
        "Signing in …",
        &format!(
            "<p><a id=\"login\" href=\"{login}\">Sign in</a><script>const a=document.getElementById('login');location.replace(a.href+'?post_login_redirect_uri='+encodeURIComponent(location.pathname+location.search+location.hash))</script>"
        ),
    );
    let policy = format!("{POLICY}; script-src 'unsafe-inline'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

fn page(status: StatusCode, title: &str, body: &str) -> Response<BoxBody> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{body}</html>\n"
    );
    let mut response = answer(status, "text/html; charset=utf-8", html);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
