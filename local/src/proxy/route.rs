//! What becomes of a request to the proxy, by its target alone.

use std::fmt;

use hyper::Uri;
use local_entra::CLOUDS;
use url::Host;

/// What is done for hosts that the authority does not play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They are refused.
    Refused,
    /// They are reached, Microsoft's sign-in and management hosts excepted.
    Reached,
}

/// Whether the caller has the credential of the proxy's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential {
    Sent,
    Missing,
}

/// How a host is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// By `CONNECT`.
    Tunnel,
    /// By a request of plain http.
    Plain,
}

/// Where it goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The local authority.
    Authority,
    /// Another host.
    Tunnel { host: String, port: u16 },
    /// A request to this origin.
    Forward(String),
}

/// Why it goes nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No host in it.
    NoHost,
    /// A host that is played, by another port or without TLS.
    OnlyHttps(String),
    /// One of Microsoft's sign-in and management hosts that is not played.
    Microsoft(String),
    /// Whose it is can't be told.
    Address(String),
    /// It is not one that is played.
    Other(String),
    /// The credential of the proxy's address is missing.
    Credential,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHost => write!(f, "the request names no host"),
            Self::OnlyHttps(host) => write!(
                f,
                "{host} is the local authority here, by https on port 443 alone"
            ),
            Self::Microsoft(host) => write!(
                f,
                "{host} is Microsoft's, and what this command starts never reaches it: a token or a sign-in of the local tenant does not belong there"
            ),
            Self::Address(host) => write!(
                f,
                "{host} is an address without a name: whether it is Microsoft's can't be told, so it is not reached"
            ),
            Self::Other(host) => write!(
                f,
                "{host} is not reached: this proxy leads to the local authority alone. To let the command use the network: greeting-local run --allow-network -- ..."
            ),
            Self::Credential => write!(
                f,
                "other hosts are reached by the proxy's whole address alone, user name and password included (HTTPS_PROXY of the command)"
            ),
        }
    }
}

/// Sign-in and management that is not played, and must not be reached: each with what is below it.
const MICROSOFT: [&str; 28] = [
    "microsoftonline.com",
    "microsoftonline.us",
    "microsoftonline.cn",
    "microsoftonline.de",
    "microsoftonline-p.com",
    "microsoftazuread-sso.com",
    "login.windows.net",
    "login.windows-ppe.net",
    "sts.windows.net",
    "login.microsoft.com",
    "login.live.com",
    "login.usgovcloudapi.net",
    "login.chinacloudapi.cn",
    "sts.chinacloudapi.cn",
    "ciamlogin.com",
    "b2clogin.com",
    "management.azure.com",
    "management.azure.us",
    "management.core.windows.net",
    "management.usgovcloudapi.net",
    "management.core.usgovcloudapi.net",
    "management.chinacloudapi.cn",
    "management.core.chinacloudapi.cn",
    "graph.windows.net",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "graph.chinacloudapi.cn",
    "microsoftgraph.chinacloudapi.cn",
];

/// Decides it.
pub(super) fn of(
    target: Target,
    uri: &Uri,
    others: Others,
    credential: Credential,
) -> Result<Route, Refusal> {
    let named = uri.host().ok_or(Refusal::NoHost)?;
    // Every way to write an address is read as one (WHATWG URL, "host parsing").
    let host = match Host::parse(named) {
        Ok(Host::Domain(domain)) => domain.trim_end_matches('.').to_owned(),
        Ok(_) => return Err(Refusal::Address(named.to_owned())),
        Err(_) => return Err(Refusal::NoHost),
    };
    let port = match (target, uri.port_u16()) {
        (_, Some(port)) => port,
        (Target::Tunnel, None) => 443,
        (Target::Plain, None) => 80,
    };
    let mut played = CLOUDS
        .iter()
        .flat_map(|cloud| cloud.sign_in.iter().chain(cloud.resource_manager));
    if played.any(|played| *played == host) {
        return match (target, port) {
            (Target::Tunnel, 443) => Ok(Route::Authority),
            _ => Err(Refusal::OnlyHttps(host)),
        };
    }
    let is_below = |domain: &&str| {
        let rest = host.strip_suffix(*domain);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if MICROSOFT.iter().any(is_below) {
        return Err(Refusal::Microsoft(host));
    }
    match (others, credential) {
        (Others::Refused, _) => Err(Refusal::Other(host)),
        (Others::Reached, Credential::Missing) => Err(Refusal::Credential),
        (Others::Reached, Credential::Sent) => Ok(match target {
            Target::Tunnel => Route::Tunnel { host, port },
            Target::Plain => Route::Forward(format!("http://{host}:{port}")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tunnel(authority: &str, others: Others) -> Result<Route, Refusal> {
        of(
            Target::Tunnel,
            &authority.parse().unwrap(),
            others,
            Credential::Sent,
        )
    }

    #[test]
    fn point_2_sign_in_hosts_are_the_authority_in_any_spelling() {
        for spelled in [
            "login.microsoftonline.com:443",
            "LOGIN.MicrosoftOnline.com:443",
            "login.microsoftonline.com.:443",
            "sts.windows.net:443",
            "login.microsoftonline.us:443",
            "login.chinacloudapi.cn:443",
            "management.azure.com:443",
        ] {
            for others in [Others::Refused, Others::Reached] {
                assert_eq!(tunnel(spelled, others), Ok(Route::Authority), "{spelled}");
            }
        }
    }

    #[test]
    fn point_2_microsofts_hosts_are_never_reached() {
        for never in [
            "login.microsoftonline.com:80",
            "login.microsoftonline.com:8443",
            "device.login.microsoftonline.com:443",
            "Device.Login.MicrosoftOnline.com.:443",
            "contoso.ciamlogin.com:443",
            "westeurope.management.azure.com:443",
            "graph.microsoft.com:443",
            "graph.microsoft.com.:443",
            "graph.chinacloudapi.cn:443",
            "microsoftgraph.chinacloudapi.cn:443",
            "20.190.159.2:443",
            "[2603:1006:2000::1]:443",
            "0x14be9f02:443",
        ] {
            assert!(tunnel(never, Others::Reached).is_err(), "{never}");
        }
        let plain: Uri = "http://login.microsoftonline.com/common".parse().unwrap();
        let route = of(Target::Plain, &plain, Others::Reached, Credential::Sent);
        assert_eq!(
            route,
            Err(Refusal::OnlyHttps("login.microsoftonline.com".to_owned()))
        );
    }

    #[test]
    fn point_2_other_hosts_need_the_flag_and_the_credential() {
        let host = "example.com".to_owned();
        assert_eq!(
            tunnel("example.com:443", Others::Refused),
            Err(Refusal::Other(host.clone()))
        );
        assert_eq!(
            tunnel("example.com:443", Others::Reached),
            Ok(Route::Tunnel { host, port: 443 })
        );
        let uri: Uri = "http://example.com/a?b".parse().unwrap();
        let plain = |credential| of(Target::Plain, &uri, Others::Reached, credential);
        assert_eq!(plain(Credential::Missing), Err(Refusal::Credential));
        assert_eq!(
            plain(Credential::Sent),
            Ok(Route::Forward("http://example.com:80".to_owned()))
        );
        // Names that only look like Microsoft's.
        assert!(tunnel("notmicrosoftonline.com:443", Others::Reached).is_ok());
    }
}
