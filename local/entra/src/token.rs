//! The device-code and token endpoints.
//!
//! A refusal changes nothing: the grant is looked at, everything about the answer is decided, and
//! only then is it spent.

mod issuing;
mod on_behalf_of;
mod redeeming;
mod spendable;

use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use local_events::{EventNote, tell};
use serde_json::{Value, json};

use super::error::{AuthorityError, correlation, with_ids};
use super::grants::EXPIRES_IN;
use super::parameters::{Pairs, Parameters, Tenant};
use super::{Authority, events};

pub(super) fn router() -> Router<Authority> {
    let with = |endpoint: axum::routing::MethodRouter<Authority>| endpoint.fallback(only_post);
    Router::new()
        .route("/{tenant}/oauth2/v2.0/devicecode", with(post(device_code)))
        .route("/{tenant}/oauth2/v2.0/token", with(post(token)))
}

async fn device_code(
    State(authority): State<Authority>,
    Tenant(tenant): Tenant,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Response {
    let note = authority.note_of_request(&headers, &pairs);
    let result = authority.start_device_code(&tenant, pairs);
    let note = events::started(note, &authority, &result);
    answer(&authority, &headers, note, result)
}

async fn token(
    State(authority): State<Authority>,
    Tenant(tenant): Tenant,
    headers: HeaderMap,
    Pairs(pairs): Pairs,
) -> Response {
    let note = authority.note_of_request(&headers, &pairs);
    let result = authority.redeem(&tenant, &headers, pairs);
    let note = events::answered(note, &result);
    answer(&authority, &headers, note, result)
}

/// Any other method (documented: AADSTS900561; the status has no capture).
async fn only_post(
    State(authority): State<Authority>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let error = AuthorityError::MethodNotPost(method.to_string());
    let note = events::refused(authority.note_of_request(&headers, &[]), &error);
    answer(&authority, &headers, note, Err(error))
}

fn answer(
    authority: &Authority,
    headers: &HeaderMap,
    note: EventNote,
    result: Result<Value, AuthorityError>,
) -> Response {
    let correlation = correlation(headers);
    let response = match result {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(error) => error.response(correlation, authority.clock().now()),
    };
    note.on(with_ids(response, correlation))
}

impl Authority {
    fn start_device_code(
        &self,
        tenant: &str,
        pairs: Vec<(String, String)>,
    ) -> Result<Value, AuthorityError> {
        let parameters = Parameters::new(pairs)?;
        let client = self.check_caller(tenant, &parameters)?;
        if !self.directory().is_public_client(&client) {
            return Err(AuthorityError::PublicClientOff);
        }
        let asked = self.asked_of_one(&client, parameters.required("scope")?)?;
        self.check_resource(&parameters, &asked)?;
        // Nobody has signed in yet; a device can't be told later.
        self.check_defined(&asked)?;
        let now = self.clock().now();
        let (device_code, user_code) = self.grants().start(asked, now, self.0.poll_interval);
        if let Some(user) = &self.0.auto_approve
            && let Err(error) = self.approve(&user_code, user)
        {
            tell("[authority] ", format!("--auto-approve: {error}"));
        }
        let uri = format!("{}/devicelogin", self.0.pages);
        Ok(json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": uri,
            "expires_in": EXPIRES_IN,
            "interval": self.0.poll_interval.seconds(),
            "message": format!("To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate."),
        }))
    }

    /// The tenant and the client of a request, the client as its canonical id.
    pub(super) fn check_caller(
        &self,
        tenant: &str,
        parameters: &Parameters,
    ) -> Result<String, AuthorityError> {
        if !self.directory().is_tenant(tenant) {
            return Err(AuthorityError::TenantUnknown(tenant.to_owned()));
        }
        let client = parameters.required("client_id")?;
        // As Entra answers to a client id that was left a placeholder.
        if uuid::Uuid::parse_str(client).is_ok_and(|id| id.is_nil()) {
            return Err(AuthorityError::ClientNil(client.to_owned()));
        }
        if self.directory().client_name(client).is_none() {
            return Err(AuthorityError::ClientUnknown(client.to_owned()));
        }
        Ok(client.to_ascii_lowercase())
    }
}
