//! The browser side of Easy Auth, step by step as a browser does it, over the real authority.
//! `interop/run` does the same in headless Chromium.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::BTreeMap;

use harness::Up;
use harness::browser::Browser;
use reqwest::Url;
use serde_json::{Value, json};

fn settings(more: Value) -> Value {
    let mut settings = json!({
        "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
        "login": {"tokenStore": {"enabled": true}}
    });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

#[tokio::test]
async fn sent_to_sign_in_back_again_and_out() {
    for https in [&[][..], &["--https"]] {
        let up = Up::with_settings(&settings(json!({})), https);
        let mut browser = Browser::new(&up);
        let (url, page) = browser.sign_in("/api/greeting?a=1").await;
        assert_eq!(url, browser.app("/api/greeting?a=1"));
        // Signed in, but an ID token carries no scope: the function's own 403.
        assert_eq!(page.status(), 403);
        up.says("sign-in (no-token");

        let me = browser.get(&browser.app("/.auth/me")).await;
        let me: Value = me.json().await.unwrap();
        let me = &me[0];
        assert_eq!(me["provider_name"], "aad");
        assert_eq!(me["user_id"], "alice@greeting.test");
        assert!(me["id_token"].as_str().unwrap().starts_with("eyJ"));
        assert_eq!(me.get("access_token"), None, "only with a client secret");
        let claims = me["user_claims"].as_array().unwrap();
        assert!(
            claims.contains(&json!({"typ": "name", "val": "Alice Example"})),
            "{claims:?}"
        );

        let (url, page) = browser.open("/.auth/logout").await;
        assert_eq!(url.path(), "/.auth/logout/complete");
        assert_eq!(page.status(), 200);
        assert_eq!(browser.get(&browser.app("/.auth/me")).await.status(), 401);
        assert!(browser.cookies.is_empty(), "{:?}", browser.cookies.keys());
        // No part of a token is on the terminal.
        assert!(!up.said().contains("eyJ"), "{}", up.said());
    }
}

#[tokio::test]
async fn the_app_sees_the_session() {
    // An app that echoes its headers stands behind the gate.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let echo = axum::Router::new().fallback(|headers: axum::http::HeaderMap| async move {
        let names: Vec<String> = headers.keys().map(ToString::to_string).collect();
        axum::Json(names)
    });
    tokio::spawn(async move { axum::serve(listener, echo).await });
    // A secret of the developer's machine, by the name that the settings say.
    let mut changes = settings(json!({}));
    changes["identityProviders"] = json!({"azureActiveDirectory": {
        "registration": {"clientSecretSettingName": "GREETING_TEST_SECRET"},
        "login": {"loginParameters": ["scope=openid profile email offline_access"]}
    }});
    let up = Up::with_environment(
        &changes,
        &["--upstream", &address],
        &[("GREETING_TEST_SECRET", "not-in-any-output")],
    );
    let mut browser = Browser::new(&up);
    let (_, page) = browser.sign_in("/hello").await;
    let names: Vec<String> = page.json().await.unwrap();
    for name in [
        "x-ms-client-principal",
        "x-ms-client-principal-name",
        "x-ms-token-aad-id-token",
        "x-ms-token-aad-access-token",
        "x-ms-token-aad-refresh-token",
        "x-ms-token-aad-expires-on",
    ] {
        assert!(
            names.contains(&name.to_owned()),
            "{name} is not in {names:?}"
        );
    }
    let me: Value = browser
        .get(&browser.app("/.auth/me"))
        .await
        .json()
        .await
        .unwrap();
    assert!(me[0]["access_token"].is_string());
    assert!(!up.said().contains("not-in-any-output"));
}

