//! Entra's error codes, as data. One row a code.

/// AADSTS number, finding, what happened, what to do. `{client}`, `{scope}` and `{tenant}` are
/// filled. Source: Microsoft's error-code reference and the catalogue of this project.
pub(super) const AADSTS: &[(u64, &str, &str, &str)] = &[
    (
        65001,
        "consent-required",
        "nobody has consented to client {client} for {scope}",
        "pre-authorize the client in the API's registration (preAuthorizedApplications; portal: Expose an API, Authorized client applications), or sign in interactively and consent: az login --scope {scope}",
    ),
    (
        7_000_218,
        "public-client-off",
        "client {client} is not a public client, and a device code needs one",
        "az ad app update --id {client} --is-fallback-public-client true (portal: Authentication, Allow public client flows)",
    ),
    (
        500_011,
        "unknown-resource",
        "the tenant has no service principal for the API in {scope}",
        "az ad sp create --id <the API's client id>; or check --scope and --tenant",
    ),
    (
        700_016,
        "unknown-client",
        "the tenant does not know the client {client}",
        "check --client-id and --tenant",
    ),
    (
        700_038,
        "unknown-client",
        "{client} is no client id",
        "check --client-id: the Application (client) ID of the client's registration",
    ),
    (
        90002,
        "unknown-tenant",
        "there is no tenant {tenant}",
        "check --tenant: az account show --query tenantId -o tsv",
    ),
    (
        900_023,
        "unknown-tenant",
        "{tenant} is neither a tenant's id nor a domain",
        "check --tenant: az account show --query tenantId -o tsv",
    ),
    (
        650_057,
        "permission-not-requested",
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)",
    ),
    (
        650_056,
        "permission-not-requested",
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)",
    ),
    (
        7_000_215,
        "client-secret",
        "the client secret is wrong; often its id was pasted for its value",
        "make a new one and copy its Value: az ad app credential reset --id {client}",
    ),
    (
        7_000_222,
        "client-secret",
        "the client secret has expired",
        "az ad app credential reset --id {client}",
    ),
    (
        700_025,
        "client-secret",
        "a public client sent a secret",
        "send none, or use a confidential client",
    ),
    (
        50011,
        "redirect-mismatch",
        "the redirect address is not among the client's",
        "add http://localhost as Mobile and desktop redirect URI of {client}",
    ),
    (
        900_971,
        "redirect-mismatch",
        "the client has no redirect address",
        "add http://localhost as Mobile and desktop redirect URI of {client}",
    ),
    (
        90009,
        "token-for-itself",
        "the client asked for a token for itself",
        "use its GUID as the resource: --scope <client id>/.default; or another client for the API",
    ),
    (
        70011,
        "scope-not-defined",
        "{scope} is not a scope",
        "--scope api://<the API's client id>/Greeting.Read",
    ),
    (
        65005,
        "scope-not-defined",
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or correct --scope",
    ),
    (
        650_053,
        "scope-not-defined",
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or correct --scope",
    ),
    (
        53003,
        "blocked-by-policy",
        "Conditional Access blocks this sign-in; many tenants block device codes",
        "use --credential browser, or azure-cli on a managed machine; or ask the administrator",
    ),
    (
        53000,
        "blocked-by-policy",
        "Conditional Access wants a compliant device",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        53001,
        "blocked-by-policy",
        "Conditional Access wants a domain-joined device",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        50076,
        "mfa-required",
        "a second factor is needed",
        "sign in again with it: az login --tenant {tenant} --scope {scope}",
    ),
    (
        50079,
        "mfa-required",
        "a second factor has to be registered",
        "register it in a browser, then sign in again",
    ),
    (
        50055,
        "password-expired",
        "the password has expired",
        "change it in a browser, then sign in again",
    ),
    (
        50020,
        "user-not-in-tenant",
        "the user is not in the tenant {tenant}",
        "--tenant <the user's>, or have them invited as a guest",
    ),
    (
        50194,
        "user-not-in-tenant",
        "the client is single-tenant and another tenant was asked",
        "--tenant <the client's own tenant>",
    ),
    (
        90094,
        "admin-consent",
        "only an administrator can consent to {scope}",
        "have one run: az ad app permission admin-consent --id {client}",
    ),
    (
        700_082,
        "refresh-expired",
        "the earlier sign-in has expired",
        "sign in again",
    ),
    (
        50173,
        "refresh-expired",
        "the earlier sign-in was revoked",
        "sign in again",
    ),
    (
        700_084,
        "refresh-expired",
        "the earlier sign-in has expired",
        "sign in again",
    ),
    (
        70043,
        "refresh-expired",
        "the earlier sign-in is older than the tenant's policy allows",
        "sign in again",
    ),
    (
        50078,
        "refresh-expired",
        "the second factor of the earlier sign-in has expired",
        "sign in again",
    ),
    (
        50132,
        "refresh-expired",
        "the earlier sign-in was revoked, or its password changed",
        "sign in again",
    ),
    (
        50133,
        "refresh-expired",
        "the earlier sign-in was revoked, or its password changed",
        "sign in again",
    ),
    (
        53002,
        "blocked-by-policy",
        "Conditional Access wants an approved client, and {client} is none",
        "use one that is: az login, then --credential azure-cli; or ask the administrator",
    ),
    (
        53004,
        "blocked-by-policy",
        "the tenant holds this sign-in for risky",
        "ask the administrator",
    ),
    (
        53011,
        "blocked-by-policy",
        "the tenant holds this user for risky",
        "ask the administrator",
    ),
    (
        530_032,
        "blocked-by-policy",
        "a security policy of the tenant blocks this sign-in",
        "use --credential azure-cli on a managed machine, or ask the administrator",
    ),
    (
        530_035,
        "blocked-by-policy",
        "the tenant's security defaults block this sign-in",
        "use --credential azure-cli or browser, or ask the administrator",
    ),
    (
        50005,
        "blocked-by-policy",
        "Conditional Access does not support this platform",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        50097,
        "blocked-by-policy",
        "Conditional Access wants the device to prove itself",
        "sign in on a managed machine: az login, then --credential azure-cli",
    ),
    (
        50072,
        "mfa-required",
        "a second factor has to be registered",
        "register it in a browser, then sign in again",
    ),
    (
        50074,
        "mfa-required",
        "a second factor is needed",
        "sign in again with it: az login --tenant {tenant} --scope {scope}",
    ),
    (
        50144,
        "password-expired",
        "the password has expired",
        "change it in a browser, then sign in again",
    ),
    (
        50034,
        "user-not-in-tenant",
        "the tenant {tenant} has no such user",
        "--tenant <the user's>, or have them invited as a guest",
    ),
    (
        50057,
        "user-blocked",
        "the user's account is disabled",
        "ask the administrator to enable it, or sign in as another user",
    ),
    (
        50053,
        "user-blocked",
        "the user's account is locked after too many attempts",
        "wait, or ask the administrator to unlock it",
    ),
    (
        50105,
        "user-blocked",
        "the user is not assigned to the application, which admits assigned users only",
        "have the user or a group of theirs assigned (portal: Enterprise applications, Users and groups)",
    ),
    (
        70001,
        "unknown-client",
        "the tenant does not know the client {client}",
        "check --client-id and --tenant",
    ),
    (
        650_052,
        "unknown-resource",
        "the tenant has no service principal for the API in {scope}",
        "az ad sp create --id <the API's client id>; or check --scope and --tenant",
    ),
];

/// The numbers that stand for a finding's code.
pub(crate) fn aadsts_of(code: &str) -> impl Iterator<Item = u64> {
    AADSTS
        .iter()
        .filter(move |(_, of, ..)| *of == code)
        .map(|(number, ..)| *number)
}
