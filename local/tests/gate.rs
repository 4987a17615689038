//! What each setting changes, seen from outside: real binary, real sockets, minted tokens.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use serde_json::{Value, json};

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

/// Changes to `validation` of the one provider.
fn validation(changes: Value) -> Value {
    json!({"identityProviders": {"azureActiveDirectory": {"validation": changes}}})
}

async fn status(up: &Up, token: Option<&str>) -> u16 {
    let answer = match token {
        Some(token) => up.call_with(token).await,
        None => up.call(&[]).await,
    };
    answer.status().as_u16()
}

#[tokio::test]
async fn allowed_audiences() {
    let named = format!("api://{API}");
    let up = Up::with_settings(&validation(json!({"allowedAudiences": []})), &[]);
    assert_eq!(
        status(&up, Some(&up.mint(&[]))).await,
        200,
        "the client id always is one"
    );
    assert_eq!(
        status(&up, Some(&up.mint(&["--audience", &named]))).await,
        401
    );
    up.says("audience-mismatch");
    let up = Up::with_settings(&validation(json!({"allowedAudiences": ["urn:other"]})), &[]);
    assert_eq!(
        status(&up, Some(&up.mint(&["--audience", "urn:other"]))).await,
        200
    );
    assert_eq!(
        status(&up, Some(&up.mint(&["--audience", &named]))).await,
        401
    );
}

#[tokio::test]
async fn open_id_issuer() {
    let issuer = |url: &str| {
        json!({"identityProviders": {"azureActiveDirectory":
            {"registration": {"openIdIssuer": format!("https://<authority-host>/{url}")}}}})
    };
    let v1 = |up: &Up| up.mint(&["--version", "1"]);
    // Without /v2.0 it is the v1 issuer, and v2 tokens are another's.
    let up = Up::with_settings(&issuer("<tenant-id>"), &[]);
    assert_eq!(status(&up, Some(&v1(&up))).await, 200);
    assert_eq!(status(&up, Some(&up.mint(&[]))).await, 401);
    up.says("wrong-issuer");
    let challenge = up.call(&[]).await.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(challenge.contains("/oauth2/authorize\""), "{challenge}");
    // The other way round there is a switch, since reports differ.
    let up = Up::with_settings(&json!({}), &["--accept-v1-tokens"]);
    assert_eq!(status(&up, Some(&v1(&up))).await, 200);
    assert_eq!(status(&up, Some(&up.mint(&[]))).await, 200);
    // No tenant: any issuer of these keys.
    let up = Up::with_settings(&issuer("common/v2.0"), &[]);
    let foreign = up.mint(&["--claim", "iss=https://login.example/x/v2.0"]);
    assert_eq!(status(&up, Some(&foreign)).await, 200);
    assert_eq!(status(&up, Some(&up.mint(&["--bad-signature"]))).await, 401);
}

#[tokio::test]
async fn an_unreachable_issuer_is_401_and_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    drop(taken);
    let up = Up::with_settings(
        &json!({"identityProviders": {"azureActiveDirectory":
            {"registration": {"openIdIssuer": format!("https://localhost:{port}/t/v2.0")}}}}),
        &[],
    );
    assert_eq!(status(&up, Some(&up.mint(&[]))).await, 401);
    up.says("keys-unavailable");
}

