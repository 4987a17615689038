//! What an administrator has switched: consent, the device-code flow, a refusal for everybody, slow
//! and failing answers, so that each of Entra's refusals can be met on a laptop.

mod failures;

use serde::{Deserialize, Serialize};

pub use self::failures::{Delay, Failures, NoDelay, NoFailures};

/// The switches. The default is what the registrations say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Off, no user has consented to anything, and nothing is pre-authorized: AADSTS65001.
    pub consent: bool,
    /// Off, Conditional Access blocks tokens by device code: AADSTS53003.
    pub device_code: bool,
    /// Off, a refresh token that is used again ends its whole sign-in (RFC 9700 section 4.14.2).
    /// Entra does not do that: "Refresh tokens in the Microsoft identity platform".
    pub refresh_reuse: bool,
    /// Off, a slash at the end of `resource` is not compared. Entra compares it.
    pub resource_slash: bool,
    /// Every request for a user's token is refused with this AADSTS code.
    pub refuse: Option<u32>,
    /// How long the answers that clients ask for again take.
    pub delay: Delay,
    /// How many of these fail.
    pub failures: Failures,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            consent: true,
            device_code: true,
            refresh_reuse: true,
            resource_slash: true,
            refuse: None,
            delay: Delay::default(),
            failures: Failures::default(),
        }
    }
}

/// The Conditional Access policy that a refusal's `claims` name.
pub(super) const POLICY_ID: &str = "3f5ac4d1-60b2-4be9-9c1e-7a2d8f0b6e15";

/// The refusals that a policy can ask for: code, OAuth error, sentence; `<resource>`
/// in it is the application id of what was asked for.
pub const REFUSALS: [(u32, &str, &str); 24] = [
    (
        50011,
        "invalid_request",
        "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
    ),
    (
        50020,
        "invalid_grant",
        "User account from identity provider 'live.com' does not exist in tenant 'greeting-local' and cannot access the application in that tenant. The account needs to be added as an external user in the tenant first.",
    ),
    (
        50034,
        "invalid_grant",
        "The user account does not exist in the directory. To sign into this application, the account must be added to the directory.",
    ),
    (
        50053,
        "invalid_grant",
        "The account is locked, you've tried to sign in too many times with an incorrect user ID or password.",
    ),
    (50055, "invalid_grant", "The password is expired."),
    (50057, "invalid_grant", "The user account is disabled."),
    (
        50076,
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '<resource>'.",
    ),
    (
        50079,
        "invalid_grant",
        "Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multifactor authentication to access '<resource>'.",
    ),
    (
        50105,
        "invalid_grant",
        "Your administrator has configured the application to block users unless they are specifically granted ('assigned') access to the application.",
    ),
    (
        50173,
        "invalid_grant",
        "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.",
    ),
    (
        50194,
        "invalid_request",
        "The application is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
    ),
    (
        53000,
        "invalid_grant",
        "Device is not in required device state: unknown. Conditional Access policy requires a compliant device, and the device is not compliant.",
    ),
    (53003, "invalid_grant", BLOCKED),
    (
        65004,
        "authorization_declined",
        "User declined to consent to access the app.",
    ),
    (
        65005,
        "invalid_client",
        "Misconfigured application. This could be due to one of the following: the client has not listed any permissions in the requested permissions in the client's application registration.",
    ),
    (
        70020,
        "expired_token",
        "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
    ),
    (
        90009,
        "invalid_request",
        "Application is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.",
    ),
    (
        90094,
        "invalid_grant",
        "An administrator of the tenant has set a policy that prevents you from granting the application the permissions it is requesting. Contact an administrator, who can grant permissions to this application on your behalf.",
    ),
    (
        650_057,
        "invalid_resource",
        "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.",
    ),
    (
        650_056,
        "invalid_client",
        "Misconfigured application. This could be due to one of the following: the client has not listed any permissions for the API in the requested permissions in the client's application registration.",
    ),
    (
        700_082,
        "invalid_grant",
        "The refresh token has expired due to inactivity.",
    ),
    (
        7_000_215,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
    ),
    (
        7_000_222,
        "invalid_client",
        "The provided client secret keys are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.",
    ),
    (900_971, "invalid_request", "No reply address provided."),
];

/// AADSTS53003's sentence.
pub(super) const BLOCKED: &str = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.";

/// The refusal of this code, if it is one that a policy can ask for.
pub fn refusal(code: u32) -> Option<(u32, &'static str, &'static str)> {
    REFUSALS
        .iter()
        .copied()
        .find(|(known, _, _)| *known == code)
}
