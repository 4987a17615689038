//! The rules of the real Entra ID that clients and people run into, over the real protocol. Each
//! test bears the number of its point in issue 17; sources are named where they decide.

mod harness;

use harness::Up;
use harness::authority::{
    API, AZ, Authority, BACK, CHALLENGE, CLI, DAEMON, Form, VERIFIER, VISUAL_STUDIO, claims,
    code_of, get, read, refusal, with,
};
use serde_json::{Value, json};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const READ: &str = "7f2d6a1c-3f0e-4c55-9a3d-5f1f0c7b2e41";

/// An API with a second scope that nobody is pre-authorized for.
fn with_two_scopes(more: &[&str]) -> Authority {
    let scope = |id: &str, value: &str| json!({"id": id, "value": value, "type": "User", "isEnabled": true});
    let changes = json!({"api": {"oauth2PermissionScopes": [
        scope(READ, "Greeting.Read"),
        scope("0d6f8f1a-9d0e-4a51-8c0f-6a3b1f8f7b02", "Greeting.Write"),
    ]}});
    Authority::of_changed("deploy/app-registration.json", &changes, more)
}

/// A token by device code, for whatever is asked.
async fn token(up: &Authority, client: &str, user: &str, scope: &str) -> (u16, Value) {
    let form = [("client_id", client), ("scope", scope)];
    let (status, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    if status != 200 {
        return (status.as_u16(), started);
    }
    up.decide(&started, &["--user", user]);
    let (status, body) = up.poll(&started, client).await;
    (status.as_u16(), body)
}

fn code(answer: &(u16, Value)) -> u64 {
    answer.1["error_codes"][0].as_u64().unwrap_or(0)
}

/// Documented (scopes-oidc); the audience captured in oauth2-proxy#2517.
#[tokio::test]
async fn item_1_no_resource_is_microsoft_graph() {
    let up = Authority::start();
    let (status, body) = token(&up, CLI, "alice", "openid profile email").await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["scope"], "openid profile email");
    let seen = claims(&body["access_token"]);
    assert_eq!((&seen["aud"], &seen["ver"]), (&json!(GRAPH), &json!("1.0")));
    let access = body["access_token"].as_str().unwrap();
    assert_eq!(up.0.call_with(access).await.status(), 401);
    // Consent is not gone round.
    assert_eq!(code(&token(&up, CLI, "bob", "openid profile").await), 65001);
    up.policy(&["--consent", "off"]);
    assert_eq!(
        code(&token(&up, CLI, "alice", "openid profile").await),
        65001
    );
}

/// Graph's own envelope, captured in oauth2-proxy#2517.
#[tokio::test]
async fn item_5_userinfo_takes_a_token_for_graph_alone() {
    let up = Authority::start();
    let user_info = async |token: &Value| {
        let get = up.0.client.get(up.url("oidc/userinfo"));
        let token = token.as_str().unwrap();
        read(get.bearer_auth(token).send().await.unwrap()).await
    };
    let (_, graph) = token(&up, CLI, "alice", "openid profile email").await;
    let (status, user) = user_info(&graph["access_token"]).await;
    assert_eq!(
        (status.as_u16(), &user["email"]),
        (200, &json!("alice@greeting.test"))
    );
    // The API's token is for somebody else.
    let (status, refused) = user_info(&up.sign_in(CLI).await["access_token"]).await;
    assert_eq!(status, 401);
    assert_eq!(refused["error"]["code"], "InvalidAuthenticationToken");
    let words = "Access token validation failure. Invalid audience.";
    assert_eq!(refused["error"]["message"], words);
    // Scope `email` puts the mail into the ID token, and nothing else does.
    assert_eq!(claims(&graph["id_token"])["email"], "alice@greeting.test");
    let (_, without) = token(&up, CLI, "alice", "openid profile").await;
    assert_eq!(claims(&without["id_token"]).get("email"), None);
}

/// What is granted first, and `.default` last: a dozen public caches have it so (AzureTokenApi's
/// among them), and MSAL Go takes it for declined where it is missing.
#[tokio::test]
async fn item_9_default_comes_back_in_the_answers_scope() {
    let up = Authority::start();
    let default = format!("api://{API}/.default");
    let (status, body) = token(&up, CLI, "alice", &format!("{default} openid profile")).await;
    assert_eq!(status, 200, "{body}");
    let scopes: Vec<&str> = body["scope"].as_str().unwrap().split(' ').collect();
    assert!(scopes.contains(&format!("api://{API}/Greeting.Read").as_str()));
    assert_eq!(scopes.last(), Some(&default.as_str()), "{scopes:?}");
}

