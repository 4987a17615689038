//! The managed identity of the app that runs here: App Service's token service on loopback, by its
//! version 2019-08-01 (documented: app-service overview-managed-identity, "REST endpoint
//! reference"). The identity is a system-assigned one, which has a service principal and no
//! registration: it can get tokens in no other way.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use local_events::{EventNote, Outcome};
use serde_json::json;

use super::Authority;
use super::claims::{Credential, MANAGED_IDENTITY_LIFETIME};
use super::client_credentials::AppGrant;
use super::faults;

/// The identity's client id.
pub const CLIENT_ID: &str = "b3f7c215-6e0a-4d94-8a51-e92d7c4061fa";
/// Where it is, as on App Service.
const PATH: &str = "/msi/token";
/// The one version that is built.
const VERSION: &str = "2019-08-01";
/// The secret's header.
const HEADER: &str = "x-identity-header";
/// What asks for a user-assigned identity: as documented, and as MSAL for Python and Go write it.
const USER_ASSIGNED: [&str; 5] = [
    "client_id",
    "principal_id",
    "mi_res_id",
    "object_id",
    "msi_res_id",
];

#[derive(Clone)]
struct Service {
    authority: Authority,
    /// What `IDENTITY_HEADER` says.
    secret: String,
}

impl Authority {
    /// The service, and where it is. Callers have to send `secret` as `X-IDENTITY-HEADER`.
    pub fn managed_identity(&self, secret: &str) -> (Router, &'static str) {
        let service = Service {
            authority: self.clone(),
            secret: secret.to_owned(),
        };
        let router = Router::new()
            .route(PATH, get(token))
            .with_state(service)
            .layer(middleware::from_fn_with_state(
                self.clone(),
                faults::on_identity_request,
            ));
        (router, PATH)
    }
}

async fn token(
    State(service): State<Service>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = Asked::read(&query.unwrap_or_default());
    let note = EventNote::new(Outcome::Issued)
        .client(Some("the managed identity".to_owned()))
        .scope(
            asked
                .resource
                .as_deref()
                .map(secret_forms::words)
                .as_deref(),
        );
    let granted = check_secret(&headers, &service.secret)
        .and_then(|()| asked.check())
        .and_then(|named| service.issue(named));
    match granted {
        Ok((answer, roles)) => note
            .because("the app has proved itself")
            .issued(None, roles)
            .on(answer),
        Err(why) => note
            .outcome(Outcome::Refused)
            .because(why.reason())
            .on(why.answer(&headers)),
    }
}

/// What a request asks for.
#[derive(Default)]
struct Asked {
    version: Option<String>,
    resource: Option<String>,
    user_assigned: bool,
}

impl Asked {
    fn read(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()).into_owned() {
            match name.as_str() {
                _ if value.is_empty() => {}
                "api-version" => asked.version = Some(value),
                "resource" => asked.resource = Some(value),
                name if USER_ASSIGNED.contains(&name) => asked.user_assigned = true,
                _ => {}
            }
        }
        asked
    }

    /// The resource, as it was named.
    fn check(&self) -> Result<&str, Refused> {
        match self.version.as_deref() {
            None => return Err(Refused::VersionMissing),
            Some(VERSION) => {}
            Some(other) => return Err(Refused::Version(other.to_owned())),
        }
        if self.user_assigned {
            return Err(Refused::UserAssigned);
        }
        self.resource.as_deref().ok_or(Refused::ResourceMissing)
    }
}

fn check_secret(headers: &HeaderMap, secret: &str) -> Result<(), Refused> {
    let sent = headers.get(HEADER).ok_or(Refused::Secret)?;
    aws_lc_rs::constant_time::verify_slices_are_equal(sent.as_bytes(), secret.as_bytes())
        .map_err(|_| Refused::Secret)
}

impl Service {
    /// The documented answer; `expires_on` is a string.
    fn issue(&self, named: &str) -> Result<(Response, Vec<String>), Refused> {
        let authority = &self.authority;
        let resource = authority.resource(named).ok_or(Refused::Resource)?;
        let now = authority.clock().now();
        let expires = now + MANAGED_IDENTITY_LIFETIME;
        let roles = authority
            .application(resource)
            .map_or_else(Vec::new, |app| {
                authority.directory().app_roles(CLIENT_ID, app)
            });
        let token = authority
            .app_token(&AppGrant {
                client: CLIENT_ID,
                credential: Credential::Certificate,
                resource,
                named,
                roles: &roles,
                capabilities: &[],
                issued: now,
                expires,
            })
            .map_err(|_| Refused::Failed)?;
        let answer = Json(json!({
            "access_token": token,
            "expires_on": expires.to_string(),
            "resource": named,
            "token_type": "Bearer",
            "client_id": CLIENT_ID,
        }));
        let roles = roles.into_iter().map(str::to_owned).collect();
        Ok((answer.into_response(), roles))
    }
}

/// Why there is no token.
enum Refused {
    /// `X-IDENTITY-HEADER` is not there, or not the one of this run.
    Secret,
    VersionMissing,
    Version(String),
    UserAssigned,
    ResourceMissing,
    /// The tenant has none of this name.
    Resource,
    /// No key signs.
    Failed,
}

impl Refused {
    /// For the log.
    fn reason(&self) -> &'static str {
        match self {
            Self::Secret => "X-IDENTITY-HEADER is not the value of IDENTITY_HEADER",
            Self::VersionMissing => "no api-version",
            Self::Version(_) => "another api-version than 2019-08-01",
            Self::UserAssigned => "a user-assigned identity, of which there is none",
            Self::ResourceMissing => "no resource",
            Self::Resource => "no such resource in the tenant",
            Self::Failed => "no key signs",
        }
    }

    /// Captured: the unknown identity and the unknown resource, whose status is 500 and which says
    /// nothing of the cause (azure-sdk-for-net#40848, #44685), and the unknown version (MSAL.NET's
    /// tests against App Service). The status without the secret is reported
    /// (azure-functions-host#7273); its words, and those of what is missing, are this program's.
    fn answer(&self, headers: &HeaderMap) -> Response {
        let said = |status: StatusCode, message: &str| {
            let body = json!({"statusCode": status.as_u16(), "message": message});
            (status, Json(body)).into_response()
        };
        let versions = |code: &str, message: String| {
            let error = json!({"code": code, "message": message, "innerError": null});
            (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
        };
        match self {
            Self::Secret => said(
                StatusCode::UNAUTHORIZED,
                "The header X-IDENTITY-HEADER is missing, or is not the value of IDENTITY_HEADER.",
            ),
            Self::VersionMissing => versions(
                "ApiVersionUnspecified",
                "An API version is required, but was not specified.".to_owned(),
            ),
            Self::Version(version) => {
                let host = headers.get("host").and_then(|host| host.to_str().ok());
                let host = host.unwrap_or("localhost");
                let version = secret_forms::word(version);
                versions(
                    "UnsupportedApiVersion",
                    format!(
                        "The HTTP resource that matches the request URI 'http://{host}{PATH}' does not support the API version '{version}'."
                    ),
                )
            }
            Self::UserAssigned => said(
                StatusCode::BAD_REQUEST,
                "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
            ),
            Self::ResourceMissing => said(
                StatusCode::BAD_REQUEST,
                "The parameter 'resource' is missing.",
            ),
            Self::Resource | Self::Failed => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                let body = json!({
                    "statusCode": status.as_u16(),
                    "message": "An unexpected error occured while fetching the AAD Token.",
                    "correlationId": uuid::Uuid::new_v4().to_string(),
                });
                (status, Json(body)).into_response()
            }
        }
    }
}
