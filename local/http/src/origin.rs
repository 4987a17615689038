//! Origins as URLs have them.

use crate::serve::Scheme;

/// The origin of a port of localhost, as [`of`].
#[must_use]
pub fn localhost(scheme: Scheme, port: u16) -> String {
    of(scheme, "localhost", port)
}

/// The origin of a port of `host`. The scheme's own port is left out (RFC 6454 section 6.2), as
/// every URL type does: a client that read an issuer with `:443` would not find it again in its
/// own address.
#[must_use]
pub fn of(scheme: Scheme, host: &str, port: u16) -> String {
    let own = match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    };
    let scheme = scheme.name();
    if port == own {
        format!("{scheme}://{host}")
    } else {
        format!("{scheme}://{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_17_an_origin_is_written_without_its_schemes_own_port() {
        for (scheme, port, expected) in [
            (Scheme::Https, 443, "https://localhost"),
            (Scheme::Https, 7443, "https://localhost:7443"),
            (Scheme::Https, 80, "https://localhost:80"),
            (Scheme::Http, 80, "http://localhost"),
            (Scheme::Http, 443, "http://localhost:443"),
            (Scheme::Http, 7071, "http://localhost:7071"),
        ] {
            assert_eq!(localhost(scheme, port), expected);
        }
    }
}