#[tokio::test]
async fn require_authentication_and_the_unauthenticated_action() {
    // The handler refuses by itself: no principal reaches it.
    for global in [
        json!({"requireAuthentication": false}),
        json!({"unauthenticatedClientAction": "AllowAnonymous"}),
    ] {
        let up = Up::with_settings(&json!({"globalValidation": global}), &[]);
        let anonymous = up.call(&[]).await;
        assert_eq!(anonymous.status(), 401);
        let challenge = anonymous.headers()["www-authenticate"].to_str().unwrap();
        assert_eq!(
            challenge, "Bearer",
            "it is the handler's own, not the gate's"
        );
        assert_eq!(status(&up, Some(&up.mint(&["--expired"]))).await, 401);
        up.says("anonymous (expired");
        assert_eq!(status(&up, Some(&up.mint(&[]))).await, 200);
    }
    let strict = Up::with_settings(
        &json!({"globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}}),
        &["--refuse-invalid-tokens"],
    );
    let refused = strict.call_with(&strict.mint(&["--expired"])).await;
    assert!(
        refused.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("authorization_uri")
    );

    let up = Up::with_settings(
        &json!({"globalValidation": {"unauthenticatedClientAction": "Return403"}}),
        &[],
    );
    let refused = up.call(&[]).await;
    assert_eq!(refused.status(), 403);
    assert!(!refused.headers().contains_key("www-authenticate"));
    assert_eq!(status(&up, Some(&up.mint(&[]))).await, 200);

    let up = Up::with_settings(
        &json!({"globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"}}),
        &[],
    );
    let browser = up.call(&[("user-agent", "Mozilla/5.0")]).await;
    assert_eq!(browser.status(), 302);
    assert_eq!(
        browser.headers()["location"],
        "/.auth/login/aad?post_login_redirect_uri=%2Fapi%2Fgreeting"
    );
    assert_eq!(status(&up, None).await, 401, "curl is no browser");
}

#[tokio::test]
async fn excluded_paths() {
    let up = Up::with_settings(
        &json!({"globalValidation": {"excludedPaths": ["/api/greeting", "/open/*"]}}),
        &[],
    );
    // It reaches the handler, without a principal whatever was sent.
    for headers in [&[][..], &[("x-ms-client-principal", "e30=")]] {
        let answer = up.call(headers).await;
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    }
    assert_eq!(
        status(&up, Some(&up.mint(&[]))).await,
        200,
        "a token still counts"
    );
    let origin = up.text("function_url").replace("/api/greeting", "");
    for (path, expected) in [
        ("/open/x", 404),
        ("/open", 401),
        ("/open/../api/greeting", 401),
    ] {
        // As written: reqwest would resolve the dots.
        let answer = raw(&origin, path).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected} ")),
            "{path}: {answer}"
        );
    }
}

/// A GET whose path nobody normalizes.
async fn raw(origin: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let address = origin
        .trim_start_matches("http://")
        .replace("localhost", "127.0.0.1");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn allowed_clients_and_principals() {
    let alice = "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01";
    for (changes, code, expected) in [
        (
            json!({"jwtClaimChecks": {"allowedClientApplications": [CLI]}}),
            "",
            200,
        ),
        (
            json!({"jwtClaimChecks": {"allowedClientApplications": []}}),
            "client-not-allowed",
            403,
        ),
        (
            json!({"jwtClaimChecks": {"allowedGroups": ["g"]}}),
            "principal-not-allowed",
            403,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": ["x"]}}),
            "client-not-allowed",
            403,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [CLI], "allowedPrincipals": {"identities": [alice]}}}),
            "",
            200,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["x"]}}}),
            "principal-not-allowed",
            403,
        ),
    ] {
        let up = Up::with_settings(&validation(changes.clone()), &[]);
        let answer = up.call_with(&up.mint(&[])).await;
        assert_eq!(answer.status(), expected, "{changes}");
        up.says(code);
        if expected == 403 {
            assert_eq!(
                answer.headers()["server"],
                "Kestrel",
                "it is the gate's own 403"
            );
            assert!(!answer.headers().contains_key("www-authenticate"));
        }
    }
}

