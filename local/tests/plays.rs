//! `up` with the settings of a real tenant, as Azure hands them out, in front of somebody's API:
//! the local authority plays that tenant and that API.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::Path;

use harness::cli::{self, Cli};
use harness::{GREETING, Up, program};
use serde_json::{Value, json};
use tempfile::TempDir;

const TENANT: &str = "3d5f0c1e-7a92-4b6d-8c41-90e2f7a6b513";
const API: &str = "b7c9e1d2-4f60-4a83-9d15-6e0a8f3c2b74";
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const OTHER: &str = "5c8a7e90-1b2d-4c3e-8f4a-7d6b5c4e3f21";

/// An API that says who called, and answers /forbidden by itself.
async fn app() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let todos = axum::Router::new().fallback(|headers: axum::http::HeaderMap| async move {
        let principal = headers.get("x-ms-client-principal-name");
        principal.map_or("nobody".to_owned(), |name| {
            name.to_str().unwrap().to_owned()
        })
    });
    tokio::spawn(async move { axum::serve(listener, todos).await });
    address
}

/// As `az rest` on `config/authsettingsV2` prints it, with these changes to its properties.
fn az_rest(changes: &Value) -> Value {
    let mut properties = json!({
        "platform": {"enabled": true, "runtimeVersion": "~1"},
        "globalValidation": {"requireAuthentication": true, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": true,
                "isAutoProvisioned": false,
                "login": {"disableWWWAuthenticate": false},
                "registration": {
                    "clientId": API,
                    "clientSecretSettingName": null,
                    "openIdIssuer": format!("https://sts.windows.net/{TENANT}/v2.0"),
                },
                "validation": {
                    "allowedAudiences": [format!("api://{API}"), "https://todo.contoso.com"],
                    "defaultAuthorizationPolicy": {
                        "allowedApplications": [OTHER, AZURE_CLI],
                        "allowedPrincipals": {},
                    },
                    "jwtClaimChecks": {},
                },
            },
            "facebook": {"enabled": true, "login": {}, "registration": {}},
            "google": {"enabled": true, "login": {}, "registration": {}, "validation": {}},
        },
        "login": {
            "allowedExternalRedirectUrls": [],
            "cookieExpiration": {"convention": "FixedTime", "timeToExpiration": "08:00:00"},
            "nonce": {"nonceExpirationInterval": "00:05:00", "validateNonce": true},
            "preserveUrlFragmentsForLogins": false,
            "routes": {},
            "tokenStore": {"enabled": true, "tokenRefreshExtensionHours": 72.0},
        },
        "httpSettings": {"forwardProxy": {"convention": "NoProxy"}, "requireHttps": true, "routes": {"apiPrefix": "/.auth"}},
    });
    harness::merge(&mut properties, changes);
    json!({
        "id": "/subscriptions/0/resourceGroups/todo/providers/Microsoft.Web/sites/todo/config/authsettingsV2",
        "name": "authsettingsV2",
        "type": "Microsoft.Web/sites/config",
        "location": "West Europe",
        "properties": properties,
    })
}

/// As `az ad app show` prints it.
fn az_ad_app(id: &str) -> Value {
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications/$entity",
        "appId": id, "id": "0d1e2f30-0000-4000-8000-000000000001", "displayName": "todo",
        "identifierUris": ["https://todo.contoso.com"], "isFallbackPublicClient": null,
        "signInAudience": "AzureADMyOrg", "appRoles": [],
        "api": {
            "acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": 2,
            "oauth2PermissionScopes": [
                {"id": "a1", "value": "Todo.Read", "type": "User", "isEnabled": true, "userConsentDisplayName": null,
                 "userConsentDescription": null, "adminConsentDisplayName": "Read", "adminConsentDescription": "Read"},
                {"id": "a2", "value": "Todo.Write", "type": "Admin", "isEnabled": true},
            ],
            "preAuthorizedApplications": [{"appId": AZURE_CLI, "delegatedPermissionIds": ["a1", "a2"]}],
        },
        "web": {"redirectUris": [], "homePageUrl": null},
    })
}

