//! The name by which a network calls this machine.

use std::fmt;
use std::str::FromStr;

/// A DNS name in lower case, as certificates and URLs have it (RFC 1123 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicHost(String);

/// Why a text is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPublicHost {
    /// It is this machine's own.
    #[error("localhost is each machine's own name; take one that the others resolve to this one")]
    Localhost,
    /// It is a number.
    #[error("that is an address, and the issuer of tokens is a name; give this machine one")]
    Address,
    /// It is no name.
    #[error("a DNS name has letters, digits and inner hyphens between its dots, without a port")]
    NotAName,
}

impl PublicHost {
    /// Without a port.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PublicHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicHost {
    type Err = NoPublicHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if name == "localhost" || name.ends_with(".localhost") {
            return Err(NoPublicHost::Localhost);
        }
        if name.contains([':', '['])
            && name
                .trim_matches(['[', ']'])
                .parse::<std::net::Ipv6Addr>()
                .is_ok()
        {
            return Err(NoPublicHost::Address);
        }
        if name.len() > 253 || !name.split('.').all(label) {
            return Err(NoPublicHost::NotAName);
        }
        // A last label that is a number makes an IPv4 address of it (WHATWG URL, host parsing).
        let last = name.rsplit('.').next().unwrap_or_default();
        let hexadecimal = last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if hexadecimal || last.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NoPublicHost::Address);
        }
        Ok(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_4_a_public_host_is_a_dns_name() {
        for (text, expected) in [
            ("greeting-local", Ok("greeting-local")),
            ("Greeting-Local", Ok("greeting-local")),
            ("auth.test", Ok("auth.test")),
            ("7up", Ok("7up")),
            ("localhost", Err(NoPublicHost::Localhost)),
            ("LOCALHOST", Err(NoPublicHost::Localhost)),
            ("a.localhost", Err(NoPublicHost::Localhost)),
            ("127.0.0.1", Err(NoPublicHost::Address)),
            ("0x7f000001", Err(NoPublicHost::Address)),
            ("2130706433", Err(NoPublicHost::Address)),
            ("[::1]", Err(NoPublicHost::Address)),
            ("", Err(NoPublicHost::NotAName)),
            ("a_b", Err(NoPublicHost::NotAName)),
            ("-a", Err(NoPublicHost::NotAName)),
            ("a.", Err(NoPublicHost::NotAName)),
            ("a:7443", Err(NoPublicHost::NotAName)),
            ("*.test", Err(NoPublicHost::NotAName)),
            ("a/b", Err(NoPublicHost::NotAName)),
        ] {
            let read = text.parse::<PublicHost>();
            assert_eq!(
                read.as_ref().map(PublicHost::as_str).map_err(|e| *e),
                expected,
                "{text}"
            );
        }
    }
}
