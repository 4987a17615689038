//! Authorization code with PKCE, as clients and browsers see it: each mistake is told where it may
//! be told, and a code is good once.

mod harness;

use harness::Up;
use harness::app::changed;
use harness::authority::{
    API, Authority, BACK, CHALLENGE, CLI, DAEMON, Form, VERIFIER, VISUAL_STUDIO, claims, code_of,
    get, read, refusal, with,
};
use serde_json::json;

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
        // As the token endpoint's: what support asks for.
        for id in [" Trace ID: ", " Correlation ID: ", " Timestamp: "] {
            assert!(get(&back, "error_description").contains(id), "{back:?}");
        }
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

/// An ID token on the front channel, where the registration gives them: what Easy Auth and others
/// ask for. Captured: 700054 (react-aad#158), 70007 (azure-docs#10191); the fragment is documented
/// (v2-protocols-oidc).
#[tokio::test]
async fn item_16_id_tokens_come_on_the_front_channel_where_the_registration_says_so() {
    let changes = json!({"web": {"implicitGrantSettings": {"enableIdTokenIssuance": true}}});
    let app = changed("deploy/client-registration.json", &changes);
    let root = app.path().to_str().unwrap();
    let up = Authority(Up::start(&["--app-root", root, "--auto-approve", "alice"]));
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code id_token"),
        ("redirect_uri", BACK),
        ("scope", "openid profile email"),
        ("nonce", "a nonce"),
    ];
    let (status, _, back) = up.ask(form).await;
    assert_eq!(status, 303);
    let token = claims(&json!(get(&back, "id_token")));
    assert_eq!(
        (&token["aud"], &token["nonce"]),
        (&json!(CLI), &json!("a nonce"))
    );
    assert_eq!(token["email"], "alice@greeting.test");
    // OpenID Connect Core section 3.3.2.11.
    let hash = digest(get(&back, "code"));
    assert_eq!(token["c_hash"], hash);
    let (_, _, back) = up.ask(&with(form, &[("response_type", "id_token")])).await;
    assert_eq!(get(&back, "code"), "");
    assert_eq!(claims(&json!(get(&back, "id_token"))).get("c_hash"), None);
    let (_, _, back) = up.ask(&with(form, &[("nonce", "")])).await;
    assert_eq!(code_of(&back), 900_144);
    let query = up.ask(&with(form, &[("response_mode", "query")])).await;
    assert!(
        query.0 == 400 && query.1.contains("AADSTS70007"),
        "{}",
        query.1
    );
    // By form: a page that sends itself.
    let (status, page, _) = up.ask(&with(form, &[("response_mode", "form_post")])).await;
    assert!(
        status == 200 && page.contains("name=\"id_token\""),
        "{page}"
    );
    // A registration that says nothing of it.
    let up = Authority::start();
    let (_, _, back) = up.ask(form).await;
    assert_eq!(
        (get(&back, "error"), code_of(&back)),
        ("unsupported_response_type", 700_054)
    );
}

/// The front channel gives no token that the token endpoint would refuse.
#[tokio::test]
async fn item_16_policies_hold_on_the_front_channel_too() {
    let changes = json!({"web": {"implicitGrantSettings": {"enableIdTokenIssuance": true}}});
    let app = changed("deploy/client-registration.json", &changes);
    let root = app.path().to_str().unwrap();
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "id_token"),
        ("redirect_uri", BACK),
        ("scope", "openid profile"),
        ("nonce", "a nonce"),
    ];
    let both = with(form, &[("response_type", "code id_token")]);
    let up = Authority(Up::start(&["--app-root", root, "--auto-approve", "alice"]));
    for (policy, error, code) in [
        (["--refuse", "AADSTS53003"], "access_denied", 53003),
        (["--refuse", "AADSTS50194"], "invalid_request", 50194),
    ] {
        up.policy(&policy);
        for form in [form, &both] {
            let (_, _, back) = up.ask(form).await;
            assert_eq!((get(&back, "error"), code_of(&back)), (error, code));
            assert_eq!((get(&back, "id_token"), get(&back, "code")), ("", ""));
        }
    }
    up.policy(&["--refuse", "none", "--consent", "off"]);
    let (_, _, back) = up.ask(form).await;
    assert_eq!(code_of(&back), 65001);
    up.policy(&["--consent", "on"]);
    let (_, _, back) = up.ask(form).await;
    assert_ne!(get(&back, "id_token"), "");
}

/// A redirect URI is compared as it is written; what a parser makes of it is another.
#[tokio::test]
async fn item_6_redirect_uris_are_compared_as_written() {
    let changes = json!({"web": {"redirectUris": ["https://shop.example/cb"]}});
    let up = Authority::of_changed("deploy/client-registration.json", &changes, &[]);
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", "https://shop.example/cb"),
        ("scope", "openid"),
    ];
    assert_eq!(up.ask(form).await.0, 200);
    for other in [
        r"https://shop.example\cb",
        " https://shop.example/cb",
        "https://shop.example/x/../cb",
        "HTTPS://shop.example/cb",
    ] {
        let (status, page, _) = up.ask(&with(form, &[("redirect_uri", other)])).await;
        assert!(status == 400 && page.contains("AADSTS50011"), "{other}");
    }
}

