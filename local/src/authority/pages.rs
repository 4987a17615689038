//! What a person sees: the front page and the device sign-in. Plain HTML, no script.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Form, Router};
use serde::Deserialize;

use super::Authority;

const STYLE: &str = "<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:2rem auto;padding:0 1rem}input,select,button{font:inherit;padding:.5rem;margin:.25rem 0;width:100%;box-sizing:border-box}fieldset{border:0;padding:0;margin:1rem 0}.choice{display:block;padding:.5rem;border:1px solid;border-radius:.25rem;margin:.5rem 0}.choice input{width:auto}footer{margin-top:3rem;border-top:1px solid;padding-top:.5rem;font-size:.9rem}code{overflow-wrap:anywhere}</style>";

pub(super) fn router() -> Router<Authority> {
    Router::new()
        .route("/", get(front))
        .route("/devicelogin", get(ask_code).post(decide))
}

async fn front(State(authority): State<Authority>) -> Response {
    let users: String = authority
        .directory()
        .users()
        .iter()
        .map(|user| {
            format!(
                "<li>{} <code>{}</code> ({:?})</li>",
                escape(user.name),
                escape(&user.upn),
                user.state
            )
        })
        .collect();
    page(
        StatusCode::OK,
        "greeting-local",
        &format!(
            "<p>A local authority runs here, for tenant <code>{}</code>.</p><p><a href=\"/devicelogin\">Enter a device code</a></p><h2>Who can sign in</h2><ul>{users}</ul>",
            escape(authority.tenant())
        ),
    )
}

async fn ask_code() -> Response {
    page(
        StatusCode::OK,
        "Sign in with a code",
        "<form method=\"post\"><label for=\"code\">Enter the code that your device shows</label><input id=\"code\" name=\"code\" required autofocus autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\"><button>Next</button></form>",
    )
}

#[derive(Deserialize)]
struct Answer {
    code: String,
    user: Option<String>,
    action: Option<String>,
}

async fn decide(
    State(authority): State<Authority>,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Response {
    if !is_from_here(&authority, &headers) {
        return foreign();
    }
    let now = authority.clock().now();
    match (answer.action.as_deref(), &answer.user) {
        (Some("approve"), Some(user)) => match authority.approve(&answer.code, user) {
            Ok(()) => page(
                StatusCode::OK,
                "Signed in",
                &format!(
                    "<p>You are signed in as <strong>{}</strong>. Go back to your device; you can close this page.</p>",
                    escape(user)
                ),
            ),
            Err(error) => problem(&error.to_string()),
        },
        (Some("deny"), _) => match authority.deny(&answer.code) {
            Ok(()) => page(
                StatusCode::OK,
                "Declined",
                "<p>The sign-in was declined. You can close this page.</p>",
            ),
            Err(error) => problem(&error.to_string()),
        },
        _ => {
            let Some(asked) = authority.grants().asked(&answer.code, now).cloned() else {
                return problem(
                    "No sign-in with this code is pending. Codes end after 15 minutes.",
                );
            };
            let options: String = authority
                .directory()
                .users()
                .iter()
                .map(|user| {
                    format!(
                        "<option value=\"{0}\">{1} ({0})</option>",
                        escape(&user.upn),
                        escape(user.name)
                    )
                })
                .collect();
            let client = authority
                .directory()
                .client_name(&asked.client)
                .unwrap_or("")
                .to_owned();
            page(
                StatusCode::OK,
                "Is this you?",
                &format!(
                    "<p><strong>{}</strong> asks to sign in, for <code>{}</code> of <code>{}</code>. Continue only if you started this yourself.</p><form method=\"post\"><input type=\"hidden\" name=\"code\" value=\"{}\"><label for=\"user\">Account</label><select id=\"user\" name=\"user\">{options}</select><button name=\"action\" value=\"approve\">Sign in and allow</button><button name=\"action\" value=\"deny\">Decline</button></form>",
                    escape(&client),
                    escape(&asked.scopes.join(" ")),
                    escape(&asked.resource),
                    escape(&answer.code),
                ),
            )
        }
    }
}

/// Every browser names the origin of a POST: another site's form is another site's (OWASP, CSRF
/// prevention, "verifying origin").
pub(super) fn is_from_here(authority: &Authority, headers: &HeaderMap) -> bool {
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|origin| origin.to_str().ok());
    origin == Some(authority.0.origin.as_str())
}

pub(super) fn foreign() -> Response {
    page(
        StatusCode::FORBIDDEN,
        "Not from this page",
        "<p>This form was sent from another site, so nothing was done. <a href=\"/devicelogin\">Start here</a>.</p>",
    )
}

pub(super) fn problem(text: &str) -> Response {
    page(
        StatusCode::BAD_REQUEST,
        "That did not work",
        &format!(
            "<p role=\"alert\">{}</p><p><a href=\"/devicelogin\">Enter a code</a></p>",
            escape(text)
        ),
    )
}

pub(super) fn page(status: StatusCode, title: &str, body: &str) -> Response {
    page_with(status, title, body, "'self'")
}

/// A page whose forms may lead to `form_action`, a CSP source list, with whatever follows it.
pub(super) fn page_with(
    status: StatusCode,
    title: &str,
    body: &str,
    form_action: &str,
) -> Response {
    let title = escape(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} · greeting-local</title>{STYLE}</head><body><main><h1>{title}</h1>{body}</main><footer>greeting-local: a stand-in on this machine, not Microsoft's sign-in. Never type a real password here; none is asked for.</footer></body></html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action {form_action}"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Text as HTML, in content and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
