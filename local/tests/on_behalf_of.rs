//! On behalf of: a protected API calls the next one as its user (documented:
//! v2-oauth2-on-behalf-of-flow). Sources of the refusals are in the authority's table of codes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use harness::authority::{API, Authority, CLI, DAEMON, Form, claims, read, refusal, with};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// The API in the middle, and one that may call nobody.
const ORDERS: &str = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c01";
const STOCK: &str = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c04";
const ORDERS_READ: &str = "a5b6c7d8-0000-4000-8000-000000000001";
const STOCK_READ: &str = "a5b6c7d8-0000-4000-8000-000000000004";
const GREETING_READ: &str = "7f2d6a1c-3f0e-4c55-9a3d-5f1f0c7b2e41";
const SECRET: &str = "the-middle-proves-itself";

fn registration(id: &str, name: &str, scope: (&str, &str), next: &[Value]) -> Value {
    json!({
        "appId": id, "displayName": name, "identifierUris": [format!("api://{name}")],
        "api": {
            "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes":
                [{"id": scope.0, "value": scope.1, "type": "User", "isEnabled": true}],
            "preAuthorizedApplications":
                [{"appId": CLI, "delegatedPermissionIds": [scope.0]}],
        },
        "passwordCredentials": [{"secretText": SECRET}],
        "requiredResourceAccess": next,
    })
}

fn start(folder: &TempDir, more: &[&str]) -> Authority {
    let greeting = json!({"resourceAppId": API, "resourceAccess":
        [{"id": GREETING_READ, "type": "Scope"}]});
    let orders = registration(ORDERS, "orders", (ORDERS_READ, "Orders.Read"), &[greeting]);
    let stock = registration(STOCK, "stock", (STOCK_READ, "Stock.Read"), &[]);
    let mut arguments = vec!["--allow-client".to_owned(), ORDERS.to_owned()];
    for (name, app) in [("orders", orders), ("stock", stock)] {
        let path = folder.path().join(name);
        std::fs::write(&path, app.to_string()).unwrap();
        arguments.extend([
            "--registration".to_owned(),
            path.to_str().unwrap().to_owned(),
        ]);
    }
    arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Authority(Up::start(&arguments))
}

/// The user's token for an API of the middle, as its caller has it.
async fn token_for(up: &Authority, scope: &str, user: &str) -> Value {
    let form = [("client_id", CLI), ("scope", scope)];
    let (_, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    up.decide(&started, &["--user", user]);
    let (status, body) = up.poll(&started, CLI).await;
    assert_eq!(status, 200, "{body}");
    body["access_token"].clone()
}

fn form<'a>(assertion: &'a str, scope: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("client_id", ORDERS),
        ("client_secret", SECRET),
        ("requested_token_use", "on_behalf_of"),
        ("assertion", assertion),
        ("scope", scope),
    ]
}

/// An app that says who called it.
async fn who() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if stream.read_buf(&mut head).await.unwrap() == 0 {
                    break;
                }
            }
            let head = String::from_utf8(head).unwrap().to_lowercase();
            let mut lines = head.lines();
            let name = lines.find_map(|line| line.strip_prefix("x-ms-client-principal-name: "));
            let name = name.unwrap_or("nobody");
            let length = name.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{name}"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test]