fn write(folder: &TempDir, name: &str, content: &Value) -> String {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(part).unwrap()).unwrap()
}

/// The token of a sign-in by device code as the Azure CLI, approved from the shell.
async fn sign_in(up: &Up, scope: &str) -> Result<String, Value> {
    let endpoint = |name: &str| {
        let (host, tenant) = (up.text("authority_host"), up.text("tenant_id"));
        format!("{host}/{tenant}/oauth2/v2.0/{name}")
    };
    let form = [("client_id", up.text("cli_client_id")), ("scope", scope)];
    let asked = up
        .client
        .post(endpoint("devicecode"))
        .form(&form)
        .send()
        .await;
    let asked: Value = asked.unwrap().json().await.unwrap();
    let Some(code) = asked["user_code"].as_str() else {
        return Err(asked);
    };
    assert!(up.run("approve", &[code]).status.success());
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", up.text("cli_client_id")),
        ("device_code", asked["device_code"].as_str().unwrap()),
    ];
    let tokens = up.client.post(endpoint("token")).form(&form).send().await;
    let tokens: Value = tokens.unwrap().json().await.unwrap();
    let token = tokens["access_token"].as_str().map(str::to_owned);
    token.ok_or(tokens)
}

/// The whole way: whatever asks for a token gets one that the gate accepts.
#[tokio::test]
async fn a_real_tenants_settings_are_played() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write(&folder, "auth.json", &az_rest(&json!({})));
    let registration = write(&folder, "deploy/app-registration.json", &az_ad_app(API));
    let app = app().await;
    let up = Up::start(&["--settings", &settings, "--upstream", &app]);

    let printed = up.printed();
    for line in [
        format!("plays         tenant {TENANT} and API {API} of {settings}"),
        format!("settings      {settings}"),
        format!("registration  {registration}"),
    ] {
        assert!(
            printed.lines().any(|said| said == line),
            "{line} is not in {printed}"
        );
    }
    for (key, value) in [
        ("tenant_id", TENANT),
        ("api_client_id", API),
        ("cli_client_id", AZURE_CLI),
        ("scope", "https://todo.contoso.com/Todo.Read"),
    ] {
        assert_eq!(up.text(key), value, "{key}");
    }

    // The challenge, and what mint, a sign-in and the control room make of it.
    let answer = up.call(&[]).await;
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    let authority = format!("{}/{TENANT}", up.text("authority_host"));
    assert!(
        challenge.contains(&format!("\"{authority}/oauth2/v2.0/authorize\""))
            && challenge.contains(API),
        "{challenge}"
    );
    let minted = up.mint(&[]);
    let token = claims(&minted);
    for (name, value) in [
        ("iss", format!("{authority}/v2.0").as_str()),
        ("tid", TENANT),
        ("aud", API),
        ("azp", AZURE_CLI),
        ("scp", "Todo.Read Todo.Write"),
    ] {
        assert_eq!(token[name], value, "{name}");
    }
    let signed_in = sign_in(&up, up.text("scope")).await.unwrap();
    for token in [&minted, &signed_in] {
        let answer = up.call_with(token).await;
        assert_eq!(answer.status(), 200);
        assert_ne!(answer.text().await.unwrap(), "nobody");
    }
    // v1 tokens have the audience that was asked for, and the gate knows this one.
    let other = up.mint(&["--client", "11111111-2222-4333-8444-555555555555"]);
    assert_eq!(up.call_with(&other).await.status(), 403);

    let page = up
        .client
        .get(up.text("authority_host"))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    for words in [
        format!("tenant {TENANT} and API {API}"),
        registration.clone(),
    ] {
        assert!(page.contains(&words), "{words}");
    }
    let form = [("scope", "Todo.Read Todo.Write")];
    let minted = up
        .client
        .post(format!("{}/control-room/mint", up.text("authority_host")));
    let page = minted
        .header("Origin", up.text("authority_host"))
        .form(&form)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let folder = up.folder.path().join("state");
    let line = format!("greeting-local mint --state-dir {} | ", folder.display());
    assert!(
        page.contains(&line) && page.contains("greeting-cli call http"),
        "{page}"
    );

    let env = up.run("env", &["--shell", "bash"]);
    let env = String::from_utf8(env.stdout).unwrap();
    for line in [
        format!("export AZURE_TENANT_ID='{TENANT}'"),
        format!("export AZURE_CLIENT_ID='{AZURE_CLI}'"),
        "export GREETING_SCOPE='https://todo.contoso.com/Todo.Read'".to_owned(),
    ] {
        assert!(
            env.lines().any(|said| said == line),
            "{line} is not in {env}"
        );
    }

    // Once more in the same folder: without the settings it is the local tenant's again.
    let mut up = up;
    let folder = std::mem::replace(&mut up.folder, tempfile::tempdir().unwrap());
    drop(up);
    let again = Up::start_in(folder, "0", &[]);
    let token = again.mint(&[]);
    assert_eq!(claims(&token)["tid"], again.text("tenant_id"));
    assert_ne!(again.text("tenant_id"), TENANT);
    assert_eq!(
        again.call_with(&token).await.text().await.unwrap(),
        GREETING
    );
    assert_eq!(again.call_with(&signed_in).await.status(), 401);
}

