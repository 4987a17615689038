//! What the gate does by its settings, seen from outside: issue 18, points 24 to 28.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use harness::Up;
use harness::browser::{AGENT, Browser};
use reqwest::Response;
use serde_json::json;

/// An app that says yes to everything.
async fn app() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(async || "the app");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn location(answer: &Response) -> &str {
    let location = answer.headers().get("location");
    location.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn point_24_the_agent_says_who_is_sent_to_sign_in() {
    let redirecting =
        json!({"globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"}});
    let page = ("accept", "text/html,*/*;q=0.8");
    let angular = ("user-agent", "Angular");
    // A browser's fetch, a program that asks for a page, and curl.
    let callers = [
        &[AGENT, ("accept", "*/*")][..],
        &[angular, page],
        &[("accept", "*/*")],
    ];
    for (more, expected) in [
        (&[][..], [302, 401, 401]),
        (&["--browser-by", "user-agent"], [302, 401, 401]),
        (&["--browser-by", "accept"], [401, 302, 401]),
    ] {
        let up = Up::with_settings(&redirecting, more);
        let mut statuses = Vec::new();
        for headers in callers {
            statuses.push(up.call(headers).await.status().as_u16());
        }
        assert_eq!(statuses, expected, "{more:?}");
    }
}

#[tokio::test]
async fn point_25_container_apps_publish_no_metadata() {
    let setting = [(
        "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES",
        "api://api/Greeting.Read",
    )];
    for (platform, published) in [("linux", 200), ("container-apps", 401)] {
        let up = Up::with_environment(&json!({}), &["--challenge", platform], &setting);
        let url = up
            .text("function_url")
            .replace("/api/greeting", "/.well-known/oauth-protected-resource");
        let answer = up.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), published, "{platform}");
        let refused = up.call(&[]).await;
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        let named = challenge.contains("resource_metadata");
        assert_eq!(named, published == 200, "{platform}: {challenge}");
        let said = up.printed() + &up.said();
        let warned = said.contains("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES has no effect");
        assert_eq!(warned, published != 200, "{platform}: {said}");
    }
}

#[tokio::test]
async fn point_26_a_post_of_another_sites_page_is_403_with_60_in_the_log() {
    let changes = json!({
        "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
        "login": {"allowedExternalRedirectUrls": ["https://partner.example/back"]},
    });
    let app = app().await;
    let up = Up::with_settings(&changes, &["--upstream", &app, "--log", "json"]);
    let mut browser = Browser::new(&up);
    let (url, _) = browser.sign_in("/").await;
    let own = url.origin().ascii_serialization();
    let session = browser
        .cookies
        .iter()
        .find(|((_, name), _)| name == "AppServiceAuthSession")
        .map(|((_, name), value)| format!("{name}={value}"))
        .unwrap();
    let referer = format!("{own}/cart");
    let send = |method: &'static str, headers: Vec<(&'static str, String)>| {
        let request = up.client.request(method.parse().unwrap(), url.clone());
        let request = headers.into_iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        async move { request.send().await.unwrap() }
    };
    let cookie = || ("cookie", session.clone());
    let agent = || (AGENT.0, AGENT.1.to_owned());
    let from = |origin: &str| ("origin", origin.to_owned());
    for (why, method, headers, expected) in [
        ("no page", "POST", vec![cookie(), agent()], 403),
        (
            "another site",
            "POST",
            vec![cookie(), agent(), from("https://evil.example")],
            403,
        ),
        ("own page", "POST", vec![cookie(), agent(), from(&own)], 200),
        (
            "own page, by Referer",
            "POST",
            vec![cookie(), agent(), ("referer", referer)],
            200,
        ),
        (
            "a listed site",
            "POST",
            vec![cookie(), agent(), from("https://partner.example")],
            200,
        ),
        ("no browser", "POST", vec![cookie()], 200),
        ("no POST", "PUT", vec![cookie(), agent()], 200),
        // Without a session there is nothing to forge.
        ("no session", "POST", vec![agent()], 401),
    ] {
        let answer = send(method, headers).await;
        assert_eq!(answer.status(), expected, "{why}");
    }
    let token = format!("Bearer {}", up.mint(&[]));
    let by_token = send("POST", vec![cookie(), agent(), ("authorization", token)]).await;
    assert_eq!(by_token.status(), 200, "a token is no cookie");
    let log = up.says("https://evil.example");
    let line = log
        .lines()
        .find(|line| line.contains("https://evil.example"))
        .unwrap();
    assert!(
        line.contains("\"substatus\":60") && line.contains("\"reason\":\"cross-site: "),
        "{line}"
    );
}

