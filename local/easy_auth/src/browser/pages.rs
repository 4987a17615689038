//! What the gate shows a person. No script but for the URL's fragment, which only a script sees.

use std::collections::HashMap;

use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use hyper::{Response, StatusCode};
use local_http::page::{Page, Script, Style, keep_private};
use local_http::relay::{BoxBody, answer};
use maud::{PreEscaped, html};

/// To the sign-in, with all of the URL that was wanted.
const KEEP_FRAGMENT: &str = "const a=document.getElementById('login');location.replace(a.href+'?post_login_redirect_uri='+encodeURIComponent(location.pathname+location.search+location.hash))";

/// Sends a form on without a click; the page works without it too.
const SUBMIT: &str = "document.forms[0].submit()";

pub(super) fn signed_in(prefix: &str) -> Response<BoxBody> {
    let body = html! {
        p { "The local Easy Auth has set a session cookie in this browser." }
        p { a href="/" { "Go to the app" } " or " a href={ (prefix) "/logout" } { "sign out" } "." }
    };
    send(Page::new("You are signed in", body))
}

pub(super) fn signed_out(prefix: &str) -> Response<BoxBody> {
    let body = html! {
        p { "The local Easy Auth has ended the session, and removed its cookie from this browser." }
        p { (sign_in(prefix, "Sign in again")) }
    };
    send(Page::new("You are signed out", body))
}

pub(super) fn failed(status: StatusCode, why: &str, prefix: &str) -> Response<BoxBody> {
    let body = html! {
        p.alert role="alert" { (why) }
        p { (sign_in(prefix, "Try again")) }
    };
    send(Page {
        status,
        ..Page::new("You are not signed in", body)
    })
}

/// The settings name a client secret that is not there: the sign-in would end at the authority
/// with AADSTS7000218, which says less.
pub(super) fn no_secret(setting: &str) -> Response<BoxBody> {
    let body = html! {
        p.alert role="alert" {
            "The client secret is missing: clientSecretSettingName is " code { (setting) }
            ", and there is no such app setting."
        }
        p {
            "Set " code { (setting) } " in the environment or in local.settings.json and start greeting-local up again, "
            "or remove clientSecretSettingName. Calls with a bearer token need no secret."
        }
    };
    send(Page {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        ..Page::new("You are not signed in", body)
    })
}

fn sign_in(prefix: &str, text: &str) -> maud::Markup {
    html! { a href={ (prefix) "/login/aad?post_login_redirect_uri=/" } { (text) } }
}

/// Sends the browser to `login` with all of the URL that it wanted, `#…` included.
pub(super) fn keep_fragment(login: &str) -> Response<BoxBody> {
    let body = html! {
        p { a #login href=(login) { "Sign in" } }
        script { (PreEscaped(KEEP_FRAGMENT)) }
    };
    send(Page {
        // A client that runs no script sees that it is not signed in.
        status: StatusCode::UNAUTHORIZED,
        script: Script::Inline(KEEP_FRAGMENT),
        ..Page::new("Signing in …", body)
    })
}

/// Sends what another site's form brought once more, from here: this site's cookies come with it.
pub(super) fn send_again(
    to: &str,
    answer: &HashMap<String, String>,
    again: &str,
) -> Response<BoxBody> {
    let body = html! {
        form method="post" action=(to) {
            @for (name, value) in answer { input type="hidden" name=(name) value=(value); }
            input type="hidden" name=(again) value="1";
            div.buttons { button.first { "Continue" } }
        }
        script { (PreEscaped(SUBMIT)) }
    };
    send(Page {
        // Where the sign-in leads in the end: browsers apply it to redirects too.
        forms_to: Some("*"),
        script: Script::Inline(SUBMIT),
        ..Page::new("Signing in …", body)
    })
}

fn send(page: Page<'_>) -> Response<BoxBody> {
    let page = Page {
        style: Style::Inline,
        ..page
    };
    let mut response = answer(page.status, "text/html; charset=utf-8", page.html());
    if let Ok(policy) = HeaderValue::from_str(&page.policy()) {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        keep_private(headers);
    }
    response
}
