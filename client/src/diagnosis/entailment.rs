//! What has to be seen before a cause is called proved. A property test holds every proved
//! finding of an answer to it (`tests/entailed.rs`).

use super::code::Code;

impl Code {
    /// What must be seen for `proved`. None: the cause is never more than likely.
    #[rustfmt::skip] // a table
    pub(crate) const fn proved_when(self) -> Option<&'static str> {
        Some(match self {
            Self::NoToken => "the request carried no token",
            Self::NotAToken => "what was given is one of the texts that the meaning above names, or is no text",
            Self::MalformedToken => "what was sent is not a JWT, by its own characters",
            Self::NotAnAccessToken => "what was sent is not a JWT; or it has a nonce and names neither scopes, roles nor a client",
            Self::WrongApi => "aud is one of Microsoft's own APIs; or another application's id, and the settings' list has no such audience",
            Self::AudienceMismatch => "the settings' list of audiences does not have the token's aud",
            Self::WrongTenant => "iss names another tenant's id than the gate's challenge or settings do",
            Self::Expired => "exp is more than five minutes past by the answer's clock (else by this machine's), or is no number",
            Self::NotYetValid => "nbf is more than five minutes ahead by the answer's clock (else by this machine's)",
            Self::ClockSkew => "the answer's Date and this machine's clock are more than five minutes apart",
            Self::BadSignature => "the issuer's published key of the token's kid does not verify the signature",
            Self::UnknownKey => "the issuer publishes no key of the token's kid",
            Self::Unsigned => "the token's alg is none",
            Self::WrongAlgorithm => "the token's alg is a symmetric one (HS256 and its kin)",
            Self::StrippedAuthorization => "the answer is a redirect",
            Self::NoChallenge => "a 401 whose challenge names neither an authority nor an API",
            Self::ExpectationsConflict => "two sources name different ids of one thing",
            Self::SubscriptionKey => "the challenge's scheme is AzureApiManagementKey",
            Self::ClaimsRequired => "the challenge has error=\"insufficient_claims\" and claims that decode to JSON",
            Self::MissingScope => "the challenge has error=\"insufficient_scope\" and names scopes, of which the token has none",
            Self::AppOnlyToken => "the same, and the token has roles or idtyp app, and no scp",
            Self::ClientNotAllowed => "the settings list clients, and the token's is not among them",
            Self::PrincipalNotAllowed => "the settings list users or groups; the token names groups, or the list names none; none of its ids is listed",
            Self::ScopePresent => "the challenge has error=\"insufficient_scope\", and the token has every scope that it names",
            Self::AccessRestricted => "403 with the header x-ms-forbidden-ip",
            Self::ClientCertificate => "the answer says: No required SSL certificate was sent",
            Self::FrontRefused => "the answer is by its own words Application Gateway's (Server), Front Door's (x-azure-ref and its page) or Cloudflare's (Server and its page or cf-mitigated)",
            Self::HostForbidden => "403 with the platform's page: Error 403 - This web app is stopped",
            Self::EasyAuthOff => "a 2xx to a request without a token; or greeting-server's own 500",
            Self::EasyAuthRedirect => "a redirect to the gate's own /.auth/login",
            Self::CrossSite => "the gate's own log has sub-status 403.60",
            Self::RateLimited => "the status is 429",
            Self::HeadersTooLarge => "the status is 431; or 400 or 494 with a page that says so",
            Self::Dns | Self::Refused | Self::Timeout | Self::TlsUntrusted => "the connection failed so, in the system's own words, which are shown",
            Self::HttpNotHttps => "the URL is plain http to another machine; or TLS was answered by something else",
            Self::KeyStoreSilent => "the key store gave no answer within 5 s, or an error, which is shown",
            Self::ProxyFailed => "the connection failed before the proxy's tunnel stood, in the client's words or the proxy's, which are shown",
            Self::ProxyVariable => "the variable's value has no form of a proxy",
            Self::AuthorityUnreachable => "the connection to the authority failed, in the system's own words, which are shown",
            Self::UntrustedAuthority | Self::FirstPartyResource | Self::ResourceNotConfirmed => "the function's challenge names it",
            Self::SignInDeclined => "the authority's error is authorization_declined, or AADSTS65004",
            Self::CodeExpired => "the authority's error is expired_token",
            Self::AuthorityRefused => "the authority answered with an error",
            Self::AzSignedOut => "az says: run 'az login' to setup account",
            Self::AzMissing | Self::AzdMissing => "the PATH has no such program",
            Self::AzdFailed => "azd gave no token, and its words are shown",
            Self::ResourceMismatch => "the authority answered with AADSTS9010010; or the published metadata has a resource that ends in a slash, or scopes that name no API",
            Self::ConsentRequired | Self::PublicClientOff | Self::UnknownResource | Self::UnknownClient
            | Self::UnknownTenant | Self::PermissionNotRequested | Self::ClientSecret | Self::RedirectMismatch
            | Self::TokenForItself | Self::ScopeNotDefined | Self::BlockedByPolicy | Self::MfaRequired
            | Self::PasswordExpired | Self::UserNotInTenant | Self::UserBlocked | Self::AdminConsent
            | Self::RefreshExpired => "the authority answered with one of Entra's codes below",
            Self::IssuerVersion | Self::NotEasyAuth | Self::FunctionKey | Self::GroupsOverage | Self::StoredEmptyList
            | Self::SettingsStale | Self::AppRefused | Self::NotFound | Self::HandlerDown | Self::UnexpectedAnswer
            | Self::AzFailed => return None,
        })
    }
}