/// With neither a registration nor an app of one's own: greeting-server behind another's settings.
#[tokio::test]
async fn settings_alone_are_enough() {
    let folder = tempfile::tempdir().unwrap();
    // A v1 issuer, and App ID URIs that are not api://<client id>.
    let azure_active_directory = json!({
        "registration": {"openIdIssuer": format!("https://sts.windows.net/{TENANT}/")},
        "validation": {"allowedAudiences": ["https://greeting.contoso.com", "api://contoso.com/greeting"]},
    });
    let changes = json!({"identityProviders": {"azureActiveDirectory": azure_active_directory}});
    let settings = write(&folder, "auth.json", &az_rest(&changes));
    let up = Up::start(&[
        "--settings",
        &settings,
        "--app-root",
        folder_of_an_app(&folder).as_str(),
    ]);
    assert!(
        up.printed()
            .contains("registration  deploy/app-registration.json (built in)")
    );
    let token = up.mint(&[]);
    for (name, value) in [
        ("ver", "1.0"),
        ("aud", "https://greeting.contoso.com"),
        ("appid", AZURE_CLI),
        (
            "iss",
            format!("{}/{TENANT}/", up.text("authority_host")).as_str(),
        ),
    ] {
        assert_eq!(claims(&token)[name], value, "{name}");
    }
    assert_eq!(
        up.text("scope"),
        "https://greeting.contoso.com/Greeting.Read"
    );
    let signed_in = sign_in(&up, up.text("scope")).await.unwrap();
    for token in [
        token,
        signed_in,
        up.mint(&["--audience", "api://contoso.com/greeting"]),
    ] {
        assert_eq!(
            up.call_with(&token).await.status(),
            200,
            "{}",
            claims(&token)
        );
    }
    let v2 = up.mint(&["--version", "2"]);
    assert_eq!(up.call_with(&v2).await.status(), 401);
}

/// The greeting's own app without a `deploy/`.
fn folder_of_an_app(folder: &TempDir) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for name in ["host.json", "greeting/function.json"] {
        let path = folder.path().join("app").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(root.join(name), path).unwrap();
    }
    folder.path().join("app").to_str().unwrap().to_owned()
}

/// A secret that is not here is needed for browser sign-in only, and its page says so.
#[tokio::test]
async fn a_client_secret_that_is_missing_is_said_and_holds_up_no_call() {
    let folder = tempfile::tempdir().unwrap();
    let registration =
        json!({"clientSecretSettingName": "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"});
    let changes =
        json!({"identityProviders": {"azureActiveDirectory": {"registration": registration}}});
    let settings = write(&folder, "auth.json", &az_rest(&changes));
    let app = app().await;
    let up = Up::start(&["--settings", &settings, "--upstream", &app]);
    let printed = up.printed();
    assert!(
        printed.contains(
            "note          there is no app setting MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
        ),
        "{printed}"
    );
    assert_eq!(up.call_with(&up.mint(&[])).await.status(), 200);
    let login = format!("{}.auth/login/aad", up.text("function_url"));
    let answer = up.client.get(login).send().await.unwrap();
    assert_eq!(answer.status(), 500);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("client secret is missing") && page.contains("local.settings.json"),
        "{page}"
    );
}

