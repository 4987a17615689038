//! The CLI's catalogue of causes against the real local stack: for each cause that the stack can
//! produce, the real `greeting-cli` finds it first.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use harness::Up;
use harness::cli::{self, Cli};
use serde_json::{Value, json};

const OTHER: &str = "11111111-2222-3333-4444-555555555555";

/// `call` with a token that is brought, whatever it is: exit status and codes.
fn call(up: &Up, token: &str, more: &[&str]) -> (i32, Vec<String>) {
    let state = tempfile::tempdir().unwrap();
    let url = up.text("function_url");
    let arguments = [
        &["call", url, "--output", "json", "--access-token", "-"][..],
        &["--send-anyway"],
        more,
    ]
    .concat();
    let output = Cli::new(state.path(), &arguments)
        .trusting(up)
        .stdin(token)
        .run();
    let report = cli::report(&output);
    let codes = cli::codes(&report).into_iter().map(str::to_owned).collect();
    (output.status.code().unwrap(), codes)
}

#[track_caller]
fn finds(up: &Up, token: &str, exit: i32, code: &str) {
    let (status, codes) = call(up, token, &[]);
    assert_eq!(
        (status, codes.first().map(String::as_str)),
        (exit, Some(code)),
        "{codes:?}"
    );
}

#[track_caller]
fn finds_minted(up: &Up, mint: &[&str], exit: i32, code: &str) {
    finds(up, &up.mint(mint), exit, code);
}

#[track_caller]
fn succeeds(up: &Up, token: &str) {
    assert_eq!(call(up, token, &[]), (0, Vec::new()));
}

/// Asks for nothing, or without a token.
fn ask(up: &Up, arguments: &[&str]) -> (i32, Vec<String>) {
    let state = tempfile::tempdir().unwrap();
    let output = Cli::new(state.path(), arguments).trusting(up).run();
    let report = cli::report(&output);
    let codes = cli::codes(&report).into_iter().map(str::to_owned).collect();
    (output.status.code().unwrap(), codes)
}

fn without_token(up: &Up) -> (i32, Vec<String>) {
    let url = up.text("function_url");
    ask(
        up,
        &["call", url, "--output", "json", "--credential", "none"],
    )
}