/// A page of a CORS origin may send the session's cookie.
#[tokio::test]
async fn point_26_a_cors_origin_is_no_other_site() {
    let redirecting =
        json!({"globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"}});
    let app = harness::app::changed("deploy/authsettingsV2.json", &redirecting);
    let local = json!({"IsEncrypted": false, "Values": {},
        "Host": {"CORS": "http://localhost:3000", "CORSCredentials": true}});
    std::fs::write(app.path().join("local.settings.json"), local.to_string()).unwrap();
    let up = Up::start(&["--app-root", app.path().to_str().unwrap()]);
    let mut browser = Browser::new(&up);
    browser.sign_in("/api/greeting").await;
    let url = browser.app("/api/greeting");
    let own = url.origin().ascii_serialization();
    let cookie = browser
        .cookies
        .iter()
        .find(|((_, name), _)| name == "AppServiceAuthSession")
        .map(|((_, name), value)| format!("{name}={value}"))
        .unwrap();
    // The function takes GET only, which the gate does not know: it asks the app, or does not.
    for (origin, expected) in [
        (own.as_str(), 404),
        ("http://localhost:3000", 404),
        ("http://localhost:3001", 403),
    ] {
        let answer = up
            .client
            .post(url.clone())
            .header(AGENT.0, AGENT.1)
            .header("cookie", &cookie)
            .header("origin", origin)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), expected, "{origin}");
    }
}

#[tokio::test]
async fn point_27_sign_out_ends_where_the_platform_says() {
    for (platform, end) in [
        ("linux", "/.auth/logout/complete"),
        ("container-apps", "/.auth/logout/done"),
    ] {
        let up = Up::with_settings(&json!({}), &["--challenge", platform]);
        let mut browser = Browser::new(&up);
        let out = browser.get(&browser.app("/.auth/logout")).await;
        assert!(
            location(&out).contains(&end.replace('/', "%2F")),
            "{platform}: {}",
            location(&out)
        );
        let page = browser.get(&browser.app(end)).await;
        assert_eq!(page.status(), 200, "{platform}");
    }
}

#[tokio::test]
async fn point_27_return404_is_read_in_each_spelling_and_long_lists_are_warned_of() {
    let ids: Vec<String> = (0..14)
        .map(|n| format!("00000000-0000-4000-8000-0000000000{n:02}"))
        .collect();
    for action in ["Return404", "RejectWith404", "returN404"] {
        let changes = json!({
            "globalValidation": {"unauthenticatedClientAction": action},
            "identityProviders": {"azureActiveDirectory": {"validation":
                {"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ids}}}}},
        });
        let up = Up::with_settings(&changes, &[]);
        let refused = up.call(&[]).await;
        assert_eq!(refused.status(), 404, "{action}");
        assert!(!refused.headers().contains_key("www-authenticate"));
        let said = up.printed() + &up.said();
        for says in [
            "404 is in Azure's portal and in az (RejectWith404), and not in ARM's list",
            "identities has 504 characters in all, and Azure's limit is 500",
        ] {
            assert!(said.contains(says), "{action}: {said}");
        }
    }
}

/// By its header alone: the keys are not looked at.
#[tokio::test]
async fn point_28_ps256_is_refused() {
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    let (header, rest) = token.split_once('.').unwrap();
    let header = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    assert!(header.contains("RS256"), "{header}");
    let header = BASE64_URL_SAFE_NO_PAD.encode(header.replace("RS256", "PS256"));
    let refused = up.call_with(&format!("{header}.{rest}")).await;
    assert_eq!(refused.status(), 401);
    up.says("wrong-algorithm: the token's alg is not RS256");
}