#[tokio::test]
async fn another_client_is_refused_by_the_shipped_list_and_can_be_tried() {
    let other = "872cd9fa-d31f-45e0-9eab-6e460a02d1f1";
    let list = "validation.defaultAuthorizationPolicy.allowedApplications";
    let up = Up::start(&[]);
    let answer = up.call_with(&up.mint(&["--client", other])).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.text().await.unwrap(), "");
    up.says(&format!("client \"{other}\" is not in {list}"));

    let another = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853";
    let up = Up::start(&["--allow-client", other, "--allow-client", another]);
    for client in [other, another] {
        let answer = up.call_with(&up.mint(&["--client", client])).await;
        assert_eq!(answer.status(), 200, "{client}");
        let noted = format!("--allow-client {client}: added to {list}");
        assert!(up.printed().contains(&noted), "{}", up.printed());
    }
    let answer = up.call_with(&up.mint(&["--client", "x"])).await;
    assert_eq!(answer.status(), 403);
}

#[tokio::test]
async fn easy_auth_off_strips_nothing_and_the_handler_fails_closed() {
    let up = Up::with_settings(&json!({"platform": {"enabled": false}}), &[]);
    for headers in [&[][..], &[("x-ms-client-principal", "e30=")]] {
        let answer = up.call(headers).await;
        assert_eq!(answer.status(), 500);
        assert!(answer.text().await.unwrap().contains("Easy Auth"));
    }
    let up = Up::with_settings(
        &json!({"identityProviders": {"azureActiveDirectory": {"enabled": false}}}),
        &[],
    );
    assert_eq!(
        status(&up, Some(&up.mint(&[]))).await,
        401,
        "no provider, no identity"
    );
}

