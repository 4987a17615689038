//! The proxies that the environment names, by the rules of the HTTP client (curl's).

mod answer;

use std::fmt;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use loopback::is_loopback;
use url::Url;

pub(crate) use self::answer::answer;

/// The schemes of a proxy, with the port of each where none is given.
const SCHEMES: [(&str, u16); 6] = [
    ("http", 80),
    ("https", 443),
    ("socks4", 1080),
    ("socks4a", 1080),
    ("socks5", 1080),
    ("socks5h", 1080),
];

/// A proxy, without the user and password that its variable may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    /// None: the system's settings name it.
    pub(crate) variable: Option<&'static str>,
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Proxy {
    /// What names it.
    pub(crate) fn named_by(&self) -> &'static str {
        self.variable.unwrap_or("the system's proxy settings")
    }

    pub(crate) fn is_socks(&self) -> bool {
        self.scheme.starts_with("socks")
    }
}

/// A proxy variable that can't be used, and why. Its value may hold a password: it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnusableProxy {
    pub(crate) variable: &'static str,
    pub(crate) why: &'static str,
}

/// The proxy for this URL. `Ok(None)`: none is used.
///
/// # Errors
/// The variable that is for this URL can't be used.
pub(crate) fn of(url: &Url) -> Result<Option<Proxy>, UnusableProxy> {
    if let Some(proxy) = named(url, environment::text)? {
        return Ok(Some(proxy));
    }
    Ok(of_system(url))
}

/// The proxy that variables name for this URL.
fn named(
    url: &Url,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Proxy>, UnusableProxy> {
    // A CGI program's HTTP_PROXY is a header of its caller's (httpoxy).
    if is_loopback(url) || variable("REQUEST_METHOD").is_some() || exempt(url, &variable) {
        return Ok(None);
    }
    let own: [&'static str; 2] = match url.scheme() {
        "https" => ["HTTPS_PROXY", "https_proxy"],
        _ => ["HTTP_PROXY", "http_proxy"],
    };
    let all = ["ALL_PROXY", "all_proxy"];
    let set = [own, all]
        .into_iter()
        .flatten()
        .find_map(|name| Some((name, variable(name)?)));
    let Some((variable, value)) = set else {
        return Ok(None);
    };
    match read(value.trim()) {
        Ok((scheme, host, port)) => Ok(Some(Proxy {
            variable: Some(variable),
            scheme,
            host,
            port,
        })),
        Err(why) => Err(UnusableProxy { variable, why }),
    }
}

/// Whether `NO_PROXY` names the host.
fn exempt(url: &Url, variable: impl Fn(&str) -> Option<String>) -> bool {
    let Some(no) = ["NO_PROXY", "no_proxy"].into_iter().find_map(variable) else {
        return false;
    };
    let Ok(uri) = url.as_str().parse::<Uri>() else {
        return false;
    };
    // The client's own rules, asked of a proxy for everything.
    let matcher = Matcher::builder().all("http://proxy").no(no).build();
    matcher.intercept(&uri).is_none()
}

/// Scheme, host and port of a variable's value.
fn read(value: &str) -> Result<(&'static str, String, u16), &'static str> {
    let uri: Uri = value
        .parse()
        .map_err(|_| "its value is not the URL of a proxy")?;
    let scheme = uri.scheme_str().unwrap_or("http");
    let (scheme, usual) = SCHEMES
        .into_iter()
        .find(|(known, _)| *known == scheme)
        .ok_or("its scheme is none of http, https, socks4, socks4a, socks5 and socks5h")?;
    let authority = uri.authority().ok_or("it names no host")?.as_str();
    let place = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match place.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    if host.is_empty() {
        return Err("it names no host");
    }
    let port = match port {
        None => usual,
        Some(port) => match port.parse() {
            Ok(port @ 1..) => port,
            _ => return Err("its port is not a number from 1 to 65535"),
        },
    };
    Ok((scheme, host.to_owned(), port))
}

/// The proxy of macOS's or Windows' own settings.
fn of_system(url: &Url) -> Option<Proxy> {
    if is_loopback(url) {
        return None;
    }
    let uri = url.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&uri)?;
    let (scheme, usual) = SCHEMES
        .into_iter()
        .find(|(known, _)| Some(*known) == proxy.uri().scheme_str())?;
    Some(Proxy {
        variable: None,
        scheme,
        host: proxy.uri().host()?.to_owned(),
        port: proxy.uri().port_u16().unwrap_or(usual),
    })
}

#[cfg(test)]
mod tests;
