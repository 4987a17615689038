//! Every code that a finding can have, explained at length: `greeting-cli explain`, and the page
//! `docs/troubleshooting.md`, which a test keeps the same.

use std::sync::LazyLock;

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

    /// What `explain` is asked for: each code, and each of Entra's numbers that has a finding.
    pub(crate) fn spellings() -> impl Iterator<Item = &'static str> {
        static NUMBERS: LazyLock<Vec<String>> = LazyLock::new(|| {
            let numbers = Code::ALL.iter().flat_map(|code| code.aadsts());
            numbers.map(|number| format!("AADSTS{number}")).collect()
        });
        let codes = Self::ALL.iter().map(|code| code.as_str());
        codes.chain(NUMBERS.iter().map(String::as_str))
    }

    /// What it means, at length.
    #[rustfmt::skip] // a table
    pub(crate) const fn explanation(self) -> Explanation {
        use Section::{Forbidden, NoToken, Other, Unauthorized, Unreached};
        match self {
            Self::NoToken => row(Unauthorized,
                "The call carried no token. Easy Auth answers such a call with 401 and a challenge, before the function sees it. Where unauthenticatedClientAction is Return403 the answer is 403 instead.",
                "Sign in: greeting-cli call URL --credential device-code; or az login; then greeting-cli call URL --credential azure-cli. A token that you have is read from stdin: greeting-cli call URL --access-token -."),
            Self::NotAToken => row(Unauthorized,
                "What was given is no token of any kind: the command that should have printed one printed something else. PowerShell prints System.Security.SecureString for a token that it protects; null or None is a query that found nothing; JSON without accessToken or access_token is another command's answer. It is not sent. UTF-16, a byte order mark, and the JSON of az account get-access-token, of azd auth token and of a token endpoint are read.",
                "az account get-access-token --scope SCOPE --query accessToken -o tsv; in PowerShell: (Get-AzAccessToken -ResourceUrl API -AsSecureString).Token | ConvertFrom-SecureString -AsPlainText."),
            Self::MalformedToken => row(Unauthorized,
                "What was sent is not a JWT, which has three base64url parts, the first two of them JSON. Usually the word Bearer was pasted with it, or quotes of a JSON file, or its end is missing.",
                "Send the value of access_token, complete, with nothing around it. The finding names the part or the byte that is wrong."),
            Self::NotAnAccessToken => row(Unauthorized,
                "It is another token than the access token of a sign-in. An ID token tells the client who signed in. A refresh token is for the authority only. An encrypted token can be read by its own API only.",
                "Send the access_token of the token response, not the id_token or the refresh_token."),
            Self::WrongApi => row(Unauthorized,
                "The audience (aud) is known to be another API: Microsoft Graph, Azure Resource Manager, or another application's id. A token is valid only for the API that it was requested for. az account get-access-token without --scope asks for Resource Manager.",
                "Ask for this API: greeting-cli call URL --scope api://<client id>/Greeting.Read."),
            Self::AudienceMismatch => row(Unauthorized,
                "The audience is this API under a name that is not among the gate's allowed audiences. v1 tokens carry api://<client id>, v2 tokens the bare client id. The bare id is always accepted; any other name, such as an App ID URI of your own, has to be in Allowed token audiences. The gate does not publish its list, so this finding is only likely unless --auth-settings gives the list.",
                "Add the name to validation.allowedAudiences, or have the API issue v2 tokens (requestedAccessTokenVersion: 2 in its app registration)."),
            Self::WrongTenant => row(Unauthorized,
                "The token was issued by a tenant other than that of the gate's issuer, or to a personal Microsoft account.",
                "Sign in to the function's tenant: greeting-cli call URL --tenant TENANT, or az login --tenant TENANT."),
            Self::IssuerVersion => row(Unauthorized,
                "v1 and v2 tokens have different issuers: https://sts.windows.net/<tenant>/ and https://login.microsoftonline.com/<tenant>/v2.0. Which one a token has is decided by the API's registration, not by the endpoint that gave it.",
                "For a gate with a /v2.0 issuer: set requestedAccessTokenVersion to 2 in the API's registration. For one without: change its Issuer URL."),
            Self::Expired => row(Unauthorized,
                "The token's expiry time (exp) has passed. Access tokens are valid for 60 to 90 minutes. Easy Auth allows five minutes of difference between clocks.",
                "Sign in again: greeting-cli login URL. Kept tokens are renewed automatically."),
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
                "Name them: greeting-cli call URL --tenant TENANT --scope api://<client id>/Greeting.Read. Or, on App Service, have the gate publish its metadata: WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES."),
            Self::ExpectationsConflict => row(Unauthorized,
                "Two sources of what is expected contradict each other: a flag, a variable such as AZURE_TENANT_ID or the settings in --auth-settings say one thing, and the function's challenge another.",
                "Leave out the one that is wrong. -v says where each value came from."),
            Self::FunctionKey => row(Unauthorized,
                "The gate asked for a token, got one, and let it through; then a bare 401 came back. So answers the Functions host where the function's authLevel wants a key.",
                "Set authLevel to anonymous in function.json, since the gate does the authentication; or send the key in the header x-functions-key."),
            Self::SubscriptionKey => row(Unauthorized,
                "API Management stands in front of the function and wants a key of its own, in the header that its challenge names.",
                "Send the key in that header. Its owner finds it under the API Management service, Subscriptions."),
            Self::ClaimsRequired => row(Unauthorized,
                "The API answered with a claims challenge: the sign-in was revoked or is too old, or the API wants a stronger one (acrs, an authentication context). The claims are shown, decoded.",
                "Sign in with these claims, on a terminal: greeting-cli call URL --credential browser. azd auth token --claims takes the claims."),

            Self::MissingScope => row(Forbidden,
                "The gate accepted the token, and the function did not: the user's token does not carry the scope that its challenge names (the greeting's: Greeting.Read) in scp. Scopes are compared exactly, so greeting.read is a different scope.",
                "Ask for it and consent to it: greeting-cli call URL --scope api://<client id>/Greeting.Read. An old token keeps its old scopes: greeting-cli logout."),
            Self::AppOnlyToken => row(Forbidden,
                "The token was issued to an application (client credentials). It has app roles, but no scope, since scopes are what a user grants. An app role is not a scope.",
                "Sign in as a user, or have the API accept an app role."),
            Self::ClientNotAllowed => row(Forbidden,
                "The gate itself refused: the client (azp or appid) is not among its allowed client applications. An empty allowedClientApplications allows nobody. The gate does not say which of its lists refused; --auth-settings does.",
                "Add the client to validation.defaultAuthorizationPolicy.allowedApplications, and to jwtClaimChecks.allowedClientApplications if that is there. Then restart the app: it may keep the settings that it started with."),
            Self::PrincipalNotAllowed => row(Forbidden,
                "The gate itself refused: neither the user (oid) nor one of the user's groups is among its allowed principals. The gate does not say which of its lists refused; --auth-settings does.",
                "Add the user or a group to validation.defaultAuthorizationPolicy.allowedPrincipals. Then restart the app: it may keep the settings that it started with."),
            Self::GroupsOverage => row(Forbidden,
                "A token names at most 200 groups. Of more it names none and says in _claim_names or hasgroups that there are some. The gate then finds none of its allowed groups in it.",
                "Have the token carry only the groups that are assigned to the app: groupMembershipClaims ApplicationGroup in the API's app registration. Or allow the user instead of a group."),
            Self::StoredEmptyList => row(Forbidden,
                "An empty list of allowed client applications (jwtClaimChecks.allowedClientApplications: []) is reported to admit nobody. It may be stored without showing in the file that the settings were written from.",
                "Read what is stored (az rest on config/authsettingsV2), take the empty list out or name the clients in it, and restart the app."),
            Self::SettingsStale => row(Forbidden,
                "The settings accept the token, and the gate does not. The gate reads its settings when the app starts: they may have been changed since.",
                "az functionapp restart --name APP --resource-group GROUP."),
            Self::ScopePresent => row(Forbidden,
                "The app refuses for want of a scope (insufficient_scope), and the token has it.",
                "Look in the app's own code: it may compare another claim (roles, or the scope's long name), or another spelling."),
            Self::AppRefused => row(Forbidden,
                "The 401 or 403 is neither the gate's nor the platform's: the app behind the gate, or what stands before it, refused in words of its own, which are shown.",
                "The app's own log or documentation says what it wants of the caller."),
            Self::AccessRestricted => row(Forbidden,
                "App Service's access restrictions refused the address that the call came from, before any authentication. x-ms-forbidden-ip names the address as App Service sees it; behind a proxy it is not this machine's own. A private endpoint with public access disabled shows the same page.",
                "az functionapp config access-restriction add --name APP --resource-group GROUP --priority 100 --action Allow --ip-address ADDRESS. Or call from a network that is let in."),
            Self::ClientCertificate => row(Forbidden,
                "The app, or the gateway in front of it, wants a client certificate (mutual TLS) before anything else. greeting-cli sends none.",
                "Call with a program that sends one (curl --cert), or have the app not require one: az functionapp update --name APP --resource-group GROUP --set clientCertMode=Optional."),
            Self::FrontRefused => row(Forbidden,
                "What stands in front of the app refused: Application Gateway, Front Door, Cloudflare or nginx, each told by the page that only it writes. The call reached neither the gate nor the function.",
                "Its owner finds the rule in its log, by the reference that is shown or by the time of the call."),
            Self::HostForbidden => row(Forbidden,
                "The platform refused before the gate and the function: the app is stopped, by its owner or because a free plan's quota is used up.",
                "az functionapp show --name APP --resource-group GROUP --query state; then see the app's Networking, Access restrictions."),
            Self::CrossSite => row(Forbidden,
                "The gate refused a browser's POST by session (a cookie) that did not come from the app's own page: its Origin or Referer is missing, or is neither the app's own nor in login.allowedExternalRedirectUrls, and its Origin is no CORS origin. Sub-status 403.60, in the gate's log only. A call with a bearer token, or of another program than a browser, is not refused so.",
                "Add the site to login.allowedExternalRedirectUrls or to the app's CORS origins. Or send a token instead of the cookie."),

            Self::EasyAuthOff => row(Other,
                "The function answers callers without a token, or refuses to answer at all because Easy Auth is off. greeting-server then answers 500, because no caller has been authenticated. It reads this from WEBSITE_AUTH_ENABLED, which Container Apps probably do not set.",
                "Turn App Service Authentication on, with requireAuthentication: true. Do not use an app setting WEBSITE_AUTH_ENABLED for it: it overrides the site's own state, and with authentication off any caller could send a principal of its own. In Container Apps set that variable for the container, once authentication is on."),
            Self::EasyAuthRedirect => row(Other,
                "The app redirects callers to a sign-in page, which works in a browser and not for the client of an API.",
                "Set unauthenticatedClientAction to Return401 (portal: Unauthenticated requests: HTTP 401)."),
            Self::NotFound => row(Other,
                "The host answers, and no function has this path and method. The gate answers first, so a wrong path is noticed only with a valid token.",
                "Check the path (/api/greeting), the method, and that the function is deployed: az functionapp function list --name APP --resource-group GROUP."),
            Self::HandlerDown => row(Other,
                "The host answers, and the handler behind it does not: it did not start, ended, or is too slow.",
                "See its log: az webapp log tail --name APP --resource-group GROUP; locally, the terminal of greeting-local up."),
            Self::RateLimited => row(Other,
                "429: too many calls in a short time. Retry-After says how long to wait.",
                "Wait, or have greeting-cli wait: greeting-cli call URL --retry 3."),
            Self::HeadersTooLarge => row(Other,
                "The request's headers are larger than whoever answers takes, most often by a token that names many groups. Server tells whose limit it is.",
                "Have the token carry fewer groups: groupMembershipClaims ApplicationGroup in the API's app registration, then sign in again."),
            Self::UnexpectedAnswer => row(Other,
                "No known cause explains this status; or a 200 is a sign-in page or the app's landing page instead of the function's answer. What the answer says of itself is shown.",
                "See the function's log. -v shows the request and the answer."),

            Self::Dns => row(Unreached,
                "The name does not resolve.",
                "Check the spelling: az functionapp list --query \"[].defaultHostName\" -o tsv."),
            Self::Refused => row(Unreached,
                "Nothing accepts connections at this address, or the connection broke.",
                "Locally: greeting-local up. Otherwise check the address, the network, and that the app is started."),
            Self::Timeout => row(Unreached,
                "There was no answer in time. A cold start can take a minute.",
                "Wait longer, or try again: greeting-cli call URL --timeout 90 --retry 3."),
            Self::TlsUntrusted => row(Unreached,
                "The certificate is not trusted by this machine: a development CA, or a company proxy's.",
                "greeting-cli call URL --ca-cert FILE, or SSL_CERT_FILE. greeting-local env names the development CA."),
            Self::HttpNotHttps => row(Unreached,
                "Either a token would have been sent over plain http to another machine, which is never done, or the URL says https and the port answers in plain http.",
                "Use https:// for other machines; http:// is accepted for this machine only."),

            Self::ProxyFailed => row(Unreached,
                "The proxy between this machine and the other side was not reached, or did not let the call through: it wants a user name and a password (407), or does not allow the host (403). The finding names the proxy by host and port, the variable that it comes from, and its answer. Neither the function nor the authority saw the call.",
                "Correct the variable (HTTPS_PROXY, ALL_PROXY), or exempt the host: NO_PROXY=HOST. The proxy's owner decides which hosts it allows."),
            Self::ProxyVariable => row(Unreached,
                "A variable names a proxy in a form that can't be used: no URL, no host, a port that is none, or an unknown scheme. Nothing is sent, since the call was meant to go through a proxy.",
                "export HTTPS_PROXY=http://HOST:PORT, or unset the variable, or exempt the host: NO_PROXY=HOST."),

            Self::UntrustedAuthority => row(NoToken,
                "The function names an authority that is neither one of Microsoft's clouds nor, for a loopback URL, on this machine. An authority is not trusted just because a web page names it.",
                "If it is yours, say so: greeting-cli call URL --authority-host AUTHORITY --tenant TENANT, or AZURE_AUTHORITY_HOST."),
            Self::FirstPartyResource => row(NoToken,
                "The function asks for a token for one of Microsoft's own APIs. With that token the function could act as you there.",
                "Do not send one. If the function is yours, its gate has a wrong client id."),
            Self::ResourceNotConfirmed => row(NoToken,
                "This origin names an API for the first time, or a different one than before, and you have not agreed to send it a token. A hostile page could name an API that is not its own.",
                "Run it on a terminal and answer, or name the API: greeting-cli call URL --scope SCOPE; or agree beforehand: greeting-cli call URL --yes."),
            Self::ConsentRequired => row(NoToken,
                "Neither the user nor an administrator has consented to this client for this scope. For az the client is the Azure CLI's, 04b07795-8ddb-461a-bbee-02f9e1bf7b46.",
                "Pre-authorize the client in the API's registration (Expose an API, Authorized client applications), or consent: az login --scope SCOPE."),
            Self::PublicClientOff => row(NoToken,
                "A device code needs a public client, and this client's registration is not one.",
                "az ad app update --id CLIENT --is-fallback-public-client true (portal: Authentication, Allow public client flows)."),
            Self::UnknownResource => row(NoToken,
                "The tenant has no service principal for the API.",
                "az ad sp create --id <the API's client id>. Or name another API or tenant: greeting-cli call URL --scope SCOPE --tenant TENANT."),
            Self::ResourceMismatch => row(NoToken,
                "The request's resource parameter (RFC 8707), which clients of MCP servers take from the published metadata (RFC 9728), is not one of the Application ID URIs of the API that its scopes name. Entra compares them character for character: the server's URL, api://<client id> and the same URL with a slash are three. A scope without its API's name is one of Microsoft Graph.",
                "Make the server's URL an Application ID URI, beside those that are there: az ad app update --id <client id> --identifier-uris https://<host>/<path> $(az ad app show --id <client id> --query identifierUris --output tsv). It may not end in a slash, and the API needs v2 tokens (requestedAccessTokenVersion 2) where its domain is not a verified one. Publish whole scopes: WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES=https://<host>/<path>/<scope>. The page docs/mcp.md goes through it."),
            Self::UnknownClient => row(NoToken,
                "The tenant does not know the client, or the value given is not a client id.",
                "Name the client and its tenant: greeting-cli call URL --client-id CLIENT --tenant TENANT (AZURE_CLIENT_ID, AZURE_TENANT_ID)."),
            Self::UnknownTenant => row(NoToken,
                "There is no such tenant.",
                "The tenant of the Azure CLI: az account show --query tenantId -o tsv. Name it: greeting-cli call URL --tenant TENANT (AZURE_TENANT_ID)."),
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
                "greeting-cli call URL --scope api://<client id>/Greeting.Read, or define it (portal: Expose an API)."),
            Self::BlockedByPolicy => row(NoToken,
                "Conditional Access or the tenant's security defaults block this sign-in. Many tenants block device codes.",
                "greeting-cli call URL --credential browser; or, on a managed machine, az login; then greeting-cli call URL --credential azure-cli. Else ask the administrator."),
            Self::MfaRequired => row(NoToken,
                "A second factor is needed, or has to be registered.",
                "Sign in again with it: az login --tenant TENANT --scope SCOPE."),
            Self::PasswordExpired => row(NoToken,
                "The user's password has expired.",
                "Change it in a browser, then sign in again."),
            Self::UserNotInTenant => row(NoToken,
                "The user is not in the tenant, or the client accepts users of its own tenant only.",
                "greeting-cli call URL --tenant <the user's tenant>; or have the user invited as a guest."),
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
                "Sign in again: greeting-cli login URL."),
            Self::AuthorityRefused => row(NoToken,
                "The authority gave no token, for a reason that is not in the catalogue. Its code, first line, ids and time are shown whole.",
                "Look the code up: https://login.microsoftonline.com/error. Support wants the trace and correlation ids."),
            Self::AuthorityUnreachable => row(NoToken,
                "The authority did not answer: its name does not resolve, nothing accepts connections there, or its certificate is not trusted. The function has no part in it.",
                "Check this machine's network and proxy; of an authority of your own, its address (AZURE_AUTHORITY_HOST): greeting-cli call URL --authority-host AUTHORITY. Locally: greeting-local up."),
            Self::AzMissing => row(NoToken,
                "The Azure CLI (az) is not on the PATH.",
                "Install it, or greeting-cli call URL --credential device-code."),
            Self::AzSignedOut => row(NoToken,
                "The Azure CLI is not signed in.",
                "az login --scope SCOPE."),
            Self::AzFailed => row(NoToken,
                "The Azure CLI is installed and gave no token: it can't be run, does not answer, or fails for a reason that is not in the catalogue. Its own words are shown.",
                "Run it by hand: az account get-access-token --scope SCOPE --query expiresOn."),
            Self::AzdMissing => row(NoToken,
                "The Azure Developer CLI (azd) is not on the PATH.",
                "Install it, or greeting-cli call URL --credential device-code."),
            Self::AzdFailed => row(NoToken,
                "The Azure Developer CLI (azd) gave no token. Its message is shown.",
                "azd auth login; or greeting-cli call URL --credential device-code."),
            Self::KeyStoreSilent => row(NoToken,
                "Kept tokens are sealed with a key that the system's key store has (Secret Service, Keychain, Credential Manager), and it does not answer, or gives none: it is locked, or nobody is there to unlock it. A call goes on: tokens are kept in a file that only you can read, or not at all.",
                "Unlock or restart it; or GREETING_KEY_STORE=none, or greeting-cli call URL --no-cache."),
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
