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
use super::error::correlation;
use super::resources::Resource;

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
    if let Err(why) = claims(&authority, &headers, Resource::Management) {
        return why.response(&headers, authority.clock().now());
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
    if let Err(why) = claims(&authority, &headers, Resource::Management) {
        return why.response(&headers, authority.clock().now());
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

/// OpenID Connect Core section 5.3. It is Microsoft Graph's, and takes Graph's tokens alone
/// (reported of /oidc/userinfo: identitymodel-extensions-for-dotnet#609, oauth2-proxy#1715).
async fn user_info(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    let found = claims(&authority, &headers, Resource::Graph).and_then(|claims| {
        let oid = claims.get("oid").and_then(Value::as_str);
        let mut users = authority.directory().users().iter();
        let user = users.find(|user| Some(user.oid.as_str()) == oid);
        Ok((user.ok_or(Refused::NotOurs)?, claims))
    });
    match found {
        Ok((user, claims)) => Json(json!({
            "sub": claims.get("sub"),
            "name": user.name,
            "email": user.mail,
            "preferred_username": user.upn,
        }))
        .into_response(),
        Err(why) => why.response(&headers, authority.clock().now()),
    }
}

/// Why a bearer token is not taken.
enum Refused {
    /// Missing, ended, or another authority's.
    NotOurs,
    /// For another resource.
    Audience,
}

impl Refused {
    /// Microsoft Graph's envelope, which is not Entra's (captured at graph.microsoft.com:
    /// oauth2-proxy#2517).
    fn response(&self, headers: &HeaderMap, now: i64) -> Response {
        let message = match self {
            Self::NotOurs => "The access token is missing, or not one of this authority's.",
            Self::Audience => "Access token validation failure. Invalid audience.",
        };
        let date = jiff::Timestamp::from_second(now)
            .map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%S").to_string())
            .unwrap_or_default();
        let request = uuid::Uuid::new_v4();
        let client = correlation(headers).unwrap_or(request);
        let inner = json!({"date": date, "request-id": request.to_string(), "client-request-id": client.to_string()});
        (
            StatusCode::UNAUTHORIZED,
            [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")],
            Json(json!({"error": {"code": "InvalidAuthenticationToken", "message": message, "innerError": inner}})),
        )
            .into_response()
    }
}

/// The claims of the request's bearer token, if it is this authority's, has not ended, and is for
/// this resource.
fn claims(
    authority: &Authority,
    headers: &HeaderMap,
    resource: Resource,
) -> Result<Map<String, Value>, Refused> {
    let claims = own_claims(authority, headers).ok_or(Refused::NotOurs)?;
    let audience = claims.get("aud").and_then(Value::as_str).unwrap_or("");
    if authority.resource(audience) == Some(resource) {
        Ok(claims)
    } else {
        Err(Refused::Audience)
    }
}

fn own_claims(authority: &Authority, headers: &HeaderMap) -> Option<Map<String, Value>> {
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