/// Documented (scopes-oidc, `.default`; reference-app-manifest, preAuthorizedApplications).
#[tokio::test]
async fn item_2_consent_is_per_scope() {
    let up = with_two_scopes(&[]);
    let (api, write) = (
        format!("api://{API}"),
        format!("api://{API}/Greeting.Write"),
    );
    let default = format!("{api}/.default");
    for client in [AZ, CLI] {
        // All that is granted, and item 9: `.default` comes back last (MSAL Go looks for it).
        let (status, body) = token(&up, client, "alice", &format!("{default} openid")).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["scope"], format!("{api}/Greeting.Read {default}"));
        assert_eq!(claims(&body["access_token"])["scp"], "Greeting.Read");
        let other = token(&up, client, "alice", &write).await;
        assert_eq!(code(&other), 65001, "{}", other.1);
        let both = format!("{api}/Greeting.Read {write}");
        assert_eq!(code(&token(&up, client, "alice", &both).await), 65001);
        // Captured: github/copilot-cli#4464.
        let combined = token(&up, client, "alice", &format!("{default} {write}")).await;
        assert_eq!(
            (combined.0, code(&combined)),
            (400, 70011),
            "{}",
            combined.1
        );
        let words = combined.1["error_description"].as_str().unwrap();
        assert!(
            words.contains(".default scope can't be combined with"),
            "{words}"
        );
    }
    let nothing = token(&up, VISUAL_STUDIO, "alice", &default).await;
    assert_eq!(code(&nothing), 65001);
    assert_eq!(nothing.1["suberror"], "consent_required");
}

/// Each leg by its own `resource` and scopes; the table of pairs is in the authority's own tests.
#[tokio::test]
async fn item_3_resource_is_compared_on_each_leg() {
    let uri = "https://mcp.example/api/mcp";
    let changes = json!({"identifierUris": [format!("api://{API}"), uri]});
    let alice = ["--auto-approve", "alice"];
    let up = Authority::of_changed("deploy/app-registration.json", &changes, &alice);
    let scope = format!("api://{API}/Greeting.Read offline_access");
    let asked: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
        ("resource", uri),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let wrong: &Form<'_> = &[("resource", "https://mcp.example/api/mcp/")];
    // A bare scope is Graph's: 9010010 with any resource, before the sign-in; else 650053.
    let bare: &Form<'_> = &[("scope", "Greeting.Read")];
    let no_resource: &Form<'_> = &[("scope", "Greeting.Read"), ("resource", "")];
    for (changes, error, code) in [
        (wrong, "invalid_target", 9_010_010),
        (bare, "invalid_target", 9_010_010),
        (no_resource, "invalid_client", 650_053),
    ] {
        let (status, _, back) = up.ask(&with(asked, changes)).await;
        assert_eq!(
            (status, get(&back, "error"), code_of(&back)),
            (303, error, code)
        );
    }
    let (_, _, back) = up.ask(asked).await;
    let redeem: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", CLI),
        ("redirect_uri", BACK),
        ("code", get(&back, "code")),
        ("code_verifier", VERIFIER),
        ("resource", uri),
    ];
    let target = (400, "invalid_target", 9_010_010);
    let refused = up.token(&with(redeem, wrong)).await;
    assert_eq!(refusal(&refused), target);
    let words = "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes. Trace ID";
    assert!(
        refused.1["error_description"]
            .as_str()
            .unwrap()
            .starts_with(words)
    );
    // The refusal has cost nothing.
    let (status, body) = up.token(redeem).await;
    assert_eq!(status, 200, "{body}");
    let refresh: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", body["refresh_token"].as_str().unwrap()),
        ("resource", uri),
    ];
    assert_eq!(up.token(refresh).await.0, 200);
    assert_eq!(refusal(&up.token(&with(refresh, wrong)).await), target);
    up.policy(&["--resource-slash", "off"]);
    assert_eq!(up.token(&with(refresh, wrong)).await.0, 200);
}

