//! The device-code and token endpoints.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local_events::{EventNote, Stream, print};
use serde_json::{Value, json};

use super::claims::{Grant, LIFETIME};
use super::directory::UserState;
use super::error::AuthorityError;
use super::grants::{EXPIRES_IN, Family, INTERVAL, ScopeRequest};
use super::keys::WithX5t;
use super::parameters::{Parameters, add_basic};
use super::{Authority, Resource, TokenVersion, events};

pub(super) fn router() -> Router<Authority> {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device_code))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
}

type Pairs = Form<Vec<(String, String)>>;

async fn device_code(
    State(authority): State<Authority>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(pairs): Pairs,
) -> Response {
    let note = authority.note_of_request(&headers, &pairs);
    let result = authority.start_device_code(&tenant, pairs);
    let note = events::started(note, &authority, &result);
    answer(&authority, &headers, note, result)
}

async fn token(
    State(authority): State<Authority>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(pairs): Pairs,
) -> Response {
    let note = authority.note_of_request(&headers, &pairs);
    let result = authority.redeem(&tenant, &headers, pairs);
    let note = events::answered(note, &result);
    answer(&authority, &headers, note, result)
}

fn answer(
    authority: &Authority,
    headers: &HeaderMap,
    note: EventNote,
    result: Result<Value, AuthorityError>,
) -> Response {
    // Echoed, but only as the GUID that it has to be.
    let correlation = headers
        .get("client-request-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| uuid::Uuid::parse_str(id).ok());
    let mut response = match result {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response(),
        Err(error) => error.response(correlation, authority.clock().now()),
    };
    let ids = [
        ("x-ms-request-id", Some(uuid::Uuid::new_v4())),
        ("client-request-id", correlation),
    ];
    for (name, id) in ids {
        if let Some(value) = id.and_then(|id| id.to_string().parse().ok()) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    note.on(response)
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
        let asked = self.asked(&client, parameters.required("scope")?)?;
        let now = self.clock().now();
        let (device_code, user_code) = self.grants().start(asked, now);
        if let Some(user) = &self.0.auto_approve
            && let Err(error) = self.approve(&user_code, user)
        {
            print(Stream::Err, format!("[authority] --auto-approve: {error}"));
        }
        let uri = format!("{}/devicelogin", self.0.origin);
        Ok(json!({
            "user_code": user_code,
            "device_code": device_code,
            "verification_uri": uri,
            "expires_in": EXPIRES_IN,
            "interval": INTERVAL,
            "message": format!("To sign in, use a web browser to open the page {uri} and enter the code {user_code} to authenticate."),
        }))
    }

    fn redeem(
        &self,
        tenant: &str,
        headers: &HeaderMap,
        mut pairs: Vec<(String, String)>,
    ) -> Result<Value, AuthorityError> {
        add_basic(headers, &mut pairs);
        let parameters = Parameters::new(pairs)?;
        let grant = parameters.required("grant_type")?.to_owned();
        let client = self.check_caller(tenant, &parameters)?;
        let now = self.clock().now();
        self.authenticate(&client, &parameters, now)?;
        if grant == "client_credentials" {
            let asked = self.asked_by_daemon(&client, parameters.required("scope")?)?;
            return self.issue_app(&asked, now);
        }
        if let Some(code) = self.policy().refuse {
            return Err(AuthorityError::Policy(code));
        }
        let mut nonce = None;
        let (user, asked, family) = match grant.as_str() {
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                if !self.directory().is_public_client(&client) {
                    return Err(AuthorityError::PublicClientOff);
                }
                // az sends the code under both names.
                let code = parameters
                    .get("device_code")
                    .or_else(|| parameters.get("code"))
                    .ok_or(AuthorityError::ParameterMissing("device_code"))?;
                let (user, asked) = self.grants().poll(code, &client, now)?;
                if !self.policy().device_code {
                    return Err(AuthorityError::Policy(53003));
                }
                (user, asked, Family::New)
            }
            "authorization_code" => {
                let code = parameters.required("code")?;
                let redirect = parameters.required("redirect_uri")?;
                let verifier = parameters.required("code_verifier")?;
                let code = self
                    .grants()
                    .redeem_code(code, &client, redirect, verifier, now)?;
                nonce = code.nonce;
                (code.user, code.asked, Family::New)
            }
            "refresh_token" => {
                let token = parameters.required("refresh_token")?;
                // Another scope than the first is allowed, and has to be known before the
                // token is spent.
                let wanted = parameters
                    .get("scope")
                    .map(|scope| self.asked(&client, scope))
                    .transpose()?;
                let (user, first, family) = self.grants().redeem_refresh(token, &client, now)?;
                let mut asked = wanted.unwrap_or(first);
                if !asked.protocol.iter().any(|scope| scope == "offline_access") {
                    asked.protocol.push("offline_access".to_owned());
                }
                (user, asked, Family::Of(family))
            }
            other => return Err(AuthorityError::GrantUnsupported(other.to_owned())),
        };
        let mut body = self.issue(&user, &asked, family, nonce, now)?;
        if parameters.get("client_info") == Some("1")
            && let Some(user) = self.directory().user(&user)
        {
            let info = json!({"uid": user.oid, "utid": self.tenant()}).to_string();
            body["client_info"] = json!(URL_SAFE_NO_PAD.encode(info));
        }
        Ok(body)
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
        let client = parameters
            .get("client_id")
            .ok_or(AuthorityError::ClientMissing)?;
        // As Entra answers to a client id that was left a placeholder.
        if uuid::Uuid::parse_str(client).is_ok_and(|id| id.is_nil()) {
            return Err(AuthorityError::ClientNil(client.to_owned()));
        }
        if self.directory().client_name(client).is_none() {
            return Err(AuthorityError::ClientUnknown(client.to_owned()));
        }
        Ok(client.to_ascii_lowercase())
    }

    /// The token response.
    fn issue(
        &self,
        user: &str,
        asked: &ScopeRequest,
        family: Family,
        nonce: Option<String>,
        now: i64,
    ) -> Result<Value, AuthorityError> {
        let directory = self.directory();
        let user = directory.user(user).ok_or(AuthorityError::RefreshRevoked)?;
        if user.state == UserState::Disabled {
            return Err(AuthorityError::UserDisabled);
        }
        if !self.has_consent(asked, user) {
            return Err(AuthorityError::ConsentRequired {
                client: asked.client.clone(),
                name: directory
                    .client_name(&asked.client)
                    .unwrap_or("")
                    .to_owned(),
            });
        }
        let is_api = self.resource(&asked.resource) != Some(Resource::Management);
        let version = if is_api && directory.token_version() == 2 {
            TokenVersion::V2
        } else {
            TokenVersion::V1
        };
        let access = self.access_claims(&Grant {
            user,
            client: &asked.client,
            resource: &asked.resource,
            scopes: &asked.scopes,
            version,
            issued: now,
            expires: now + LIFETIME,
        });
        let has = |scope: &str| asked.protocol.iter().any(|asked| asked == scope);
        // Echoed as asked, fully qualified: a short echo makes MSAL miss its cache.
        let mut scope: Vec<String> = asked
            .scopes
            .iter()
            .map(|scope| format!("{}/{scope}", asked.resource))
            .collect();
        scope.extend(
            asked
                .protocol
                .iter()
                .filter(|scope| *scope != "offline_access")
                .cloned(),
        );
        // A key that signed at start-up signs now too; if not, the client may ask again.
        let sign = |claims: &Value, x5t| {
            self.keys()
                .sign(claims, x5t)
                .map_err(|_| AuthorityError::Temporary)
        };
        let x5t = if version == TokenVersion::V1 {
            WithX5t::Yes
        } else {
            WithX5t::No
        };
        let mut body = json!({
            "token_type": "Bearer",
            "scope": scope.join(" "),
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "access_token": sign(&Value::Object(access), x5t)?,
        });
        if has("offline_access") {
            body["refresh_token"] =
                json!(self.grants().issue_refresh(&user.upn, asked, family, now));
        }
        if has("openid") {
            let mut claims = self.id_claims(user, &asked.client, now);
            if let Some(nonce) = nonce {
                claims["nonce"] = json!(nonce);
            }
            body["id_token"] = json!(sign(&claims, WithX5t::No)?);
        }
        Ok(body)
    }
}
