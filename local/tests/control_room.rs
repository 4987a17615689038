//! The control room from outside: what it shows, what it keeps to itself, who may act, and
//! whether its verdicts are what gate and function then answer.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::time::Duration;

use harness::control_room::{between, page, post, send};
use harness::{Up, wait_for};
use reqwest::Response;
use serde_json::{Value, json};

/// The status that the minted page says that `who` answers, and its words.
fn verdict(html: &str, who: &str) -> (Option<u16>, String) {
    let of = between(html, &format!("id=\"{who}\""), "</p>").unwrap();
    let status = between(of, "data-status=\"", "\"").map(|status| status.parse().unwrap());
    let words = of.rsplit_once('>').unwrap().1;
    (status, words.replace("&quot;", "\""))
}

/// What the form sends, the same for the command, the answer's status, and the reason.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    u16,
    &'static str,
);

/// Each property and defect.
const CASES: &[Case] = &[
    (&[], &[], 200, "Hello, world."),
    (
        &[("user", "gita@greeting.test")],
        &["--user", "gita@greeting.test"],
        200,
        "Hello, world.",
    ),
    (
        &[("audience", "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11")],
        &["--audience", "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"],
        200,
        "Hello, world.",
    ),
    (
        &[("scope", "Other Greeting.Read")],
        &["--scope", "Other", "--scope", "Greeting.Read"],
        200,
        "Hello, world.",
    ),
    // The function's.
    (
        &[("scope", "")],
        &["--no-scope"],
        403,
        "no Greeting.Read scope",
    ),
    (
        &[("scope", "greeting.read")],
        &["--scope", "greeting.read"],
        403,
        "no Greeting.Read scope",
    ),
    (
        &[("app-only", "on"), ("role", "Greeting.Read.All")],
        &["--app-only", "--role", "Greeting.Read.All"],
        403,
        "no Greeting.Read scope",
    ),
    // The gate's.
    (&[("time", "expired")], &["--expired"], 401, "expired"),
    (
        &[("time", "not-yet-valid")],
        &["--not-yet-valid"],
        401,
        "not-yet-valid",
    ),
    (
        &[("time", "no-expiry")],
        &["--no-expiry"],
        401,
        "malformed-token",
    ),
    (
        &[("audience", "https://graph.microsoft.com")],
        &["--audience", "https://graph.microsoft.com"],
        401,
        "audience-mismatch",
    ),
    (
        &[("audience", "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11 other")],
        &[
            "--audience",
            "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11",
            "--audience",
            "other",
        ],
        401,
        "audience-mismatch",
    ),
    (
        &[("issuer", "https://sts.windows.net/x/")],
        &["--issuer", "https://sts.windows.net/x/"],
        401,
        "wrong-issuer",
    ),
    (
        &[("tenant", "11111111-2222-3333-4444-555555555555")],
        &["--tenant", "11111111-2222-3333-4444-555555555555"],
        401,
        "wrong-issuer",
    ),
    (
        &[("version", "1")],
        &["--version", "1"],
        401,
        "wrong-issuer",
    ),
    (
        &[("signature", "bad")],
        &["--bad-signature"],
        401,
        "bad-signature",
    ),
    (
        &[("signature", "tampered")],
        &["--tampered"],
        401,
        "bad-signature",
    ),
    (
        &[("signature", "unknown-key")],
        &["--unknown-key"],
        401,
        "unknown-key",
    ),
    (
        &[("signature", "no-key-id")],
        &["--no-key-id"],
        401,
        "unknown-key",
    ),
    (
        &[("signature", "none")],
        &["--alg", "none"],
        401,
        "wrong-algorithm",
    ),
    (
        &[("signature", "hs256")],
        &["--alg", "hs256"],
        401,
        "wrong-algorithm",
    ),
    (
        &[("signature", "rs512")],
        &["--alg", "rs512"],
        401,
        "wrong-algorithm",
    ),
    (
        &[("signature", "ps256")],
        &["--alg", "ps256"],
        401,
        "wrong-algorithm",
    ),
    (
        &[("kind", "id")],
        &["--kind", "id"],
        401,
        "audience-mismatch",
    ),
    (
        &[("kind", "opaque")],
        &["--kind", "opaque"],
        401,
        "malformed-token",
    ),
    (
        &[("kind", "encrypted")],
        &["--kind", "encrypted"],
        401,
        "malformed-token",
    ),
    (
        &[("kind", "truncated")],
        &["--kind", "truncated"],
        401,
        "malformed-token",
    ),
];