/// The left half of a code's SHA-256.
fn digest(code: &str) -> String {
    use base64::Engine as _;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, code.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16])
}

/// Its codes and refresh tokens are its pages' (captured: AADSTS9002327, next-auth#9414;
/// AADSTS9002326, umi-request#299), which may read the answers.
#[tokio::test]
async fn item_13_and_15_a_single_page_app_has_pkce_cors_and_an_origin() {
    let changes = json!({"spa": {"redirectUris": [BACK]}, "publicClient": {"redirectUris": []}});
    let app = changed("deploy/client-registration.json", &changes);
    let root = app.path().to_str().unwrap();
    let up = Authority(Up::start(&["--app-root", root, "--auto-approve", "alice"]));
    let scope = up.scope();
    let bare: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("response_mode", "fragment"),
        ("scope", &scope),
    ];
    let (_, _, back) = up.ask(bare).await;
    assert_eq!(
        (get(&back, "error"), code_of(&back)),
        ("invalid_request", 9_002_325)
    );
    let pkce = [
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let (_, _, back) = up.ask(&[bare, &pkce].concat()).await;
    let origin = "http://localhost:8400";
    let send = async |form: &Form<'_>, origin: Option<&str>| {
        let url = up.url("<tenant>/oauth2/v2.0/token");
        let mut request = up.0.client.post(url).form(form);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let answer = request.send().await.unwrap();
        let allowed = answer.headers().get("access-control-allow-origin").cloned();
        let allowed = allowed.map(|origin| origin.to_str().unwrap().to_owned());
        (read(answer).await, allowed)
    };
    let redeem: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("redirect_uri", BACK),
        ("code", get(&back, "code")),
        ("code_verifier", VERIFIER),
    ];
    let (refused, allowed) = send(redeem, None).await;
    assert_eq!(refusal(&refused), (400, "invalid_request", 9_002_327));
    assert_eq!(allowed, None);
    let ((status, body), allowed) = send(redeem, Some(origin)).await;
    assert_eq!(
        (status.as_u16(), allowed.as_deref()),
        (200, Some(origin)),
        "{body}"
    );
    let refresh: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", body["refresh_token"].as_str().unwrap()),
    ];
    assert_eq!(refusal(&send(refresh, None).await.0).2, 9_002_327);
    assert_eq!(send(refresh, Some(origin)).await.0.0, 200);
    // Another site's page may not read it; and no page redeems another client's code.
    let other = send(refresh, Some("https://evil.example")).await;
    assert_eq!(other.1, None);
    let daemon: &Form<'_> = &[
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON),
        ("client_secret", &up.secret()),
        ("scope", &format!("api://{API}/.default")),
    ];
    let crossed = send(daemon, Some(origin)).await.0;
    assert_eq!(refusal(&crossed), (400, "invalid_request", 9_002_326));
    let words = crossed.1["error_description"].as_str().unwrap();
    assert!(
        words.contains("Request origin: 'http://localhost:8400'."),
        "{words}"
    );
    // A preflight, and what a page has to read first.
    let url = up.url("<tenant>/oauth2/v2.0/token");
    let preflight = up.0.client.request(reqwest::Method::OPTIONS, url);
    let preflight = preflight.header("origin", origin);
    let preflight = preflight.header("access-control-request-method", "POST");
    let preflight = preflight.send().await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], origin);
    for path in [
        "<tenant>/v2.0/.well-known/openid-configuration",
        "<tenant>/discovery/v2.0/keys",
    ] {
        let answer = up.0.client.get(up.url(path)).header("origin", origin);
        let answer = answer.send().await.unwrap();
        assert_eq!(
            answer.headers()["access-control-allow-origin"],
            origin,
            "{path}"
        );
        let other =
            up.0.client
                .get(up.url(path))
                .header("origin", "https://evil.example");
        let other = other.send().await.unwrap();
        assert_eq!(other.headers().get("access-control-allow-origin"), None);
    }
}

/// Behind a proxy the app has another origin, and its callback is not registered. Entra's sentence
/// sends people to the Azure portal; here it is a file.
#[tokio::test]
async fn point_19_an_unregistered_redirect_is_told_with_its_file_and_line() {
    let changes = json!({"web": {"redirectUris": ["https://app.example/old"]}});
    let folder = changed("deploy/app-registration.json", &changes);
    let root = folder.path().to_str().unwrap();
    let up = Authority(Up::start(&["--app-root", root]));
    let callback = "https://front.example/.auth/login/aad/callback";
    for (client, property, file) in [
        (
            API,
            "web.redirectUris",
            folder.path().join("deploy/app-registration.json"),
        ),
        (
            CLI,
            "publicClient.redirectUris",
            folder.path().join("deploy/client-registration.json"),
        ),
    ] {
        let form: &Form<'_> = &[
            ("client_id", client),
            ("response_type", "code"),
            ("redirect_uri", callback),
            ("scope", "openid"),
        ];
        let (status, page, _) = up.ask(form).await;
        let here = format!("add it to {property} of {}", file.display());
        assert!(
            status == 400
                && page.contains("AADSTS50011")
                && page.contains(&here)
                && page.contains(&format!("&quot;{callback}&quot;")),
            "{page}"
        );
        // The log hides what may be a secret, and a temporary folder's name may look like one.
        up.0.says(&format!("Here: add it to {property} of "));
    }
}
