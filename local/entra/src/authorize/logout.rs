//! Ends the browser's sign-in (OpenID Connect RP-Initiated Logout 1.0). There is no session here
//! to end, since every sign-in asks who it is; so there is nobody to tell either, and discovery
//! names no front-channel logout.

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use local_events::{EventNote, Outcome};
use maud::html;
use url::Url;

use crate::Authority;
use crate::pages;

/// By GET: the parameters are in the address.
pub(super) async fn by_address(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&authority, query.unwrap_or_default().as_bytes())
}

/// By POST: they are in the form (section 2).
pub(super) async fn by_form(
    State(authority): State<Authority>,
    form: axum::body::Bytes,
) -> Response {
    answer(&authority, &form)
}

fn answer(authority: &Authority, parameters: &[u8]) -> Response {
    let get = |wanted: &str| {
        url::form_urlencoded::parse(parameters)
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let back = get("post_logout_redirect_uri")
        .and_then(|value| Url::parse(&value).ok())
        .filter(|url| authority.directory().is_redirect_origin(url));
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
    EventNote::new(Outcome::Done).on(answer)
}
