//! The answer to a caller without a valid token: the challenge, and RFC 9728 metadata.

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, SERVER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use local_http::identifier::Identifier;
use local_http::page::keep_private;
use local_http::relay::{BoxBody, answer};
use serde_json::json;

use super::behaviour::{Behaviour, ChallengeForm};
use super::decision::METADATA;
use super::origin::Origin;
use super::settings::Settings;

/// The Windows form's body, as captured.
const WINDOWS_BODY: &str = "You do not have permission to view this directory or page.";

/// Of the Linux form.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-middleware-request-id");

/// A 401 or 403 of the gate's own, as captured on Azure. It never says why.
pub(crate) fn refusal(
    settings: &Settings,
    behaviour: &Behaviour,
    status: StatusCode,
    origin: &Origin,
    path: &str,
) -> Response<BoxBody> {
    let mut response = match behaviour.challenge {
        ChallengeForm::Windows => answer(status, "text/html", WINDOWS_BODY),
        ChallengeForm::Linux | ChallengeForm::ContainerApps => {
            let mut response = answer(status, "text/html", Bytes::new());
            response.headers_mut().clear();
            response
        }
    };
    let headers = response.headers_mut();
    if behaviour.challenge == ChallengeForm::Linux {
        headers.insert(SERVER, HeaderValue::from_static("Kestrel"));
        headers.insert(REQUEST_ID, Identifier::next().header());
    }
    if status == StatusCode::UNAUTHORIZED && !settings.provider().login.disable_www_authenticate {
        add_challenge(settings, behaviour, headers, origin, path);
    }
    response
}

/// Easy Auth's challenge: separated by spaces, not commas.
fn add_challenge(
    settings: &Settings,
    behaviour: &Behaviour,
    headers: &mut HeaderMap,
    origin: &Origin,
    path: &str,
) {
    let issuer = settings.issuer();
    let host = origin.quotable_host();
    let tenant = issuer.strip_suffix("/v2.0");
    let authorize = match (behaviour.challenge, tenant) {
        (ChallengeForm::ContainerApps, _) => None,
        (ChallengeForm::Linux, Some(tenant)) => Some([tenant, "/oauth2/v2.0/authorize"]),
        (_, tenant) => Some([tenant.unwrap_or(issuer), "/oauth2/authorize"]),
    };
    let mut challenge = ["Bearer realm=\"", &host, "\""].concat();
    if let Some([tenant, endpoint]) = authorize {
        let client = settings.provider().registration.client_id.as_str();
        let more = [
            " authorization_uri=\"",
            tenant,
            endpoint,
            "\" resource_id=\"",
            client,
            "\"",
        ];
        challenge.reserve_exact(more.iter().map(|part| part.len()).sum());
        challenge.extend(more);
    }
    if behaviour.metadata_scopes.is_some() {
        // The path is the caller's own; as a URI it has neither quotes nor backslashes.
        let path = if path == "/" { "" } else { path };
        let scheme = origin.scheme.name();
        challenge += &format!(" resource_metadata=\"{scheme}://{host}{METADATA}{path}\"");
    }
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
}

/// The protected resource's metadata (RFC 9728 section 3.2; App Service's preview).
pub(crate) fn metadata(
    scopes: &[String],
    issuer: &str,
    origin: &Origin,
    path: &str,
) -> Response<BoxBody> {
    let resource = path.strip_prefix(METADATA).unwrap_or("");
    let document = json!({
        "resource": format!("{}://{}{resource}", origin.scheme.name(), origin.quotable_host()),
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
    });
    let mut response = answer(StatusCode::OK, "application/json", document.to_string());
    keep_private(response.headers_mut());
    response
}