async fn on_behalf_of_the_next_api_sees_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let app = who().await;
    let up = start(&folder, &["--upstream", &app]);
    let own = token_for(&up, "api://orders/Orders.Read", "alice").await;
    let assertion = own.as_str().unwrap();
    // It is not for the next API itself.
    assert_eq!(up.0.call_with(assertion).await.status(), 401);
    for (scope, echoed) in [
        (
            format!("api://{API}/Greeting.Read"),
            format!("api://{API}/Greeting.Read"),
        ),
        (
            format!("api://{API}/.default"),
            format!("api://{API}/Greeting.Read api://{API}/.default"),
        ),
    ] {
        let (status, body) = up.token(&form(assertion, &scope)).await;
        assert_eq!(status, 200, "{body}");
        assert_eq!(body["scope"], *echoed);
        assert_eq!(body["token_type"], "Bearer");
        // "A refresh token … only if offline_access is requested" (documented).
        assert_eq!(body.get("refresh_token"), None);
        assert_eq!(body.get("id_token"), None);
        let seen = claims(&body["access_token"]);
        for (name, expected) in [
            ("aud", json!(API)),
            ("azp", json!(ORDERS)),
            ("azpacr", json!("1")),
            ("scp", json!("Greeting.Read")),
            ("name", claims(&own)["name"].clone()),
            ("oid", claims(&own)["oid"].clone()),
            ("preferred_username", json!("alice@greeting.test")),
        ] {
            assert_eq!(seen[name], expected, "{name}");
        }
        assert_eq!(seen.get("roles"), None);
        let called = up.0.call_with(body["access_token"].as_str().unwrap()).await;
        assert_eq!(called.status(), 200);
        assert_eq!(called.text().await.unwrap(), "alice@greeting.test");
    }
    // What MSAL adds to it.
    let scope = format!("api://{API}/Greeting.Read openid profile offline_access");
    let asked = with(&form(assertion, &scope), &[("client_info", "1")]);
    let (_, body) = up.token(&asked).await;
    let id = claims(&body["id_token"]);
    assert_eq!(
        (&id["aud"], &id["name"]),
        (&json!(ORDERS), &json!("Alice Example"))
    );
    assert!(body["client_info"].is_string());
    let refresh = body["refresh_token"].as_str().unwrap();
    let again: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", ORDERS),
        ("client_secret", SECRET),
        ("refresh_token", refresh),
    ];
    let (status, body) = up.token(again).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(claims(&body["access_token"])["aud"], API);
    let without = up.token(&with(again, &[("client_secret", "")])).await;
    assert_eq!(refusal(&without), (401, "invalid_client", 7_000_218));
    let log = up.0.says("the assertion is a user's token for this client");
    assert!(!log.contains(assertion) && !log.contains(SECRET));
}

