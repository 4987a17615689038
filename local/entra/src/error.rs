//! Entra's error envelope, with the AADSTS codes that people search for.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What the token and device-code endpoints refuse with. Each carries what its sentence needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthorityError {
    TenantUnknown(String),
    ClientMissing,
    ClientUnknown(String),
    ClientNil(String),
    PublicClientOff,
    ParameterMissing(&'static str),
    ParameterTwice(String),
    GrantUnsupported(String),
    ResourceUnknown {
        resource: String,
        tenant: String,
    },
    ScopeInvalid(String),
    ScopeUndefined {
        client: String,
        scope: String,
    },
    ConsentRequired {
        client: String,
        name: String,
    },
    UserDisabled,
    AuthorizationPending,
    SlowDown,
    Declined,
    CodeExpired,
    CodeUnknown,
    RefreshExpired,
    RefreshRevoked,
    RedirectMissing,
    RedirectMismatch {
        redirect: String,
        client: String,
    },
    ResponseType(String),
    ResponseMode(String),
    ChallengeMethod,
    AuthorizationCodeUnknown,
    AuthorizationCodeUsed,
    AuthorizationCodeExpired,
    VerifierWrong,
    SecretWrong(String),
    SecretFromPublicClient,
    ProofMissing,
    AssertionMalformed,
    AssertionKeyUnknown,
    AssertionAudience(String),
    AssertionTime,
    ScopeNotDefault(String),
    /// What a policy asks for.
    Policy(u32),
    Temporary,
}