/// `azpacr` is documented (access-token-claims-reference); `oid` and `sub` are captured
/// (azure-workload-identity#1613).
#[tokio::test]
async fn item_4_each_app_is_itself_and_says_how_it_proved_that() {
    let secret = json!({"identityProviders": {"azureActiveDirectory": {"registration":
        {"clientSecretSettingName": "APP_SECRET"}}}});
    let up = Authority(Up::with_environment(
        &secret,
        &[],
        &[("APP_SECRET", "of-the-api")],
    ));
    let own = up.secret();
    let default = format!("api://{API}/.default");
    let ask = async |client: &str, secret: &str| {
        let (status, body) = up
            .token(&[
                ("grant_type", "client_credentials"),
                ("client_id", client),
                ("client_secret", secret),
                ("scope", &default),
            ])
            .await;
        assert_eq!(status, 200, "{body}");
        claims(&body["access_token"])
    };
    let (daemon, api) = (ask(DAEMON, &own).await, ask(API, "of-the-api").await);
    for token in [&daemon, &api] {
        assert_eq!(token["oid"], token["sub"]);
        assert_eq!(token["azpacr"], "1");
    }
    assert_ne!(daemon["oid"], api["oid"]);
    let person = up.sign_in(CLI).await;
    assert_eq!(claims(&person["access_token"])["azpacr"], "0");
    // What `mint` makes is the same.
    let minted = claims(&json!(up.0.mint(&["--app-only", "--client", DAEMON])));
    assert_eq!(
        (&minted["oid"], &minted["sub"]),
        (&daemon["oid"], &daemon["oid"])
    );
}

/// MSAL Go and MSAL4J add these words to every request (their sources, Aug 2026).
#[tokio::test]
async fn item_8_client_credentials_may_name_the_protocols_scopes() {
    let up = Authority::start();
    let secret = up.secret();
    let default = format!("api://{API}/.default");
    let ask = async |scope: &str, more: &Form<'_>| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", DAEMON),
            ("client_secret", secret.as_str()),
            ("scope", scope),
        ];
        up.token(&[&form[..], more].concat()).await
    };
    let (status, body) = ask(&format!("openid offline_access profile {default}"), &[]).await;
    assert_eq!(status, 200, "{body}");
    // Captured: nothing else is in it.
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["token_type", "expires_in", "ext_expires_in", "access_token"]
    );
    for scope in [
        format!("{default} api://{API}/Greeting.Read"),
        format!("{default} https://management.azure.com/.default"),
        "openid".to_owned(),
    ] {
        let refused = ask(&scope, &[]).await;
        assert_eq!(
            refusal(&refused),
            (400, "invalid_scope", 1_002_012),
            "{scope}"
        );
    }
    // Item 7: no bearer token where another kind was asked for.
    let pop = ask(&default, &[("token_type", "pop"), ("req_cnf", "x")]).await;
    assert_eq!(
        (pop.0.as_u16(), &pop.1["error"]),
        (400, &json!("invalid_request"))
    );
    assert_eq!(pop.1["error_codes"], json!([]));
    assert_eq!(ask(&default, &[("token_type", "Bearer")]).await.0, 200);
}

