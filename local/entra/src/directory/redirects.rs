//! Redirect URIs: which of a client's registered ones a request may name (Microsoft: "Redirect URI
//! (reply URL) outline and restrictions").

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Directory;
use super::application::Application;

/// The platform that a redirect URI is registered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Platform {
    Web,
    PublicClient,
    /// Its codes are redeemed by a page's script: CORS, and PKCE.
    Spa,
}

/// Microsoft's own clients: what Azure CLI and the others register.
const FIRST_PARTY_REDIRECT: &str = "http://localhost";

fn of(app: &Application) -> impl Iterator<Item = (Platform, &String)> {
    [
        (Platform::Web, &app.web),
        (Platform::PublicClient, &app.public_client),
        (Platform::Spa, &app.spa),
    ]
    .into_iter()
    .flat_map(|(platform, uris)| uris.redirect_uris.iter().map(move |uri| (platform, uri)))
}

fn is_localhost(url: &Url) -> bool {
    url.host() == Some(Host::Domain("localhost")) && matches!(url.scheme(), "http" | "https")
}

/// Whether a request may name `asked` where `registered` is registered. For localhost, by http
/// and https, the port is not compared, whether the registered one has one or not ("Localhost
/// exceptions"). 127.0.0.1 is another host; that its port counts is inferred: the page has no
/// exception for it.
fn fits(asked: &Url, registered: &Url) -> bool {
    if !is_localhost(registered) {
        return asked == registered;
    }
    let without_port = |url: &Url| {
        let mut url = url.clone();
        // Fails for URLs without a host, and these have localhost.
        let _ = url.set_port(None);
        url
    };
    without_port(asked) == without_port(registered)
}

impl Directory {
    /// The redirect URI `asked`, if the client has registered it, and for which platform.
    pub(crate) fn redirect(&self, client: &str, asked: &str) -> Option<(Url, Platform)> {
        let url = Url::parse(asked)
            .ok()
            .filter(|url| url.fragment().is_none())?;
        let Some(app) = self.application(client) else {
            let registered = Url::parse(FIRST_PARTY_REDIRECT).ok()?;
            return fits(&url, &registered).then_some((url, Platform::PublicClient));
        };
        let platform = of(app)
            .filter_map(|(platform, known)| Some((platform, Url::parse(known).ok()?)))
            .find(|(_, known)| fits(&url, known))
            .map(|(platform, _)| platform)?;
        Some((url, platform))
    }

    /// Where the redirect URI `asked` would have to be registered: the property, and its file.
    pub(crate) fn where_to_register(&self, client: &str) -> Option<(&'static str, &str)> {
        let app = self.application(client)?;
        let has = |platform: &super::application::Platform| !platform.redirect_uris.is_empty();
        let property = if has(&app.web) {
            "web.redirectUris"
        } else if has(&app.spa) {
            "spa.redirectUris"
        } else if has(&app.public_client) || app.is_fallback_public_client {
            "publicClient.redirectUris"
        } else {
            "web.redirectUris"
        };
        Some((property, &app.file))
    }

    /// Whether this is the origin of a single-page app's redirect URI. As there, localhost's port
    /// is not compared.
    pub(crate) fn is_single_page_apps_origin(&self, origin: &Url) -> bool {
        let root = |url: &Url| url.join("/").ok();
        self.applications()
            .flat_map(of)
            .filter(|(platform, _)| *platform == Platform::Spa)
            .filter_map(|(_, known)| Url::parse(known).ok())
            .any(|known| match (root(origin), root(&known)) {
                (Some(origin), Some(known)) => fits(&origin, &known),
                _ => false,
            })
    }

    /// Whether the client's registration lets authorize give ID tokens
    /// (`web.implicitGrantSettings.enableIdTokenIssuance`).
    pub(crate) fn gives_id_tokens(&self, client: &str) -> bool {
        self.application(client)
            .is_some_and(|app| app.web.implicit_grant_settings.enable_id_token_issuance)
    }

    /// Whether the API's registration lets authorize give ID tokens, as the gate's browser sign-in
    /// asks for one.
    pub fn api_gives_id_tokens(&self) -> bool {
        self.gives_id_tokens(&self.api.app_id)
    }

    /// Whether some client may be sent back to this URL's origin.
    pub(crate) fn is_redirect_origin(&self, url: &Url) -> bool {
        self.applications()
            .flat_map(of)
            .filter_map(|(_, known)| Url::parse(known).ok())
            .any(|known| known.origin() == url.origin())
    }
}

