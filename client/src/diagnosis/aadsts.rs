//! Entra's error codes, as data. One row a code.

use super::code::Code;

/// An AADSTS number, and the finding that it makes.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) code: Code,
    /// What happened. `{client}`, `{scope}`, `{api}` (the scope's) and `{tenant}` are filled, here and in the fix.
    pub(super) summary: &'static str,
    pub(super) fix: &'static str,
}

const fn row(number: u64, code: Code, summary: &'static str, fix: &'static str) -> Row {
    Row {
        number,
        code,
        summary,
        fix,
    }
}

/// Source: Microsoft's error-code reference and the catalogue of this project.
#[rustfmt::skip] // a table
pub(super) const AADSTS: &[Row] = &[
    row(65001, Code::ConsentRequired,
        "neither the user nor an administrator has consented to client {client} for {scope}",
        "pre-authorize the client in the API's registration (preAuthorizedApplications; portal: Expose an API, Authorized client applications), or sign in interactively and consent: az login --scope {scope}"),
    row(7_000_218, Code::PublicClientOff,
        "client {client} is not a public client, and device codes need one",
        "az ad app update --id {client} --is-fallback-public-client true (portal: Authentication, Allow public client flows)"),
    row(500_011, Code::UnknownResource,
        "the tenant has no service principal for the API in {scope}",
        "az ad sp create --id <the API's client id>; or name another API or tenant: greeting-cli call URL --scope SCOPE --tenant TENANT"),
    row(700_016, Code::UnknownClient,
        "the tenant does not know the client {client}",
        "name the client and its tenant: greeting-cli call URL --client-id CLIENT --tenant TENANT"),
    row(700_038, Code::UnknownClient,
        "{client} is not a client id",
        "the Application (client) ID stands in the client's registration: greeting-cli call URL --client-id CLIENT"),
    row(90002, Code::UnknownTenant,
        "there is no tenant {tenant}",
        "the tenant of the Azure CLI: az account show --query tenantId -o tsv; then greeting-cli call URL --tenant TENANT"),
    row(900_023, Code::UnknownTenant,
        "{tenant} is neither a tenant's id nor a domain",
        "the tenant of the Azure CLI: az account show --query tenantId -o tsv; then greeting-cli call URL --tenant TENANT"),
    row(650_057, Code::PermissionNotRequested,
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)"),
    row(650_056, Code::PermissionNotRequested,
        "the client's registration does not list the API's permission",
        "add it to requiredResourceAccess of {client} (portal: API permissions)"),
    row(7_000_215, Code::ClientSecret,
        "the client secret is wrong; often its id was pasted instead of its value",
        "make a new one and copy its Value: az ad app credential reset --id {client}"),
    row(7_000_222, Code::ClientSecret,
        "the client secret has expired",
        "az ad app credential reset --id {client}"),
    row(700_025, Code::ClientSecret,
        "a public client sent a secret",
        "send none, or use a confidential client"),
    row(50011, Code::RedirectMismatch,
        "the redirect URI is not registered for the client",
        "add http://localhost as Mobile and desktop redirect URI of {client}"),
    row(900_971, Code::RedirectMismatch,
        "the client has no redirect URI",
        "add http://localhost as Mobile and desktop redirect URI of {client}"),
    row(90009, Code::TokenForItself,
        "the client asked for a token for itself",
        "use its GUID as the resource: greeting-cli call URL --scope <client id>/.default; or another client for the API"),
    row(70011, Code::ScopeNotDefined,
        "{scope} is not a scope",
        "ask for what is consented: greeting-cli call URL --scope {api}/.default; or name the scope whole, with its API: greeting-cli call URL --scope {api}/Greeting.Read"),
    row(65005, Code::ScopeNotDefined,
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or ask for what is consented: greeting-cli call URL --scope {api}/.default"),
    row(650_053, Code::ScopeNotDefined,
        "the API does not define {scope}",
        "define the scope in the API's registration (Expose an API), or ask for what is consented: greeting-cli call URL --scope {api}/.default"),
    row(53003, Code::BlockedByPolicy,
        "Conditional Access blocks this sign-in; many tenants block device codes",
        "sign in with a browser on a managed machine: greeting-cli call URL --credential browser; or ask the administrator"),
    row(53000, Code::BlockedByPolicy,
        "Conditional Access requires a compliant device",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli"),
    row(53001, Code::BlockedByPolicy,
        "Conditional Access requires a domain-joined device",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli"),
    row(50076, Code::MfaRequired,
        "a second factor is needed",
        "sign in again with it: az login --tenant {tenant} --scope {scope}"),
    row(50079, Code::MfaRequired,
        "a second factor has to be registered",
        "register it in a browser, then sign in again"),
    row(50055, Code::PasswordExpired,
        "the password has expired",
        "change it in a browser, then sign in again"),
    row(50020, Code::UserNotInTenant,
        "the user is not in the tenant {tenant}",
        "greeting-cli call URL --tenant <the user's tenant>; or have the user invited as a guest"),
    row(50194, Code::UserNotInTenant,
        "the client is single-tenant, and another tenant was asked for the token",
        "greeting-cli call URL --tenant <the client's own tenant>"),
    row(90095, Code::AdminConsent,
        "only an administrator can consent to {scope}, and the person may ask one for it",
        "ask for it at the sign-in page, or have one run: az ad app permission admin-consent --id {client}"),
    row(90094, Code::AdminConsent,
        "only an administrator can consent to {scope}",
        "ask one to run: az ad app permission admin-consent --id {client}"),
    row(700_082, Code::RefreshExpired,
        "the earlier sign-in has expired",
        "sign in again"),
    row(50173, Code::RefreshExpired,
        "the earlier sign-in was revoked",
        "sign in again"),
    row(700_084, Code::RefreshExpired,
        "the earlier sign-in has expired",
        "sign in again"),
    row(70043, Code::RefreshExpired,
        "the earlier sign-in is older than the tenant's policy allows",
        "sign in again"),
    row(50078, Code::RefreshExpired,
        "the second factor of the earlier sign-in has expired",
        "sign in again"),
    row(50132, Code::RefreshExpired,
        "the earlier sign-in was revoked, or the password was changed",
        "sign in again"),
    row(50133, Code::RefreshExpired,
        "the earlier sign-in was revoked, or the password was changed",
        "sign in again"),
    row(53002, Code::BlockedByPolicy,
        "Conditional Access requires an approved client, and {client} is not one",
        "use an approved one: az login; then greeting-cli call URL --credential azure-cli; or ask the administrator"),
    row(53004, Code::BlockedByPolicy,
        "the tenant considers this sign-in risky",
        "ask the administrator"),
    row(53011, Code::BlockedByPolicy,
        "the tenant considers this user risky",
        "ask the administrator"),
    row(530_032, Code::BlockedByPolicy,
        "a security policy of the tenant blocks this sign-in",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli; or ask the administrator"),
    row(530_035, Code::BlockedByPolicy,
        "the tenant's security defaults block this sign-in",
        "sign in another way: greeting-cli call URL --credential browser; or ask the administrator"),
    row(50005, Code::BlockedByPolicy,
        "Conditional Access does not support this platform",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli"),
    row(50097, Code::BlockedByPolicy,
        "Conditional Access requires the device to authenticate",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli"),
    row(50072, Code::MfaRequired,
        "a second factor has to be registered",
        "register it in a browser, then sign in again"),
    row(50074, Code::MfaRequired,
        "a second factor is needed",
        "sign in again with it: az login --tenant {tenant} --scope {scope}"),
    row(50144, Code::PasswordExpired,
        "the password has expired",
        "change it in a browser, then sign in again"),
    row(50034, Code::UserNotInTenant,
        "the tenant {tenant} has no such user",
        "greeting-cli call URL --tenant <the user's tenant>; or have the user invited as a guest"),
    row(50057, Code::UserBlocked,
        "the user's account is disabled",
        "ask the administrator to enable it, or sign in as another user"),
    row(50053, Code::UserBlocked,
        "the user's account is locked after too many attempts",
        "wait, or ask the administrator to unlock it"),
    row(50105, Code::UserBlocked,
        "the user is not assigned to the application, which accepts assigned users only",
        "have the user or one of the user's groups assigned (portal: Enterprise applications, Users and groups)"),
    row(70001, Code::UnknownClient,
        "the tenant does not know the client {client}",
        "name the client and its tenant: greeting-cli call URL --client-id CLIENT --tenant TENANT"),
    row(650_052, Code::UnknownResource,
        "the tenant has no service principal for the API in {scope}",
        "az ad sp create --id <the API's client id>; or name another API or tenant: greeting-cli call URL --scope SCOPE --tenant TENANT"),
    row(65004, Code::SignInDeclined,
        "the person declined to consent",
        "run it again and approve"),
    row(9_010_010, Code::ResourceMismatch,
        "the request's resource parameter is no identifier of the API in {scope}",
        "make what the client sends as resource an Application ID URI of the API: az ad app update --id <client id> --identifier-uris <resource> $(az ad app show --id <client id> --query identifierUris --output tsv); or have the client send none; see greeting-cli explain resource-mismatch"),
    row(1_002_012, Code::ScopeNotDefined,
        "a program's own sign-in (client credentials) has to ask for /.default, not for {scope}",
        "greeting-cli call URL --scope {api}/.default; its token then carries app roles and no scope"),
    row(90123, Code::AuthorityRefused,
        "the identity provider, or a claims provider, denied the sign-in; not the person",
        "ask the administrator of the provider that the account signs in with; the tenant's sign-in log has the correlation id"),
    row(90072, Code::UserNotInTenant,
        "the account is of another provider and is no guest of the tenant {tenant}",
        "greeting-cli call URL --tenant <the user's tenant>; or have them invited as a guest"),
    row(530_003, Code::BlockedByPolicy,
        "Conditional Access wants a managed device",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli"),
    row(50131, Code::BlockedByPolicy,
        "Conditional Access refused: the device, a risk, or another policy",
        "sign in on a managed machine: az login; then greeting-cli call URL --credential azure-cli; or ask the administrator"),
    row(500_014, Code::UnknownResource,
        "the API's service principal is disabled in the tenant",
        "have an administrator enable it: az ad sp update --id <the API's client id> --set accountEnabled=true"),
    row(7_000_112, Code::UnknownClient,
        "the client {client} is disabled",
        "have it enabled (portal: Enterprise applications, Properties, Enabled for users to sign-in), or use another: greeting-cli call URL --client-id CLIENT"),
    row(65002, Code::PermissionNotRequested,
        "client {client} and the API are both Microsoft's, and Microsoft has not pre-authorized the pair",
        "use a client of your own: greeting-cli call URL --client-id CLIENT"),
    row(50158, Code::MfaRequired,
        "a check outside Entra is not passed yet: terms of use, or another provider's second factor",
        "sign in again in a browser, where it is asked for: greeting-cli call URL --credential browser"),
];

/// One line of Microsoft's table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownCode {
    /// Microsoft's name, where it is known.
    pub(crate) name: Option<&'static str>,
    /// In this project's words.
    pub(crate) meaning: &'static str,
}

/// What Microsoft's table of codes, or a public capture of an answer, tells of a number.
pub(crate) fn look_up(number: u64) -> Option<KnownCode> {
    table()
        .find(|(known, _)| *known == number)
        .map(|(_, row)| row)
}

/// Number, name or `-`, meaning: a line each, in order.
fn table() -> impl Iterator<Item = (u64, KnownCode)> {
    include_str!("aadsts.tsv").lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let number = columns.next()?.parse().ok()?;
        let name = columns.next().filter(|name| *name != "-");
        let meaning = columns.next()?;
        Some((number, KnownCode { name, meaning }))
    })
}

/// What the catalogue has of a number.
pub(crate) fn listed(number: u64) -> Option<(Code, &'static str)> {
    let row = AADSTS.iter().find(|row| row.number == number)?;
    Some((row.code, row.summary))
}

/// Every number that is explained.
pub(crate) fn all_numbers() -> impl Iterator<Item = u64> {
    let known = table().map(|(number, _)| number);
    let listed = AADSTS.iter().map(|row| row.number);
    let not_in_table = listed.filter(|number| look_up(*number).is_none());
    known.chain(not_in_table)
}

/// The numbers that stand for a finding's code.
pub(super) fn numbers(code: Code) -> impl Iterator<Item = u64> {
    AADSTS
        .iter()
        .filter(move |row| row.code == code)
        .map(|row| row.number)
}

#[cfg(test)]
mod tests;

/// The fix of each number, with names in place of what is filled in.
#[cfg(test)]
pub(crate) fn fixes() -> impl Iterator<Item = (String, String)> {
    let filled = |text: &str| {
        ["{client}", "{tenant}", "{scope}", "{api}"]
            .iter()
            .fold(text.to_owned(), |text, name| text.replace(name, "FILLED"))
    };
    AADSTS
        .iter()
        .map(move |row| (row.number.to_string(), filled(row.fix)))
}