#[tokio::test]
async fn what_is_not_a_sign_in_makes_no_session() {
    let up = Up::with_settings(&settings(json!({})), &[]);
    let mut browser = Browser::new(&up);
    // Declined on the authority's page.
    let page = browser.open("/api/greeting").await;
    let (url, page) = browser.pick(page, "alice@greeting.test", "deny").await;
    assert_eq!(
        (url.path(), page.status().as_u16()),
        ("/.auth/login/aad/callback", 401)
    );
    assert!(page.text().await.unwrap().contains("AADSTS65004"));
    // A disabled account.
    let page = browser.open("/api/greeting").await;
    let (_, page) = browser.pick(page, "dan@greeting.test", "approve").await;
    assert!(page.text().await.unwrap().contains("AADSTS50057"));
    // A callback that this browser did not ask for: somebody else's code (login CSRF).
    let mut victim = Browser::new(&up);
    let (_, page) = victim
        .open("/.auth/login/aad/callback?code=x&state=y")
        .await;
    assert_eq!(page.status(), 403);
    // An error of this browser's own sign-in: markup in it stays text.
    let login = victim.get(&victim.app("/.auth/login/aad")).await;
    let authorize = Url::parse(login.headers()["location"].to_str().unwrap()).unwrap();
    let state = authorize
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    let form = [
        ("error", "x"),
        ("error_description", "<script>"),
        ("state", &state),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let callback = victim.app("/.auth/login/aad/callback");
    let own = callback.origin().ascii_serialization();
    let page = victim.post(&callback, &own, &form.to_vec()).await;
    assert_eq!(page.status(), 401);
    let html = page.text().await.unwrap();
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert_eq!(victim.get(&victim.app("/.auth/me")).await.status(), 401);
    // Redirects elsewhere are refused before and after signing in and out.
    for path in [
        "/.auth/login/aad?post_login_redirect_uri=https://evil.example/",
        "/.auth/logout?post_logout_redirect_uri=//evil.example/",
    ] {
        let answer = browser.get(&browser.app(path)).await;
        assert_eq!(answer.status(), 403, "{path}");
    }
    // Forged cookies are nobody's.
    let forged = up
        .call(&[
            ("cookie", "AppServiceAuthSession=abc"),
            harness::browser::AGENT,
        ])
        .await;
    assert_eq!(forged.status(), 302);
}

#[tokio::test]
async fn clients_sign_in_with_a_token() {
    let up = Up::with_settings(&settings(json!({})), &[]);
    let login = up
        .text("function_url")
        .replace("/api/greeting", "/.auth/login/aad");
    let post = |body: Value| up.client.post(&login).json(&body).send();
    let token = up.mint(&[]);
    let answer: Value = post(json!({"access_token": token}))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(
        answer["user"]["userId"]
            .as_str()
            .unwrap()
            .starts_with("sid:")
    );
    let zumo = answer["authenticationToken"].as_str().unwrap();
    assert!(!zumo.contains(token.split('.').nth(1).unwrap()));
    let greeted = up.call(&[("x-zumo-auth", zumo)]).await;
    assert_eq!(greeted.status(), 200, "the session has the token's scope");
    assert_eq!(up.call(&[("x-zumo-auth", "forged")]).await.status(), 401);
    for body in [
        json!({"access_token": up.mint(&["--expired"])}),
        json!({"id_token": up.mint(&["--bad-signature"])}),
    ] {
        assert_eq!(post(body).await.unwrap().status(), 401);
    }
    assert_eq!(post(json!({})).await.unwrap().status(), 400);
    let form = up
        .client
        .post(&login)
        .form(&[("access_token", &token)])
        .send()
        .await
        .unwrap();
    assert_eq!(
        form.status(),
        415,
        "another site's form can't sign anybody in"
    );
}

#[tokio::test]
async fn the_login_settings_take_effect() {
    let up = Up::with_settings(
        &json!({
            "identityProviders": {"azureActiveDirectory":
                {"login": {"loginParameters": ["domain_hint=greeting.test", "scope=openid"]}}},
            "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
            "login": {"preserveUrlFragmentsForLogins": true, "routes": {"logoutEndpoint": "/bye"},
                "allowedExternalRedirectUrls": ["https://after.example/done"],
                "cookieExpiration": {"timeToExpiration": "00:10:00"}},
            "httpSettings": {"routes": {"apiPrefix": "/auth"}},
        }),
        &[],
    );
    let mut browser = Browser::new(&up);
    let login = browser
        .get(&browser.app("/auth/login/aad?post_login_redirect_uri=https://after.example/done?x=1"))
        .await;
    let authorize = Url::parse(login.headers()["location"].to_str().unwrap()).unwrap();
    let asked: BTreeMap<_, _> = authorize.query_pairs().into_owned().collect();
    assert_eq!(
        (asked["domain_hint"].as_str(), asked["scope"].as_str()),
        ("greeting.test", "openid")
    );
    assert!(asked["redirect_uri"].ends_with("/auth/login/aad/callback"));
    let (callback, form) = browser.answer_of(authorize.as_str()).await;
    let own = callback.origin().ascii_serialization();
    let done = browser.post(&callback, &own, &form).await;
    assert_eq!(done.headers()["location"], "https://after.example/done?x=1");
    let session = done
        .headers()
        .get_all("set-cookie")
        .iter()
        .next()
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        session.starts_with("AppServiceAuthSession=") && session.contains("Max-Age=600"),
        "{session}"
    );
    // The token store is off: nothing to see.
    assert_eq!(browser.get(&browser.app("/auth/me")).await.status(), 404);
    // The page that keeps the fragment; only for who is not signed in.
    assert_eq!(
        browser.get(&browser.app("/api/greeting")).await.status(),
        403
    );
    assert_eq!(browser.get(&browser.app("/bye")).await.status(), 302);
    let page = browser.get(&browser.app("/api/greeting")).await;
    assert_eq!(page.status(), 401);
    assert!(page.text().await.unwrap().contains("location.hash"));
}
