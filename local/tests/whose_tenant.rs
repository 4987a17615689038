//! Whose tenant it is: the apps and the people that files say, over the real protocol (issue 17,
//! point 23).

mod harness;

use harness::Up;
use harness::authority::{API, Authority, BACK, CLI, Form, claims, code_of, get, read, with};
use serde_json::{Value, json};
use tempfile::TempDir;

const ORDERS: &str = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c01";
const WEB: &str = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c02";
const TOOL: &str = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c03";
const ORDERS_READ: &str = "a5b6c7d8-0000-4000-8000-000000000001";
const ORDERS_ALL: &str = "a5b6c7d8-0000-4000-8000-000000000002";
const GREETING_READ: &str = "7f2d6a1c-3f0e-4c55-9a3d-5f1f0c7b2e41";
const GREETING_ALL: &str = "b1a9c0de-52a4-4b1e-8d19-6f7f3f9d6c02";
const ORDERS_SECRET: &str = "orders-proves-itself";
const WEB_SECRET: &str = "web-proves-itself";

/// An API that calls the protected one, a web app that may call it, and a tool that may not.
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
fn apps(folder: &TempDir) -> Vec<String> {
    let orders = json!({
        "appId": ORDERS, "displayName": "orders", "identifierUris": ["api://orders"],
        "api": {"requestedAccessTokenVersion": 2, "oauth2PermissionScopes":
            [{"id": ORDERS_READ, "value": "Orders.Read", "type": "User", "isEnabled": true}]},
        "appRoles": [{"id": ORDERS_ALL, "value": "Orders.All", "isEnabled": true,
            "allowedMemberTypes": ["Application"], "displayName": "x", "description": "x"}],
        "passwordCredentials": [
            {"secretText": "an-old-one", "endDateTime": "2020-01-01T00:00:00Z"},
            {"secretText": ORDERS_SECRET, "endDateTime": null},
        ],
        "requiredResourceAccess": [{"resourceAppId": "<client-id>", "resourceAccess": [
            {"id": GREETING_READ, "type": "Scope"}, {"id": GREETING_ALL, "type": "Role"}]}],
    });
    let web = json!({
        "appId": WEB, "displayName": "the web app", "web": {"redirectUris": [BACK]},
        "passwordCredentials": [{"secretText": "<env:WEB_SECRET>"}],
        "requiredResourceAccess": [{"resourceAppId": ORDERS, "resourceAccess":
            [{"id": ORDERS_READ, "type": "Scope"}]}],
    });
    let tool = json!({"appId": TOOL, "displayName": "a tool", "isFallbackPublicClient": true});
    [("orders", orders), ("web", web), ("tool", tool)]
        .into_iter()
        .flat_map(|(name, app)| {
            let path = folder.path().join(format!("{name}.json"));
            std::fs::write(&path, app.to_string()).unwrap();
            [
                "--registration".to_owned(),
                path.to_str().unwrap().to_owned(),
            ]
        })
        .collect()
}

fn start(folder: &TempDir, more: &[&str]) -> Authority {
    let apps = apps(folder);
    let arguments: Vec<&str> = apps
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    let environment = [("WEB_SECRET", WEB_SECRET)];
    Authority(Up::with_environment(&json!({}), &arguments, &environment))
}

fn code(body: &Value) -> u64 {
    body["error_codes"][0].as_u64().unwrap_or(0)
}

/// A code of alice's for `scope`, sent back to the web app.
async fn code_for(up: &Authority, client: &str, scope: &str) -> Vec<(String, String)> {
    let asked: &Form<'_> = &[
        ("client_id", client),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", scope),
    ];
    up.ask(asked).await.2
}

