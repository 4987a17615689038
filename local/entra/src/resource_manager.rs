//! Azure Resource Manager, just enough for `az login`: where everything is, one tenant, no
//! subscription. And what clients look up about a user before they sign in, and after.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value, json};

use super::Authority;

pub(super) fn router() -> Router<Authority> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/tenants", get(tenants))
        .route("/subscriptions", get(subscriptions))
        .route("/common/userrealm/{user}", get(user_realm))
        .route("/oidc/userinfo", get(user_info).post(user_info))
}

/// What `az cloud register --endpoint-resource-manager` reads.
async fn endpoints(State(authority): State<Authority>) -> Response {
    let origin = &authority.0.origin;
    Json(json!({
        "name": "greeting-local",
        "portal": origin,
        "resourceManager": format!("{origin}/"),
        "microsoftGraphResourceId": origin,
        "graphAudience": origin,
        "graph": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [format!("{origin}/")],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {},
    }))
    .into_response()
}

async fn tenants(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    if claims(&authority, &headers).is_none() {
        return refused();
    }
    let directory = authority.directory();
    Json(json!({"value": [{
        "id": format!("/tenants/{}", authority.tenant()),
        "tenantId": authority.tenant(),
        "tenantCategory": "Home",
        "displayName": "greeting-local",
        "defaultDomain": directory.domain(),
        "domains": [directory.domain()],
        "tenantType": "AAD",
    }]}))
    .into_response()
}

async fn subscriptions(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    if claims(&authority, &headers).is_none() {
        return refused();
    }
    Json(json!({"value": []})).into_response()
}

async fn user_realm(State(authority): State<Authority>, Path(user): Path<String>) -> Response {
    Json(json!({
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": user.rsplit('@').next().unwrap_or(authority.directory().domain()),
        "cloud_instance_name": "localhost",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }))
    .into_response()
}

/// OpenID Connect Core section 5.3, for a delegated token of this authority.
async fn user_info(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    let user = claims(&authority, &headers).and_then(|claims| {
        let oid = claims.get("oid")?.as_str()?.to_owned();
        let known = authority
            .directory()
            .users()
            .iter()
            .find(|user| user.oid == oid)?;
        Some((claims.get("sub").cloned(), known))
    });
    match user {
        Some((sub, user)) => Json(json!({
            "sub": sub,
            "name": user.name,
            "email": user.upn,
            "preferred_username": user.upn,
        }))
        .into_response(),
        None => refused(),
    }
}

/// The claims of the request's bearer token, if it is this authority's and has not ended.
fn claims(authority: &Authority, headers: &HeaderMap) -> Option<Map<String, Value>> {
    let token = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")?;
    let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
    let now = authority.clock().now();
    let key = authority.ring().find(&kid, now)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let claims =
        jsonwebtoken::decode::<Map<String, Value>>(token, &key.verifying().ok()?, &validation)
            .ok()?
            .claims;
    (claims.get("exp")?.as_i64()? > now).then_some(claims)
}

fn refused() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")],
        Json(json!({"error": {"code": "InvalidAuthenticationToken", "message": "The access token is missing, or not one of this authority's."}})),
    )
        .into_response()
}
