//! Where a sign-in or sign-out may end.

use hyper::{Response, StatusCode};
use local_http::relay::{BoxBody, text};
use reqwest::Url;

use super::Context;

/// Where a sign-in or sign-out may end: this origin, or a URL that the settings allow, whose
/// query is not compared (documented). `None` for any other.
pub(super) fn target(gate: Context<'_>, wanted: &str) -> Option<String> {
    if wanted.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    if wanted.starts_with('/') && !wanted.starts_with("//") {
        return Some(wanted.to_owned());
    }
    let url = Url::parse(wanted).ok()?;
    let own = Url::parse(&gate.origin.url(gate.origin.scheme, "/")).ok()?;
    if url.origin() == own.origin() && url.username().is_empty() && url.password().is_none() {
        return Some(url.to_string());
    }
    let without_query = |url: &Url| {
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    gate.settings
        .login
        .allowed_external_redirect_urls
        .iter()
        .filter_map(|allowed| Url::parse(allowed).ok())
        .any(|allowed| without_query(&allowed) == without_query(&url))
        .then(|| url.to_string())
}

pub(super) fn not_allowed(wanted: &str) -> Response<BoxBody> {
    text(
        StatusCode::FORBIDDEN,
        format!(
            "{} is neither on this origin nor in login.allowedExternalRedirectUrls.\n",
            wanted.escape_debug()
        ),
    )
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use local_http::serve::Scheme;

    use super::*;
    use crate::behaviour::Behaviour;
    use crate::issuer::Issuer;
    use crate::origin::Origin;
    use crate::settings::Settings;

    #[test]
    fn redirects_stay_at_home_or_go_where_the_settings_say() {
        let settings = Settings::parse(
            r#"{"platform":{"enabled":false},"login":{"allowedExternalRedirectUrls":["https://app.example/after"]}}"#,
            "test",
        )
        .unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("host", "localhost:7071".parse().unwrap());
        let origin = Origin::of(&settings, None, &headers, Scheme::Http);
        let behaviour = Behaviour::default();
        let issuer = Issuer::new(&settings, &Behaviour::default(), reqwest::Client::new());
        let gate = Context {
            settings: &settings,
            behaviour: &behaviour,
            issuer: &issuer,
            origin: &origin,
        };
        for (wanted, allowed) in [
            ("/", true),
            ("/a?b=c#d", true),
            ("http://localhost:7071/a", true),
            ("https://app.example/after", true),
            ("https://app.example/after?x=1", true),
            ("https://app.example/other", false),
            ("https://app.example.evil.example/after", false),
            ("//evil.example/", false),
            ("/\\evil.example", false),
            ("https:evil.example", false),
            ("http://localhost:7072/", false),
            ("http://localhost:7071@evil.example/", false),
            ("http://user@localhost:7071/", false),
            ("javascript:alert(1)", false),
            ("/a\r\nset-cookie: x", false),
            ("", false),
        ] {
            assert_eq!(target(gate, wanted).is_some(), allowed, "{wanted}");
        }
    }
}
