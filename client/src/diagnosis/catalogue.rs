//! Every code that a finding can have, explained at length: `greeting-cli explain`, and the page
//! `docs/troubleshooting.md`, which a test keeps the same.

use super::aadsts;
use super::code::Code;

/// When a cause shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Unauthorized,
    Forbidden,
    Other,
    Unreached,
    NoToken,
}

impl Section {
    /// Its heading.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Unauthorized => "401: the gate did not accept the caller",
            Self::Forbidden => "403: authenticated, not allowed",
            Self::Other => "Other answers",
            Self::Unreached => "The function was not reached",
            Self::NoToken => "No token",
        }
    }
}

/// What a code means, at length.
#[derive(Debug)]
pub(crate) struct Explanation {
    pub(crate) section: Section,
    /// What it means and where it comes from.
    pub(crate) meaning: &'static str,
    /// What to do about it.
    pub(crate) remedy: &'static str,
}

impl Code {
    /// Entra's own numbers for it.
    pub(crate) fn aadsts(self) -> impl Iterator<Item = u64> {
        aadsts::numbers(self)
    }

    /// The same as people write them, where it has some.
    pub(crate) fn aadsts_text(self) -> Option<String> {
        let numbers: Vec<String> = self
            .aadsts()
            .map(|number| format!("AADSTS{number}"))
            .collect();
        (!numbers.is_empty()).then(|| numbers.join(", "))
    }

