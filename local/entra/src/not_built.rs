//! What Entra ID has and this program does not: a 404 that says so, for whoever would look for
//! their own mistake otherwise.

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use local_events::{EventNote, Outcome};
use serde_json::json;

use super::Authority;

/// Path, what it is in Entra, what to do instead.
const MISSING: [(&str, &str, &str); 8] = [
    (
        "/{tenant}/oauth2/token",
        "the v1 token endpoint",
        "ask /oauth2/v2.0/token, with scope=<resource>/.default in the place of resource",
    ),
    (
        "/{tenant}/oauth2/devicecode",
        "the v1 device code endpoint",
        "ask /oauth2/v2.0/devicecode, with scope in the place of resource",
    ),
    ("/{tenant}/saml2", "SAML", "use OpenID Connect"),
    ("/{tenant}/wsfed", "WS-Federation", "use OpenID Connect"),
    (
        "/{tenant}/federationmetadata/{*rest}",
        "SAML and WS-Federation metadata",
        "use OpenID Connect: /v2.0/.well-known/openid-configuration",
    ),
    (
        "/v1.0/{*rest}",
        "Microsoft Graph",
        "test against a tenant of your own",
    ),
    (
        "/beta/{*rest}",
        "Microsoft Graph",
        "test against a tenant of your own",
    ),
    ("/{tenant}/kerberos", "Kerberos", "use OpenID Connect"),
];

pub(super) fn router() -> Router<Authority> {
    let mut router = Router::new();
    for (path, name, instead) in MISSING {
        let answer = move |uri: Uri| async move {
            let answer = answer(uri.path(), name, instead);
            EventNote::new(Outcome::Refused)
                .because("not built here")
                .on(answer)
        };
        router = router.route(path, any(answer));
    }
    router
}

fn answer(path: &str, name: &str, instead: &str) -> Response {
    let body = json!({
        "error": "not_built",
        "error_description": format!("greeting-local does not have {name} ({path}): {instead}. What it has is in docs/authority.md, \"What is matched\"."),
    });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}