#[tokio::test]
async fn on_behalf_of_is_refused_as_entra_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let up = start(&folder, &[]);
    let scope = format!("api://{API}/Greeting.Read");
    let own = token_for(&up, "api://orders/Orders.Read", "alice").await;
    let good = own.as_str().unwrap();
    let mint_for = |audience: &str, more: &[&str]| {
        let own = ["--audience", audience, "--scope", "Orders.Read"];
        up.0.mint(&[&own[..], more].concat())
    };
    let minted = |more: &[&str]| mint_for(ORDERS, more);
    // By its id, and in a v1 token by its URI.
    let v1 = mint_for("api://orders", &["--version", "1"]);
    for own in [minted(&[]), v1] {
        assert_eq!(up.token(&form(&own, &scope)).await.0, 200);
    }
    let graph = mint_for("00000003-0000-0000-c000-000000000000", &[]);
    let written = mint_for("API://orders", &["--version", "1"]);
    let list = minted(&["--audience", "api://orders"]);
    let daemon = ["--audience", ORDERS, "--app-only", "--client", DAEMON];
    let id = ["--kind", "id", "--audience", ORDERS];
    let malformed = (400, "invalid_request", 50_027);
    let signature = (400, "invalid_grant", 50_013);
    let time = (400, "invalid_grant", 500_133);
    let audience = (400, "invalid_grant", 500_131);
    let cases = [
        ("x".to_owned(), malformed, "malformed"),
        (minted(&["--kind", "truncated"]), malformed, "malformed"),
        (minted(&["--alg", "none"]), malformed, "malformed"),
        (minted(&["--bad-signature"]), signature, "Key was found"),
        (minted(&["--tampered"]), signature, "Key was found"),
        (minted(&["--alg", "ps256"]), signature, "Key was found"),
        (minted(&["--unknown-key"]), signature, "key was not found"),
        (minted(&["--no-key-id"]), signature, "key was not found"),
        (
            minted(&["--issuer", "https://login.example/"]),
            signature,
            "key was not found",
        ),
        (graph, signature, "signature"),
        (minted(&["--expires-in", "-1"]), time, "expiry time of"),
        (minted(&["--not-yet-valid"]), time, "valid time range"),
        (
            up.0.mint(&[]),
            audience,
            "The audience in the assertion was",
        ),
        (mint_for(STOCK, &[]), audience, "expected audience is"),
        (written, audience, "(orders)"),
        (list, audience, "(orders)"),
        (
            up.0.mint(&id),
            (400, "invalid_grant", 240_002),
            "id_token cannot be used",
        ),
        (
            up.0.mint(&daemon),
            (400, "unauthorized_client", 7_000_114),
            "not allowed to make application on-behalf-of calls",
        ),
        (
            minted(&["--claim", "oid=00000000-0000-4000-8000-000000000000"]),
            (400, "invalid_grant", 70_000),
            "invalid or malformed",
        ),
    ];
    for (assertion, expected, words) in &cases {
        let answer = up.token(&form(assertion, &scope)).await;
        assert_eq!(refusal(&answer), *expected, "{words}: {}", answer.1);
        let said = answer.1["error_description"].as_str().unwrap();
        assert!(said.contains(words), "{said}");
        assert!(
            assertion == "x" || !said.contains(assertion.as_str()),
            "{said}"
        );
    }
    // The request itself.
    let changes: [(&Form<'_>, (u16, &str, u64)); 9] = [
        (&[("client_secret", "")], (401, "invalid_client", 7_000_218)),
        (
            &[("client_secret", "wrong")],
            (401, "invalid_client", 7_000_215),
        ),
        (
            &[("client_id", CLI), ("client_secret", "")],
            (401, "invalid_client", 7_000_218),
        ),
        (
            &[("requested_token_use", "")],
            (400, "invalid_request", 900_144),
        ),
        (&[("assertion", "")], (400, "invalid_request", 900_144)),
        (&[("scope", "")], (400, "invalid_request", 900_144)),
        (
            &[("scope", "api://nobody/.default")],
            (400, "invalid_resource", 500_011),
        ),
        (
            &[("scope", "api://orders/Orders.Read")],
            (400, "invalid_request", 90_009),
        ),
        // Stock may call nobody, and this token is not for it.
        (&[("client_id", STOCK)], (400, "invalid_grant", 500_131)),
    ];
    for (change, expected) in changes {
        let answer = up.token(&with(&form(good, &scope), change)).await;
        assert_eq!(refusal(&answer), expected, "{change:?}: {}", answer.1);
    }
    let other = up
        .token(&with(&form(good, &scope), &[("requested_token_use", "x")]))
        .await;
    assert_eq!(
        (other.0.as_u16(), &other.1["error"]),
        (400, &json!("invalid_request"))
    );

    // Consent is per client, user and scope.
    let stock = token_for(&up, "api://stock/Stock.Read", "alice").await;
    let of_stock = form(stock.as_str().unwrap(), &scope);
    let of_stock = up.token(&with(&of_stock, &[("client_id", STOCK)])).await;
    assert_eq!(refusal(&of_stock), (400, "invalid_grant", 65001));
    let bob = token_for(&up, "api://orders/Orders.Read", "bob").await;
    let of_bob = up.token(&form(bob.as_str().unwrap(), &scope)).await;
    assert_eq!(refusal(&of_bob), (400, "invalid_grant", 65001));
    assert_eq!(of_bob.1["suberror"], "consent_required");
    let said = of_bob.1["error_description"].as_str().unwrap();
    assert!(said.contains(ORDERS) && said.contains("'orders'"), "{said}");
    // Conditional Access wants more of the user: the API hands the claims on to its caller.
    up.policy(&["--refuse", "AADSTS50076"]);
    let more = up.token(&form(good, &scope)).await;
    assert_eq!(refusal(&more), (400, "invalid_grant", 50_076));
    assert_eq!(more.1["suberror"], "basic_action");
    assert!(more.1["claims"].as_str().unwrap().contains("capolids"));
    up.policy(&["--refuse", "none"]);
    // And an hour is over.
    up.policy(&["--time-shift", "3600"]);
    let ended = up.token(&form(good, &scope)).await;
    assert_eq!(refusal(&ended), (400, "invalid_grant", 500_133));
}
