//! Redirect URIs: which of a client's registered ones a request may name (Microsoft: "Redirect URI
//! (reply URL) outline and restrictions").

mod registrable;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use self::registrable::not_registrable;
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

/// What Easy Auth's callback ends with, behind the prefix of its own routes.
const EASY_AUTH_CALLBACK: &str = "/login/aad/callback";

/// A URI of localhost without its port: the scheme and host, and what comes after the port.
fn on_localhost(uri: &str) -> Option<(&str, &str)> {
    let (host, rest) = ["http://localhost", "https://localhost"]
        .into_iter()
        .find_map(|host| Some((host, uri.strip_prefix(host)?)))?;
    let rest = rest.strip_prefix(':').map_or(rest, |port| {
        port.trim_start_matches(|character: char| character.is_ascii_digit())
    });
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// The URI, with the slash that Entra adds where there is no path.
fn with_path(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme, rest)) if !rest.is_empty() && !rest.contains(['/', '?']) => {
            format!("{scheme}://{rest}/")
        }
        _ => uri.to_owned(),
    }
}

/// Whether a request may name `asked` where `registered` is registered. They are compared as they
/// are written: what a parser makes of `/x/../cb` or `\cb` is another URI. For localhost, by http
/// and https, the port is not compared, whether the registered one has one or not ("Localhost
/// exceptions"). 127.0.0.1 is another host; that its port counts is inferred: the page has no
/// exception for it.
fn fits(asked: &str, registered: &str) -> bool {
    let (asked, registered) = (with_path(asked), with_path(registered));
    asked == registered
        || on_localhost(&registered).is_some_and(|known| on_localhost(&asked) == Some(known))
}

impl Directory {
    /// The redirect URI `asked`, if the client has registered it, and for which platform.
    pub(crate) fn redirect(&self, client: &str, asked: &str) -> Option<(Url, Platform)> {
        let url = Url::parse(asked)
            .ok()
            .filter(|url| url.fragment().is_none())?;
        let Some(app) = self.application(client) else {
            return fits(asked, FIRST_PARTY_REDIRECT).then_some((url, Platform::PublicClient));
        };
        let platform = of(app)
            .find(|(_, known)| fits(asked, known))
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
                (Some(origin), Some(known)) => fits(origin.as_str(), known.as_str()),
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

    /// Where a sign-out may go: to a redirect URI that some client has registered (documented:
    /// v2-protocols-oidc, `post_logout_redirect_uri`). App Service comes back to
    /// `/.auth/logout/complete`, or to the page that its own `post_logout_redirect_uri` names, and
    /// its documentation has nobody register these: its callback stands for its origin.
    pub(crate) fn after_sign_out(&self, asked: &str) -> Option<Url> {
        let url = Url::parse(asked).ok()?;
        let is_easy_auths = |known: &str| {
            Url::parse(known).is_ok_and(|known| {
                known.path().ends_with(EASY_AUTH_CALLBACK) && known.origin() == url.origin()
            })
        };
        self.applications()
            .flat_map(of)
            .any(|(_, known)| fits(asked, known) || is_easy_auths(known))
            .then_some(url)
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
    for (platform, uri) in of(app).filter(|(_, uri)| !callbacks.contains(uri)) {
        if let Some(why) = not_registrable(platform, uri) {
            warnings.push(format!("{file}: the redirect URI {uri} {why}"));
        }
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
            .find(|(other, _)| on_localhost(uri).is_some() && fits(uri, other));
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
            (
                "https://app.example/cb",
                r"https://app.example\cb",
                false,
                "page: exact",
            ),
            (
                "https://app.example/cb",
                " https://app.example/cb",
                false,
                "page: exact",
            ),
            (
                "https://app.example/cb",
                "https://app.example/x/../cb",
                false,
                "page: exact",
            ),
            (
                "http://localhost/cb",
                "http://localhost:1/x/../cb",
                false,
                "page: path must match",
            ),
            (
                "http://localhost/cb",
                "http://localhost:1@evil.example/cb",
                false,
                "another host",
            ),
        ] {
            assert_eq!(
                fits(asked, registered),
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