#[tokio::test]
async fn the_forms_of_the_401() {
    let challenge = |answer: &reqwest::Response| {
        answer
            .headers()
            .get("www-authenticate")
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let up = Up::with_settings(&json!({}), &["--challenge", "windows"]);
    let authority = format!("{}/{}", up.text("authority_host"), up.text("tenant_id"));
    let answer = up.call(&[]).await;
    assert!(challenge(&answer).unwrap().contains(&format!(
        "authorization_uri=\"{authority}/oauth2/authorize\" resource_id=\"{API}\""
    )));
    assert_eq!(answer.headers()["content-type"], "text/html");
    assert_eq!(answer.text().await.unwrap().len(), 58);

    let up = Up::with_settings(&json!({}), &["--challenge", "container-apps"]);
    let host = up
        .text("function_url")
        .split('/')
        .nth(2)
        .unwrap()
        .to_owned();
    assert_eq!(
        challenge(&up.call(&[]).await).unwrap(),
        format!("Bearer realm=\"{host}\"")
    );

    let up = Up::with_settings(
        &json!({"identityProviders": {"azureActiveDirectory": {"login": {"disableWWWAuthenticate": true}}}}),
        &[],
    );
    let answer = up.call(&[]).await;
    assert_eq!((answer.status().as_u16(), challenge(&answer)), (401, None));

    // An invalid token gets the same answer as none, and no reason.
    let up = Up::start(&[]);
    let (none, expired) = (
        up.call(&[]).await,
        up.call_with(&up.mint(&["--expired"])).await,
    );
    assert_eq!(challenge(&none), challenge(&expired));
    assert!(none.headers().contains_key("x-ms-middleware-request-id"));
    assert_eq!(expired.text().await.unwrap(), "");
}

#[tokio::test]
async fn claim_names_as_the_switch_says() {
    // The handler takes both spellings of the scope.
    for names in ["mapped", "raw"] {
        let up = Up::with_settings(&json!({}), &["--claim-names", names]);
        assert_eq!(status(&up, Some(&up.mint(&[]))).await, 200, "{names}");
        assert_eq!(
            status(&up, Some(&up.mint(&["--no-scope"]))).await,
            403,
            "{names}"
        );
    }
}

#[tokio::test]
async fn the_log_tells_why_and_nothing_secret() {
    let up = Up::start(&["--log", "json"]);
    let tokens = [
        up.mint(&[]),
        up.mint(&["--audience", "https://graph.microsoft.com"]),
    ];
    for token in &tokens {
        up.call_with(token).await;
    }
    up.call(&[]).await;
    let human = up.run("log", &[]);
    let human = String::from_utf8(human.stdout).unwrap();
    for words in [
        "GET  /api/greeting 200 passed, scp \"Greeting.Read\"",
        "401 audience-mismatch: token aud \"https://graph.microsoft.com\" is not in",
        "401 no-token: ",
    ] {
        assert!(human.contains(words), "{human}");
    }
    assert!(!human.contains('\u{1b}'), "colour in a pipe: {human:?}");
    let lines = up.run("log", &["--output", "json"]);
    let lines = String::from_utf8(lines.stdout).unwrap();
    let events: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let statuses: Vec<(&str, u64)> = events
        .iter()
        .map(|event| {
            (
                event["source"].as_str().unwrap(),
                event["status"].as_u64().unwrap(),
            )
        })
        .collect();
    // The gate looks the issuer's keys up, at the first token.
    assert_eq!(
        statuses,
        [
            ("authority", 200),
            ("authority", 200),
            ("gate", 200),
            ("handler", 200),
            ("gate", 401),
            ("gate", 401)
        ]
    );
    assert!(events[2]["duration_ms"].is_u64() && events[2]["time"].is_string());
    assert!(events[2]["invocation"].is_string());
    assert_eq!(events[2]["invocation"], events[3]["invocation"]);
    // stderr has the same lines; besides them the handler's.
    for event in &events {
        up.says(&event.to_string());
    }
    let said = up.said();
    for token in &tokens {
        for part in token.split('.') {
            assert!(
                !format!("{human}{lines}{said}").contains(part),
                "a part of a token is in a log"
            );
        }
    }
    for person in ["alice", "Alice", "8e1c4b5a"] {
        assert!(
            !format!("{human}{lines}{said}").contains(person),
            "{person} is in a log"
        );
    }
}

#[cfg(unix)]
#[test]
fn the_log_is_followed_until_it_ends() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let up = Up::start(&["--log", "off"]);
    let mut following = harness::program()
        .args(["log", "--follow", "--state-dir"])
        .arg(up.folder.path().join("state"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..2 {
        runtime.block_on(up.call(&[]));
        let line = lines.next().unwrap().unwrap();
        assert!(line.contains("401 no-token"), "{line}");
    }
    let sent = std::process::Command::new("kill")
        .args(["-INT", &following.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    assert!(following.wait().unwrap().success());
    assert!(!up.said().contains("no-token"), "--log off prints nothing");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_handler_is_told_what_app_service_tells_it() {
    let app = tempfile::tempdir().unwrap();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    std::fs::create_dir(app.path().join("greeting")).unwrap();
    for file in ["host.json", "greeting/function.json"] {
        std::fs::copy(format!("{root}/{file}"), app.path().join(file)).unwrap();
    }
    std::fs::write(
        app.path().join("local.settings.json"),
        r#"{"IsEncrypted": false, "Values": {"GREETING_TEST_VALUE": "seven", "PATH": "no",
            "WEBSITE_AUTH_ENABLED": "false", "WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES": "api://a/S"},
            "Host": {"CORS": "https://app.example"}}"#,
    )
    .unwrap();
    let up = Up::start(&["--app-root", app.path().to_str().unwrap()]);
    let handler = harness::children(up.child.id())[0];
    let environment = std::fs::read(format!("/proc/{handler}/environ")).unwrap();
    let environment: Vec<String> = environment
        .split(|byte| *byte == 0)
        .map(|entry| String::from_utf8_lossy(entry).into_owned())
        .collect();
    let value = |name: &str| {
        let mut values = environment
            .iter()
            .filter_map(|entry| entry.strip_prefix(&format!("{name}=")));
        let value = values.next().map(str::to_owned);
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    };
    assert_eq!(value("GREETING_TEST_VALUE").unwrap(), "seven");
    assert_ne!(
        value("PATH").unwrap(),
        "no",
        "the environment has the last word"
    );
    assert_eq!(
        value("WEBSITE_AUTH_ENABLED").unwrap(),
        "True",
        "the gate has the last word"
    );
    assert_eq!(value("WEBSITE_AUTH_CLIENT_ID").unwrap(), API);
    assert_eq!(
        value("WEBSITE_AUTH_ALLOWED_AUDIENCES").unwrap(),
        format!("api://{API}")
    );
    assert!(
        value("WEBSITE_AUTH_OPENID_ISSUER")
            .unwrap()
            .ends_with("/v2.0")
    );
    assert_eq!(value("WEBSITE_AUTH_DEFAULT_PROVIDER"), None);
    let config: Value =
        serde_json::from_str(&value("WEBSITE_AUTH_V2_CONFIG_JSON").unwrap()).unwrap();
    assert_eq!(
        config["globalValidation"]["unauthenticatedClientAction"],
        "Return401"
    );
    assert!(value("WEBSITE_HOSTNAME").unwrap().starts_with("localhost:"));
    assert!(value("FUNCTIONS_CUSTOMHANDLER_PORT").is_some());
    // Point 34 of issue 18: and nothing else than what `env` prints for an app.
    assert_eq!(value("WEBSITE_SKU").unwrap(), "FlexConsumption");
    let printed = up.run("env", &["--for", "app", "--shell", "bash"]);
    for line in String::from_utf8(printed.stdout).unwrap().lines() {
        let (name, quoted) = line
            .strip_prefix("export ")
            .unwrap()
            .split_once('=')
            .unwrap();
        assert_eq!(format!("'{}'", value(name).unwrap()), quoted, "{name}");
    }

    // The app setting turned RFC 9728 metadata on, which needs no token.
    let origin = up.text("function_url").replace("/api/greeting", "");
    let url = format!("{origin}/.well-known/oauth-protected-resource/api/greeting");
    let metadata: Value = up
        .client
        .get(&url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let issuer = format!(
        "{}/{}/v2.0",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    assert_eq!(
        metadata,
        json!({"resource": up.text("function_url"), "authorization_servers": [issuer], "scopes_supported": ["api://a/S"]})
    );
    let challenge = up.call(&[]).await.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        challenge.ends_with(&format!("resource_metadata=\"{url}\"")),
        "{challenge}"
    );

    // CORS preflights are answered before authentication.
    let preflight = |origin: &'static str| {
        up.client
            .request(reqwest::Method::OPTIONS, up.text("function_url"))
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .send()
    };
    let answer = preflight("https://app.example").await.unwrap();
    assert_eq!(answer.status(), 204);
    assert_eq!(
        answer.headers()["access-control-allow-origin"],
        "https://app.example"
    );
    assert_eq!(
        answer.headers()["access-control-allow-headers"],
        "authorization"
    );
    assert_eq!(
        preflight("https://evil.example").await.unwrap().status(),
        401
    );
}

#[tokio::test]
async fn https_and_a_proxy_in_front() {
    let up = Up::with_settings(&json!({}), &["--https"]);
    assert!(up.text("function_url").starts_with("https://localhost:"));
    assert_eq!(status(&up, Some(&up.mint(&[]))).await, 200);
    let up = Up::with_settings(
        &json!({"httpSettings": {"forwardProxy": {"convention": "Standard"}}}),
        &[],
    );
    let bearer = format!("Bearer {}", up.mint(&[]));
    for (proto, expected) in [("https", 200), ("http", 301)] {
        let headers = [
            ("x-forwarded-proto", proto),
            ("x-forwarded-host", "front.example"),
            ("authorization", &bearer),
        ];
        let answer = up.call(&headers).await;
        assert_eq!(answer.status(), expected, "{proto}");
        if expected == 301 {
            assert_eq!(
                answer.headers()["location"],
                "https://front.example/api/greeting"
            );
        }
    }
}