impl AuthorityError {
    /// OAuth error, AADSTS number, first line of the description.
    fn parts(&self) -> (&'static str, u32, String) {
        match self {
            Self::TenantUnknown(tenant) => ("invalid_request", 90002, format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.")),
            Self::ClientMissing => ("invalid_request", 900_144, "The request body must contain the following parameter: 'client_id'.".into()),
            Self::ClientUnknown(id) => ("unauthorized_client", 700_016, format!("Application with identifier '{id}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.")),
            Self::ClientNil(id) => ("unauthorized_client", 700_038, format!("{id} is not a valid application identifier.")),
            Self::PublicClientOff => ("invalid_client", 7_000_218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".into()),
            Self::ParameterMissing(name) => ("invalid_request", 900_144, format!("The request body must contain the following parameter: '{name}'.")),
            Self::ParameterTwice(name) => ("invalid_request", 9_000_411, format!("The request is not properly formatted. The parameter '{name}' is duplicated.")),
            Self::GrantUnsupported(grant) => ("unsupported_grant_type", 70003, format!("The app requested an unsupported grant type '{grant}'.")),
            Self::ResourceUnknown { resource, tenant } => ("invalid_resource", 500_011, format!("The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.")),
            Self::ScopeInvalid(scope) => ("invalid_scope", 70011, format!("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.")),
            Self::ScopeUndefined { client, scope } => ("invalid_client", 650_053, format!("The application '{client}' asked for scope '{scope}' that doesn't exist on the resource. Contact the app vendor.")),
            Self::ConsentRequired { client, name } => ("invalid_grant", 65001, format!("The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an interactive authorization request for this user and resource.")),
            Self::UserDisabled => ("invalid_grant", 50057, "The user account is disabled.".into()),
            Self::AuthorizationPending => ("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.".into()),
            Self::SlowDown => ("slow_down", 70016, "OAuth 2.0 device flow error. Polling faster than the interval; slow down.".into()),
            Self::Declined => ("authorization_declined", 70019, "The end user denied the authorization request.".into()),
            Self::CodeExpired => ("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired.".into()),
            Self::CodeUnknown => ("bad_verification_code", 70018, "Invalid verification code: the device code is not known, or was redeemed.".into()),
            Self::RefreshExpired => ("invalid_grant", 700_082, "The refresh token has expired due to inactivity.".into()),
            Self::RedirectMissing => ("invalid_request", 900_971, "No reply address provided.".into()),
            Self::RedirectMismatch { redirect, client } => ("invalid_request", 50011, format!("The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application '{client}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal.")),
            Self::ResponseType(kind) => ("unsupported_response_type", 700_054, format!("response_type '{kind}' is not enabled for the application.")),
            Self::ResponseMode(mode) => ("invalid_request", 700_052, format!("response_mode '{mode}' is not supported here; use query or form_post.")),
            Self::ChallengeMethod => ("invalid_request", 501_491, "Invalid code challenge method: S256 is required.".into()),
            Self::AuthorizationCodeUnknown => ("invalid_grant", 9_002_313, "Invalid request. Request is malformed or invalid: the authorization code is not one of this client's.".into()),
            Self::AuthorizationCodeUsed => ("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.".into()),
            Self::AuthorizationCodeExpired => ("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.".into()),
            Self::VerifierWrong => ("invalid_grant", 501_481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.".into()),
            Self::SecretWrong(client) => ("invalid_client", 7_000_215, format!("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.")),
            Self::SecretFromPublicClient => ("invalid_client", 700_025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.".into()),
            Self::ProofMissing => ("invalid_request", 7_000_216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.".into()),
            Self::AssertionMalformed => ("invalid_client", 50027, "JWT token is invalid or malformed.".into()),
            Self::AssertionKeyUnknown => ("invalid_client", 700_027, "The certificate with identifier used to sign the client assertion is not registered on application, or the signature is not valid.".into()),
            Self::AssertionAudience(audience) => ("invalid_client", 700_023, format!("Client assertion audience claim does not match Realm issuer: '{audience}'.")),
            Self::AssertionTime => ("invalid_client", 700_024, "Client assertion is not within its valid time range.".into()),
            Self::ScopeNotDefault(scope) => ("invalid_scope", 1_002_012, format!("The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")),
            Self::Policy(code) => match super::policy::refusal(*code) {
                Some((code, error, sentence)) => (error, code, sentence.to_owned()),
                None => ("invalid_grant", *code, String::new()),
            },
            Self::Temporary => ("temporarily_unavailable", 90033, "A transient error has occurred. Please try again.".into()),
            Self::RefreshRevoked => ("invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed.".into()),
        }
    }

    /// The OAuth error, for a redirect.
    pub(crate) fn name(&self) -> &'static str {
        self.parts().0
    }

    /// Code and sentence, for a redirect or a page.
    pub(crate) fn line(&self) -> String {
        let (_, code, sentence) = self.parts();
        format!("AADSTS{code}: {sentence}")
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::PublicClientOff
            | Self::SecretWrong(_)
            | Self::SecretFromPublicClient
            | Self::AssertionMalformed
            | Self::AssertionKeyUnknown
            | Self::AssertionAudience(_)
            | Self::AssertionTime => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The envelope. `correlation` is the caller's `client-request-id`, if it sent a GUID.
    pub(crate) fn response(&self, correlation: Option<uuid::Uuid>, now: i64) -> Response {
        let (error, code, sentence) = self.parts();
        let trace = uuid::Uuid::new_v4();
        let correlation = correlation.unwrap_or_else(uuid::Uuid::new_v4);
        let timestamp = jiff::Timestamp::from_second(now)
            .map(|moment| moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
            .unwrap_or_default();
        let mut body = json!({
            "error": error,
            "error_description": format!("AADSTS{code}: {sentence} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
        });
        // Entra names a page for some codes only; these are the ones captured with it.
        if matches!(
            self,
            Self::ResourceUnknown { .. } | Self::PublicClientOff | Self::SecretWrong(_)
        ) {
            body["error_uri"] = json!(format!(
                "https://login.microsoftonline.com/error?code={code}"
            ));
        }
        (
            self.status(),
            [(header::CACHE_CONTROL, "no-store")],
            Json(body),
        )
            .into_response()
    }
}
