//! Why a caller is not who they must be, or may not do what they ask.

use std::sync::LazyLock;

use local_http::arrival::Unreadable;

/// Goes to the log, never into the response: Easy Auth does not say it either. Of claims, only
/// `aud`, `iss`, `tid` and the client's id are in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The request itself, before its caller is looked at.
    #[error("{0}")]
    Unreadable(Unreadable),
    /// Neither token nor session.
    #[error("neither a bearer token nor a session was sent")]
    NoToken,
    /// A cookie or `X-ZUMO-AUTH` of no session, or of one that has ended.
    #[error("the session is unknown here, or has ended")]
    NoSession,
    /// `/.auth/refresh` of a session whose sign-in asked for no refresh token.
    #[error(
        "the session has no refresh token: add offline_access to the scopes of loginParameters (\"scope=openid profile email offline_access\"), and sign in again"
    )]
    NoRefreshToken,
    /// `/.auth/refresh` of a gate that has no client secret.
    #[error(
        "the session has no refresh token: without a client secret (clientSecretSettingName) a sign-in brings an ID token only; set one, add offline_access to the scopes of loginParameters, and sign in again"
    )]
    NoClientSecret,
    /// More than one `Authorization` header, or not a bearer token.
    #[error("Authorization is not one `Bearer <token>`")]
    MalformedAuthorization,
    /// Not a JWT.
    #[error("not a signed JWT")]
    MalformedToken,
    /// An algorithm that Entra ID does not sign with.
    #[error("the token's alg is not RS256")]
    WrongAlgorithm,
    /// Its header asks for an extension of JWS (`crit`, `b64`), and none is known here.
    #[error("the token's header has crit or b64, and Entra ID's have neither")]
    UnknownExtension,
    /// No published key has its key id.
    #[error("the issuer publishes no such kid")]
    UnknownKey,
    /// The key did not sign these claims.
    #[error("not signed by the issuer's key")]
    BadSignature,
    /// The issuer's keys could not be fetched, and why.
    #[error("{0}")]
    KeysUnavailable(String),
    /// Another issuer's token.
    #[error("token iss {seen:?} is not in {expected:?}")]
    WrongIssuer {
        /// The `iss` claim.
        seen: String,
        /// The issuers that are accepted.
        expected: Vec<String>,
    },
    /// A token for another API.
    #[error("token aud {seen} is not in {expected:?}{}", cure(seen))]
    WrongAudience {
        /// The `aud` claim.
        seen: String,
        /// The audiences that are accepted.
        expected: Vec<String>,
    },
    /// It has ended.
    #[error("{by_seconds} s ago")]
    Expired {
        /// How long ago.
        by_seconds: i64,
    },
    /// It begins later.
    #[error("for another {by_seconds} s")]
    NotYetValid {
        /// In how long.
        by_seconds: i64,
    },
    /// A time claim is missing, by its name.
    #[error("{0} is not a number")]
    MissingTime(&'static str),
    /// A tenant that the settings do not list.
    #[error("token tid {0:?} is not in WEBSITE_AUTH_AAD_ALLOWED_TENANTS")]
    TenantNotAllowed(String),
    /// No `oid` claim, where users are listed.
    #[error(
        "the token has no oid, which WEBSITE_AUTH_AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL asks for"
    )]
    NoObjectId,
    /// The token names no client, and the settings list those that may call.
    #[error("the token names no client (azp, appid), and only those in {list} may call")]
    NoClient {
        /// The list's place in the settings.
        list: &'static str,
    },
    /// A client that the settings do not list.
    #[error("client {client:?} is not in {list}: add it there, or try it with up --allow-client")]
    ClientNotAllowed {
        /// The `azp` or `appid` claim.
        client: String,
        /// The list's place in the settings.
        list: &'static str,
    },
    /// A browser's POST with a session's cookie, of a page that is not known to be the app's own.
    #[error(
        "a browser's POST with a session's cookie came from {}, which is neither the app's own page, nor in login.allowedExternalRedirectUrls, nor a CORS origin",
        .0.as_deref().unwrap_or("a page without a name (no Origin, no Referer)")
    )]
    CrossSite(Option<String>),
    /// A user or group that the settings do not list.
    #[error("neither the caller nor a group of theirs is in an allowed list")]
    PrincipalNotAllowed,
}

/// Microsoft Graph, as audiences name it.
const GRAPH: [&str; 2] = [
    "00000003-0000-0000-c000-000000000000",
    "https://graph.microsoft.com",
];

/// Whether a token is Microsoft Graph's.
pub(crate) fn is_graph(audience: &str) -> bool {
    GRAPH.contains(&audience)
}

/// What a token of Microsoft Graph's is here, most often: a session's own access token, which is
/// for Graph until `loginParameters` ask for the API's scope (public captures of sessions).
fn cure(audience: &str) -> &'static str {
    if is_graph(audience.trim_matches('"')) {
        ". It is for Microsoft Graph. A session's access token is, until loginParameters has the API's scope: \"scope=openid profile email api://<client id>/<scope>\""
    } else {
        ""
    }
}

impl Reason {
    /// The code that scripts and `docs/` know it by; `greeting-cli` has the same ones.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "bad-request",
            Self::NoToken => "no-token",
            Self::NoSession => "no-session",
            Self::NoRefreshToken | Self::NoClientSecret => "no-refresh-token",
            Self::MalformedAuthorization
            | Self::MalformedToken
            | Self::UnknownExtension
            | Self::MissingTime(_) => "malformed-token",
            Self::WrongAlgorithm => "wrong-algorithm",
            Self::UnknownKey => "unknown-key",
            Self::BadSignature => "bad-signature",
            Self::KeysUnavailable(_) => "keys-unavailable",
            Self::WrongIssuer { .. } => "wrong-issuer",
            Self::WrongAudience { .. } => "audience-mismatch",
            Self::Expired { .. } => "expired",
            Self::NotYetValid { .. } => "not-yet-valid",
            Self::TenantNotAllowed(_) => "tenant-not-allowed",
            Self::NoObjectId => "no-object-id",
            Self::NoClient { .. } | Self::ClientNotAllowed { .. } => "client-not-allowed",
            Self::CrossSite(_) => "cross-site",
            Self::PrincipalNotAllowed => "principal-not-allowed",
        }
    }

    /// Code and sentence, for the log.
    pub fn line(&self) -> String {
        /// Most of the gate's own answers are for want of a token.
        static NO_TOKEN: LazyLock<String> = LazyLock::new(|| Reason::NoToken.written());
        match self {
            Self::NoToken => NO_TOKEN.clone(),
            other => other.written(),
        }
    }

    fn written(&self) -> String {
        format!("{}: {self}", self.code())
    }
}