#[tokio::test]
async fn item_23_any_number_of_apps_are_clients_and_apis() {
    let folder = tempfile::tempdir().unwrap();
    let up = start(&folder, &["--auto-approve", "alice"]);
    let scope = "api://orders/Orders.Read offline_access openid";
    // The web app may call orders, and proves who it is.
    let back = code_for(&up, WEB, scope).await;
    let form: &Form<'_> = &[
        ("grant_type", "authorization_code"),
        ("client_id", WEB),
        ("redirect_uri", BACK),
        ("code", get(&back, "code")),
    ];
    for (secret, expected) in [("", 7_000_218), ("wrong", 7_000_215)] {
        let refused = up.token(&with(form, &[("client_secret", secret)])).await;
        assert_eq!((refused.0.as_u16(), code(&refused.1)), (401, expected));
    }
    let proof: &Form<'_> = &[("client_secret", WEB_SECRET)];
    let (status, body) = up.token(&with(form, proof)).await;
    assert_eq!(status, 200, "{body}");
    let seen = claims(&body["access_token"]);
    assert_eq!(
        (&seen["aud"], &seen["scp"]),
        (&json!(ORDERS), &json!("Orders.Read"))
    );
    assert_eq!((&seen["azp"], &seen["azpacr"]), (&json!(WEB), &json!("1")));
    // A token for orders is none for the greeting.
    let orders = body["access_token"].as_str().unwrap();
    assert_eq!(up.0.call_with(orders).await.status(), 401);
    // Its refresh takes the proof again.
    let refresh = body["refresh_token"].as_str().unwrap();
    let again: &Form<'_> = &[
        ("grant_type", "refresh_token"),
        ("client_id", WEB),
        ("refresh_token", refresh),
    ];
    assert_eq!(code(&up.token(again).await.1), 7_000_218);
    assert_eq!(up.token(&with(again, proof)).await.0, 200);
    // What it was not given: the greeting, and all that is neither orders' nor anybody's.
    for (scope, expected) in [
        (format!("api://{API}/Greeting.Read"), 65001),
        ("api://orders/Orders.Write".to_owned(), 650_053),
    ] {
        let back = code_for(&up, WEB, &scope).await;
        assert_eq!(code_of(&back), expected, "{scope}");
    }
    let form = [("client_id", TOOL), ("scope", "api://orders/Orders.Read")];
    let (_, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    let (_, refused) = up.poll(&started, TOOL).await;
    assert_eq!(code(&refused), 65001);
    let words = refused["error_description"].as_str().unwrap();
    assert!(words.contains("named 'a tool'"), "{words}");
    // One that is no public client gets no device code.
    let form = [("client_id", ORDERS), ("scope", "api://orders/Orders.Read")];
    let (_, refused) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    assert_eq!(code(&refused), 7_000_218);
}

