//! Who has signed in at the authority is signed in in that browser.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::authority::{API, Authority, BACK, CLI, Form, VISUAL_STUDIO, code_of, get, with};
use harness::browser::value_of;
use reqwest::Url;

/// What authorize answers: the page, or what went back, and the browser's cookie after it.
struct Answer {
    page: String,
    back: Vec<(String, String)>,
    cookie: Option<String>,
}

impl Answer {
    async fn of(response: reqwest::Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        let back = header("location").map_or_else(Vec::new, |url| {
            let url = Url::parse(&url).unwrap();
            url.query_pairs().into_owned().collect()
        });
        let cookie = header("set-cookie").inspect(|cookie| {
            for part in ["; HttpOnly", "; SameSite=None", "; Secure", "; Path=/"] {
                assert!(cookie.contains(part), "{cookie}");
            }
        });
        Self {
            cookie: cookie.map(|cookie| cookie.split(';').next().unwrap().to_owned()),
            back,
            page: response.text().await.unwrap(),
        }
    }

    fn is_question(&self, words: &str) -> bool {
        self.back.is_empty() && self.page.contains(words)
    }

    fn gave_a_code(&self) -> bool {
        !get(&self.back, "code").is_empty()
    }
}

async fn ask(up: &Authority, cookie: &str, form: &Form<'_>) -> Answer {
    let mut url = Url::parse(&up.url("<tenant>/oauth2/v2.0/authorize")).unwrap();
    url.query_pairs_mut().extend_pairs(form);
    let answer = up.0.client.get(url).header("cookie", cookie).send();
    Answer::of(answer.await.unwrap()).await
}

/// Answers the page as a person does.
async fn press(up: &Authority, cookie: &str, page: &str, user: &str, action: &str) -> Answer {
    let flow = value_of(page, "flow");
    let form = [("flow", flow.as_str()), ("user", user), ("action", action)];
    let url = up.url("greeting-local/sign-in");
    let sent = up.0.client.post(url).header("cookie", cookie).form(&form);
    let sent = sent.header("origin", up.0.text("authority_host"));
    Answer::of(sent.send().await.unwrap()).await
}

#[tokio::test]
async fn item_15_a_browsers_session_answers_prompt_none() {
    let up = Authority::start();
    let scope = up.scope();
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
        ("state", "s"),
    ];
    let silent = with(form, &[("prompt", "none")]);
    let none = ask(&up, "", &silent).await;
    assert_eq!(get(&none.back, "error"), "login_required");
    assert_eq!(
        (code_of(&none.back), get(&none.back, "state")),
        (50058, "s")
    );

    let page = ask(&up, "", form).await;
    assert!(page.is_question("Pick an account") && page.cookie.is_none());
    let signed_in = press(&up, "", &page.page, "alice@greeting.test", "approve").await;
    assert!(signed_in.gave_a_code());
    let alice = signed_in.cookie.unwrap();
    // `prompt=consent` asks a browser that nobody is signed in in, too, for both.
    let asks = with(form, &[("prompt", "consent")]);
    let page = ask(&up, "", &asks).await;
    assert!(page.is_question("Pick an account"));
    let page = press(&up, "", &page.page, "alice@greeting.test", "approve").await;
    assert!(page.is_question("Permissions requested"));
    let accepted = press(&up, "", &page.page, "alice@greeting.test", "consent").await;
    assert!(accepted.gave_a_code());
    // Silently, and without a word of it.
    assert!(ask(&up, &alice, &silent).await.gave_a_code());
    assert!(ask(&up, &alice, form).await.gave_a_code());
    // Who is asked for another account, or to sign in, is asked; and who means somebody else.
    for changes in [
        ("prompt", "select_account"),
        ("prompt", "login"),
        ("login_hint", "bob@greeting.test"),
        ("max_age", "-1"),
    ] {
        let page = ask(&up, &alice, &with(form, &[changes])).await;
        assert!(page.is_question("Pick an account"), "{changes:?}");
        if changes.0 != "prompt" {
            let silent = ask(&up, &alice, &with(&silent, &[changes])).await;
            assert_eq!(code_of(&silent.back), 50058, "{changes:?}");
        }
    }
    for changes in [("login_hint", "Alice@greeting.test"), ("max_age", "3600")] {
        assert!(
            ask(&up, &alice, &with(form, &[changes]))
                .await
                .gave_a_code()
        );
    }
    // Forged, or cut.
    for cookie in ["GreetingLocalSession=x", &alice[..alice.len() - 1]] {
        let none = ask(&up, cookie, &silent).await;
        assert_eq!(code_of(&none.back), 50058);
    }
    // Nobody has consented for this client.
    let other = [
        ("client_id", VISUAL_STUDIO),
        ("redirect_uri", "http://localhost/"),
    ];
    let refused = ask(&up, &alice, &with(&silent, &other)).await;
    assert_eq!(get(&refused.back, "error"), "consent_required");
    assert_eq!(code_of(&refused.back), 65001);
    let unknown = format!("api://{API}/Nothing.Here");
    let unknown = ask(&up, &alice, &with(&silent, &[("scope", &unknown)])).await;
    assert_eq!(code_of(&unknown.back), 650_053);
    let page = ask(&up, &alice, &with(form, &other)).await;
    assert!(page.is_question("Permissions requested"));
    let accepted = press(&up, &alice, &page.page, "alice@greeting.test", "consent").await;
    assert!(accepted.gave_a_code());
    // Each sign-in has a session of its own; the one before is over.
    let alice_again = accepted.cookie.unwrap();
    assert_ne!(alice, alice_again);
    assert_eq!(code_of(&ask(&up, &alice, &silent).await.back), 50058);
    assert!(ask(&up, &alice_again, &silent).await.gave_a_code());
    let asked = ask(&up, &alice_again, &with(form, &[("prompt", "consent")])).await;
    assert!(asked.is_question("Permissions requested"));

    // A sign-out ends it.
    let logout = up.url("<tenant>/oauth2/v2.0/logout");
    let out =
        up.0.client
            .get(logout)
            .header("cookie", &alice_again)
            .send();
    let out = Answer::of(out.await.unwrap()).await;
    assert_eq!(out.cookie.as_deref(), Some("GreetingLocalSession="));
    assert_eq!(code_of(&ask(&up, &alice_again, &silent).await.back), 50058);
    // Nothing of a session is in the log.
    let secret = alice_again.split_once('=').unwrap().1;
    assert!(!up.0.said().contains(secret));
}
