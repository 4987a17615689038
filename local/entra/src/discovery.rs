//! Discovery: the OpenID Connect metadata, the keys, and Entra's instance metadata.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::error::AuthorityError;
use super::parameters::Tenant;
use super::{Authority, cloud};

pub(super) fn router() -> Router<Authority> {
    Router::new()
        .route(
            "/{tenant}/v2.0/.well-known/openid-configuration",
            get(openid_v2),
        )
        .route("/{tenant}/.well-known/openid-configuration", get(openid_v1))
        .route("/common/discovery/instance", get(instance))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/{tenant}/discovery/keys", get(keys))
}

async fn openid_v2(State(authority): State<Authority>, Tenant(tenant): Tenant) -> Response {
    openid(&authority, &tenant, "/v2.0")
}

async fn openid_v1(State(authority): State<Authority>, Tenant(tenant): Tenant) -> Response {
    openid(&authority, &tenant, "")
}

fn openid(authority: &Authority, tenant: &str, version: &str) -> Response {
    if !authority.directory().is_tenant(tenant) {
        return unknown(authority, tenant);
    }
    let multi = ["common", "organizations"]
        .iter()
        .find(|name| name.eq_ignore_ascii_case(tenant));
    // Entra names no one issuer for these: the template is filled by each token's `tid`.
    let issuer_tenant = multi.map_or(authority.tenant(), |_| "{tenantid}");
    let segment = multi.copied().unwrap_or(authority.tenant());
    let origin = authority.origin();
    let [instance, graph, msgraph] = authority
        .cloud()
        .map_or(["localhost"; 3], |cloud| cloud.named);
    let issuer = if version.is_empty() {
        format!("{}/{issuer_tenant}/", authority.v1_issuer_origin())
    } else {
        format!("{origin}/{issuer_tenant}{version}")
    };
    Json(json!({
        // Also of the v1 document: only these endpoints are here, and they want a scope.
        "token_endpoint": format!("{origin}/{segment}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported":
            ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{origin}/{segment}/discovery{version}/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{origin}/oidc/userinfo"),
        "authorization_endpoint": format!("{origin}/{segment}/oauth2{version}/authorize"),
        "device_authorization_endpoint": format!("{origin}/{segment}/oauth2/v2.0/devicecode"),
        "http_logout_supported": true,
        // Entra says true. Here a browser has no session that an app could be told the end of.
        "frontchannel_logout_supported": false,
        "end_session_endpoint": format!("{origin}/{segment}/oauth2{version}/logout"),
        "claims_supported": ["sub", "iss", "cloud_instance_name", "cloud_instance_host_name",
            "cloud_graph_host_name", "msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
            "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"],
        "tenant_region_scope": null,
        "cloud_instance_name": instance,
        "cloud_graph_host_name": graph,
        "msgraph_host": msgraph,
        "rbac_url": origin,
    }))
    .into_response()
}

async fn instance(State(authority): State<Authority>) -> Response {
    let origin = authority.origin();
    let host = origin.trim_start_matches("https://");
    let metadata = match authority.cloud() {
        Some(_) => cloud::instances(),
        None => vec![json!({
            "preferred_network": host,
            "preferred_cache": host,
            "aliases": [host, "localhost"],
        })],
    };
    Json(json!({
        "tenant_discovery_endpoint":
            format!("{origin}/{}/v2.0/.well-known/openid-configuration", authority.tenant()),
        "api-version": "1.1",
        "metadata": metadata,
    }))
    .into_response()
}

async fn keys(State(authority): State<Authority>, Tenant(tenant): Tenant) -> Response {
    if !authority.directory().is_tenant(&tenant) {
        return unknown(&authority, &tenant);
    }
    let now = authority.clock().now();
    Json(authority.ring().jwks(&authority.issuer_v2(), now)).into_response()
}

fn unknown(authority: &Authority, tenant: &str) -> Response {
    AuthorityError::TenantUnknown(tenant.to_owned()).response(None, authority.clock().now())
}