fn events(up: &Up) -> Vec<Value> {
    let lines = up.run("log", &["--output", "json"]);
    let lines = String::from_utf8(lines.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The reason that the log has of the last call: the gate's, or of what it passed, the handler's.
fn logged_reason(up: &Up, status: u16) -> String {
    wait_for(|| {
        let events = events(up);
        let gate = events.iter().rfind(|event| event["source"] == "gate")?;
        assert_eq!(gate["status"], status);
        if gate["outcome"] != "passed" {
            return gate["reason"].as_str().map(str::to_owned);
        }
        let call = &gate["invocation"];
        let handler = events
            .iter()
            .find(|event| event["source"] == "handler" && event["invocation"] == *call)?;
        Some(handler["reason"].as_str().unwrap_or("").to_owned())
    })
}

#[tokio::test]
async fn the_verdicts_are_what_gate_and_function_then_answer() {
    let up = Up::start(&[]);
    for (form, arguments, status, reason) in CASES {
        // The page's verdict, of a token that it shows because that was asked for.
        let form = [form, &[("show-token", "on")][..]].concat();
        let html = post(&up, "/control-room/mint", &form).await;
        assert_eq!(html.status(), 200, "{arguments:?}");
        let html = html.text().await.unwrap();
        let (gate, function) = (verdict(&html, "gate"), verdict(&html, "function"));
        assert_eq!(gate.0.or(function.0), Some(*status), "{arguments:?}");
        let says = if gate.0.is_some() {
            &gate.1
        } else {
            &function.1
        };
        assert!(says.contains(reason), "{arguments:?}: {says}");
        if gate.0.is_some() {
            assert_eq!(function.0, None, "{arguments:?}");
            assert!(
                function.1.contains("does not get the request"),
                "{arguments:?}"
            );
        }
        // The same token, really sent.
        let token = between(&html, "data-copy=\"the token\">", "<").unwrap();
        let answer = up.call_with(token).await;
        assert_eq!(answer.status(), *status, "{arguments:?}");
        if *status == 200 {
            assert!(answer.text().await.unwrap().starts_with(reason));
        } else {
            let logged = logged_reason(&up, *status);
            assert!(logged.contains(reason), "{arguments:?}: {logged}");
        }
        // And the command's.
        let answer = up.call_with(&up.mint(arguments)).await;
        assert_eq!(answer.status(), *status, "{arguments:?}");
    }
}

/// Reasons that depend on the settings.
#[tokio::test]
async fn the_verdicts_follow_the_settings() {
    let validation = |changes: Value| json!({"identityProviders": {"azureActiveDirectory": {"validation": changes}}});
    let tenant = "11111111-2222-3333-4444-555555555555";
    let common = json!({"identityProviders": {"azureActiveDirectory":
        {"registration": {"openIdIssuer": "https://<authority-host>/common/v2.0"}}}});
    let with = |name: &'static str, value: &'static str| vec![(name, value)];
    let none: &[(&str, &str)] = &[];
    let cases = [
        (
            validation(
                json!({"jwtClaimChecks": {"allowedClientApplications": ["c41d7e95-06fb-4a38-8d2e-b7390f5a6e22"]}}),
            ),
            none,
            with("client", "872cd9fa-d31f-45e0-9eab-6e460a02d1f1"),
            403,
            "client-not-allowed",
        ),
        (
            validation(
                json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": ["8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01"]}}}),
            ),
            none,
            with("user", "gita@greeting.test"),
            403,
            "principal-not-allowed",
        ),
        (
            common,
            &[(
                "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
                "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
            )],
            with("tenant", tenant),
            403,
            "tenant-not-allowed",
        ),
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "AllowAnonymous"}}),
            none,
            with("time", "expired"),
            401,
            "no principal",
        ),
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "Return403"}}),
            none,
            with("time", "expired"),
            403,
            "expired",
        ),
        (
            json!({"platform": {"enabled": false}}),
            none,
            vec![],
            500,
            "Easy Auth is off",
        ),
    ];
    for (settings, environment, mut form, status, reason) in cases {
        let up = Up::with_environment(&settings, &[], environment);
        form.push(("show-token", "on"));
        let html = post(&up, "/control-room/mint", &form).await;
        let html = html.text().await.unwrap();
        let (gate, function) = (verdict(&html, "gate"), verdict(&html, "function"));
        assert_eq!(gate.0.or(function.0), Some(status), "{settings}");
        assert!(
            format!("{} {}", gate.1, function.1).contains(reason),
            "{settings}: {html}"
        );
        let token = between(&html, "data-copy=\"the token\">", "<").unwrap();
        assert_eq!(up.call_with(token).await.status(), status, "{settings}");
    }
}