/// Captured: msal-js#1487. Authorize takes several resources (documented: scopes-oidc).
#[tokio::test]
async fn item_19_two_resources_are_refused_at_the_token_endpoint_alone() {
    let up = Authority(Up::start(&["--auto-approve", "alice"]));
    let arm = "https://management.azure.com/.default";
    let both = format!("api://{API}/Greeting.Read {arm} openid");
    let ask = |scope: &'static str| {
        [
            ("client_id", AZ),
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("state", scope),
        ]
    };
    let (_, _, back) = up.ask(&[&ask("s")[..], &[("scope", &both)]].concat()).await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", AZ),
        ("redirect_uri", BACK),
        ("code", get(&back, "code")),
    ];
    let refused = up.token(&[&redeem[..], &[("scope", &both)]].concat()).await;
    assert_eq!(
        refusal(&refused),
        (400, "invalid_request", 28_000),
        "{back:?}"
    );
    let (status, body) = up.token(&[&redeem[..], &[("scope", arm)]].concat()).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn item_12_what_is_no_form_is_answered_in_entras_envelope() {
    let up = Authority::start();
    let scope = up.scope();
    let send = async |path: &str, kind: Option<&str>, body: String| {
        let mut request = up.0.client.post(up.url(path)).body(body);
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        read(request.send().await.unwrap()).await
    };
    let form = |pairs: &Form<'_>| {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(pairs).finish()
    };
    let (start, token) = (
        "<tenant>/oauth2/v2.0/devicecode",
        "<tenant>/oauth2/v2.0/token",
    );
    // None at all is a form: azure-identity for Java starts a device code so.
    let asked = form(&[("client_id", CLI), ("scope", &scope)]);
    assert_eq!(send(start, None, asked.clone()).await.0, 200);
    let charset = "application/x-www-form-urlencoded; charset=UTF-8";
    assert_eq!(send(start, Some(charset), asked.clone()).await.0, 200);
    for (path, kind, body, missing) in [
        (
            start,
            Some("application/json"),
            "{}".to_owned(),
            "client_id",
        ),
        (start, Some("text/plain"), asked.clone(), "client_id"),
        (
            token,
            Some("application/json"),
            "{}".to_owned(),
            "grant_type",
        ),
        (token, None, String::new(), "grant_type"),
        // The query string does not count (captured: microsoft-graph-docs#9207).
        (
            "<tenant>/oauth2/v2.0/token?grant_type=refresh_token",
            None,
            String::new(),
            "grant_type",
        ),
    ] {
        let answer = send(path, kind, body).await;
        assert_eq!(refusal(&answer), (400, "invalid_request", 900_144));
        let words = answer.1["error_description"].as_str().unwrap();
        assert!(
            words.contains(&format!("parameter: '{missing}'")),
            "{words}"
        );
    }
    // More than any form has, and what is no text.
    let huge = send(token, None, "a".repeat(70_000)).await;
    assert_eq!(refusal(&huge).0, 413);
    assert_eq!(refusal(&send(token, None, "%FF=%".into()).await).2, 900_144);
    // A tenant that is no text.
    let odd = send("%FF/oauth2/v2.0/token", None, asked).await;
    assert_eq!(refusal(&odd), (400, "invalid_request", 90002));
    let odd = read(
        up.0.client
            .get(up.url("%FF/discovery/v2.0/keys"))
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(refusal(&odd).2, 90002);
    // Documented: AADSTS900561.
    let get = read(up.0.client.get(up.url(token)).send().await.unwrap()).await;
    assert_eq!(refusal(&get), (400, "invalid_request", 900_561));
    let words = get.1["error_description"].as_str().unwrap();
    assert!(
        words.contains("only accepts POST requests. Received a GET request."),
        "{words}"
    );
}

