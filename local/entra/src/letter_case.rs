//! Paths in any letter case, as Entra takes them: MSAL Go asks `/common/UserRealm/…`, MSAL for
//! Python `/common/userrealm/…` (their sources, 2026).

use axum::extract::Request;
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::{Router, middleware};

/// These routes, whose own paths are in lower case, for a path in any. The query stays as it is.
pub fn in_any_letter_case(routes: Router) -> Router {
    // A layer on the routes themselves would come too late: they are matched first.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::map_request(|mut request: Request| async {
            if let Some(lower) = lower(request.uri()) {
                *request.uri_mut() = lower;
            }
            request
        }))
}

/// The address with its path in lower case and without empty segments; none if it is that already.
fn lower(uri: &Uri) -> Option<Uri> {
    let has_upper_case = uri.path().bytes().any(|byte| byte.is_ascii_uppercase());
    if !has_upper_case && !uri.path().contains("//") {
        return None;
    }
    let mut path = uri.path().to_ascii_lowercase();
    // MSAL for Python asks its default authority for /common//v2.0/.well-known/… (1.39).
    while path.contains("//") {
        path = path.replace("//", "/");
    }
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_17_only_the_path_loses_its_letter_case() {
        for (asked, expected) in [
            (
                "/Common/UserRealm/A@B?Api-Version=1.0",
                Some("/common/userrealm/a@b?Api-Version=1.0"),
            ),
            ("/T/OAuth2/V2.0/Token", Some("/t/oauth2/v2.0/token")),
            ("/t/oauth2/v2.0/token?State=X", None),
            (
                "/common//v2.0/.well-known/openid-configuration?a=//",
                Some("/common/v2.0/.well-known/openid-configuration?a=//"),
            ),
            ("https://localhost:1/T", Some("https://localhost:1/t")),
        ] {
            let lower = lower(&asked.parse().unwrap());
            let lower = lower.map(|uri| uri.to_string());
            assert_eq!(lower.as_deref(), expected, "{asked}");
        }
    }
}