    /// What it means, at length.
    #[rustfmt::skip] // a table
    pub(crate) const fn explanation(self) -> Explanation {
        use Section::{Forbidden, NoToken, Other, Unauthorized, Unreached};
        match self {
            Self::NoToken => row(Unauthorized,
                "The call carried no token. Easy Auth answers such a call with 401 and a challenge, before the function sees it. Where unauthenticatedClientAction is Return403 the answer is 403 instead.",
                "Sign in: --credential device-code, or az login and --credential azure-cli. --access-token - reads a token from stdin."),
            Self::MalformedToken => row(Unauthorized,
                "What was sent is not a JWT, which has three base64url parts, the first two of them JSON. Usually the word Bearer was pasted with it, or quotes of a JSON file, or its end is missing.",
                "Send the value of access_token, complete, with nothing around it. The finding names the part or the byte that is wrong."),
            Self::NotAnAccessToken => row(Unauthorized,
                "It is another token than the access token of a sign-in. An ID token tells the client who signed in. A refresh token is for the authority only. An encrypted token can be read by its own API only.",
                "Send the access_token of the token response, not the id_token or the refresh_token."),
            Self::WrongApi => row(Unauthorized,
                "The audience (aud) is another API, such as Microsoft Graph or Azure Resource Manager. A token is valid only for the API that it was requested for. az account get-access-token without --scope asks for Resource Manager.",
                "Ask for this API: --scope api://<client id>/Greeting.Read."),
            Self::AudienceMismatch => row(Unauthorized,
                "The audience is this API under a name that is not among the gate's allowed audiences. v1 tokens carry api://<client id>, v2 tokens the bare client id. The bare id is always accepted; any other name has to be in Allowed token audiences. The gate does not publish its list, so this finding is only likely unless --auth-settings gives the list.",
                "Add the name to validation.allowedAudiences, or have the API issue v2 tokens (requestedAccessTokenVersion: 2 in its app registration)."),
            Self::WrongTenant => row(Unauthorized,
                "The token was issued by a tenant other than that of the gate's issuer, or to a personal Microsoft account.",
                "Sign in to the function's tenant: --tenant ID, or az login --tenant ID."),
            Self::IssuerVersion => row(Unauthorized,
                "v1 and v2 tokens have different issuers: https://sts.windows.net/<tenant>/ and https://login.microsoftonline.com/<tenant>/v2.0. Which one a token has is decided by the API's registration, not by the endpoint that gave it.",
                "For a gate with a /v2.0 issuer: set requestedAccessTokenVersion to 2 in the API's registration. For one without: change its Issuer URL."),
            Self::Expired => row(Unauthorized,
                "The token's expiry time (exp) has passed. Access tokens are valid for 60 to 90 minutes. Easy Auth allows five minutes of difference between clocks.",
                "Sign in again: greeting-cli login. Kept tokens are renewed automatically."),
            Self::NotYetValid => row(Unauthorized,
                "The token's start time (nbf) is in the future. The clock of the machine that issued it is ahead, or the clock of the one that checks it is behind.",
                "Set the clock, or wait."),
            Self::ClockSkew => row(Unauthorized,
                "This machine's clock and the function's (its Date header) differ by more than the five minutes that Easy Auth allows, and the token is valid by one of them and not by the other.",
                "Set this machine's clock: timedatectl set-ntp true, or w32tm /resync. Then sign in again."),
            Self::BadSignature => row(Unauthorized,
                "The issuer publishes the key that the token names, and that key did not sign this token. It was edited, cut, or issued elsewhere.",
                "Sign in for a new token."),
            Self::UnknownKey => row(Unauthorized,
                "The issuer publishes no key with the token's kid. The token is from another issuer, or its key is no longer published.",
                "Sign in for a new token."),
            Self::Unsigned => row(Unauthorized,
                "The token's alg is none: anyone could have written it.",
                "Do not send such a token. Sign in for a new one."),
            Self::WrongAlgorithm => row(Unauthorized,
                "Entra signs with RS256, and this token names another algorithm. A token signed with HS256, with the public key as the secret, is a well-known forgery.",
                "Do not send such a token. Sign in for a new one."),
            Self::StrippedAuthorization => row(Unauthorized,
                "The token did not reach the function. Either the answer is a redirect to another address, where a token is never sent, or a proxy on the way asks for its own sign-in.",
                "Call the address that the redirect names, if it is yours. With a proxy: bypass it (NO_PROXY), or sign in to it."),
            Self::NotEasyAuth => row(Unauthorized,
                "The 401 has no challenge of Easy Auth's form, so something else refused the call: a proxy, another program at this address, or the function itself. The function refuses behind a gate that allows unauthenticated requests (AllowAnonymous), or behind no gate where an app setting WEBSITE_AUTH_ENABLED says that there is one.",
                "Look at what answers (Server and the body). In Azure: App Service Authentication on, unauthenticated requests: HTTP 401."),
            Self::NoChallenge => row(Unauthorized,
                "The gate refused without naming its authority and its API, and both are needed to ask for a token. So do the gate of Container Apps, and every gate with login.disableWWWAuthenticate.",
                "Name them: --tenant TENANT --scope api://<client id>/Greeting.Read. Or have the gate publish its metadata: WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES."),

            Self::MissingScope => row(Forbidden,
                "The gate accepted the token, and the function did not: the user's token does not carry Greeting.Read in scp. Scopes are compared exactly, so greeting.read is a different scope.",
                "Ask for it and consent to it: --scope api://<client id>/Greeting.Read. An old token keeps its old scopes: greeting-cli logout."),
            Self::AppOnlyToken => row(Forbidden,
                "The token was issued to an application (client credentials). It has app roles, but no scope, since scopes are what a user grants. An app role is not a scope.",
                "Sign in as a user, or have the API accept an app role."),
            Self::ClientNotAllowed => row(Forbidden,
                "The gate itself refused: the client (azp or appid) is not among its allowed client applications. An empty allowedClientApplications allows nobody. The gate does not say which of its lists refused; --auth-settings does.",
                "Add the client to validation.defaultAuthorizationPolicy.allowedApplications, and to jwtClaimChecks.allowedClientApplications if that is there. Then restart the app: it may keep the settings that it started with."),
            Self::PrincipalNotAllowed => row(Forbidden,
                "The gate itself refused: neither the user (oid) nor one of the user's groups is among its allowed principals. The gate does not say which of its lists refused; --auth-settings does.",
                "Add the user or a group to validation.defaultAuthorizationPolicy.allowedPrincipals. Then restart the app: it may keep the settings that it started with."),
            Self::HostForbidden => row(Forbidden,
                "The platform refused before the gate and the function: the app is stopped, it does not allow this address, or it answers on its private endpoint only.",
                "az functionapp show --name APP --resource-group GROUP --query state; then see the app's Networking, Access restrictions."),

            Self::EasyAuthOff => row(Other,
                "The function answers callers without a token, or refuses to answer at all because Easy Auth is off. greeting-server then answers 500, because no caller has been authenticated. It reads this from WEBSITE_AUTH_ENABLED, which Container Apps probably do not set.",
                "Turn App Service Authentication on, with requireAuthentication: true. Do not use an app setting WEBSITE_AUTH_ENABLED for it: it overrides the site's own state, and with authentication off any caller could send a principal of its own. In Container Apps set that variable for the container, once authentication is on."),
            Self::EasyAuthRedirect => row(Other,
                "The app redirects callers to a sign-in page, which works in a browser and not for the client of an API.",
                "Set unauthenticatedClientAction to Return401 (portal: Unauthenticated requests: HTTP 401)."),
            Self::NotFound => row(Other,
                "The host answers, and has no such function or route. The gate answers first, so a wrong path is noticed only with a valid token.",
                "Check the path (/api/greeting) and that the function is deployed: az functionapp function list --name APP --resource-group GROUP."),
            Self::HandlerDown => row(Other,
                "The host answers, and the handler behind it does not: it did not start, ended, or is too slow.",
                "See its log: az webapp log tail --name APP --resource-group GROUP; locally, the terminal of greeting-local up."),
            Self::UnexpectedAnswer => row(Other,
                "No known cause explains this status.",
                "See the function's log. -v shows the request and the answer."),

            Self::Dns => row(Unreached,
                "The name does not resolve.",
                "Check the spelling: az functionapp list --query \"[].defaultHostName\" -o tsv."),
            Self::Refused => row(Unreached,
                "Nothing accepts connections at this address, or the connection broke.",
                "Locally: greeting-local up. Otherwise check the address, the network, and that the app is started."),
            Self::Timeout => row(Unreached,
                "There was no answer in time. A cold start can take a minute.",
                "--timeout SECONDS waits longer; --retry TIMES tries again."),
            Self::TlsUntrusted => row(Unreached,
                "The certificate is not trusted by this machine: a development CA, or a company proxy's.",
                "--ca-cert FILE, or SSL_CERT_FILE. greeting-local env names the development CA."),
            Self::HttpNotHttps => row(Unreached,
                "Either a token would have been sent over plain http to another machine, which is never done, or the URL says https and the port answers in plain http.",
                "Use https:// for other machines; http:// is accepted for this machine only."),

            Self::UntrustedAuthority => row(NoToken,
                "The function names an authority that is neither one of Microsoft's clouds nor, for a loopback URL, on this machine. An authority is not trusted just because a web page names it.",
                "If it is yours, say so: --authority-host URL and --tenant, or AZURE_AUTHORITY_HOST."),
            Self::FirstPartyResource => row(NoToken,
                "The function asks for a token for one of Microsoft's own APIs. With that token the function could act as you there.",
                "Do not send one. If the function is yours, its gate has a wrong client id."),
            Self::ResourceNotConfirmed => row(NoToken,
                "This origin names an API for the first time, or a different one than before, and you have not agreed to send it a token. A hostile page could name an API that is not its own.",
                "Run it on a terminal and answer, or give --scope, or --yes."),
            Self::ConsentRequired => row(NoToken,
                "Neither the user nor an administrator has consented to this client for this scope. For az the client is the Azure CLI's, 04b07795-8ddb-461a-bbee-02f9e1bf7b46.",
                "Pre-authorize the client in the API's registration (Expose an API, Authorized client applications), or consent: az login --scope SCOPE."),
            Self::PublicClientOff => row(NoToken,
                "A device code needs a public client, and this client's registration is not one.",
                "az ad app update --id CLIENT --is-fallback-public-client true (portal: Authentication, Allow public client flows)."),
            Self::UnknownResource => row(NoToken,
                "The tenant has no service principal for the API.",
                "az ad sp create --id <the API's client id>. Or check --scope and --tenant."),
            Self::UnknownClient => row(NoToken,
                "The tenant does not know the client, or the value given is not a client id.",
                "Check --client-id (AZURE_CLIENT_ID) and --tenant."),
            Self::UnknownTenant => row(NoToken,
                "There is no such tenant.",
                "Check --tenant (AZURE_TENANT_ID): az account show --query tenantId -o tsv."),
            Self::PermissionNotRequested => row(NoToken,
                "The client's registration does not list the API's permission.",
                "Add it to requiredResourceAccess of the client (portal: API permissions)."),
            Self::ClientSecret => row(NoToken,
                "The client secret is wrong (often its id was copied instead of its value) or has expired, or a public client sent one.",
                "az ad app credential reset --id CLIENT, and copy the value."),
            Self::RedirectMismatch => row(NoToken,
                "The redirect URI of the sign-in is not registered for the client.",
                "Add http://localhost as a redirect URI of Mobile and desktop applications."),
            Self::TokenForItself => row(NoToken,
                "The client asked for a token for itself.",
                "Name the resource by its GUID, or use another client."),
            Self::ScopeNotDefined => row(NoToken,
                "The scope is misspelt, or the API does not define it.",
                "--scope api://<client id>/Greeting.Read, or define it (portal: Expose an API)."),
            Self::BlockedByPolicy => row(NoToken,
                "Conditional Access or the tenant's security defaults block this sign-in. Many tenants block device codes.",
                "--credential browser, or az login on a managed machine and --credential azure-cli. Else ask the administrator."),
            Self::MfaRequired => row(NoToken,
                "A second factor is needed, or has to be registered.",
                "Sign in again with it: az login --tenant TENANT --scope SCOPE."),
            Self::PasswordExpired => row(NoToken,
                "The user's password has expired.",
                "Change it in a browser, then sign in again."),
            Self::UserNotInTenant => row(NoToken,
                "The user is not in the tenant, or the client accepts users of its own tenant only.",
                "--tenant with the user's own tenant, or have the user invited as a guest."),
            Self::UserBlocked => row(NoToken,
                "The user's account is disabled, locked, or not assigned to the application.",
                "Ask the administrator."),
            Self::AdminConsent => row(NoToken,
                "Only an administrator can consent to this scope.",
                "Ask an administrator to run: az ad app permission admin-consent --id CLIENT."),
            Self::SignInDeclined => row(NoToken,
                "The user declined at the sign-in page.",
                "Run it again and approve."),
            Self::CodeExpired => row(NoToken,
                "The device code expired before it was used.",
                "Run it again and enter the code sooner."),
            Self::RefreshExpired => row(NoToken,
                "The earlier sign-in has expired or was revoked. On a terminal greeting-cli signs in again automatically.",
                "Sign in again: greeting-cli login."),
            Self::AuthorityRefused => row(NoToken,
                "The authority gave no token, for a reason that is not in the catalogue. Its code, first line, ids and time are shown whole.",
                "Look the code up: https://login.microsoftonline.com/error. Support wants the trace and correlation ids."),
            Self::AzMissing => row(NoToken,
                "The Azure CLI (az) is not on the PATH.",
                "Install it, or --credential device-code."),
            Self::AzSignedOut => row(NoToken,
                "The Azure CLI is not signed in.",
                "az login --scope SCOPE."),
            Self::AzFailed => row(NoToken,
                "The Azure CLI gave no token, for a reason that is not in the catalogue. Its message is shown.",
                "Run it by hand: az account get-access-token --scope SCOPE --query expiresOn."),
            Self::AzdFailed => row(NoToken,
                "The Azure Developer CLI (azd) gave no token. Its message is shown.",
                "azd auth login; or --credential azure-cli or device-code."),
        }
    }
}

const fn row(section: Section, meaning: &'static str, remedy: &'static str) -> Explanation {
    Explanation {
        section,
        meaning,
        remedy,
    }
}
