//! The app's managed identity, by the protocol that App Service documents (overview-managed-identity,
//! "REST endpoint reference").

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use harness::app::changed;
use harness::authority::{API, Form, claims};
use reqwest::Response;
use serde_json::{Value, json};

const IDENTITY: &str = "b3f7c215-6e0a-4d94-8a51-e92d7c4061fa";
const VERSION: (&str, &str) = ("api-version", "2019-08-01");

/// What `env --for managed-identity` says.
struct Identity {
    endpoint: String,
    header: String,
}

impl Identity {
    fn of(up: &Up) -> Self {
        let output = up.run("env", &["--for", "managed-identity", "--shell", "bash"]);
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let value = |name: &str| {
            let export = format!("export {name}='");
            let line = lines.lines().find_map(|line| line.strip_prefix(&export));
            line.unwrap().trim_end_matches('\'').to_owned()
        };
        Self {
            endpoint: value("IDENTITY_ENDPOINT"),
            header: value("IDENTITY_HEADER"),
        }
    }

    async fn ask(&self, up: &Up, query: &[(&str, &str)], header: Option<&str>) -> Response {
        let mut url = reqwest::Url::parse(&self.endpoint).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let mut request = up.client.get(url);
        if let Some(header) = header {
            request = request.header("X-IDENTITY-HEADER", header);
        }
        request.send().await.unwrap()
    }

    /// The answer to the one who has the secret.
    async fn token(&self, up: &Up, resource: &str) -> Value {
        let query = [VERSION, ("resource", resource)];
        let answer = self.ask(up, &query, Some(&self.header)).await;
        assert_eq!(answer.status(), 200, "{resource}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        answer.json().await.unwrap()
    }
}

#[tokio::test]
async fn managed_identity_gives_tokens_of_a_principal_of_its_own() {
    let up = Up::start(&["--allow-client", IDENTITY]);
    let identity = Identity::of(&up);
    for resource in [format!("api://{API}"), API.to_owned()] {
        let body = identity.token(&up, &resource).await;
        let names: Vec<&String> = body.as_object().unwrap().keys().collect();
        let documented = [
            "access_token",
            "expires_on",
            "resource",
            "token_type",
            "client_id",
        ];
        assert_eq!(names, documented);
        assert_eq!(body["resource"], *resource);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["client_id"], IDENTITY);
        let seen = claims(&body["access_token"]);
        // A string of seconds (documented), a day ahead.
        assert_eq!(body["expires_on"], seen["exp"].to_string());
        assert_eq!(
            seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(),
            86_400
        );
        for (name, expected) in [
            ("ver", json!("2.0")),
            ("aud", json!(API)),
            ("azp", json!(IDENTITY)),
            ("azpacr", json!("2")),
            ("sub", seen["oid"].clone()),
            ("roles", json!(["Greeting.Read.All"])),
            ("tid", json!(up.text("tenant_id"))),
        ] {
            assert_eq!(seen[name], expected, "{name}");
        }
        for absent in ["scp", "name", "preferred_username", "upn"] {
            assert_eq!(seen.get(absent), None, "{absent}");
        }
        // The gate takes it; the function wants a scope.
        let token = body["access_token"].as_str().unwrap();
        let called = up.call_with(token).await;
        assert_eq!(called.status(), 403);
        assert_eq!(called.text().await.unwrap(), "Missing required scope.");
    }
    // Each has a service principal: the daemon's is another.
    let own = claims(&identity.token(&up, API).await["access_token"])["oid"].clone();
    let daemon = harness::authority::DAEMON;
    let other = claims(&json!(up.mint(&["--app-only", "--client", daemon])));
    assert_ne!(own, other["oid"]);
    // Microsoft's own resources have v1 tokens, and none of this API's roles.
    let graph = identity.token(&up, "https://graph.microsoft.com/").await;
    let graph = claims(&graph["access_token"]);
    assert_eq!(graph["aud"], "https://graph.microsoft.com/");
    assert_eq!(
        (&graph["ver"], &graph["idtyp"]),
        (&json!("1.0"), &json!("app"))
    );
    assert_eq!(graph.get("roles"), None);
    // Whether or not the gate lets it in is the settings' question.
    let up = Up::start(&[]);
    let body = Identity::of(&up).token(&up, API).await;
    let refused = up.call_with(body["access_token"].as_str().unwrap()).await;
    assert_eq!(refused.status(), 403);
    assert_ne!(refused.text().await.unwrap(), "Missing required scope.");
}

#[tokio::test]
async fn managed_identity_has_v1_tokens_where_the_api_asks_for_no_version() {
    let changes = json!({"api": {"requestedAccessTokenVersion": null}});
    let app = changed("deploy/app-registration.json", &changes);
    let up = Up::start(&["--app-root", app.path().to_str().unwrap()]);
    let resource = format!("api://{API}");
    let body = Identity::of(&up).token(&up, &resource).await;
    let seen = claims(&body["access_token"]);
    for (name, expected) in [
        ("ver", json!("1.0")),
        ("aud", json!(resource)),
        ("appid", json!(IDENTITY)),
        ("appidacr", json!("2")),
        ("idtyp", json!("app")),
        ("sub", seen["oid"].clone()),
    ] {
        assert_eq!(seen[name], expected, "{name}");
    }
}

