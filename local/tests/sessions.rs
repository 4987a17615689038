//! Browser sessions as App Service has them: how they begin, what is in them, and how they are
//! refreshed. Issue 18, "What apps read of it".

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::collections::BTreeMap;

use harness::Up;
use harness::app::changed;
use harness::authority::claims;
use harness::browser::{Browser, Form};
use reqwest::{Response, Url};
use serde_json::{Value, json};

const SECRET: (&str, &str) = ("GREETING_TEST_SECRET", "not-in-any-output");
const API: &str = harness::authority::API;

/// Settings for browsers, with these parameters of the sign-in.
fn settings(login_parameters: &[&str]) -> Value {
    json!({
        "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
        "login": {"tokenStore": {"enabled": true}},
        "identityProviders": {"azureActiveDirectory":
            {"login": {"loginParameters": login_parameters}}}
    })
}

fn with_secret(mut settings: Value) -> Value {
    let provider = &mut settings["identityProviders"]["azureActiveDirectory"];
    provider["registration"] = json!({"clientSecretSettingName": SECRET.0});
    settings
}

fn up_with_secret(login_parameters: &[&str]) -> Up {
    Up::with_environment(&with_secret(settings(login_parameters)), &[], &[SECRET])
}

/// What a sign-in asks the authority for, in its order.
async fn asked(browser: &mut Browser<'_>, path: &str) -> Vec<(String, String)> {
    let login = browser.get(&browser.app(path)).await;
    let authorize = Url::parse(login.headers()["location"].to_str().unwrap()).unwrap();
    authorize.query_pairs().into_owned().collect()
}

async fn me(browser: &mut Browser<'_>) -> Value {
    let answer = browser.get(&browser.app("/.auth/me")).await;
    assert_eq!(answer.status(), 200);
    let mut me: Value = answer.json().await.unwrap();
    me[0].take()
}

/// What the gate answers to this answer of the authority, sent by a page of its own.
async fn sent(browser: &mut Browser<'_>, callback: &Url, form: &Form) -> Response {
    let own = callback.origin().ascii_serialization();
    browser.post(callback, &own, form).await
}

fn changed_form(form: &Form, name: &str, value: &str) -> Form {
    let mut form = form.clone();
    let field = form.iter_mut().find(|(known, _)| known == name).unwrap();
    value.clone_into(&mut field.1);
    form
}

#[tokio::test]
async fn point_33_a_sign_in_is_hybrid_with_a_secret_and_an_id_token_without() {
    for (up, response_type) in [
        (Up::with_settings(&settings(&[]), &[]), "id_token"),
        (up_with_secret(&[]), "code id_token"),
    ] {
        let mut browser = Browser::new(&up);
        let asked = asked(
            &mut browser,
            "/.auth/login/aad?post_login_redirect_uri=/a?b",
        )
        .await;
        // The order of a dozen public URLs, and nothing else: no PKCE.
        let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "response_type",
                "redirect_uri",
                "client_id",
                "scope",
                "response_mode",
                "nonce",
                "state"
            ]
        );
        let asked: BTreeMap<_, _> = asked.into_iter().collect();
        assert_eq!(asked["response_type"], response_type);
        assert_eq!(asked["response_mode"], "form_post");
        assert_eq!(asked["scope"], "openid profile email");
        assert_eq!(asked["state"], "redir=%2Fa%3Fb");
        let (random, time) = asked["nonce"].split_once('_').unwrap();
        assert!(random.len() == 32 && random.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(time.len() == 14 && time.chars().all(|c| c.is_ascii_digit()));

        let (callback, form) = browser.answer_of("/.auth/login/aad").await;
        let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
        if response_type == "id_token" {
            assert_eq!(names, ["id_token", "state"]);
        } else {
            assert_eq!(names, ["code", "id_token", "state"]);
        }
        let done = sent(&mut browser, &callback, &form).await;
        assert_eq!(done.status(), 302, "{:?}", done.text().await);
        let me = me(&mut browser).await;
        // The session's ID token is the one of the front channel (captures have its `c_hash`).
        let token = form.iter().find(|(name, _)| name == "id_token").unwrap();
        assert_eq!(me["id_token"], token.1);
        assert_eq!(
            claims(&me["id_token"]).get("c_hash").is_some(),
            response_type == "code id_token"
        );
    }
}

