//! The URL that the caller asked for, as far as the gate can know it.

use hyper::header::{HOST, HeaderMap};
use hyper::http::uri::Authority;
use local_http::serve::Scheme;

use super::settings::{ProxyConvention, Settings};

/// Scheme and host of the caller's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub scheme: Scheme,
    host: String,
    /// A proxy's header said so, or the gate itself speaks TLS.
    pub scheme_is_known: bool,
}

impl Origin {
    /// Of a request with these headers, over a connection of the scheme `seen`.
    pub(crate) fn of(
        settings: &Settings,
        authority: Option<&Authority>,
        headers: &HeaderMap,
        seen: Scheme,
    ) -> Self {
        let proxy = &settings.http_settings.forward_proxy;
        let (host_header, scheme_header) = match proxy.convention {
            ProxyConvention::NoProxy => (None, None),
            ProxyConvention::Standard => (Some("x-forwarded-host"), Some("x-forwarded-proto")),
            ProxyConvention::Custom => (
                proxy.custom_host_header_name.as_deref(),
                proxy.custom_proto_header_name.as_deref(),
            ),
        };
        let read = |name: Option<&str>| {
            let value = headers.get(name?)?.to_str().ok()?;
            // A chain of proxies appends; the first is the caller's.
            Some(value.split(',').next().unwrap_or(value).trim())
        };
        let host = read(host_header)
            .or_else(|| authority.map(Authority::as_str))
            .or_else(|| headers.get(HOST)?.to_str().ok())
            .unwrap_or("");
        let forwarded = match read(scheme_header) {
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(Scheme::Https),
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(Scheme::Http),
            _ => None,
        };
        Self {
            scheme: forwarded.unwrap_or(seen),
            host: host.to_owned(),
            scheme_is_known: seen == Scheme::Https || forwarded.is_some(),
        }
    }

    /// The host, less what would let a caller write parameters or URLs of their own.
    pub(crate) fn quotable_host(&self) -> String {
        self.host
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']' | '_'))
            .collect()
    }

    /// The same URL's path, absolute, under another scheme.
    pub(crate) fn url(&self, scheme: Scheme, path: &str) -> String {
        format!("{}://{}{path}", scheme.name(), self.quotable_host())
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    #[test]
    fn the_convention_says_which_headers_are_read() {
        let settings = |proxy: &str| {
            let text = format!(
                r#"{{"platform":{{"enabled":false}},"httpSettings":{{"forwardProxy":{proxy}}}}}"#
            );
            Settings::parse(&text, "test").unwrap()
        };
        let headers: HeaderMap = [
            ("host", "gate:7071"),
            ("x-forwarded-host", "front.example, inner"),
            ("x-forwarded-proto", "https"),
            ("x-custom", "custom.example"),
        ]
        .into_iter()
        .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
        .collect();
        for (proxy, expected) in [
            (r#"{"convention":"NoProxy"}"#, "http://gate:7071/p"),
            (r#"{"convention":"Standard"}"#, "https://front.example/p"),
            (
                r#"{"convention":"Custom","customHostHeaderName":"x-custom"}"#,
                "http://custom.example/p",
            ),
            (
                r#"{"convention":"Custom","customProtoHeaderName":"x-absent"}"#,
                "http://gate:7071/p",
            ),
        ] {
            let origin = Origin::of(&settings(proxy), None, &headers, Scheme::Http);
            assert_eq!(origin.url(origin.scheme, "/p"), expected, "{proxy}");
        }
    }

    #[test]
    fn a_host_can_not_write_parameters() {
        let settings = Settings::parse(r#"{"platform":{"enabled":false}}"#, "test").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "a\" resource_id=\"evil/@b".parse().unwrap());
        let origin = Origin::of(&settings, None, &headers, Scheme::Https);
        assert_eq!(origin.quotable_host(), "aresource_idevilb");
        assert_eq!(origin.scheme, Scheme::Https);
    }
}
