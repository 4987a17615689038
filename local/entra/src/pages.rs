//! What a person sees while they sign in. Plain HTML that works without script.
//!
//! - `device`: code, account, consent, done
//! - `sign_in`: the questions that both ways of signing in ask

mod device;
mod sign_in;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use local_http::page::Page;
use maud::{Markup, html};

pub(super) use self::sign_in::SignIn;
pub use self::sign_in::describe;
use super::Authority;

pub(super) fn router() -> Router<Authority> {
    device::router()
}

impl Authority {
    /// Whether a form was sent from a page of this origin. Every browser names the origin of a
    /// POST: another site's form is another site's (OWASP, CSRF prevention, "verifying origin").
    pub fn is_from_here(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let origin = origins.next().and_then(|origin| origin.to_str().ok());
        // Whoever opened the page by this machine's number sends that.
        // The same port by each name of this machine; and the issuer's, where that is another.
        let port = url::Url::parse(&self.0.pages)
            .ok()
            .and_then(|own| own.port());
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let own = loopback::NAMES.map(|name| format!("https://{name}{port}"));
        let mut own = own.iter().chain([&self.0.pages]);
        let is_own = own.any(|own| Some(own.as_str()) == origin);
        is_own && origins.next().is_none()
    }
}

/// What another site's form gets.
pub fn foreign() -> Response {
    Page {
        status: StatusCode::FORBIDDEN,
        ..Page::new(
            "Not from this page",
            html! {
                p role="alert" { "This form was sent from another site, so nothing was done." }
                p { a href="/" { "Go to the control room" } " or " a href="/devicelogin" { "enter a code" } "." }
            },
        )
    }
    .into_response()
}

pub(super) fn problem(text: &str) -> Response {
    Page {
        status: StatusCode::BAD_REQUEST,
        ..Page::new(
            "That did not work",
            html! {
                p.alert role="alert" { (text) }
                p { a href="/devicelogin" { "Enter a code" } " or " a href="/" { "see what was decided, and why" } "." }
            },
        )
    }
    .into_response()
}

/// The same of a redirect URI that is not registered, with what to do about it here.
pub(super) fn unregistered(text: &str, here: &str, line: &str) -> Response {
    Page {
        status: StatusCode::BAD_REQUEST,
        ..Page::new(
            "That did not work",
            html! {
                p.alert role="alert" { (text) }
                p { "Here, this authority stands in for Entra: " (here) ", and start greeting-local up again. The line:" }
                pre { code { (line) } }
                p { a href="/" { "See what was decided, and why" } "." }
            },
        )
    }
    .into_response()
}

/// A page that ends something.
pub(super) fn done(title: &str, body: Markup) -> Response {
    Page::new(title, body).into_response()
}