#[tokio::test]
async fn another_app_decides_for_itself() {
    let up = Up::start(&["--upstream", "http://127.0.0.1:9"]);
    let html = post(&up, "/control-room/mint", &[])
        .await
        .text()
        .await
        .unwrap();
    assert_eq!(verdict(&html, "gate").0, None);
    let (status, words) = verdict(&html, "function");
    assert!(status.is_none() && words.contains("another app"), "{words}");
}

#[tokio::test]
async fn no_token_is_shown_unless_asked_for_and_none_is_ever_logged() {
    let up = Up::start(&[]);
    let hidden = post(&up, "/control-room/mint", &[])
        .await
        .text()
        .await
        .unwrap();
    assert!(!hidden.contains("eyJ"), "a token is in the page");
    let shown = post(&up, "/control-room/mint", &[("show-token", "on")]).await;
    assert_eq!(shown.headers()["cache-control"], "no-store");
    let shown = shown.text().await.unwrap();
    let token = between(&shown, "data-copy=\"the token\">", "<").unwrap();
    assert!(token.starts_with("eyJ") && token.split('.').count() == 3);
    up.call_with(token).await;
    let front = page(&up, "/").await;
    let log = up.run("log", &["--output", "json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    for part in token.split('.') {
        assert!(!format!("{front}{log}{}", up.said()).contains(part));
    }
    // Nor anything that is worth more than what anybody on this machine can get by signing in.
    let state = up.folder.path().join("state");
    let running: Value =
        serde_json::from_slice(&std::fs::read(state.join("running.json")).unwrap()).unwrap();
    let daemon = std::fs::read_to_string(state.join("daemon-secret")).unwrap();
    for secret in [running["control_secret"].as_str().unwrap(), &daemon] {
        assert!(!format!("{front}{shown}{hidden}").contains(secret));
    }
    // What can't be minted is said in the form's own page.
    let mistake = post(
        &up,
        "/control-room/mint",
        &[("user", "nobody@greeting.test")],
    )
    .await;
    assert_eq!(mistake.status(), 400);
    assert!(mistake.text().await.unwrap().contains("no user"));
}

#[tokio::test]
async fn other_sites_can_neither_act_nor_read_nor_frame() {
    let up = Up::start(&[]);
    let policy = [
        ("consent", "off"),
        ("device_code", "off"),
        ("refuse", "53003"),
    ];
    for (path, form) in [
        ("/control-room/policy", &policy[..]),
        ("/control-room/rotate-keys", &[]),
        ("/control-room/mint", &[("show-token", "on")]),
    ] {
        let gate = up.text("function_url").replace("/api/greeting", "");
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost:7443",
            &gate,
        ] {
            let answer = send(&up, path, form, origin).await;
            assert_eq!(answer.status(), 403, "{path} from {origin}");
            assert!(!answer.text().await.unwrap().contains("eyJ"));
        }
        // Without any, and with two.
        let url = format!("{}{path}", up.text("authority_host"));
        let answer = up.client.post(&url).form(form).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
        let answer = up
            .client
            .post(&url)
            .form(form)
            .header("origin", up.text("authority_host"));
        let answer = answer
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 403, "{path}");
        // Nor does a link do anything.
        assert_eq!(
            up.client.get(&url).send().await.unwrap().status(),
            405,
            "{path}"
        );
    }
    let unchanged = String::from_utf8(up.run("policy", &[]).stdout).unwrap();
    assert!(unchanged.contains("consent        on"), "{unchanged}");

    for path in [
        "/",
        "/devicelogin",
        "/control-room/events",
        "/control-room/script.js",
        "/control-room/copy.js",
        "/greeting-local/style.css",
    ] {
        let url = format!("{}{path}", up.text("authority_host"));
        let answer = up
            .client
            .get(&url)
            .header("origin", "https://evil.example")
            .send()
            .await
            .unwrap();
        let headers = answer.headers();
        assert!(
            !headers.contains_key("access-control-allow-origin"),
            "{path}"
        );
        assert_eq!(
            headers["cross-origin-resource-policy"], "same-origin",
            "{path}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        // A name of somebody else's that points here (DNS rebinding).
        let port = up.text("authority_host").rsplit(':').next().unwrap();
        let rebound = reqwest::Client::builder()
            .resolve("evil.example", ([127, 0, 0, 1], 0).into())
            .tls_danger_accept_invalid_certs(true)
            .no_proxy()
            .build()
            .unwrap();
        let answer = rebound.get(format!("https://evil.example:{port}{path}"));
        assert_eq!(answer.send().await.unwrap().status(), 421, "{path}");
    }
    for path in ["/", "/devicelogin"] {
        let url = format!("{}{path}", up.text("authority_host"));
        let answer = up.client.get(&url).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{policy}"
        );
        assert_eq!(policy.contains("script-src"), path == "/", "{policy}");
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
    }
    // A page that is not this one's does not even get the stream.
    let url = format!("{}/control-room/events", up.text("authority_host"));
    for (site, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
    ] {
        let answer = up
            .client
            .get(&url)
            .header("sec-fetch-site", site)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{site}");
    }
    let told = events(&up).pop().unwrap();
    assert_eq!(told["action"], "events");
    assert_eq!(told["reason"], "another site's page asked for it");
}