#[test]
fn causes_that_a_token_shows() {
    let up = Up::start(&[]);
    let api = up.text("api_client_id");
    succeeds(&up, &up.mint(&[]));
    assert_eq!(without_token(&up), (4, vec!["no-token".to_owned()]));

    let good = up.mint(&[]);
    let (head, _) = good.rsplit_once('.').unwrap();
    for broken in [
        &format!("Bearer {good}"),
        &format!("\"{good}\""),
        &good[..good.len() / 2],
        head,
        "not.a.token",
    ] {
        let (status, codes) = call(&up, broken, &[]);
        assert_eq!(codes, ["malformed-token"], "{broken}");
        assert!(matches!(status, 3 | 4), "{status}");
    }

    let graph = ["--audience", "https://graph.microsoft.com"];
    for (mint, exit, code) in [
        (&["--audience", OTHER][..], 4, "wrong-api"),
        (&graph, 4, "wrong-api"),
        // The cause before its consequence.
        (&[graph[0], graph[1], "--expired"], 4, "wrong-api"),
        (&["--expired"], 4, "expired"),
        (&["--claim", "nbf=4000000000"], 4, "not-yet-valid"),
        (&["--bad-signature"], 4, "bad-signature"),
        (&["--tampered"], 4, "bad-signature"),
        (&["--unknown-key"], 4, "unknown-key"),
        (&["--alg", "none"], 4, "unsigned"),
        (&["--alg", "hs256"], 4, "wrong-algorithm"),
        (&["--alg", "rs512"], 4, "wrong-algorithm"),
        (&["--alg", "ps256"], 4, "wrong-algorithm"),
        (&["--version", "1"], 4, "issuer-version"),
        (&["--scope", "Profile.Read"], 5, "missing-scope"),
        (&["--scope", "greeting.read"], 5, "missing-scope"),
        (&["--no-scope"], 5, "missing-scope"),
        (
            &["--app-only", "--role", "Greeting.Read.All"],
            5,
            "app-only-token",
        ),
        (&["--app-only"], 5, "app-only-token"),
    ] {
        finds_minted(&up, mint, exit, code);
        // `token inspect` foresees what the stack then says.
        let url = up.text("function_url");
        let arguments = [
            "token", "inspect", "--url", url, "--verify", "--output", "json",
        ];
        let output = Cli::new(up.folder.path(), &arguments)
            .trusting(&up)
            .stdin(&up.mint(mint))
            .run();
        assert_eq!(output.status.code(), Some(exit), "{mint:?}");
        assert_eq!(cli::codes(&cli::report(&output))[0], code, "{mint:?}");
    }
    let issuer = format!("iss=https://login.microsoftonline.com/{OTHER}/v2.0");
    let tenant = format!("tid={OTHER}");
    finds_minted(
        &up,
        &["--claim", &issuer, "--claim", &tenant],
        4,
        "wrong-tenant",
    );
    let personal = "tid=9188040d-6c67-4c5b-b112-36a304b66dad";
    finds_minted(
        &up,
        &["--claim", &issuer, "--claim", personal],
        4,
        "wrong-tenant",
    );
    let named = format!("api://{api}");
    succeeds(&up, &up.mint(&["--audience", &named]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_tokens_of_a_sign_in() {
    let up = Up::start(&[]);
    let base = format!(
        "{}/{}/oauth2/v2.0",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    let client = up.text("cli_client_id");
    let post = async |endpoint: &str, form: &[(&str, &str)]| -> Value {
        let request = up.client.post(format!("{base}/{endpoint}")).form(form);
        request.send().await.unwrap().json().await.unwrap()
    };
    let scope = format!("{} openid profile offline_access", up.text("scope"));
    let started = post("devicecode", &[("client_id", client), ("scope", &scope)]).await;
    let approved = up.run("approve", &[started["user_code"].as_str().unwrap()]);
    assert!(approved.status.success());
    let tokens = post(
        "token",
        &[
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", client),
            ("device_code", started["device_code"].as_str().unwrap()),
        ],
    )
    .await;
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    succeeds(&up, &token("access_token"));
    finds(&up, &token("id_token"), 4, "not-an-access-token");
    finds(&up, &token("refresh_token"), 4, "not-an-access-token");
    // Encrypted: five parts, of which only the first is JSON.
    let jwe = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a2V5.aXY.Y2lwaGVy.dGFn";
    finds(&up, jwe, 4, "not-an-access-token");
}

/// The same API under a name that the gate was not told; and the reverse of `issuer-version`.
#[test]
fn causes_that_the_settings_make() {
    let provider = |changes: Value| json!({"identityProviders": {"azureActiveDirectory": changes}});
    let strict = Up::with_settings(
        &provider(json!({"validation": {"allowedAudiences": []}})),
        &[],
    );
    let named = format!("api://{}", strict.text("api_client_id"));
    succeeds(&strict, &strict.mint(&[]));
    finds_minted(&strict, &["--audience", &named], 4, "audience-mismatch");

    let v1 = Up::with_settings(
        &provider(
            json!({"registration": {"openIdIssuer": "https://<authority-host>/<tenant-id>/"}}),
        ),
        &[],
    );
    finds_minted(&v1, &[], 4, "issuer-version");

    let validation =
        |changes: Value| Up::with_settings(&provider(json!({"validation": changes})), &[]);
    let clients =
        validation(json!({"defaultAuthorizationPolicy": {"allowedApplications": [OTHER]}}));
    finds_minted(&clients, &[], 5, "client-not-allowed");
    let principals =
        json!({"defaultAuthorizationPolicy": {"allowedPrincipals": {"identities": [OTHER]}}});
    let listed = principals.clone();
    let principals = validation(principals);
    let issuer = format!(
        "{}/{}/v2.0",
        principals.text("authority_host"),
        principals.text("tenant_id")
    );
    let file = clients.folder.path().join("auth.json");
    let settings = provider(json!({
        "registration": {"clientId": clients.text("api_client_id"), "openIdIssuer": issuer},
        "validation": listed,
    }));
    std::fs::write(&file, settings.to_string()).unwrap();
    let token = principals.mint(&[]);
    let (status, codes) = call(
        &principals,
        &token,
        &["--auth-settings", file.to_str().unwrap()],
    );
    assert_eq!(
        (status, codes),
        (5, vec!["principal-not-allowed".to_owned()])
    );
    // Without the settings, either list may be it.
    assert_eq!(
        call(&principals, &token, &[]).1,
        ["client-not-allowed", "principal-not-allowed"]
    );

    let nobody = validation(json!({"jwtClaimChecks": {"allowedClientApplications": []}}));
    finds_minted(&nobody, &[], 5, "client-not-allowed");
}

#[test]
fn a_gate_that_is_set_otherwise() {
    let global = |changes: Value| Up::with_settings(&json!({"globalValidation": changes}), &[]);

    let forbidding = global(json!({"unauthenticatedClientAction": "Return403"}));
    succeeds(&forbidding, &forbidding.mint(&[]));
    finds_minted(&forbidding, &["--expired"], 5, "expired");
    finds_minted(&forbidding, &["--bad-signature"], 5, "bad-signature");
    assert_eq!(without_token(&forbidding), (5, vec!["no-token".to_owned()]));

    let off = Up::with_settings(&json!({"platform": {"enabled": false}}), &[]);
    assert_eq!(without_token(&off), (6, vec!["easy-auth-off".to_owned()]));
    finds_minted(&off, &[], 6, "easy-auth-off");

    let open = global(json!({"requireAuthentication": false}));
    succeeds(&open, &open.mint(&[]));
    assert_eq!(without_token(&open).1, ["no-token", "not-easy-auth"]);
    let url = open.text("function_url");
    let (status, codes) = ask(&open, &["call", url, "--output", "json"]);
    assert_eq!((status, codes[0].as_str()), (4, "not-easy-auth"));

    let silent = Up::with_settings(
        &json!({"identityProviders": {"azureActiveDirectory": {"login": {"disableWWWAuthenticate": true}}}}),
        &[],
    );
    finds_minted(&silent, &["--expired"], 4, "expired");
    assert_eq!(without_token(&silent).1[0], "no-token");
    let url = silent.text("function_url");
    let (status, codes) = ask(&silent, &["call", url, "--output", "json"]);
    assert_eq!((status, codes[0].as_str()), (4, "no-challenge"));

    let container = Up::start(&["--challenge", "container-apps"]);
    finds_minted(&container, &["--expired"], 4, "expired");
    assert_eq!(without_token(&container), (4, vec!["no-token".to_owned()]));

    let windows = Up::start(&["--challenge", "windows"]);
    succeeds(&windows, &windows.mint(&[]));
    finds_minted(&windows, &["--audience", OTHER], 4, "wrong-api");
}

/// RFC 9728: a gate that names its metadata is asked for the scope there.
#[test]
fn a_gate_that_names_its_metadata() {
    let scopes = |api: &str| format!("openid,api://{api}/Greeting.Read");
    let api = Up::start(&[]).text("api_client_id").to_owned();
    let up = Up::with_environment(
        &json!({}),
        &["--auto-approve", "alice@greeting.test"],
        &[("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES", &scopes(&api))],
    );
    let url = up.text("function_url");
    let state = tempfile::tempdir().unwrap();
    let output = Cli::new(state.path(), &["call", url, "-v"])
        .trusting(&up)
        .run();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let scope = format!("* scope     api://{api}/Greeting.Read (the function's metadata)");
    assert!(said.contains(&scope), "{said}");
    finds_minted(&up, &["--audience", OTHER], 4, "wrong-api");
}

/// Every link of a sound stack, and the first that breaks.
#[test]
fn the_doctor_goes_link_by_link() {
    let up = Up::start(&["--https"]);
    let state = tempfile::tempdir().unwrap();
    let url = up.text("function_url");
    let doctor = |stdin: &str, trusting: bool, url: &str| {
        let arguments = ["doctor", url, "--output", "json", "--access-token", "-"];
        let mut cli = Cli::new(state.path(), &arguments);
        if trusting {
            cli = cli.trusting(&up);
        }
        let output = cli.stdin(stdin).run();
        let report = cli::report(&output);
        let checks = report["checks"].as_array().unwrap().clone();
        let links: Vec<(String, String)> = checks
            .iter()
            .map(|check| {
                let told = match check["result"].as_str().unwrap() {
                    "failed" => check["finding"]["code"].as_str().unwrap(),
                    other => other,
                };
                (check["link"].as_str().unwrap().to_owned(), told.to_owned())
            })
            .collect();
        assert_eq!(report["ok"], output.status.success());
        links
    };
    let told = |links: &[(String, String)], link: &str| {
        let found = links.iter().find(|(name, _)| name == link);
        found.map(|(_, told)| told.clone()).unwrap_or_default()
    };
    let links = doctor(&up.mint(&[]), true, url);
    let names: Vec<&str> = links.iter().map(|(link, _)| link.as_str()).collect();
    assert_eq!(
        names,
        [
            "CAs",
            "proxy",
            "name",
            "TCP",
            "TLS",
            "clock",
            "in front",
            "Easy Auth",
            "authority",
            "keys",
            "resource",
            "audience",
            "Azure CLI",
            "key store",
            "token",
            "accepted",
            "scope"
        ]
    );
    for (link, told) in &links {
        let expected = match link.as_str() {
            // A token is given, and no metadata is published.
            "resource" | "audience" | "Azure CLI" | "key store" => "skipped",
            _ => "ok",
        };
        assert_eq!(told, expected, "{link}");
    }
    let links = doctor(&up.mint(&["--expired"]), true, url);
    assert_eq!(told(&links, "accepted"), "expired");
    let links = doctor(&up.mint(&["--no-scope"]), true, url);
    assert_eq!(told(&links, "accepted"), "ok");
    assert_eq!(told(&links, "scope"), "missing-scope");
    let links = doctor(&up.mint(&[]), false, url);
    assert_eq!(told(&links, "TCP"), "ok");
    assert_eq!(told(&links, "TLS"), "tls-untrusted");
    let links = doctor("x", true, "https://localhost:9/");
    assert_eq!(told(&links, "name"), "ok");
    assert_eq!(told(&links, "TCP"), "refused");
    let links = doctor("x", true, &format!("https://{}.example/", "a".repeat(64)));
    assert_eq!(told(&links, "name"), "dns");

    let off = Up::with_settings(&json!({"platform": {"enabled": false}}), &[]);
    let links = doctor(&off.mint(&[]), true, off.text("function_url"));
    assert_eq!(told(&links, "Easy Auth"), "easy-auth-off");
    let shifted = Up::start(&["--time-shift", "7200"]);
    let links = doctor(&shifted.mint(&[]), true, shifted.text("function_url"));
    assert_eq!(told(&links, "clock"), "clock-skew");
}

#[test]
fn a_clock_that_is_off() {
    for shift in ["7200", "-7200"] {
        let up = Up::start(&["--time-shift", shift]);
        // Minted by this machine's clock.
        finds_minted(&up, &[], 4, "clock-skew");
    }
}

/// An app that gives one answer to everything.
fn app(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = vec![0; 65536];
            let _ = stream.read(&mut buffer);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn what_stands_behind_the_gate() {
    for (answer, exit, code) in [
        (
            "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            6,
            "stripped-authorization",
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /.auth/login/aad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            6,
            "easy-auth-redirect",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            4,
            "stripped-authorization",
        ),
        (
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            4,
            "function-key",
        ),
        (
            "HTTP/1.1 403 Forbidden\r\nContent-Length: 57\r\nConnection: close\r\n\r\n<h1>Error 403 - This web app is stopped.</h1><p>The web a",
            5,
            "host-forbidden",
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            6,
            "handler-down",
        ),
        ("", 6, "handler-down"),
        (
            "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            6,
            "unexpected-answer",
        ),
    ] {
        let up = Up::start(&["--upstream", &app(answer)]);
        let (status, codes) = call(&up, &up.mint(&[]), &[]);
        assert_eq!((status, codes[0].as_str()), (exit, code), "{answer}");
    }
    let open = Up::with_settings(
        &json!({"globalValidation": {"requireAuthentication": false}}),
        &[
            "--upstream",
            &app("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
        ],
    );
    assert_eq!(without_token(&open), (0, vec!["easy-auth-off".to_owned()]));
}

#[test]
fn what_was_never_reached() {
    let up = Up::start(&[]);
    let url = up.text("function_url");
    let call = |url: &str, exit: i32, code: &str| {
        let arguments = ["call", url, "--output", "json", "--credential", "none"];
        assert_eq!(ask(&up, &arguments), (exit, vec![code.to_owned()]), "{url}");
    };
    call(&url.replace("http://", "https://"), 7, "http-not-https");
    // Longer than a name may be: no resolver need be asked.
    call(&format!("https://{}.example/", "a".repeat(64)), 7, "dns");

    let token = up.mint(&[]);
    let nowhere = url.replace("/api/greeting", "/api/nothing");
    let state = tempfile::tempdir().unwrap();
    let arguments = ["call", &nowhere, "--output", "json", "--access-token", "-"];
    let output = Cli::new(state.path(), &arguments)
        .trusting(&up)
        .stdin(&token)
        .run();
    assert_eq!(cli::codes(&cli::report(&output)), ["not-found"]);

    // An app that takes the call and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = format!("http://{}", silent.local_addr().unwrap());
    let behind = Up::start(&["--upstream", &upstream]);
    let (status, codes) = self::call(&behind, &behind.mint(&[]), &["--timeout", "2"]);
    assert_eq!((status, codes), (7, vec!["timeout".to_owned()]));

    let https = Up::start(&["--https"]);
    let url = https.text("function_url").to_owned();
    let arguments = ["call", &url, "--output", "json", "--credential", "none"];
    let output = Cli::new(state.path(), &arguments).run();
    assert_eq!(cli::codes(&cli::report(&output)), ["tls-untrusted"]);
    assert_eq!(ask(&https, &arguments), (4, vec!["no-token".to_owned()]));
    drop(https);
    assert_eq!(ask(&up, &arguments), (7, vec!["refused".to_owned()]));
}
