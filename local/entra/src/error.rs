//! Entra's error envelope, with the AADSTS codes that people search for.

mod codes;
mod sentences;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use self::codes::Page;

/// What the endpoints of the protocol refuse with. Each carries what its sentence needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthorityError {
    TenantUnknown(String),
    ClientUnknown(String),
    ClientNil(String),
    PublicClientOff,
    ParameterMissing(&'static str),
    ParameterTwice(String),
    /// What can't be read at all, or is a code or token that was made nowhere.
    Malformed,
    /// More than this program reads.
    TooLarge,
    MethodNotPost(String),
    GrantUnsupported(String),
    ResourceUnknown {
        resource: String,
        tenant: String,
    },
    /// RFC 8707's `resource` is none of the scopes'.
    ResourceMismatch,
    SeveralResources(String),
    ScopeInvalid(String),
    /// `.default` beside another scope.
    DefaultCombined(String),
    ScopeUndefined {
        /// The client's name.
        client: String,
        scope: String,
        /// The resource's application id.
        resource: String,
    },
    ScopeNotDefault(String),
    /// The API asks for a token for itself, by a URI of its own.
    TokenForItself {
        client: String,
        name: String,
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
    /// Another client's, or made by another authority.
    GrantUnknown,
    RefreshExpired {
        issued: i64,
    },
    /// A single-page app's refresh token after its day.
    RefreshOver {
        issued: i64,
    },
    RefreshRevoked,
    RedirectMissing,
    RedirectMismatch {
        redirect: String,
        client: String,
    },
    ResponseType(String),
    ResponseMode(String),
    ChallengeSize,
    ChallengeMethod,
    /// A single-page app without PKCE.
    ChallengeMissing,
    /// A single-page app's code, redeemed by something else than a page.
    OriginMissing,
    /// Another client's code, redeemed by a page of this origin.
    OriginUnexpected(String),
    TokenType(String),
    /// Another `requested_token_use` than on behalf of.
    TokenUse(String),
    UserAssertion(UserAssertion),
    AuthorizationCodeUsed,
    AuthorizationCodeExpired,
    VerifierWrong,
    VerifierMissing,
    SecretWrong(String),
    SecretExpired(String),
    SecretFromPublicClient,
    ProofMissing,
    AssertionMalformed,
    AssertionKeyUnknown,
    AssertionAudience(String),
    AssertionTime,
    /// Nobody is signed in, and nobody may be asked.
    LoginRequired,
    /// What a policy asks for, of the resource with this application id.
    Policy {
        code: u32,
        resource: String,
    },
    Temporary,
    /// What a policy lets fail, with this status.
    Failing(StatusCode),
}

/// What is wrong with the token that an API hands in to act on behalf of its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UserAssertion {
    Malformed,
    KeyUnknown,
    SignatureWrong,
    Time {
        now: i64,
        expires: i64,
    },
    /// It is for another than the client that hands it in.
    Audience {
        audience: String,
        client: String,
        /// The client's name.
        name: String,
    },
    IdToken,
    /// It is an app's, and no user's. The client that hands it in.
    AppOnly(String),
    UserUnknown,
}

impl AuthorityError {
    /// The OAuth error, for a redirect.
    pub(crate) fn name(&self) -> &'static str {
        self.parts().0
    }

    /// Code and sentence, for a redirect or a page.
    pub(crate) fn line(&self) -> String {
        match self.parts() {
            (_, Some(code), sentence) => format!("AADSTS{code}: {sentence}"),
            (_, None, sentence) => sentence,
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::PublicClientOff
            | Self::SecretWrong(_)
            | Self::SecretExpired(_)
            | Self::SecretFromPublicClient
            | Self::AssertionMalformed
            | Self::AssertionKeyUnknown
            | Self::AssertionAudience(_)
            | Self::AssertionTime => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Failing(status) => *status,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What the client has to pass to authorize so that a person can do what is missing: JSON in
    /// a string (captured: msal-js#5491; the on-behalf-of page).
    fn claims(&self) -> Option<String> {
        let Self::Policy { code, .. } = self else {
            return None;
        };
        let policy = match code {
            50_076 | 53_003 => "capolids",
            50_079 => "polids",
            _ => return None,
        };
        // The id of the Conditional Access policy, which is no one's here.
        let ids = json!({"essential": true, "values": [super::policy::POLICY_ID]});
        Some(json!({"access_token": {policy: ids}}).to_string())
    }

    /// The envelope. `correlation` is the caller's `client-request-id`, if it sent a GUID.
    pub(crate) fn response(&self, correlation: Option<uuid::Uuid>, now: i64) -> Response {
        let no_store = [(header::CACHE_CONTROL, "no-store")];
        let body = Json(self.body(correlation, now));
        (self.status(), no_store, body).into_response()
    }

    /// What a redirect says of it, with the ids and the time of the envelope (documented: Azure
    /// AD's "Authorization Endpoint Errors", dn645544; captured: msal-js#2699).
    pub(crate) fn description(&self, now: i64) -> String {
        self.with_trace(&Trace::new(None, now))
    }

    fn with_trace(&self, trace: &Trace) -> String {
        let line = self.line();
        let Trace {
            id,
            correlation,
            timestamp,
        } = trace;
        format!("{line} Trace ID: {id} Correlation ID: {correlation} Timestamp: {timestamp}")
    }

    fn body(&self, correlation: Option<uuid::Uuid>, now: i64) -> Value {
        let (error, code, _) = self.parts();
        let trace = Trace::new(correlation, now);
        let mut body = json!({
            "error": error,
            "error_description": self.with_trace(&trace),
            "error_codes": code.into_iter().collect::<Vec<_>>(),
            "timestamp": trace.timestamp,
            "trace_id": trace.id.to_string(),
            "correlation_id": trace.correlation.to_string(),
        });
        let known = code.and_then(codes::of);
        // Entra names a page for some codes only; these are the ones captured with it.
        if let Some(known) = known.filter(|known| known.page == Page::Named) {
            let code = known.number;
            body["error_uri"] = json!(format!(
                "https://login.microsoftonline.com/error?code={code}"
            ));
        }
        if let Some(suberror) = known.and_then(|known| known.suberror) {
            body["suberror"] = json!(suberror);
        }
        if let Some(claims) = self.claims() {
            body["claims"] = json!(claims);
        }
        body
    }
}

/// What Microsoft's support finds a refusal by.
struct Trace {
    id: uuid::Uuid,
    correlation: uuid::Uuid,
    timestamp: String,
}

impl Trace {
    fn new(correlation: Option<uuid::Uuid>, now: i64) -> Self {
        Self {
            id: uuid::Uuid::new_v4(),
            correlation: correlation.unwrap_or_else(uuid::Uuid::new_v4),
            timestamp: jiff::Timestamp::from_second(now)
                .map(|moment| moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
                .unwrap_or_default(),
        }
    }
}

/// The caller's `client-request-id`, echoed only as the GUID that it has to be.
pub(crate) fn correlation(headers: &HeaderMap) -> Option<uuid::Uuid> {
    headers
        .get("client-request-id")
        .and_then(|id| id.to_str().ok())
        .and_then(|id| uuid::Uuid::parse_str(id).ok())
}

/// The ids that every answer carries.
pub(crate) fn with_ids(mut response: Response, correlation: Option<uuid::Uuid>) -> Response {
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
    response
}

#[cfg(test)]
mod tests;
