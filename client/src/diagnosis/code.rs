//! The codes of findings. Scripts match on their spelling: it never changes.

use std::fmt;

use serde::{Serialize, Serializer};

/// Declares [`Code`] with every spelling beside its name.
macro_rules! codes {
    ($($code:ident = $spelling:literal,)*) => {
        /// What a finding is about. In the order of the page `docs/troubleshooting.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::enum_variant_names, reason = "the code of a device code that expired")]
        pub(crate) enum Code {
            $($code,)*
        }

        impl Code {
            /// All of them, in order.
            pub(crate) const ALL: &[Self] = &[$(Self::$code,)*];

            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $spelling,)*
                }
            }
        }
    };
}

codes! {
    NoToken = "no-token",
    NotAToken = "not-a-token",
    MalformedToken = "malformed-token",
    NotAnAccessToken = "not-an-access-token",
    WrongApi = "wrong-api",
    AudienceMismatch = "audience-mismatch",
    WrongTenant = "wrong-tenant",
    IssuerVersion = "issuer-version",
    Expired = "expired",
    NotYetValid = "not-yet-valid",
    ClockSkew = "clock-skew",
    BadSignature = "bad-signature",
    UnknownKey = "unknown-key",
    Unsigned = "unsigned",
    WrongAlgorithm = "wrong-algorithm",
    StrippedAuthorization = "stripped-authorization",
    NotEasyAuth = "not-easy-auth",
    NoChallenge = "no-challenge",
    ExpectationsConflict = "expectations-conflict",
    FunctionKey = "function-key",
    SubscriptionKey = "subscription-key",
    ClaimsRequired = "claims-required",
    MissingScope = "missing-scope",
    AppOnlyToken = "app-only-token",
    ClientNotAllowed = "client-not-allowed",
    PrincipalNotAllowed = "principal-not-allowed",
    GroupsOverage = "groups-overage",
    StoredEmptyList = "stored-empty-list",
    SettingsStale = "settings-stale",
    ScopePresent = "scope-present",
    AppRefused = "app-refused",
    AccessRestricted = "access-restricted",
    ClientCertificate = "client-certificate",
    FrontRefused = "front-refused",
    HostForbidden = "host-forbidden",
    CrossSite = "cross-site",
    EasyAuthOff = "easy-auth-off",
    EasyAuthRedirect = "easy-auth-redirect",
    NotFound = "not-found",
    HandlerDown = "handler-down",
    RateLimited = "rate-limited",
    HeadersTooLarge = "headers-too-large",
    UnexpectedAnswer = "unexpected-answer",
    Dns = "dns",
    Refused = "refused",
    Timeout = "timeout",
    TlsUntrusted = "tls-untrusted",
    HttpNotHttps = "http-not-https",
    ProxyFailed = "proxy-failed",
    ProxyVariable = "proxy-variable",
    UntrustedAuthority = "untrusted-authority",
    FirstPartyResource = "first-party-resource",
    ResourceNotConfirmed = "resource-not-confirmed",
    ConsentRequired = "consent-required",
    PublicClientOff = "public-client-off",
    UnknownResource = "unknown-resource",
    ResourceMismatch = "resource-mismatch",
    UnknownClient = "unknown-client",
    UnknownTenant = "unknown-tenant",
    PermissionNotRequested = "permission-not-requested",
    ClientSecret = "client-secret",
    RedirectMismatch = "redirect-mismatch",
    TokenForItself = "token-for-itself",
    ScopeNotDefined = "scope-not-defined",
    BlockedByPolicy = "blocked-by-policy",
    MfaRequired = "mfa-required",
    PasswordExpired = "password-expired",
    UserNotInTenant = "user-not-in-tenant",
    UserBlocked = "user-blocked",
    AdminConsent = "admin-consent",
    SignInDeclined = "sign-in-declined",
    CodeExpired = "code-expired",
    RefreshExpired = "refresh-expired",
    AuthorityRefused = "authority-refused",
    AuthorityUnreachable = "authority-unreachable",
    AzMissing = "az-missing",
    AzSignedOut = "az-signed-out",
    AzFailed = "az-failed",
    AzdMissing = "azd-missing",
    AzdFailed = "azd-failed",
    KeyStoreSilent = "key-store-silent",
}

impl Code {
    /// The code of this spelling.
    pub(crate) fn find(spelling: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == spelling)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
