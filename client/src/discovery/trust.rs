//! Discovery is not trust: what a function's challenge may make this program do.

use loopback::is_loopback;
use url::Url;

use super::challenge::Challenge;

/// The sign-in hosts of Microsoft's clouds.
const MICROSOFT: [&str; 5] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.windows.net",
];

/// Microsoft's own APIs by their ids: a function that names one asks for a token that is not for it.
const FIRST_PARTY_IDS: [(&str, &str); 12] = [
    ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
    ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
    (
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "Azure Resource Manager",
    ),
    ("00000002-0000-0ff1-ce00-000000000000", "Exchange Online"),
    ("00000003-0000-0ff1-ce00-000000000000", "SharePoint Online"),
    ("00000007-0000-0000-c000-000000000000", "Dataverse"),
    ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "Azure Key Vault"),
    ("e406a681-f3d4-42a8-90b6-c2b029497af1", "Azure Storage"),
    ("022907d3-0f1b-48f7-badc-1ba6abab6d66", "Azure SQL Database"),
    ("499b84ac-1321-427f-aa17-267ca6975798", "Azure DevOps"),
    ("ca7f3f0b-7d91-482c-8e09-c5d840d0eac5", "Log Analytics"),
    (
        "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
        "Microsoft Azure (portal)",
    ),
];

/// The same APIs by their hosts.
const FIRST_PARTY_HOSTS: [(&str, &str); 7] = [
    ("graph.microsoft.com", "Microsoft Graph"),
    ("graph.windows.net", "Azure AD Graph"),
    ("management.azure.com", "Azure Resource Manager"),
    ("management.core.windows.net", "Azure Resource Manager"),
    ("vault.azure.net", "Azure Key Vault"),
    ("storage.azure.com", "Azure Storage"),
    ("database.windows.net", "Azure SQL Database"),
];

/// Domains that no tenant but Microsoft's own can verify, so that no customer's API has such a name.
const MICROSOFT_DOMAINS: [&str; 16] = [
    "microsoft.com",
    "microsoft.us",
    "azure.com",
    "azure.net",
    "azure.us",
    "azure.cn",
    "windows.net",
    "office.com",
    "office365.com",
    "office.net",
    "microsoftonline.com",
    "sharepoint.com",
    "dynamics.com",
    "visualstudio.com",
    "usgovcloudapi.net",
    "chinacloudapi.cn",
];

/// Sign-in hosts of Microsoft's on which anybody may have a tenant of their own: External ID, B2C
/// and the newer alias.
const OPEN_TO_ALL: [&str; 3] = ["ciamlogin.com", "b2clogin.com", "login.microsoft.com"];

/// Whether an authority is Microsoft's, though none that is followed unasked.
pub(crate) fn is_microsofts_other(authority: &str) -> bool {
    let Ok(url) = Url::parse(authority) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let under = |domain: &&str| {
        host.strip_suffix(*domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    url.scheme() == "https" && url.port().is_none() && OPEN_TO_ALL.iter().any(under)
}

/// Whether it is a Microsoft API beyond doubt: by its id or its own host. Under some of Microsoft's
/// domains its customers have names too (`cloudapp.azure.com`).
pub(crate) fn is_first_party(resource: &str) -> bool {
    first_party(resource).is_some_and(|name| name != OTHER_API)
}

/// What a Microsoft API is called that is known by its domain only.
const OTHER_API: &str = "one of Microsoft's APIs";

/// The name of a Microsoft API, or of what may be one.
pub(crate) fn first_party(resource: &str) -> Option<&'static str> {
    let resource = resource.trim().to_ascii_lowercase();
    let id = resource.strip_prefix("api://").unwrap_or(&resource);
    let id = id.split('/').next().unwrap_or_default();
    if let Some((_, name)) = FIRST_PARTY_IDS.iter().find(|(known, _)| *known == id) {
        return Some(name);
    }
    let url = Url::parse(&resource).ok()?;
    let host = url.host_str()?.trim_end_matches('.');
    let under = |domain: &&str| {
        host.strip_suffix(*domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    if let Some((_, name)) = FIRST_PARTY_HOSTS.iter().find(|(known, _)| under(known)) {
        return Some(name);
    }
    MICROSOFT_DOMAINS
        .iter()
        .find(|domain| under(domain))
        .map(|_| OTHER_API)
}

/// How far a discovered challenge is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// A URL on this machine names an authority on this machine: used as it is.
    Local,
    /// Plausible, but the user has to agree to this API for this origin.
    Ask,
    /// The authority is neither Microsoft's nor on this machine.
    ForeignAuthority,
    /// The API is Microsoft's own.
    FirstParty(&'static str),
}

/// Whose authority it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Authority {
    /// On this machine, and the URL is as well.
    Local,
    /// Of one of Microsoft's clouds.
    Microsoft,
    /// Neither: no token is asked for there, and no key fetched.
    Foreign,
}

impl Authority {
    /// Whose `authority` is, where a call to `url` names it.
    pub(crate) fn of(authority: &str, url: &Url) -> Self {
        let Ok(authority) = Url::parse(authority) else {
            return Self::Foreign;
        };
        if is_loopback(&authority) && is_loopback(url) {
            return Self::Local;
        }
        let microsoft = authority.scheme() == "https"
            && authority.port().is_none()
            && authority
                .host_str()
                .is_some_and(|host| MICROSOFT.contains(&host));
        if microsoft {
            Self::Microsoft
        } else {
            Self::Foreign
        }
    }
}

/// Judges what `url` claims: first the authority, then the API.
pub(crate) fn judge(url: &Url, challenge: &Challenge) -> Trust {
    let api = first_party(&challenge.resource);
    match (Authority::of(&challenge.authority, url), api) {
        (Authority::Foreign, _) => Trust::ForeignAuthority,
        (_, Some(name)) => Trust::FirstParty(name),
        (Authority::Local, None) => Trust::Local,
        (Authority::Microsoft, None) => Trust::Ask,
    }
}

/// The same where the user named the authority: then only the API is discovered.
pub(crate) fn judge_api(url: &Url, authority: &str, challenge: &Challenge) -> Trust {
    let api = first_party(&challenge.resource);
    match (Authority::of(authority, url), api) {
        (_, Some(name)) => Trust::FirstParty(name),
        (Authority::Local, None) => Trust::Local,
        (_, None) => Trust::Ask,
    }
}

/// Whether a token may be sent to `url`: https, or http that does not leave the machine.
pub(crate) fn may_carry_token(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[cfg(test)]
mod tests;
