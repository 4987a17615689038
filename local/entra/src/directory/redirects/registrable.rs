//! Which redirect URIs Entra lets a registration have.

use url::{Host, Url};

use super::Platform;

/// Why Entra does not take this redirect URI, or no request fits it ("Redirect URI (reply URL)
/// restrictions and limitations").
pub(super) fn not_registrable(platform: Platform, uri: &str) -> Option<&'static str> {
    const LONGEST: usize = 256;
    let Ok(url) = Url::parse(uri) else {
        return Some("is no absolute URI, so no request can name it");
    };
    let is_loopback = match url.host() {
        Some(Host::Domain(host)) => host.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match (url.scheme(), platform) {
        ("https", _) | (_, Platform::PublicClient) if url.scheme() != "http" => {}
        ("http", _) if is_loopback => {}
        ("http", _) => return Some("is refused by Entra: http is for localhost only; use https"),
        _ => return Some("is refused by Entra: it has to begin with https"),
    }
    if uri.contains('*') {
        return Some(
            "has a wildcard, which no request fits here, and which Entra advises against: register each URI",
        );
    }
    if uri.contains('#') {
        return Some("has a fragment, so no request can name it (RFC 6749 section 3.1.2)");
    }
    if uri.contains(['!', '$', '\'', '(', ')', ',', ';']) {
        return Some("is refused by Entra: it has one of the characters ! $ ' ( ) , ;");
    }
    (uri.len() > LONGEST).then_some("is refused by Entra: it has more than 256 characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page says: "Supported schemes", "Restrictions on wildcards", special characters,
    /// "Maximum URI length".
    #[test]
    fn item_6_redirect_uris_that_entra_refuses_are_named() {
        use Platform::{PublicClient, Spa, Web};
        let long = format!("https://app.example/{}", "a".repeat(240));
        for (platform, uri, part) in [
            (Web, "https://app.example/cb", None),
            (Web, "https://localhost", None),
            (Web, "http://localhost/abc", None),
            (Web, "http://127.0.0.1:8400/", None),
            (PublicClient, "myapp://auth", None),
            (PublicClient, "urn:ietf:wg:oauth:2.0:oob", None),
            (Web, "http://app.example/cb", Some("localhost only")),
            (
                PublicClient,
                "http://app.example/cb",
                Some("localhost only"),
            ),
            (Spa, "myapp://auth", Some("begin with https")),
            (Web, "/cb", Some("no absolute URI")),
            (Web, "https://*.app.example/cb", Some("wildcard")),
            (Web, "https://app.example/cb#x", Some("fragment")),
            (Web, "https://app.example/(cb)", Some("characters")),
            (Web, &long, Some("more than 256")),
        ] {
            let said = not_registrable(platform, uri);
            assert_eq!(said.is_some(), part.is_some(), "{uri}: {said:?}");
            assert!(
                said.unwrap_or("").contains(part.unwrap_or("")),
                "{uri}: {said:?}"
            );
        }
    }
}
