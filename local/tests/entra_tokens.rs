//! What tokens say to whom, and how a client may redeem what it has, by the rules of the real
//! Entra ID. Each test bears the number of its point in issue 17.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::authority::{
    API, AZ, Authority, BACK, CHALLENGE, CLI, DAEMON, Form, VERIFIER, claims, get, read, refusal,
};
use serde_json::{Value, json};

const SECRET: &str = "a secret of the client's";

/// A token by device code, for whatever is asked.
async fn token(up: &Authority, client: &str, scope: &str) -> Value {
    let form = [("client_id", client), ("scope", scope)];
    let (_, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    up.decide(&started, &[]);
    let (status, body) = up.poll(&started, client).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn user_info(up: &Authority, token: &Value) -> (u16, Value) {
    let get = up.0.client.get(up.url("oidc/userinfo"));
    let answer = get.bearer_auth(token.as_str().unwrap()).send().await;
    let (status, body) = read(answer.unwrap()).await;
    (status.as_u16(), body)
}

/// The client's registration with a secret and with `BACK` of a platform.
fn with_secret(platform: &str) -> Authority {
    let mut changes = json!({
        "publicClient": {"redirectUris": []},
        "passwordCredentials": [{"secretText": SECRET}],
    });
    changes[platform] = json!({"redirectUris": [BACK]});
    let more = ["--auto-approve", "alice"];
    Authority::of_changed("deploy/client-registration.json", &changes, &more)
}

/// A redemption of a new code.
async fn code_of_alice(up: &Authority) -> String {
    let scope = up.scope();
    let form: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    get(&up.ask(form).await.2, "code").to_owned()
}

/// A subject is its recipient's: the API's in an access token, whichever client asks, the client's
/// in an ID token (documented: ID token claims reference; reported: azure-docs#71777).
#[tokio::test]
async fn item_19_a_subject_is_its_recipients() {
    let up = Authority::start();
    let (cli, az) = (up.sign_in(CLI).await, up.sign_in(AZ).await);
    let sub = |answer: &Value, token: &str| claims(&answer[token])["sub"].clone();
    assert_eq!(sub(&cli, "access_token"), sub(&az, "access_token"));
    assert_ne!(sub(&cli, "id_token"), sub(&az, "id_token"));
    assert_ne!(sub(&cli, "id_token"), sub(&cli, "access_token"));
    // By whichever name the API was asked for, and as `mint` makes it.
    let scope = format!("{API}/Greeting.Read openid");
    let named = token(&up, CLI, &scope).await;
    assert_eq!(sub(&named, "access_token"), sub(&cli, "access_token"));
    let minted = json!(up.0.mint(&["--user", "alice@greeting.test"]));
    assert_eq!(claims(&minted)["sub"], sub(&cli, "access_token"));
    // OpenID Connect Core section 5.3.2: userinfo's is the ID token's.
    let graph = token(&up, CLI, "openid profile").await;
    assert_eq!(sub(&graph, "id_token"), sub(&cli, "id_token"));
    assert_ne!(sub(&graph, "access_token"), sub(&cli, "id_token"));
    let (_, told) = user_info(&up, &graph["access_token"]).await;
    assert_eq!(told["sub"], sub(&graph, "id_token"));
}

/// Documented: ID token claims reference ("the profile scope is required to receive this claim").
#[tokio::test]
async fn item_5_an_id_token_without_profile_names_nobody() {
    let up = Authority::start();
    let names = ["name", "oid", "preferred_username"];
    for (scope, named) in [("openid", false), ("openid profile", true)] {
        let seen = claims(&token(&up, CLI, scope).await["id_token"]);
        for name in names {
            assert_eq!(seen.get(name).is_some(), named, "{scope}: {name}");
        }
        assert!(seen["sub"].is_string() && seen["tid"].is_string());
    }
}

/// Documented: userinfo, "UserInfo response" (sub, name, family_name, given_name, picture, email).
#[tokio::test]
async fn item_5_userinfo_says_what_the_scopes_let_it_say() {
    let up = Authority::start();
    for (scope, expected) in [
        ("openid", &["sub"][..]),
        ("openid email", &["sub", "email"]),
    ] {
        let (status, told) = user_info(&up, &token(&up, CLI, scope).await["access_token"]).await;
        let names: Vec<&str> = told
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!((status, names.as_slice()), (200, expected));
    }
    let scope = "openid profile email";
    let (_, told) = user_info(&up, &token(&up, CLI, scope).await["access_token"]).await;
    assert!(told["name"].is_string() && told.get("preferred_username").is_none());
    let graph = "https://graph.microsoft.com/User.Read";
    let changes = json!({"requiredResourceAccess": [{
        "resourceAppId": "00000003-0000-0000-c000-000000000000",
        "resourceAccess": [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}],
    }]});
    let up = Authority::of_changed("deploy/client-registration.json", &changes, &[]);
    let (status, refused) = user_info(&up, &token(&up, CLI, graph).await["access_token"]).await;
    let code = &refused["error"]["code"];
    assert_eq!((status, code), (403, &json!("Authorization_RequestDenied")));
}

/// By the redirect URI's platform, whatever secrets the registration has (reported:
/// Softeria/ms-365-mcp-server#288; captured of a device code's refresh: canonical/authd#1881).
#[tokio::test]
async fn item_13_a_native_apps_grants_are_redeemed_without_a_secret() {
    let up = with_secret("publicClient");
    let code = code_of_alice(&up).await;
    let redeem: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("redirect_uri", BACK),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let secret = [("client_secret", SECRET)];
    let refused = up.token(&[redeem, &secret].concat()).await;
    assert_eq!(refusal(&refused), (401, "invalid_client", 700_025));
    // It cost nothing.
    let (status, body) = up.token(redeem).await;
    assert_eq!(status, 200, "{body}");
    let refresh: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", body["refresh_token"].as_str().unwrap()),
    ];
    let refused = up.token(&[refresh, &secret].concat()).await;
    assert_eq!(refusal(&refused).2, 700_025);
    assert_eq!(up.token(refresh).await.0, 200);
}

