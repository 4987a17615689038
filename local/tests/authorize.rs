//! Authorization code with PKCE, as clients and browsers see it: each mistake is told where it may
//! be told, and a code is good once.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "harness/authority.rs"]
mod authority;
mod harness;

use authority::{Authority, CLI, Form, VISUAL_STUDIO, refusal, with};
use harness::Up;
use reqwest::Url;

const BACK: &str = "http://localhost:8400/";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Status, the page's text, and the parameters that went back to the client.
async fn ask(up: &Authority, form: &Form<'_>) -> (u16, String, Vec<(String, String)>) {
    let mut url = Url::parse(&up.url("<tenant>/oauth2/v2.0/authorize")).unwrap();
    url.query_pairs_mut().extend_pairs(form);
    let answer = up.0.client.get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let location = answer.headers().get("location");
    let back = location.map_or_else(Vec::new, |url| {
        let url = url.to_str().unwrap();
        assert!(url.starts_with(BACK), "{url}");
        let url = Url::parse(url).unwrap();
        url.query_pairs().into_owned().collect()
    });
    (status, answer.text().await.unwrap(), back)
}

fn get<'a>(back: &'a [(String, String)], name: &str) -> &'a str {
    let found = back.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

#[tokio::test]
async fn each_mistake_is_told_where_it_may_be() {
    let up = Authority::start();
    let scope = up.scope();
    let good: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
        ("state", "a state&"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let (status, page, _) = ask(&up, good).await;
    assert!(status == 200 && page.contains("Pick an account"), "{page}");
    // Whoever is at a redirect that the client has not registered is told nothing.
    for (changes, code) in [
        (
            &[("redirect_uri", "https://evil.example/")][..],
            "AADSTS50011",
        ),
        (&[("redirect_uri", "")], "AADSTS900971"),
        (
            &[("client_id", "11111111-1111-1111-1111-111111111111")],
            "AADSTS700016",
        ),
        (&[("client_id", "")], "AADSTS900144"),
        (&[("response_mode", "fragment")], "AADSTS700052"),
    ] {
        let (status, page, back) = ask(&up, &with(good, changes)).await;
        assert!(
            status == 400 && page.contains(code),
            "{code}: {status} {page}"
        );
        assert!(back.is_empty(), "{back:?}");
    }
    for (changes, error, code) in [
        (
            &[("response_type", "token")][..],
            "unsupported_response_type",
            "AADSTS700054",
        ),
        (&[("response_type", "")], "invalid_request", "AADSTS900144"),
        (&[("code_challenge", "")], "invalid_request", "AADSTS900144"),
        (
            &[("code_challenge_method", "plain")],
            "invalid_request",
            "AADSTS501491",
        ),
        (
            &[("scope", "api://other/X")],
            "invalid_resource",
            "AADSTS500011",
        ),
        (&[("prompt", "none")], "login_required", "AADSTS50058"),
    ] {
        let (status, _, back) = ask(&up, &with(good, changes)).await;
        assert_eq!((status, get(&back, "error")), (303, error), "{back:?}");
        assert!(
            get(&back, "error_description").starts_with(code),
            "{back:?}"
        );
        assert_eq!(get(&back, "state"), "a state&");
        assert_eq!(get(&back, "code"), "");
    }
}

#[tokio::test]
async fn a_code_is_good_once_for_who_began() {
    let up = Authority(Up::start(&["--auto-approve", "alice@greeting.test"]));
    let scope = up.scope();
    let ask_for = |client: &'static str| {
        vec![
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", scope.as_str()),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
    };
    let (status, _, back) = ask(&up, &ask_for(CLI)).await;
    assert_eq!(status, 303);
    let code = get(&back, "code");
    let good: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("redirect_uri", BACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    for (changes, status, code) in [
        (&[("code", "nobody's")][..], 400, 9_002_313),
        (&[("client_id", VISUAL_STUDIO)], 400, 9_002_313),
        (&[("redirect_uri", "http://localhost:8401/")], 400, 50011),
        (&[("code_verifier", "another")], 400, 501_481),
        (&[("code_verifier", "")], 400, 900_144),
    ] {
        let answer = up.token(&with(good, changes)).await;
        assert_eq!((refusal(&answer).0, refusal(&answer).2), (status, code));
    }
    let (status, body) = up.token(good).await;
    assert_eq!(status, 200, "{body}");
    let again = up.token(good).await;
    assert_eq!(refusal(&again), (400, "invalid_grant", 54005));
    // Nobody has consented for this client, so a person is asked, whoever approves by itself.
    let (status, page, back) = ask(&up, &ask_for(VISUAL_STUDIO)).await;
    assert!(status == 200 && back.is_empty(), "{status} {page}");
}