#[tokio::test]
async fn managed_identity_refuses_as_app_service_does() {
    let up = Up::start(&[]);
    let identity = Identity::of(&up);
    let api = ("resource", API);
    let one = "11111111-2222-3333-4444-555555555555";
    let right = Some(identity.header.as_str());
    let user = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
    let unknown = "An unexpected error occured while fetching the AAD Token.";
    let version = format!(
        "The HTTP resource that matches the request URI '{}' does not support the API version '2017-09-01'.",
        identity.endpoint
    );
    let cases: [(&Form<'_>, Option<&str>, u16, &str); 12] = [
        (&[VERSION, api], None, 401, "X-IDENTITY-HEADER"),
        (&[VERSION, api], Some("wrong"), 401, "X-IDENTITY-HEADER"),
        (&[VERSION, api], Some(""), 401, "X-IDENTITY-HEADER"),
        (&[api], right, 400, "An API version is required"),
        (&[("api-version", "2017-09-01"), api], right, 400, &version),
        (&[VERSION], right, 400, "'resource' is missing"),
        (
            &[VERSION, ("resource", "")],
            right,
            400,
            "'resource' is missing",
        ),
        (
            &[VERSION, ("resource", "api://nobody")],
            right,
            500,
            unknown,
        ),
        (&[VERSION, api, ("client_id", one)], right, 400, user),
        (&[VERSION, api, ("principal_id", one)], right, 400, user),
        (&[VERSION, api, ("object_id", one)], right, 400, user),
        (
            &[VERSION, api, ("mi_res_id", "/subscriptions/s")],
            right,
            400,
            user,
        ),
    ];
    for (query, header, status, words) in cases {
        let answer = identity.ask(&up, query, header).await;
        let body: Value = {
            assert_eq!(answer.status(), status, "{query:?}");
            answer.json().await.unwrap()
        };
        let message = body["message"].as_str();
        let message = message
            .or_else(|| body["error"]["message"].as_str())
            .unwrap();
        assert!(message.contains(words), "{query:?}: {body}");
        if body.get("message").is_some() {
            assert_eq!(body["statusCode"], status);
        }
    }
    // Another method, another path, another name for this machine.
    let post = up.client.post(&identity.endpoint).send().await.unwrap();
    assert_eq!(post.status(), 405);
    let url = format!(
        "{}?api-version=2019-08-01&resource={API}",
        identity.endpoint
    );
    let named = up.client.get(&url).header("host", "evil.example");
    let named = named.header("X-IDENTITY-HEADER", &identity.header);
    assert_eq!(named.send().await.unwrap().status(), 421);
    // It is no client of the token endpoint's.
    let authority = harness::authority::Authority(up);
    let scope = authority.scope();
    let form = [("client_id", IDENTITY), ("scope", &scope)];
    let answer = authority
        .post("<tenant>/oauth2/v2.0/devicecode", &form)
        .await;
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn managed_identity_header_is_told_to_the_app_and_to_nobody_else() {
    let up = Up::start(&[]);
    let identity = Identity::of(&up);
    assert_eq!(identity.header.len(), 32);
    identity.token(&up, API).await;
    identity.ask(&up, &[VERSION], Some(&identity.header)).await;
    let log = up.says("no resource");
    let listed = up.run("log", &["--output", "json"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains("the managed identity"), "{listed}");
    let ready = up.ready.to_string();
    for (place, text) in [
        ("the log", &log),
        ("greeting-local log", &listed),
        ("the start", &up.printed()),
        ("the ready file", &ready),
    ] {
        assert!(!text.contains(&identity.header), "{place}: {text}");
    }
    let page = up.client.get(up.text("authority_host")).send().await;
    let page = page.unwrap().text().await.unwrap();
    assert!(!page.contains(&identity.header));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let kept = up.folder.path().join("state/running.json");
        assert!(
            std::fs::read_to_string(&kept)
                .unwrap()
                .contains(&identity.header)
        );
        assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The handler's environment, as on App Service, and no process's arguments.
    #[cfg(target_os = "linux")]
    {
        let handler = harness::children(up.child.id())[0];
        let read = |id: u32, name: &str| {
            let text = std::fs::read(format!("/proc/{id}/{name}")).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let environment = read(handler, "environ");
        let told = |line: String| environment.split('\0').any(|entry| entry == line);
        assert!(told(format!("IDENTITY_ENDPOINT={}", identity.endpoint)));
        assert!(told(format!("IDENTITY_HEADER={}", identity.header)));
        for id in [handler, up.child.id()] {
            assert!(!read(id, "cmdline").contains(&identity.header));
        }
    }
}

#[tokio::test]
async fn item_24_the_managed_identity_fails_and_waits_as_the_policy_says() {
    let up = Up::start(&[]);
    let identity = Identity::of(&up);
    let set = |arguments: &[&str]| assert!(up.run("policy", arguments).status.success());
    let query = [VERSION, ("resource", API)];
    for (fail, status, retry_after) in [("503:1", 503, Some("1")), ("500:1", 500, None)] {
        set(&["--fail", fail]);
        let answer = identity.ask(&up, &query, Some(&identity.header)).await;
        assert_eq!(answer.status(), status);
        let after = answer.headers().get("retry-after");
        assert_eq!(after.map(|it| it.to_str().unwrap()), retry_after);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["statusCode"], status);
    }
    set(&["--fail", "none", "--delay", "250ms"]);
    let begun = std::time::Instant::now();
    identity.token(&up, API).await;
    assert!(begun.elapsed().as_millis() >= 250);
}
