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
use super::claims::pairwise;
use super::directory::User;
use super::error::correlation;
use super::resources::Resource;

/// The subscription that a cloud's resource manager lists.
const SUBSCRIPTION_ID: &str = "9c1e64b8-2d70-4f3a-8b95-e60a7d42c813";

pub(super) fn router() -> Router<Authority> {
    Router::new()
        .route("/metadata/endpoints", get(endpoints))
        .route("/tenants", get(tenants))
        .route("/subscriptions", get(subscriptions))
        .route("/common/userrealm/{user}", get(user_realm))
        .route("/oidc/userinfo", get(user_info).post(user_info))
}

/// A cloud's resource manager.
pub(super) fn alone() -> Router<Authority> {
    Router::new()
        .route("/tenants", get(tenants))
        .route("/subscriptions", get(one_subscription))
        .fallback(not_here)
}

/// Azure Resource Manager's envelope of an error (documented: "Common API details", error
/// response); the code is this program's own.
async fn not_here() -> Response {
    let message = "greeting-local run answers here what a sign-in asks (GET /tenants, GET /subscriptions). There are no resources; nothing was sent to Azure.";
    let error = json!({"code": "NotInGreetingLocal", "message": message});
    (StatusCode::NOT_IMPLEMENTED, Json(json!({"error": error}))).into_response()
}

/// What `az cloud register --endpoint-resource-manager` reads.
async fn endpoints(State(authority): State<Authority>) -> Response {
    let origin = authority.origin();
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

/// One, without resources: az ends a sign-in to a tenant without subscriptions with an error
/// (unless `--allow-no-subscriptions`).
async fn one_subscription(State(authority): State<Authority>, headers: HeaderMap) -> Response {
    if let Err(why) = claims(&authority, &headers, Resource::Management) {
        return why.response(&headers, authority.clock().now());
    }
    Json(json!({"value": [{
        "id": format!("/subscriptions/{SUBSCRIPTION_ID}"),
        "subscriptionId": SUBSCRIPTION_ID,
        "displayName": "greeting-local (no resources)",
        "state": "Enabled",
        "tenantId": authority.tenant(),
        "managedByTenants": [],
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }]}))
    .into_response()
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
        let user = user.ok_or(Refused::NotOurs)?;
        told_of(user, &claims).ok_or(Refused::Scope)
    });
    match found {
        Ok(told) => Json(told).into_response(),
        Err(why) => why.response(&headers, authority.clock().now()),
    }
}

/// What a token's scopes let its client know (documented: userinfo, "UserInfo response"). `sub` is
/// the one of the client's ID token, as OpenID Connect Core section 5.3.2 wants it. `picture` is
/// left out: its address is Microsoft Graph's, and there is no photo here.
fn told_of(user: &User, claims: &Map<String, Value>) -> Option<Map<String, Value>> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let scopes = text("scp").unwrap_or("");
    let has = |scope: &str| scopes.split(' ').any(|granted| granted == scope);
    if !has("openid") {
        return None;
    }
    let client = text("azp").or_else(|| text("appid"))?;
    let mut told = Map::new();
    told.insert("sub".to_owned(), json!(pairwise(&user.oid, client)));
    let name = Some(&user.name).filter(|_| has("profile"));
    let surname = user.surname.as_ref().filter(|_| has("profile"));
    let given_name = user.given_name.as_ref().filter(|_| has("profile"));
    let mail = user.mail.as_ref().filter(|_| has("email"));
    for (name, value) in [
        ("name", name),
        ("family_name", surname),
        ("given_name", given_name),
        ("email", mail),
    ] {
        if let Some(value) = value {
            told.insert(name.to_owned(), json!(value));
        }
    }
    Some(told)
}

/// Why a bearer token is not taken.
enum Refused {
    /// Missing, ended, or another authority's.
    NotOurs,
    /// For another resource.
    Audience,
    /// Without `openid`.
    Scope,
}

/// Microsoft Graph's word for a token that it does not take.
const INVALID: &str = "InvalidAuthenticationToken";

impl Refused {
    /// Microsoft Graph's envelope, which is not Entra's (captured at graph.microsoft.com:
    /// oauth2-proxy#2517).
    fn response(&self, headers: &HeaderMap, now: i64) -> Response {
        let (status, code, message) = match self {
            Self::NotOurs => (
                StatusCode::UNAUTHORIZED,
                INVALID,
                "The access token is missing, or not one of this authority's.",
            ),
            Self::Audience => (
                StatusCode::UNAUTHORIZED,
                INVALID,
                "Access token validation failure. Invalid audience.",
            ),
            // Graph's general answer to a token that lacks a permission; no capture of userinfo's.
            Self::Scope => (
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
            ),
        };
        let date = jiff::Timestamp::from_second(now)
            .map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%S").to_string())
            .unwrap_or_default();
        let request = uuid::Uuid::new_v4();
        let client = correlation(headers).unwrap_or(request);
        let inner = json!({"date": date, "request-id": request.to_string(), "client-request-id": client.to_string()});
        // RFC 6750 section 3.1.
        let challenge = match self {
            Self::NotOurs | Self::Audience => "Bearer error=\"invalid_token\"",
            Self::Scope => "Bearer error=\"insufficient_scope\"",
        };
        (
            status,
            [(header::WWW_AUTHENTICATE, challenge)],
            Json(json!({"error": {"code": code, "message": message, "innerError": inner}})),
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