#[tokio::test]
async fn the_forms_work_by_each_of_this_machines_names() {
    let up = Up::start(&[]);
    for name in ["localhost", "127.0.0.1", "[::1]"] {
        let origin = up.text("authority_host").replace("localhost", name);
        let answer = send(&up, "/control-room/mint", &[], &origin).await;
        assert_eq!(answer.status(), 200, "{name}");
        // The same port over plain HTTP is somebody else.
        let plain = origin.replace("https:", "http:");
        let answer = send(&up, "/control-room/mint", &[], &plain).await;
        assert_eq!(answer.status(), 403, "{name}");
    }
}

/// Reads the stream until `text` has come.
async fn read_until(stream: &mut Response, text: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(text) {
        let chunk = tokio::time::timeout(Duration::from_secs(300), stream.chunk());
        let chunk = chunk.await.expect("the event did not come").unwrap();
        seen.push_str(std::str::from_utf8(&chunk.expect("the stream ended")).unwrap());
    }
    seen
}

#[cfg(unix)]
#[tokio::test]
async fn decisions_are_streamed_from_where_the_page_is_until_the_end() {
    let mut up = Up::start(&[]);
    up.call(&[]).await;
    let front = page(&up, "/").await;
    let last = between(&front, "data-last=\"", "\"").unwrap().to_owned();
    let run = between(&front, "data-run=\"", "\"").unwrap().to_owned();
    assert!(front.contains("no-token"), "the page has what was");
    let url = format!("{}/control-room/events", up.text("authority_host"));
    let client = up.client.clone();
    let stream = |query: String, seen: Option<String>| {
        let mut request = client.get(format!("{url}{query}"));
        if let Some(seen) = seen {
            request = request.header("last-event-id", seen);
        }
        async { request.send().await.unwrap() }
    };
    let mut live = stream(format!("?after={last}"), None).await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    up.call_with(&up.mint(&["--expired"])).await;
    let seen = read_until(&mut live, "expired").await;
    assert!(
        seen.starts_with(&format!("event: run\ndata: {run}\n\n")),
        "{seen}"
    );
    assert!(
        !seen.contains("no-token"),
        "the page had that already: {seen}"
    );
    let number = seen
        .rsplit("id: ")
        .next()
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    // Whoever connects again goes on where it was; the header counts, not the page's number.
    let mut again = stream("?after=0".to_owned(), Some(number)).await;
    up.call(&[("Authorization", "Bearer x")]).await;
    let seen = read_until(&mut again, "malformed-token").await;
    assert!(!seen.contains("expired"), "{seen}");
    // An open stream holds nobody up.
    up.signal("-INT");
    assert!(up.wait().success());
    while let Ok(Some(_)) = live.chunk().await {}
}