#[tokio::test]
async fn point_33_an_answer_makes_one_session_in_the_browser_that_began() {
    let up = up_with_secret(&[]);
    let mut browser = Browser::new(&up);
    let (callback, form) = browser.answer_of("/.auth/login/aad").await;
    let cookies = browser.cookies.clone();
    // Another browser, which began another sign-in to the same page.
    let mut other = Browser::new(&up);
    let (_, others) = other.answer_of("/.auth/login/aad").await;
    let foreign = sent(&mut other, &callback, &form).await;
    assert_eq!(foreign.status(), 401);
    assert!(foreign.text().await.unwrap().contains("nonce"));
    // One that began none.
    let mut none = Browser::new(&up);
    let once = sent(&mut none, &callback, &form).await;
    let (_, twice) = none.go_on(callback.clone(), once).await;
    assert_eq!(twice.status(), 403);
    // The code of one sign-in with the ID token of another.
    let code = &others.iter().find(|(name, _)| name == "code").unwrap().1;
    let swapped = sent(&mut browser, &callback, &changed_form(&form, "code", code)).await;
    assert_eq!(swapped.status(), 401);
    assert!(swapped.text().await.unwrap().contains("c_hash"));
    // That sign-in is over then.
    browser.cookies.clone_from(&cookies);
    assert_eq!(sent(&mut browser, &callback, &form).await.status(), 403);

    let (callback, form) = browser.answer_of("/.auth/login/aad").await;
    let cookies = browser.cookies.clone();
    let elsewhere = changed_form(&form, "state", "redir=%2Felsewhere");
    assert_eq!(
        sent(&mut browser, &callback, &elsewhere).await.status(),
        403
    );
    assert_eq!(sent(&mut browser, &callback, &form).await.status(), 302);
    // The same answer, with the cookies of before.
    browser.cookies = cookies;
    let again = sent(&mut browser, &callback, &form).await;
    assert_eq!(again.status(), 403);
    assert!(again.text().await.unwrap().contains("over already"));

    // Tokens that are this gate's to accept, and no answer to a sign-in.
    for arguments in [
        &["--kind", "id", "--client", API][..],
        &["--kind", "id", "--client", API, "--expired"],
        &["--kind", "id", "--client", API, "--bad-signature"],
        &["--kind", "id", "--audience", "another"],
        &[],
    ] {
        let (callback, form) = browser.answer_of("/.auth/login/aad").await;
        let forged = changed_form(&form, "id_token", &up.mint(arguments));
        let refused = sent(&mut browser, &callback, &forged).await;
        assert_eq!(refused.status(), 401, "{arguments:?}");
    }
}

#[tokio::test]
async fn point_33_a_registration_without_id_tokens_is_warned_of_and_refused() {
    let app = changed("deploy/app-registration.json", &json!({"web": null}));
    let registration = app.path().join("deploy/app-registration.json");
    let registration = registration.to_str().unwrap();
    for (settings, environment) in [
        (settings(&[]), &[][..]),
        (with_secret(settings(&[])), &[SECRET]),
    ] {
        let arguments = ["--registration", registration];
        let up = Up::with_environment(&settings, &arguments, environment);
        let printed = up.printed();
        for part in [
            "AADSTS700054",
            r#"Add "web": {"implicitGrantSettings": {"enableIdTokenIssuance": true}} to it"#,
            &format!("az ad app update --id {API} --enable-id-token-issuance true"),
        ] {
            assert!(printed.contains(part), "{part}: {printed}");
        }
        let mut browser = Browser::new(&up);
        let (url, page) = browser.open("/hello").await;
        let (url, page) = browser.go_on(url, page).await;
        assert_eq!(
            (url.path(), page.status().as_u16()),
            ("/.auth/login/aad/callback", 401)
        );
        let html = page.text().await.unwrap();
        assert!(html.contains("AADSTS700054: response_type 'id_token' is not enabled"));
        assert!(html.contains("az ad app update --id"), "{html}");
    }
    // Nothing is said where no browser is to sign in, and nothing of the shipped registration.
    let arguments = ["--registration", registration];
    let up = Up::start(&arguments);
    assert!(!up.printed().contains("AADSTS700054"));
    let up = Up::with_settings(&settings(&[]), &[]);
    assert!(!up.printed().contains("AADSTS700054"));
}