/// MSAL Go asks `/common/UserRealm/`, MSAL for Python the lower case (their sources).
#[tokio::test]
async fn item_17_paths_are_matched_in_any_letter_case() {
    let up = Authority::start();
    for path in [
        "common/UserRealm/alice@greeting.test?api-version=1.0",
        "common/userrealm/alice@greeting.test",
        "<tenant>/V2.0/.Well-Known/OpenID-Configuration",
        "COMMON/Discovery/Instance",
    ] {
        let answer = up.0.client.get(up.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let form = [("client_id", CLI), ("scope", &up.scope())];
    let answer = up.post("Common/OAuth2/v2.0/DeviceCode", &form).await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn item_18_what_is_not_built_says_so() {
    let up = Authority::start();
    for (path, words) in [
        ("<tenant>/oauth2/token", "the v1 token endpoint"),
        (
            "<tenant>/oauth2/devicecode",
            "scope in the place of resource",
        ),
        ("<tenant>/saml2", "SAML"),
        ("v1.0/me", "Microsoft Graph"),
        ("beta/users/1", "Microsoft Graph"),
    ] {
        let (status, body) = read(up.post(path, &[("resource", "x")]).await).await;
        assert_eq!(
            (status.as_u16(), &body["error"]),
            (404, &json!("not_built"))
        );
        let said = body["error_description"].as_str().unwrap();
        assert!(
            said.contains(words) && said.contains("docs/authority.md"),
            "{said}"
        );
    }
}

/// By HTTP/2, where an answer before the whole body is a stream's error to curl and others.
#[tokio::test]
async fn item_18_a_small_body_is_read_before_it_is_refused() {
    let up = Authority::start();
    let both = reqwest::Client::builder().tls_certs_only([up.0.ca()]);
    let both = both.no_proxy().build().unwrap();
    let body = "a".repeat(60_000);
    for (path, status) in [
        ("<tenant>/oauth2/v2.0/nothing", 404),
        ("<tenant>/discovery/v2.0/keys", 405),
        ("<tenant>/oauth2/token", 404),
    ] {
        for _ in 0..5 {
            let sent = both.post(up.url(path)).body(body.clone()).send().await;
            let answer = sent.unwrap();
            assert_eq!(answer.version(), reqwest::Version::HTTP_2);
            assert_eq!(answer.status(), status, "{path}");
            answer.bytes().await.unwrap();
        }
    }
}

/// OpenID Connect RP-Initiated Logout 1.0 section 3: `state` comes back as it was.
#[tokio::test]
async fn item_21_a_sign_out_goes_back_with_its_state() {
    let up = Authority::start();
    let sign_out: &Form<'_> = &[("post_logout_redirect_uri", BACK), ("state", "a state&")];
    let redirect = "http://localhost/";
    let sign_out = with(sign_out, &[("post_logout_redirect_uri", redirect)]);
    let mut url = reqwest::Url::parse(&up.url("<tenant>/oauth2/v2.0/logout")).unwrap();
    url.query_pairs_mut().extend_pairs(&sign_out);
    let by_address = up.0.client.get(url).send().await.unwrap();
    let by_form = up.post("<tenant>/oauth2/v2.0/logout", &sign_out).await;
    for answer in [by_address, by_form] {
        assert_eq!(answer.status(), 303);
        let back = answer.headers()["location"].to_str().unwrap();
        assert_eq!(back, "http://localhost/?state=a+state%26");
    }
    let discovery = up.url("<tenant>/v2.0/.well-known/openid-configuration");
    let (_, found) = read(up.0.client.get(discovery).send().await.unwrap()).await;
    assert_eq!(found["frontchannel_logout_supported"], false);
}

/// Documented (v2-protocols-oidc): it must match a registered redirect URI. App Service's own
/// `/.auth/logout/complete` works with its callback alone registered.
#[tokio::test]
async fn item_21_a_sign_out_goes_to_registered_uris_alone() {
    let uris = [
        "https://shop.example/cb",
        "https://app.example/.auth/login/aad/callback",
    ];
    let up = Authority::of_changed(
        "deploy/app-registration.json",
        &serde_json::json!({"web": {"redirectUris": uris}}),
        &[],
    );
    for (asked, goes) in [
        ("https://shop.example/cb", true),
        ("http://localhost:4321/", true),
        ("https://app.example/.auth/logout/complete", true),
        ("https://shop.example/other", false),
        ("https://shop.example/", false),
        ("https://shop.example/x/../cb", false),
        ("https://app.example:8443/.auth/logout/complete", false),
        ("https://evil.example/.auth/login/aad/callback", false),
    ] {
        let form: &Form<'_> = &[("post_logout_redirect_uri", asked)];
        let answer = up.post("<tenant>/oauth2/v2.0/logout", form).await;
        let status = if goes { 303 } else { 200 };
        assert_eq!(answer.status(), status, "{asked}");
    }
}

/// Nobody looks at a page: who can't be approved is told at once.
#[tokio::test]
async fn item_20_auto_approve_approves_or_says_at_once_why_not() {
    let folder = tempfile::tempdir().unwrap();
    for user in ["nobody", "dan"] {
        let output = harness::program()
            .args([
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--auto-approve",
                user,
            ])
            .args(["--state-dir", folder.path().to_str().unwrap()])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains(&format!("--auto-approve {user} can't sign in")),
            "{said}"
        );
        assert!(said.contains("alice@greeting.test"), "{said}");
    }
    // A web app that asks for its own API's scope: no consent, so no page that waits.
    let up = Authority(Up::start(&["--auto-approve", "alice"]));
    let scope = format!("api://{API}/Greeting.Read");
    let form: &Form<'_> = &[
        ("client_id", VISUAL_STUDIO),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", &scope),
    ];
    let (status, _, back) = up.ask(form).await;
    assert_eq!(
        (status, get(&back, "error"), code_of(&back)),
        (303, "consent_required", 65001)
    );
    up.0.says("has not consented to Visual Studio");
}