/// What Entra does with this registration that nobody would expect; `callbacks` are the local gate's,
/// which stand in no file.
pub(super) fn warnings(app: &Application, callbacks: &[String]) -> Vec<String> {
    let file = &app.file;
    let mut warnings = Vec::new();
    for uri in app.identifier_uris.iter().filter(|uri| uri.ends_with('/')) {
        warnings.push(format!(
            "{file}: identifierUris has {uri}, and Entra refuses one that ends with a slash: write it without"
        ));
    }
    let parsed: Vec<(&String, Url)> = of(app)
        .filter(|(_, uri)| !callbacks.contains(uri))
        .filter_map(|(_, uri)| Some((uri, Url::parse(uri).ok()?)))
        .collect();
    for (index, (uri, url)) in parsed.iter().enumerate() {
        if matches!(url.host(), Some(Host::Ipv6(address)) if address.is_loopback()) {
            warnings.push(format!(
                "{file}: the redirect URI {uri} does not work in Azure: Entra does not support [::1]; register http://localhost"
            ));
        }
        let twin = parsed[..index]
            .iter()
            .find(|(_, other)| is_localhost(url) && is_localhost(other) && fits(url, other));
        if let Some((other, _)) = twin {
            warnings.push(format!(
                "{file}: the redirect URIs {other} and {uri} differ in their port only, which Entra does not compare for localhost: it picks one arbitrarily"
            ));
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each with what the page says of it, or "inferred".
    #[test]
    fn item_6_redirect_uris_match_as_entras_page_says() {
        for (registered, asked, fit, known) in [
            (
                "http://localhost",
                "http://localhost:8400",
                true,
                "page: port ignored",
            ),
            (
                "http://localhost",
                "http://localhost:8400/",
                true,
                "page: no path is /",
            ),
            (
                "http://localhost:8081/login/x",
                "http://localhost:8082/login/x",
                true,
                "page: http://localhost:1234/MyApp",
            ),
            (
                "http://localhost:8081/login/x",
                "http://localhost/login/x",
                true,
                "page: the same",
            ),
            (
                "https://localhost:5001/a",
                "https://localhost:44300/a",
                true,
                "page: https://localhost too",
            ),
            (
                "http://localhost/a",
                "http://localhost:1/b",
                false,
                "page: path must match",
            ),
            (
                "http://localhost/a",
                "http://localhost:1/A",
                false,
                "page: case-sensitive",
            ),
            (
                "http://localhost",
                "https://localhost",
                false,
                "page: scheme",
            ),
            (
                "http://localhost",
                "http://127.0.0.1:8400",
                false,
                "issue 17: another host",
            ),
            (
                "http://127.0.0.1",
                "http://localhost",
                false,
                "issue 17: another host",
            ),
            (
                "http://127.0.0.1:8400/",
                "http://127.0.0.1:8400/",
                true,
                "as registered",
            ),
            (
                "http://127.0.0.1:8400/",
                "http://127.0.0.1:8401/",
                false,
                "inferred",
            ),
            (
                "http://localhost",
                "http://localhost.evil.example/",
                false,
                "another host",
            ),
            (
                "https://app.example/cb",
                "https://app.example:8443/cb",
                false,
                "page: localhost alone",
            ),
            (
                "https://app.example/cb",
                "https://app.example/cb?x=1",
                false,
                "page: exact",
            ),
        ] {
            let (asked, registered) = (Url::parse(asked).unwrap(), Url::parse(registered).unwrap());
            assert_eq!(
                fits(&asked, &registered),
                fit,
                "{registered} {asked}: {known}"
            );
        }
    }

    #[test]
    fn item_6_what_entra_does_not_support_is_warned_of() {
        let text = r#"{"appId":"a","identifierUris":["https://mcp.example/mcp/","api://a"],
                "web":{"redirectUris":["http://[::1]/cb","http://localhost:1/cb"]},
                "spa":{"redirectUris":["http://localhost:2/cb","http://localhost:2/other"]}}"#;
        let source = super::super::Source {
            name: "f.json".to_owned(),
            text: text.to_owned(),
        };
        let mut app = Application::read(&source).unwrap();
        // The local gate's own are nobody's to register.
        let callbacks = ["http://[::1]:7071/cb", "http://localhost:7071/cb"].map(str::to_owned);
        app.web.redirect_uris.extend(callbacks.clone());
        let warnings = super::warnings(&app, &callbacks);
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        for (warning, part) in warnings
            .iter()
            .zip(["a slash", "[::1]", "differ in their port"])
        {
            assert!(
                warning.starts_with("f.json: ") && warning.contains(part),
                "{warning}"
            );
        }
    }
}