#[tokio::test]
async fn point_31_by_default_a_session_is_not_refreshed_and_its_access_token_is_for_graph() {
    let up = up_with_secret(&[]);
    let mut browser = Browser::new(&up);
    browser.sign_in("/.auth/login/aad").await;
    let session = me(&mut browser).await;
    assert_eq!(session.get("refresh_token"), None);
    let access = &session["access_token"];
    let about = claims(access);
    assert_eq!(about["aud"], "00000003-0000-0000-c000-000000000000");
    let mut scopes: Vec<&str> = about["scp"].as_str().unwrap().split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "openid", "profile"]);
    assert_eq!(up.call_with(access.as_str().unwrap()).await.status(), 401);
    let said = up.says("is for Microsoft Graph");
    assert!(
        said.contains("until loginParameters has the API's scope"),
        "{said}"
    );

    let refused = browser.get(&browser.app("/.auth/refresh")).await;
    assert_eq!(refused.status(), 403);
    let cure = refused.text().await.unwrap();
    assert!(
        cure.contains("add offline_access to the scopes of loginParameters"),
        "{cure}"
    );
    up.says("no-refresh-token: the session has no refresh token: add offline_access");
}

#[tokio::test]
async fn point_31_what_login_parameters_ask_for_a_session_gets() {
    let scope = format!("scope=openid profile email offline_access {API}/Greeting.Read");
    let settings = with_secret(settings(&[&scope]));
    // The shipped list of clients lacks the API itself.
    let up = Up::with_environment(&settings, &["--allow-client", API], &[SECRET]);
    let mut browser = Browser::new(&up);
    let page = browser.sign_in("/.auth/login/aad").await;
    // The API asks for a scope of its own, which nobody has granted it.
    browser.pick(page, "alice@greeting.test", "consent").await;
    let before = me(&mut browser).await;
    assert!(before["refresh_token"].is_string());
    let access = before["access_token"].as_str().unwrap();
    assert_eq!(claims(&before["access_token"])["scp"], "Greeting.Read");
    assert_eq!(up.call_with(access).await.status(), 200);
    let refreshed = browser.get(&browser.app("/.auth/refresh")).await;
    assert_eq!(refreshed.status(), 200, "{:?}", refreshed.text().await);
    let after = me(&mut browser).await;
    for token in ["id_token", "access_token", "refresh_token"] {
        assert_ne!(before[token], after[token], "{token} is a new one");
    }
    assert_eq!(claims(&after["access_token"])["scp"], "Greeting.Read");
    assert!(!up.said().contains("eyJ") && !up.said().contains(SECRET.1));
}

#[tokio::test]
async fn point_31_without_a_secret_there_is_nothing_to_refresh_by() {
    let up = Up::with_settings(&settings(&["scope=openid offline_access"]), &[]);
    let mut browser = Browser::new(&up);
    browser.sign_in("/.auth/login/aad").await;
    let refused = browser.get(&browser.app("/.auth/refresh")).await;
    assert_eq!(refused.status(), 403);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("clientSecretSettingName")
    );
}

#[tokio::test]
async fn point_32_the_query_of_the_sign_in_goes_on_and_wins() {
    let up = Up::with_settings(
        &settings(&[
            "prompt=consent",
            "domain_hint=a.example",
            "scope=openid",
            "scope=email",
            "x=y",
        ]),
        &[],
    );
    let mut browser = Browser::new(&up);
    let plain: BTreeMap<_, _> = asked(&mut browser, "/.auth/login/aad")
        .await
        .into_iter()
        .collect();
    assert_eq!(
        (plain["prompt"].as_str(), plain["domain_hint"].as_str()),
        ("consent", "a.example")
    );
    // A second `scope=` counts.
    assert_eq!(
        (plain["scope"].as_str(), plain["x"].as_str()),
        ("openid email", "y")
    );
    let path = "/.auth/login/aad?prompt=login&domain_hint=b.example&login_hint=bob@greeting.test\
        &scope=openid+profile&x=z&response_mode=query&redirect_uri=https://evil.example/&nonce=1&state=2";
    let pairs = asked(&mut browser, path).await;
    let won: BTreeMap<_, _> = pairs.iter().cloned().collect();
    assert_eq!(pairs.len(), won.len(), "each is there once: {pairs:?}");
    for (name, value) in [
        ("prompt", "login"),
        ("domain_hint", "b.example"),
        ("login_hint", "bob@greeting.test"),
        ("scope", "openid profile"),
        ("x", "y"),
        ("response_mode", "form_post"),
    ] {
        assert_eq!(won[name], value);
    }
    assert!(won["redirect_uri"].ends_with("/.auth/login/aad/callback"));
    assert!(won["nonce"].len() > 32 && won["state"].starts_with("redir="));
}

