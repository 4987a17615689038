//! Discovery is not trust: what a function's challenge may make this program do.

use url::{Host, Url};

use crate::challenge::Challenge;

/// The sign-in hosts of Microsoft's clouds.
const MICROSOFT: [&str; 5] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.windows.net",
];

/// Microsoft's own APIs: a function that names one wants somebody else's token.
pub(crate) const FIRST_PARTY: [(&str, &str); 9] = [
    ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
    ("https://graph.microsoft.com", "Microsoft Graph"),
    ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
    (
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "Azure Resource Manager",
    ),
    ("https://management.azure.com", "Azure Resource Manager"),
    (
        "https://management.core.windows.net",
        "Azure Resource Manager",
    ),
    ("cfa8b339-82a2-471a-a3c9-0fc0be7a4093", "Azure Key Vault"),
    ("https://vault.azure.net", "Azure Key Vault"),
    ("e406a681-f3d4-42a8-90b6-c2b029497af1", "Azure Storage"),
];

/// The name of a Microsoft API.
pub(crate) fn first_party(resource: &str) -> Option<&'static str> {
    let resource = resource.trim_end_matches('/');
    let resource = resource.strip_prefix("api://").unwrap_or(resource);
    FIRST_PARTY
        .iter()
        .find(|(id, _)| id.eq_ignore_ascii_case(resource))
        .map(|(_, name)| *name)
}

/// What becomes of a discovered challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Loopback names loopback: used as it is.
    Local,
    /// Plausible, but the person has to agree that this origin stands for this API.
    Ask,
    /// The authority is nobody's that is known.
    ForeignAuthority,
    /// The API is Microsoft's own.
    FirstParty(&'static str),
}

/// Judges what `url` claims.
pub(crate) fn judge(url: &Url, challenge: &Challenge) -> Trust {
    if let Some(name) = first_party(&challenge.resource) {
        return Trust::FirstParty(name);
    }
    let Ok(authority) = Url::parse(&challenge.authority) else {
        return Trust::ForeignAuthority;
    };
    if is_loopback(&authority) {
        return if is_loopback(url) {
            Trust::Local
        } else {
            Trust::ForeignAuthority
        };
    }
    let microsoft = authority.scheme() == "https"
        && authority.port().is_none()
        && authority
            .host_str()
            .is_some_and(|host| MICROSOFT.contains(&host));
    if microsoft {
        Trust::Ask
    } else {
        Trust::ForeignAuthority
    }
}

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a token may travel to `url`: https, or http that does not leave the machine.
pub(crate) fn may_carry_token(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_believed_only_so_far() {
        let graph = "00000003-0000-0000-C000-000000000000";
        for (url, authority, resource, expected) in [
            (
                "http://localhost:7071/",
                "https://localhost:7443",
                "r",
                Trust::Local,
            ),
            ("http://127.0.0.1/", "https://[::1]:7443", "r", Trust::Local),
            (
                "https://a.example/",
                "https://localhost:7443",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "https://a.example/",
                "https://login.microsoftonline.com",
                "r",
                Trust::Ask,
            ),
            (
                "http://localhost/",
                "https://login.microsoftonline.com",
                "r",
                Trust::Ask,
            ),
            (
                "https://a.example/",
                "http://login.microsoftonline.com",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "https://a.example/",
                "https://login.microsoftonline.com.evil.example",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "https://a.example/",
                "https://login.microsoftonline.com:8443",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "http://localhost/",
                "https://evil.example",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "http://localhost/",
                "https://localhost.evil.example",
                "r",
                Trust::ForeignAuthority,
            ),
            (
                "http://localhost/",
                "https://localhost:7443",
                graph,
                Trust::FirstParty("Microsoft Graph"),
            ),
            (
                "https://a.example/",
                "https://login.microsoftonline.com",
                "https://management.azure.com/",
                Trust::FirstParty("Azure Resource Manager"),
            ),
        ] {
            let challenge = Challenge {
                authority: authority.into(),
                tenant: "t".into(),
                resource: resource.into(),
                v2: true,
            };
            assert_eq!(
                judge(&Url::parse(url).unwrap(), &challenge),
                expected,
                "{url} {authority} {resource}"
            );
        }
    }

    #[test]
    fn a_token_travels_only_safely() {
        for (url, may) in [
            ("https://a.example/", true),
            ("http://localhost:1/", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]/", true),
            ("http://a.example/", false),
            ("http://localhost.a.example/", false),
            ("ftp://localhost/", false),
        ] {
            assert_eq!(may_carry_token(&Url::parse(url).unwrap()), may, "{url}");
        }
    }
}