/// Documented: v2-oauth2-auth-code-flow, "prevents the use of client credentials in all flows in
/// the presence of an Origin header"; the number is that of client_credentials.
#[tokio::test]
async fn item_15_a_page_can_not_prove_itself() {
    let up = with_secret("spa");
    let code = code_of_alice(&up).await;
    let send = async |form: &Form<'_>| {
        let url = up.url("<tenant>/oauth2/v2.0/token");
        let request = up.0.client.post(url).form(form);
        let request = request.header("origin", "http://localhost:8400");
        read(request.send().await.unwrap()).await
    };
    let redeem: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("redirect_uri", BACK),
        ("code", &code),
        ("code_verifier", VERIFIER),
    ];
    let secret = [("client_secret", SECRET)];
    let refused = send(&[redeem, &secret].concat()).await;
    assert_eq!(refusal(&refused), (400, "invalid_request", 9_002_326));
    let (status, body) = send(redeem).await;
    assert_eq!(status, 200, "{body}");
    let refresh: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", body["refresh_token"].as_str().unwrap()),
    ];
    let refused = send(&[refresh, &secret].concat()).await;
    assert_eq!(refusal(&refused).2, 9_002_326);
    assert_eq!(send(refresh).await.0, 200);
}

/// RFC 9110 section 11.1.
#[tokio::test]
async fn item_8_http_basic_has_no_letter_case() {
    use base64::Engine as _;
    let up = Authority::start();
    let pair = format!("{DAEMON}:{}", up.secret());
    let pair = base64::engine::general_purpose::STANDARD.encode(pair);
    let scope = format!("api://{API}/.default");
    for scheme in ["Basic", "basic", "BASIC"] {
        let url = up.url("<tenant>/oauth2/v2.0/token");
        let form = [("grant_type", "client_credentials"), ("scope", &scope)];
        let request = up.0.client.post(url).form(&form);
        let request = request.header("authorization", format!("{scheme} {pair}"));
        assert_eq!(request.send().await.unwrap().status(), 200, "{scheme}");
    }
}