#[tokio::test]
async fn the_page_says_what_runs_and_does_what_its_forms_say() {
    let up = Up::start(&[]);
    let front = page(&up, "/").await;
    for key in [
        "function_url",
        "authority_host",
        "tenant_id",
        "api_client_id",
        "cli_client_id",
        "scope",
        "ca_cert",
    ] {
        assert!(front.contains(up.text(key)), "{key}");
    }
    for name in [
        "alice@greeting.test",
        "bob@greeting.test",
        "gita@greeting.test",
        "dan@greeting.test",
    ] {
        assert!(front.contains(name), "{name}");
    }
    // The lines are those of `env`, in any shell.
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let front = page(&up, &format!("/?shell={shell}")).await;
        for client in [
            &[][..],
            &["--for", "az"],
            &["--for", "msal-python"],
            &["--for", "msal-node"],
            &["--for", "azure-identity"],
        ] {
            let printed = up.run("env", &[&["--shell", shell], client].concat());
            let printed = String::from_utf8(printed.stdout).unwrap();
            let escaped = printed
                .trim_end()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            assert!(front.contains(&escaped), "{shell} {client:?}: {escaped}");
        }
    }
    let changed = post(
        &up,
        "/control-room/policy",
        &[
            ("consent", "off"),
            ("device_code", "on"),
            ("refuse", "50076"),
        ],
    )
    .await;
    assert_eq!(
        (
            changed.status().as_u16(),
            changed.headers()["location"].to_str().unwrap()
        ),
        (303, "/?done=policy")
    );
    let policy = String::from_utf8(up.run("policy", &[]).stdout).unwrap();
    assert!(
        policy.contains("consent        off") && policy.contains("AADSTS50076"),
        "{policy}"
    );
    let keys = |up: &Up| {
        let url = format!(
            "{}/{}/discovery/v2.0/keys",
            up.text("authority_host"),
            up.text("tenant_id")
        );
        let request = up.client.get(url);
        async {
            request.send().await.unwrap().json::<Value>().await.unwrap()["keys"]
                .as_array()
                .unwrap()
                .len()
        }
    };
    assert_eq!(keys(&up).await, 1);
    let rotated = post(&up, "/control-room/rotate-keys", &[]).await;
    assert_eq!(rotated.headers()["location"], "/?done=keys");
    assert_eq!(keys(&up).await, 2);
    assert!(page(&up, "/?done=keys").await.contains("role=\"status\""));
    // Nobody writes on the page by its address.
    let front = page(&up, "/?done=%3Cscript%3E&shell=%3Cb%3E").await;
    assert!(!front.contains("<b>") && !front.contains("<script>"));
}

#[tokio::test]
async fn who_waits_is_shown_without_the_code() {
    let up = Up::start(&[]);
    assert!(page(&up, "/").await.contains("No device waits"));
    let url = format!(
        "{}/{}/oauth2/v2.0/devicecode",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    let form = [
        ("client_id", "aebc6443-996d-45c2-90f0-388ff96faa56"),
        ("scope", up.text("scope")),
    ];
    let asked: Value = up
        .client
        .post(url)
        .form(&form)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let front = page(&up, "/").await;
    let waiting = between(&front, "id=\"waiting\"", "</section>").unwrap();
    assert!(
        waiting.contains("Visual Studio Code") && waiting.contains("Greeting.Read"),
        "{waiting}"
    );
    for secret in ["user_code", "device_code"] {
        assert!(
            !front.contains(asked[secret].as_str().unwrap()),
            "{secret} is on the page"
        );
    }
    up.run("approve", &[asked["user_code"].as_str().unwrap()]);
    assert!(page(&up, "/").await.contains("No device waits"));
}