/// A file that can't be meant is named, with what to write instead.
#[test]
fn files_that_can_not_be_meant() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write(&folder, "auth.json", &az_rest(&json!({})));
    let other = write(&folder, "other.json", &az_ad_app(OTHER));
    let none = write(&folder, "none.json", &json!({"value": []}));
    let provider = |changes: Value| {
        az_rest(&json!({"identityProviders": {"azureActiveDirectory": {"registration": changes}}}))
    };
    let okta = write(
        &folder,
        "okta.json",
        &provider(json!({"openIdIssuer": "https://idp.example/oauth2/default"})),
    );
    let no_client = write(
        &folder,
        "no-client.json",
        &provider(json!({"clientId": null})),
    );
    for (settings, registration, says) in [
        // Another app's registration is one more of the tenant's (issue 17, item 23).
        (&settings, Some(&none), "no app registration"),
        (&settings, Some(&settings), "no app registration"),
        (&okta, None, "names no tenant"),
        (&no_client, None, "clientId is missing"),
        (&other, None, "other.json can't be used"),
    ] {
        let state = tempfile::tempdir().unwrap();
        let mut command = program();
        command.args([
            "up",
            "--port",
            "0",
            "--authority-port",
            "0",
            "--upstream",
            "http://127.0.0.1:9",
            "--settings",
            settings,
        ]);
        if let Some(registration) = registration {
            command.args(["--registration", registration]);
        }
        let output = command
            .arg("--state-dir")
            .arg(state.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(says) && said.contains("fix  "),
            "{says}: {said}"
        );
    }
    // One that was only found is passed over, and that is said.
    write(&folder, "deploy/app-registration.json", &az_ad_app(OTHER));
    let up = Up::start(&["--settings", &settings, "--upstream", "http://127.0.0.1:9"]);
    assert!(
        up.printed()
            .contains("app-registration.json is not used: it is another API's"),
        "{}",
        up.printed()
    );
}

/// Lists of clients that Azure has stored and the file has not: what greeting-cli can know of it.
#[tokio::test]
async fn empty_lists_that_are_stored_refuse_what_the_file_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let settings = write(&folder, "auth.json", &az_rest(&json!({})));
    let app = app().await;
    let arguments = [
        "--settings",
        &settings,
        "--upstream",
        &app,
        "--stored-empty-lists",
    ];
    let up = Up::start(&arguments);
    let printed = up.printed();
    assert!(
        printed.contains("no jwtClaimChecks.allowedClientApplications and no allowedGroups"),
        "{printed}"
    );
    let token = up.mint(&[]);
    assert_eq!(up.call_with(&token).await.status(), 403);
    up.says("client-not-allowed: client \"04b07795-8ddb-461a-bbee-02f9e1bf7b46\" is not in validation.jwtClaimChecks.allowedClientApplications");

    // The file as it is here: Azure's, with this authority's issuer.
    let changes = json!({"identityProviders": {"azureActiveDirectory": {"registration":
        {"openIdIssuer": format!("{}/{TENANT}/v2.0", up.text("authority_host"))}}}});
    let seen = write(&folder, "seen.json", &az_rest(&changes));
    let state = tempfile::tempdir().unwrap();
    let call = [
        "call",
        up.text("function_url"),
        "--output",
        "json",
        "--access-token",
        "-",
        "--auth-settings",
        &seen,
    ];
    let told = Cli::new(state.path(), &call)
        .trusting(&up)
        .stdin(&token)
        .run();
    let report = cli::report(&told);
    assert_eq!(
        cli::codes(&report),
        ["stored-empty-list", "settings-stale"],
        "{report}"
    );

    // Without the flag the same settings accept the same token.
    let up = Up::start(&arguments[..4]);
    assert_eq!(up.call_with(&up.mint(&[])).await.status(), 200);
}
