//! Why a caller is not who they must be, or may not do what they ask.

use std::fmt;

/// Goes to the log, never into the response: Easy Auth does not say it either. Of claims, only
/// `aud`, `iss` and `tid` are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Neither token nor session.
    NoToken,
    /// A cookie or `X-ZUMO-AUTH` of no session, or of one that has ended.
    NoSession,
    MalformedAuthorization,
    MalformedToken,
    WrongAlgorithm,
    UnknownKey,
    BadSignature,
    KeysUnavailable(String),
    WrongIssuer {
        seen: String,
        expected: Vec<String>,
    },
    WrongAudience {
        seen: String,
        expected: Vec<String>,
    },
    Expired {
        by_seconds: i64,
    },
    NotYetValid {
        by_seconds: i64,
    },
    MissingTime(&'static str),
    TenantNotAllowed(String),
    NoObjectId,
    ClientNotAllowed,
    PrincipalNotAllowed,
}

impl Reason {
    /// The code that scripts and `docs/` know it by; `greeting-cli` has the same ones.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::NoSession => "no-session",
            Self::MalformedAuthorization | Self::MalformedToken | Self::MissingTime(_) => {
                "malformed-token"
            }
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
            Self::ClientNotAllowed => "client-not-allowed",
            Self::PrincipalNotAllowed => "principal-not-allowed",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code())?;
        match self {
            Self::NoToken => f.write_str("neither a bearer token nor a session was sent"),
            Self::NoSession => f.write_str("the session is unknown here, or has ended"),
            Self::MalformedAuthorization => {
                f.write_str("Authorization is not one `Bearer <token>`")
            }
            Self::MalformedToken => f.write_str("not a signed JWT"),
            Self::WrongAlgorithm => f.write_str("the token's alg is not RS256"),
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
            Self::ClientNotAllowed => f.write_str("the token's client is in no allowed list"),
            Self::PrincipalNotAllowed => {
                f.write_str("neither the caller nor a group of theirs is in an allowed list")
            }
        }
    }
}