#[tokio::test]
async fn item_23_an_app_calls_the_next_api_by_its_roles() {
    let folder = tempfile::tempdir().unwrap();
    let up = start(&folder, &[]);
    let of = async |client: &str, secret: &str, resource: &str| {
        let scope = format!("{resource}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", &scope),
        ];
        up.token(&form).await.1
    };
    let api = format!("api://{API}");
    let mut principals = Vec::new();
    for (client, secret, resource, roles) in [
        (
            ORDERS,
            ORDERS_SECRET,
            api.as_str(),
            json!(["Greeting.Read.All"]),
        ),
        // Consent is per resource, and by id as by URI.
        (ORDERS, ORDERS_SECRET, ORDERS, Value::Null),
        (WEB, WEB_SECRET, "api://orders", Value::Null),
        (WEB, WEB_SECRET, &api, Value::Null),
    ] {
        let body = of(client, secret, resource).await;
        let seen = claims(&body["access_token"]);
        assert_eq!(
            seen.get("roles").unwrap_or(&Value::Null),
            &roles,
            "{client} {resource}"
        );
        assert_eq!((&seen["azp"], &seen["sub"]), (&json!(client), &seen["oid"]));
        principals.push(seen["oid"].clone());
    }
    assert_eq!(principals[0], principals[1]);
    assert_ne!(principals[0], principals[2]);
    // Another's secret, one that has ended, and no such API.
    for (secret, resource, expected) in [
        (WEB_SECRET, api.as_str(), 7_000_215),
        ("an-old-one", &api, 7_000_222),
        (ORDERS_SECRET, "api://nobody", 500_011),
    ] {
        assert_eq!(code(&of(ORDERS, secret, resource).await), expected);
    }
    // No secret is told to anybody.
    let state = std::fs::read_to_string(up.0.folder.path().join("state/running.json"));
    let texts = [
        up.0.printed(),
        up.0.said(),
        up.0.ready.to_string(),
        state.unwrap(),
    ];
    for text in &texts {
        for secret in [ORDERS_SECRET, WEB_SECRET, "an-old-one"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert!(
        texts[0].contains(&format!("registered    orders {ORDERS} (")),
        "{}",
        texts[0]
    );
    assert!(texts[3].contains("Orders.Read"), "{}", texts[3]);
}

/// Every registration in the app's `deploy/`, without a flag.
#[tokio::test]
async fn item_23_a_deploy_folder_has_any_number_of_registrations() {
    let app = harness::app::app();
    let deploy = app.path().join("deploy");
    let tool = json!({"appId": TOOL, "isFallbackPublicClient": true, "displayName": "a tool",
        "requiredResourceAccess": [{"resourceAppId": "<client-id>", "resourceAccess":
            [{"id": GREETING_READ, "type": "Scope"}]}]});
    std::fs::write(deploy.join("tool.json"), tool.to_string()).unwrap();
    std::fs::write(deploy.join("parameters.json"), r#"{"parameters": {}}"#).unwrap();
    std::fs::write(deploy.join("broken.json"), "{").unwrap();
    std::fs::write(
        deploy.join("lost.json"),
        r#"{"requiredResourceAccess": []}"#,
    )
    .unwrap();
    let root = app.path().to_str().unwrap();
    let up = Authority(Up::start(&["--app-root", root]));
    let token = up.sign_in(TOOL).await["access_token"].clone();
    assert_eq!(claims(&token)["azp"], TOOL);
    let printed = up.0.printed();
    for words in [
        "broken.json is not JSON, so it is passed over",
        "lost.json has requiredResourceAccess and no appId",
    ] {
        assert!(printed.contains(words), "{printed}");
    }
    assert!(!printed.contains("parameters.json"), "{printed}");
}

#[test]
fn item_23_a_file_that_can_not_be_meant_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let app = |changes: Value| {
        let mut app = json!({"appId": TOOL});
        harness::merge(&mut app, &changes);
        app
    };
    for (app, says) in [
        (
            app(json!({"appRoles": [{"allowedMemberTypes": "User", "isEnabled": true}]})),
            "appRoles[0].allowedMemberTypes: invalid type",
        ),
        (
            app(json!({"appId": CLI})),
            "appId c41d7e95-06fb-4a38-8d2e-b7390f5a6e22 is that of",
        ),
        (
            app(json!({"identifierUris": [format!("api://{API}")]})),
            "identifierUris: api://",
        ),
        (
            app(json!({"passwordCredentials": [{"secretText": "<env:NOT_SET_HERE>"}]})),
            "passwordCredentials[0].secretText is the variable NOT_SET_HERE, which is not set",
        ),
        (
            app(json!({"passwordCredentials": [{"secretText": "x", "endDateTime": "soon"}]})),
            "passwordCredentials[0].endDateTime is \"soon\"",
        ),
    ] {
        let file = folder.path().join("wrong.json");
        std::fs::write(&file, app.to_string()).unwrap();
        let twin = folder.path().join("cli.json");
        std::fs::write(&twin, json!({"appId": CLI}).to_string()).unwrap();
        let state = tempfile::tempdir().unwrap();
        let output = harness::program()
            .args([
                "up",
                "--port=0",
                "--authority-port=0",
                "--upstream=http://127.0.0.1:9",
            ])
            .arg("--registration")
            .arg(&twin)
            .arg("--registration")
            .arg(&file)
            .arg("--state-dir")
            .arg(state.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for part in [says, "wrong.json", "fix  "] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}

/// The JSON block of docs/authority.md that stands below the name of its file.
#[expect(clippy::unwrap_used, reason = "a panic is how a test fails")]
fn example(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/authority.md");
    let page = std::fs::read_to_string(path).unwrap();
    let start = format!("<!-- {name} -->\n```json\n");
    let (_, after) = page.split_once(&start).unwrap();
    after.split("```").next().unwrap().to_owned()
}

/// docs/authority.md, "Apps and people of your own": its two files do what it says.
#[tokio::test]
async fn item_23_the_examples_of_the_page_work_as_they_stand() {
    let app = harness::app::app();
    for name in ["deploy/orders.json", "deploy/users.json"] {
        std::fs::write(app.path().join(name), example(name)).unwrap();
    }
    let root = app.path().to_str().unwrap();
    let variable = [("ORDERS_SECRET", "from-the-environment")];
    let up = Authority(Up::with_environment(
        &json!({}),
        &["--app-root", root],
        &variable,
    ));
    let (status, body) = up
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", ORDERS),
            ("client_secret", variable[0].1),
            ("scope", &format!("api://{API}/.default")),
        ])
        .await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        claims(&body["access_token"])["roles"],
        json!(["Greeting.Read.All"])
    );
    // A token of erin's for orders, by az, which orders has not pre-authorized.
    let form = [
        ("client_id", harness::authority::AZ),
        ("scope", "api://orders/Orders.Read"),
    ];
    let (_, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    up.decide(&started, &["--user", "erin"]);
    assert_eq!(
        code(&up.poll(&started, harness::authority::AZ).await.1),
        65001
    );
    let token = up.sign_in(CLI).await["access_token"].clone();
    assert_eq!(claims(&token)["preferred_username"], "erin@greeting.test");
    assert_eq!(up.0.call_with(token.as_str().unwrap()).await.status(), 200);
    // Nothing in the two files is without effect.
    let printed = up.0.printed();
    for name in ["orders.json: ", "users.json: "] {
        assert!(!printed.contains(name), "{printed}");
    }
}
