//! Ends the browser's sign-in (OpenID Connect RP-Initiated Logout 1.0). The apps that it signed in
//! to are not told, and discovery names no front-channel logout.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use local_events::{EventNote, Outcome};
use maud::html;

use crate::Authority;
use crate::pages;

/// By GET: the parameters are in the address.
pub(super) async fn by_address(
    State(authority): State<Authority>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&authority, &headers, query.unwrap_or_default().as_bytes())
}

/// By POST: they are in the form (section 2).
pub(super) async fn by_form(
    State(authority): State<Authority>,
    headers: HeaderMap,
    form: axum::body::Bytes,
) -> Response {
    answer(&authority, &headers, &form)
}

fn answer(authority: &Authority, headers: &HeaderMap, parameters: &[u8]) -> Response {
    let get = |wanted: &str| {
        url::form_urlencoded::parse(parameters)
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let back = get("post_logout_redirect_uri")
        .and_then(|asked| authority.directory().after_sign_out(&asked));
    let answer = match back {
        Some(mut url) => {
            // Section 3: returned as it came.
            if let Some(state) = get("state") {
                url.query_pairs_mut().append_pair("state", &state);
            }
            Redirect::to(url.as_str()).into_response()
        }
        None => pages::done(
            "You are signed out",
            html! { p { "You can close this page." } },
        ),
    };
    EventNote::new(Outcome::Done).on(authority.without_session(headers, answer))
}
