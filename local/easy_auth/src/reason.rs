//! Why a caller is not who they must be, or may not do what they ask.

use std::fmt;

use local_http::arrival::Unreadable;

/// Goes to the log, never into the response: Easy Auth does not say it either. Of claims, only
/// `aud`, `iss`, `tid` and the client's id are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The request itself, before its caller is looked at.
    Unreadable(Unreadable),
    /// Neither token nor session.
    NoToken,
    /// A cookie or `X-ZUMO-AUTH` of no session, or of one that has ended.
    NoSession,
    /// More than one `Authorization` header, or not a bearer token.
    MalformedAuthorization,
    /// Not a JWT.
    MalformedToken,
    /// An algorithm that Entra ID does not sign with.
    WrongAlgorithm,
    /// Its header asks for an extension of JWS (`crit`, `b64`), and none is known here.
    UnknownExtension,
    /// No published key has its key id.
    UnknownKey,
    /// The key did not sign these claims.
    BadSignature,
    /// The issuer's keys could not be fetched, and why.
    KeysUnavailable(String),
    /// Another issuer's token.
    WrongIssuer {
        /// The `iss` claim.
        seen: String,
        /// The issuers that are accepted.
        expected: Vec<String>,
    },
    /// A token for another API.
    WrongAudience {
        /// The `aud` claim.
        seen: String,
        /// The audiences that are accepted.
        expected: Vec<String>,
    },
    /// It has ended.
    Expired {
        /// How long ago.
        by_seconds: i64,
    },
    /// It begins later.
    NotYetValid {
        /// In how long.
        by_seconds: i64,
    },
    /// A time claim is missing, by its name.
    MissingTime(&'static str),
    /// A tenant that the settings do not list.
    TenantNotAllowed(String),
    /// No `oid` claim, where users are listed.
    NoObjectId,
    /// A client that the settings do not list.
    ClientNotAllowed {
        /// The `azp` or `appid` claim.
        client: Option<String>,
        /// The list's place in the settings.
        list: &'static str,
    },
    /// A user or group that the settings do not list.
    PrincipalNotAllowed,
}

impl Reason {
    /// The code that scripts and `docs/` know it by; `greeting-cli` has the same ones.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "bad-request",
            Self::NoToken => "no-token",
            Self::NoSession => "no-session",
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
            Self::ClientNotAllowed { .. } => "client-not-allowed",
            Self::PrincipalNotAllowed => "principal-not-allowed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::Unreadable(why) => why.fmt(f),
            Self::NoToken => f.write_str("neither a bearer token nor a session was sent"),
            Self::NoSession => f.write_str("the session is unknown here, or has ended"),
            Self::MalformedAuthorization => {
                f.write_str("Authorization is not one `Bearer <token>`")
            }
            Self::MalformedToken => f.write_str("not a signed JWT"),
            Self::WrongAlgorithm => f.write_str("the token's alg is not RS256"),
            Self::UnknownExtension => {
                f.write_str("the token's header has crit or b64, and Entra ID's have neither")
            }
            Self::UnknownKey => f.write_str("the issuer publishes no such kid"),
            Self::BadSignature => f.write_str("not signed by the issuer's key"),
            Self::KeysUnavailable(why) => f.write_str(why),
            Self::WrongIssuer { seen, expected } => {
                write!(f, "token iss {seen:?} is not in {expected:?}")
            }
            Self::WrongAudience { seen, expected } => {
                write!(f, "token aud {seen} is not in {expected:?}")
            }
            Self::Expired { by_seconds } => write!(f, "{by_seconds} s ago"),
            Self::NotYetValid { by_seconds } => write!(f, "for another {by_seconds} s"),
            Self::MissingTime(claim) => write!(f, "{claim} is not a number"),
            Self::TenantNotAllowed(tid) => {
                write!(f, "token tid {tid:?} is not in WEBSITE_AUTH_AAD_ALLOWED_TENANTS")
            }
            Self::NoObjectId => {
                f.write_str("the token has no oid, which WEBSITE_AUTH_AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL asks for")
            }
            Self::ClientNotAllowed { client, list } => match client {
                Some(client) => write!(
                    f,
                    "client {client:?} is not in {list}: add it there, or try it with up --allow-client"
                ),
                None => write!(f, "the token names no client (azp, appid), and {list} lists some"),
            },
            Self::PrincipalNotAllowed => {
                f.write_str("neither the caller nor a group of theirs is in an allowed list")
            }
        }
    }
}
