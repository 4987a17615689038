//! Authorization code with PKCE, as clients and browsers see it: each mistake is told where it may
//! be told, and a code is good once.

#[path = "harness/authority.rs"]
mod authority;
mod harness;

use authority::{
    Authority, BACK, CHALLENGE, CLI, Form, VERIFIER, VISUAL_STUDIO, code_of, get, refusal, with,
};
use harness::Up;

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
    let (status, page, _) = up.ask(good).await;
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
        (&[("response_mode", "carrier_pigeon")], "AADSTS70007"),
    ] {
        let (status, page, back) = up.ask(&with(good, changes)).await;
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
            "AADSTS700051",
        ),
        (
            &[("response_type", "id_token")],
            "unsupported_response_type",
            "AADSTS700054",
        ),
        (&[("response_type", "")], "invalid_request", "AADSTS900144"),
        (
            &[("code_challenge", "too-short")],
            "invalid_request",
            "AADSTS501491",
        ),
        (
            &[("code_challenge_method", "S512")],
            "invalid_request",
            "AADSTS50149",
        ),
        (
            &[("scope", "api://other/X")],
            "invalid_resource",
            "AADSTS500011",
        ),
        (&[("prompt", "none")], "login_required", "AADSTS50058"),
    ] {
        let (status, _, back) = up.ask(&with(good, changes)).await;
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
    let (status, _, back) = up.ask(&ask_for(CLI)).await;
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
        (&[("client_id", VISUAL_STUDIO)], 400, 70_000),
        (&[("redirect_uri", "http://localhost:8401/")], 400, 50011),
        (&[("code_verifier", "another")], 400, 501_481),
        (&[("code_verifier", "")], 400, 50_148),
    ] {
        let answer = up.token(&with(good, changes)).await;
        assert_eq!((refusal(&answer).0, refusal(&answer).2), (status, code));
    }
    let (status, body) = up.token(good).await;
    assert_eq!(status, 200, "{body}");
    let again = up.token(good).await;
    assert_eq!(refusal(&again), (400, "invalid_grant", 54005));
    // Nobody has consented for this client: said at once, since nobody looks at a page (item 20).
    let (status, page, back) = up.ask(&ask_for(VISUAL_STUDIO)).await;
    assert_eq!(
        (status, get(&back, "error")),
        (303, "consent_required"),
        "{page}"
    );
    assert_eq!(code_of(&back), 65001);
}

/// PKCE is recommended, and required of single-page apps alone (v2-oauth2-auth-code-flow,
/// `code_challenge`). Until issue 17 every client had to have it.
#[tokio::test]
async fn item_13_a_code_without_pkce_is_served() {
    let up = Authority(Up::start(&["--auto-approve", "alice@greeting.test"]));
    let scope = up.scope();
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
    ];
    let redeem = async |code: &str, more: &Form<'_>| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("redirect_uri", BACK),
            ("code", code),
        ];
        up.token(&[&form[..], more].concat()).await
    };
    let (_, _, back) = up.ask(form).await;
    // MSAL Go sends an empty verifier.
    let (status, body) = redeem(get(&back, "code"), &[("code_verifier", "")]).await;
    assert_eq!(status, 200, "{body}");
    // Item 7: plain, also by a missing method, and then it is verified.
    for method in [&[("code_challenge_method", "plain")][..], &[]] {
        let challenge = [&[("code_challenge", VERIFIER)], method].concat();
        let (_, _, back) = up.ask(&[form, &challenge].concat()).await;
        let code = get(&back, "code");
        let wrong = redeem(code, &[("code_verifier", CHALLENGE)]).await;
        assert_eq!(refusal(&wrong), (400, "invalid_grant", 501_481));
        let right = redeem(code, &[("code_verifier", VERIFIER)]).await;
        assert_eq!(right.0, 200);
    }
}