/// A session by a token: what it says is what a test wants it to say.
async fn directed(up: &Up, token: &str) -> String {
    let login = up
        .text("function_url")
        .replace("/api/greeting", "/.auth/login/aad");
    let answer = up
        .client
        .post(&login)
        .json(&json!({"access_token": token}))
        .send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    answer["authenticationToken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn point_30_and_35_me_has_the_mail_dates_and_names_as_azure_has_them() {
    let up = Up::with_settings(&settings(&[]), &[]);
    let me = up
        .text("function_url")
        .replace("/api/greeting", "/.auth/me");
    let mail = ["--claim", "email=a.example@mail.example"];
    let with_time = [&mail[..], &["--claim", "auth_time=1700000000"]].concat();
    let emailaddress = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";
    for (arguments, user) in [
        (&[][..], "alice@greeting.test"),
        (&with_time, "a.example@mail.example"),
        (&["--claim", "email=\"\""], "alice@greeting.test"),
        (&["--claim", "preferred_username=null"], ""),
    ] {
        let token = up.mint(arguments);
        let zumo = directed(&up, &token).await;
        let answer = up
            .client
            .get(&me)
            .header("x-zumo-auth", zumo)
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        let session: Value = serde_json::from_str(&text).unwrap();
        let session = session[0].as_object().unwrap();
        let token = claims(&json!(token));
        if user.is_empty() {
            assert_eq!(session["user_id"], token["sub"]);
        } else {
            assert_eq!(session["user_id"], user);
        }
        // In alphabetical order, and nothing is null.
        let names: Vec<&String> = session.keys().collect();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(names, sorted);
        assert!(!text.contains("null"), "{text}");
        let expires = session["expires_on"].as_str().unwrap();
        assert!(
            expires.ends_with(".0000000Z") && expires.len() == 28,
            "{expires}"
        );
        let types: Vec<&str> = session["user_claims"]
            .as_array()
            .unwrap()
            .iter()
            .map(|claim| claim["typ"].as_str().unwrap())
            .collect();
        assert_eq!(types.contains(&emailaddress), token.get("email").is_some());
        let instant =
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/authenticationinstant";
        assert_eq!(types.contains(&instant), token.get("auth_time").is_some());
    }
}

/// Bob's mail is not what he signs in with.
#[tokio::test]
async fn point_30_a_user_with_another_mail_is_called_by_it() {
    let up = Up::with_settings(&settings(&[]), &[]);
    let mut browser = Browser::new(&up);
    let page = browser.open("/.auth/login/aad").await;
    let page = browser.pick(page, "bob@greeting.test", "approve").await;
    browser.pick(page, "bob@greeting.test", "consent").await;
    let session = me(&mut browser).await;
    assert_eq!(session["user_id"], "bob.example@greeting.test");
    let claims = session["user_claims"].as_array().unwrap();
    let name = json!({"typ": "preferred_username", "val": "bob@greeting.test"});
    assert!(claims.contains(&name), "{claims:?}");
}

/// What the daemon's own flow gives has the same ids:
/// `item_4_each_app_is_itself_and_says_how_it_proved_that`.
#[tokio::test]
async fn point_36_a_session_has_roles_and_groups_and_an_app_its_own_id() {
    let up = Up::with_settings(&settings(&[]), &[]);
    let groups = r#"groups=["g1","g2"]"#;
    let token = up.mint(&["--role", "Reader", "--role", "Writer", "--claim", groups]);
    let zumo = directed(&up, &token).await;
    let me = up
        .text("function_url")
        .replace("/api/greeting", "/.auth/me");
    let answer = up.client.get(&me).header("x-zumo-auth", zumo).send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    let of = |typ: &str| -> Vec<&str> {
        let claims = answer[0]["user_claims"].as_array().unwrap();
        let of_type = claims.iter().filter(|claim| claim["typ"] == typ);
        of_type
            .map(|claim| claim["val"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("roles"), ["Reader", "Writer"]);
    assert_eq!(of("groups"), ["g1", "g2"]);
    let ids = |client: &str| {
        let app = claims(&json!(up.mint(&["--app-only", "--client", client])));
        assert_eq!(app["oid"], app["sub"]);
        app["oid"].clone()
    };
    assert_ne!(ids(harness::authority::DAEMON), ids(API));
}
