//! Which hosts are this machine: one answer for every program of the workspace.
//!
//! `localhost` (RFC 6761 section 6.3), `127.0.0.0/8` (RFC 1122 section 3.2.1.3) and `::1`
//! (RFC 4291 section 2.5.3). Names below `localhost.` are not among them: resolvers do not
//! agree on those.

use std::net::IpAddr;

use url::Url;

/// The names by which a listener on loopback is called, as a URL writes them.
pub const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether a URL's host is this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback_host)
}

/// Whether `host` is this machine; an IPv6 address with or without its brackets.
#[must_use]
pub fn is_loopback_host(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_by_all_its_names() {
        for (url, expected) in [
            ("http://localhost:7071", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1", true),
            ("http://127.9.8.7", true),
            ("http://[::1]:1", true),
            ("http://localhost.example.com", false),
            ("http://a.localhost", false),
            ("http://128.0.0.1", false),
            ("http://[::2]", false),
            ("http://127.0.0.1.example.com", false),
            ("data:,localhost", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
        assert!(is_loopback_host("::1"));
        assert!(!is_loopback_host("[localhost]"));
        assert!(!is_loopback_host(""));
    }

    #[test]
    fn every_name_of_a_listener_is_this_machine() {
        assert!(NAMES.iter().all(|name| is_loopback_host(name)));
    }
}
