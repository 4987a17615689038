//! The frame of every page: a look of its own, so that it is not mistaken for Microsoft's, and the
//! headers that keep other sites out. Nothing in a page comes from elsewhere.

use aws_lc_rs::digest;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("page/style.css");
const ICON: &str = include_str!("page/icon.svg");
/// Another origin's page may not load what is for this one's (Fetch standard).
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The files that pages name.
pub fn router() -> Router {
    let style = || async { file("text/css; charset=utf-8", STYLE) };
    let icon = || async { file("image/svg+xml", ICON) };
    Router::new()
        .route("/greeting-local/style.css", get(style))
        .route("/greeting-local/icon.svg", get(icon))
}

/// One of this program's own files.
pub fn file(content_type: &'static str, content: &'static str) -> Response {
    let mut response = ([(header::CONTENT_TYPE, content_type)], content).into_response();
    keep_out(response.headers_mut());
    response
}

/// What no other origin may read, embed or guess the type of, and no cache keep.
pub fn keep_out(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// What every answer of this program says beside its own headers: no page frames it, no browser
/// guesses its type, no cache keeps it.
pub fn keep_private(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // A page's own policy says more.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("frame-ancestors 'none'"));
}

/// [`keep_private`] for every answer of a router, as a layer.
#[expect(clippy::unused_async, reason = "a layer is async")]
pub async fn private(mut response: Response) -> Response {
    keep_private(response.headers_mut());
    response
}

/// What runs in a page.
#[derive(Debug, Clone, Copy)]
pub enum Script {
    /// Nothing.
    None,
    /// This text, by its hash.
    Inline(&'static str),
    /// Files of this origin, which connect nowhere.
    OwnAlone,
    /// Files of this origin, which may connect to it.
    Own,
}

/// How wide a page is.
#[derive(Debug, Clone, Copy)]
pub enum Width {
    /// One question at a time.
    Narrow,
    /// As wide as the window.
    Wide,
}

/// Where a page's style comes from.
#[derive(Debug, Clone, Copy)]
pub enum Style {
    /// A file of the authority's origin.
    File,
    /// The page itself: it is the gate's, on the origin of the app behind it.
    Inline,
}

/// A page, before it is an answer.
pub struct Page<'a> {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the page is about.
    pub title: &'a str,
    /// What it shows, below its title.
    pub body: Markup,
    /// Origins that forms may lead to, beside this one: browsers apply it to the redirect after a
    /// form, too.
    pub forms_to: Option<&'a str>,
    /// What runs in it.
    pub script: Script,
    /// How wide it is.
    pub width: Width,
    /// Where its style comes from.
    pub style: Style,
}

impl<'a> Page<'a> {
    /// A narrow page without script, whose forms stay here.
    pub fn new(title: &'a str, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            title,
            body,
            forms_to: None,
            script: Script::None,
            width: Width::Narrow,
            style: Style::File,
        }
    }

    /// Its Content-Security-Policy.
    pub fn policy(&self) -> String {
        let style = match self.style {
            Style::File => "'self'; img-src 'self'".to_owned(),
            Style::Inline => format!("'sha256-{}'", hash(STYLE)),
        };
        let mut policy = format!(
            "default-src 'none'; style-src {style}; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
        );
        if let Some(origin) = self.forms_to {
            policy.push(' ');
            policy.push_str(origin);
        }
        match self.script {
            Script::None => {}
            Script::Inline(text) => {
                policy.push_str(&format!("; script-src 'sha256-{}'", hash(text)));
            }
            Script::OwnAlone => policy.push_str("; script-src 'self'"),
            Script::Own => policy.push_str("; script-src 'self'; connect-src 'self'"),
        }
        policy
    }

    /// The whole document.
    pub fn html(&self) -> String {
        let class = match self.width {
            Width::Narrow => "narrow",
            Width::Wide => "wide",
        };
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · greeting-local" }
                    @match self.style {
                        Style::File => {
                            link rel="icon" href="/greeting-local/icon.svg" type="image/svg+xml";
                            link rel="stylesheet" href="/greeting-local/style.css";
                        }
                        Style::Inline => style { (PreEscaped(STYLE)) },
                    }
                }
                body class=(class) {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        p {
                            @match self.style {
                                Style::File => a.name href="/" { "greeting-local" },
                                Style::Inline => span.name { "greeting-local" },
                            }
                            " "
                            span.stand-in { "Local stand-in. This is not Microsoft." }
                        }
                    }
                    main #main tabindex="-1" {
                        h1 { (self.title) }
                        (self.body)
                    }
                    footer {
                        p { "This page comes from a program on this machine. It needs no password: never type a real one." }
                    }
                }
            }
        };
        document.into_string()
    }
}

/// A source of a policy, by what it is (CSP level 3, section 2.3.1).
fn hash(text: &str) -> String {
    STANDARD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        let policy = self.policy();
        let mut response = (self.status, Html(self.html())).into_response();
        let headers = response.headers_mut();
        keep_out(headers);
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in [
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_what_the_page_needs_and_no_more() {
        let page = |script, forms_to| Page {
            forms_to,
            script,
            ..Page::new("x", html! {})
        };
        let plain = page(Script::None, None).policy();
        assert!(plain.starts_with("default-src 'none';"), "{plain}");
        assert!(plain.ends_with("; form-action 'self'"), "{plain}");
        assert!(!plain.contains("script-src") && !plain.contains("unsafe"));
        let leads = page(Script::None, Some("http://localhost:1")).policy();
        assert!(leads.ends_with("form-action 'self' http://localhost:1"));
        // The digest of nothing, as FIPS 180-4's own example has it.
        let inline = page(Script::Inline(""), None).policy();
        assert!(
            inline.ends_with("script-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
        );
    }
}
