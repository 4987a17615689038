//! The local Entra ID as clients see it: every refusal with its code, every code redeemed once.

mod harness;

use std::io::{BufRead as _, BufReader};

use harness::authority::{
    API, AZ, Authority, CHALLENGE, CLI, DAEMON, DEVICE, Form, VISUAL_STUDIO, claims, part, read,
    refusal, with,
};
use harness::cli::{self, Cli};
use harness::{GREETING, Up};
use serde_json::{Value, json};

#[tokio::test]
async fn each_mistake_has_entras_code() {
    let up = Authority::start();
    let scope = up.scope();
    let secret = up.secret();
    let device: &Form<'_> = &[("client_id", CLI), ("scope", &scope)];
    let app = format!("api://{API}/.default");
    let daemon: &Form<'_> = &[
        ("grant_type", "client_credentials"),
        ("client_id", DAEMON),
        ("client_secret", &secret),
        ("scope", &app),
    ];
    let code: &Form<'_> = &[
        ("grant_type", DEVICE),
        ("client_id", CLI),
        ("device_code", "nobody's"),
    ];
    let undefined = format!("api://{API}/Greeting.Write");
    let (start, token) = (
        "<tenant>/oauth2/v2.0/devicecode",
        "<tenant>/oauth2/v2.0/token",
    );
    let unknown = "11111111-1111-1111-1111-111111111111";
    let nil = "00000000-0000-0000-0000-000000000000";
    type Row<'a> = (&'a str, &'a Form<'a>, &'a Form<'a>, u16, &'a str, u64);
    let rows: &[Row<'_>] = &[
        (
            "nowhere/oauth2/v2.0/devicecode",
            device,
            &[],
            400,
            "invalid_request",
            90002,
        ),
        (
            "nowhere/oauth2/v2.0/token",
            code,
            &[],
            400,
            "invalid_request",
            90002,
        ),
        (
            start,
            device,
            &[("client_id", "")],
            400,
            "invalid_request",
            900_144,
        ),
        (
            start,
            device,
            &[("scope", "")],
            400,
            "invalid_request",
            900_144,
        ),
        (
            start,
            device,
            &[("client_id", unknown)],
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            start,
            device,
            &[("client_id", "my-app")],
            400,
            "unauthorized_client",
            700_016,
        ),
        (
            start,
            device,
            &[("client_id", nil)],
            400,
            "unauthorized_client",
            700_038,
        ),
        (
            start,
            device,
            &[("client_id", DAEMON)],
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            start,
            device,
            &[("client_id", API)],
            401,
            "invalid_client",
            7_000_218,
        ),
        (
            start,
            device,
            // A bare scope is Microsoft Graph's (scopes-oidc; captured with Graph's id).
            &[("scope", "Greeting.Read")],
            400,
            "invalid_client",
            650_053,
        ),
        (
            start,
            device,
            &[("scope", "api://other/X")],
            400,
            "invalid_resource",
            500_011,
        ),
        (
            start,
            device,
            &[("scope", &undefined)],
            400,
            "invalid_client",
            650_053,
        ),
        (
            token,
            code,
            &[("grant_type", "")],
            400,
            "invalid_request",
            900_144,
        ),
        (
            token,
            code,
            &[("grant_type", "no_such_grant")],
            400,
            "unsupported_grant_type",
            70003,
        ),
        // A public client acts on nobody's behalf.
        (
            token,
            code,
            &[("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")],
            401,
            "invalid_client",
            7_000_218,
        ),
        // Not built, so refused whole: passwords.
        (
            token,
            code,
            &[("grant_type", "password"), ("password", "x")],
            400,
            "unsupported_grant_type",
            70003,
        ),
        (
            token,
            code,
            &[("device_code", "")],
            400,
            "invalid_request",
            900_144,
        ),
        (token, code, &[], 400, "bad_verification_code", 70018),
        (
            token,
            code,
            &[("client_secret", "x")],
            401,
            "invalid_client",
            700_025,
        ),
        (
            token,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", CLI),
                ("refresh_token", "x"),
            ],
            &[],
            400,
            "invalid_grant",
            9_002_313,
        ),
        (
            token,
            &[
                ("grant_type", "refresh_token"),
                ("client_id", CLI),
                ("refresh_token", CHALLENGE),
            ],
            &[],
            400,
            "invalid_grant",
            70_000,
        ),
        (
            token,
            daemon,
            &[("client_secret", "wrong")],
            401,
            "invalid_client",
            7_000_215,
        ),
        (
            token,
            daemon,
            &[("client_secret", "")],
            400,
            "invalid_request",
            7_000_216,
        ),
        (
            token,
            daemon,
            &[("client_id", CLI)],
            401,
            "invalid_client",
            700_025,
        ),
        (
            token,
            daemon,
            &[("scope", &scope)],
            400,
            "invalid_scope",
            1_002_012,
        ),
        (
            token,
            daemon,
            &[("scope", "api://other/.default")],
            400,
            "invalid_resource",
            500_011,
        ),
        (
            token,
            daemon,
            &[("grant_type", DEVICE)],
            401,
            "invalid_client",
            7_000_218,
        ),
    ];
    for (path, form, changes, status, error, code) in rows {
        let answer = read(up.post(path, &with(form, changes)).await).await;
        assert_eq!(
            refusal(&answer),
            (*status, *error, *code),
            "{changes:?} {}",
            answer.1
        );
    }
    let twice = [device, &[("scope", "x")]].concat();
    let answer = read(up.post(start, &twice).await).await;
    assert_eq!(refusal(&answer), (400, "invalid_request", 9_000_411));
    // A secret by HTTP Basic is one as well (RFC 6749 section 2.3.1).
    let in_basic = with(daemon, &[("client_id", ""), ("client_secret", "")]);
    for (secret, status) in [(secret.as_str(), 200), ("wrong", 401)] {
        let request = up.0.client.post(up.url(token)).form(&in_basic);
        let answer = request.basic_auth(DAEMON, Some(secret)).send().await;
        assert_eq!(answer.unwrap().status(), status);
    }
}

#[tokio::test]
async fn a_device_code_goes_through_its_states() {
    let up = Authority::start();
    let started = up.start_device_code(CLI).await;
    assert_eq!(started["expires_in"], 900);
    assert_eq!(started["interval"], 5);
    assert_eq!(started["verification_uri"], up.url("devicelogin"));
    assert_eq!(started.get("verification_uri_complete"), None);
    let message = started["message"].as_str().unwrap();
    assert!(message.contains(started["user_code"].as_str().unwrap()));

    let pending = up.poll(&started, CLI).await;
    assert_eq!(refusal(&pending), (400, "authorization_pending", 70016));
    let too_fast = up.poll(&started, CLI).await;
    assert_eq!(refusal(&too_fast), (400, "slow_down", 70016));
    // Another client can't have it.
    let foreign = up.poll(&started, AZ).await;
    assert_eq!(refusal(&foreign), (400, "bad_verification_code", 70018));
    up.decide(&started, &["--deny"]);
    let declined = up.poll(&started, CLI).await;
    assert_eq!(refusal(&declined), (400, "authorization_declined", 65_004));

    // Pre-authorized clients need nobody's consent; this one has neither.
    for (client, user, code) in [
        (CLI, "bob@greeting.test", 0),
        (AZ, "gita@greeting.test", 0),
        (VISUAL_STUDIO, "alice@greeting.test", 65001),
        (VISUAL_STUDIO, "bob@greeting.test", 65001),
    ] {
        let started = up.start_device_code(client).await;
        up.decide(&started, &["--user", user]);
        let (status, body) = up.poll(&started, client).await;
        let seen = body["error_codes"][0].as_u64().unwrap_or(0);
        assert_eq!((status == 200, seen), (code == 0, code), "{user} {body}");
    }
    let started = up.start_device_code(CLI).await;
    let code = started["user_code"].as_str().unwrap();
    let disabled = up.0.run("approve", &[code, "--user", "dan@greeting.test"]);
    let said = String::from_utf8_lossy(&disabled.stderr);
    assert!(
        !disabled.status.success() && said.contains("AADSTS50057"),
        "{said}"
    );
}

#[tokio::test]
async fn policies_refuse_with_the_code_that_was_asked_for() {
    let up = Authority::start();
    let refresh = up.sign_in(CLI).await["refresh_token"].clone();
    // Consent that is taken back.
    up.policy(&["--consent", "off"]);
    let started = up.start_device_code(AZ).await;
    up.decide(&started, &[]);
    assert_eq!(
        refusal(&up.poll(&started, AZ).await),
        (400, "invalid_grant", 65001)
    );
    up.policy(&["--consent", "on", "--device-code", "off"]);
    let started = up.start_device_code(CLI).await;
    up.decide(&started, &[]);
    assert_eq!(refusal(&up.poll(&started, CLI).await).2, 53003);
    up.policy(&["--device-code", "on"]);
    for code in [
        50020, 50034, 50053, 50055, 50057, 50076, 50079, 50105, 50173, 50194, 53003, 65005, 90094,
        650_057, 700_082,
    ] {
        up.policy(&["--refuse", &format!("AADSTS{code}")]);
        let answer = up.refresh(CLI, &refresh).await;
        assert_eq!((refusal(&answer).0, refusal(&answer).2), (400, code));
    }
    up.policy(&["--refuse", "none"]);
    // Nothing of it has cost the refresh token.
    assert_eq!(up.refresh(CLI, &refresh).await.0, 200);
}

#[tokio::test]
async fn of_two_who_redeem_one_device_code_at_once_one_wins() {
    let up = Authority::start();
    for _ in 0..10 {
        let started = up.start_device_code(CLI).await;
        up.decide(&started, &[]);
        let form = [
            ("grant_type", DEVICE),
            ("client_id", CLI),
            ("device_code", started["device_code"].as_str().unwrap()),
        ];
        let both = tokio::join!(up.token_apart(&form), up.token_apart(&form));
        let mut seen = [&both.0, &both.1].map(|(status, body)| {
            (
                status.as_u16(),
                body["error"].as_str().unwrap_or("").to_owned(),
            )
        });
        seen.sort();
        let lost = (400, "bad_verification_code".to_owned());
        assert_eq!(seen, [(200, String::new()), lost]);
    }
}

/// Entra "doesn't revoke old refresh tokens when used to fetch new access tokens" (Microsoft:
/// "Refresh tokens in the Microsoft identity platform"). Until issue 17 a replay ended the family.
#[tokio::test]
async fn item_10_old_refresh_tokens_stay_valid_and_a_refusal_costs_none() {
    let up = Authority::start();
    let first = up.sign_in(CLI).await["refresh_token"].clone();
    // Four at once, as oauth2-proxy asks with --cookie-refresh.
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", first.as_str().unwrap()),
    ];
    let four = tokio::join!(
        up.token_apart(&form),
        up.token_apart(&form),
        up.token_apart(&form),
        up.token_apart(&form)
    );
    let mut tokens = vec![first.clone()];
    for (status, body) in [four.0, four.1, four.2, four.3] {
        assert_eq!(status, 200, "{body}");
        tokens.push(body["refresh_token"].clone());
    }
    // Another client's is nobody's.
    assert_eq!(refusal(&up.refresh(AZ, &first).await).2, 70_000);
    // A refusal costs neither the refresh token nor the device code.
    up.policy(&["--consent", "off"]);
    let started = up.start_device_code(CLI).await;
    up.decide(&started, &[]);
    for _ in 0..2 {
        assert_eq!(refusal(&up.refresh(CLI, &first).await).2, 65001);
        assert_eq!(refusal(&up.poll(&started, CLI).await).2, 65001);
    }
    up.policy(&["--consent", "on"]);
    assert_eq!(up.poll(&started, CLI).await.0, 200);
    for token in &tokens {
        assert_eq!(up.refresh(CLI, token).await.0, 200);
    }
    // An administrator may want it otherwise.
    up.policy(&["--refresh-reuse", "off"]);
    let fresh = up.sign_in(CLI).await["refresh_token"].clone();
    let (_, second) = up.refresh(CLI, &fresh).await;
    let replayed = up.refresh(CLI, &fresh).await;
    assert_eq!(refusal(&replayed), (400, "invalid_grant", 50173));
    let dead = up.refresh(CLI, &second["refresh_token"]).await;
    assert_eq!(refusal(&dead), (400, "invalid_grant", 70_000));
}

#[cfg(unix)]
#[tokio::test]
async fn a_refresh_token_outlives_a_restart_and_ends_with_its_time() {
    let mut up = Authority::start();
    let token = up.sign_in(CLI).await["refresh_token"].clone();
    let restart = |mut up: Authority, shift: &str| {
        up.0.signal("-TERM");
        assert!(up.0.wait().success());
        let folder = std::mem::replace(&mut up.0.folder, tempfile::tempdir().unwrap());
        Authority(Up::start_in(folder, "0", &["--time-shift", shift]))
    };
    up = restart(up, "7776001"); // 90 days and a second
    assert_eq!(refusal(&up.refresh(CLI, &token).await).2, 700_082);
    up = restart(up, "0");
    assert_eq!(up.refresh(CLI, &token).await.0, 200);
}

#[cfg(unix)]
#[tokio::test]
async fn a_restart_in_the_middle_of_a_sign_in_ends_it_in_words() {
    let mut up = Up::start(&[]);
    let state = tempfile::tempdir().unwrap();
    let arguments = [
        &["call", up.text("function_url"), "--no-cache"][..],
        &["--credential", "device-code", "--output", "json"],
    ];
    let mut signing_in = Cli::new(state.path(), &arguments.concat())
        .trusting(&up)
        .spawn();
    let prompt = BufReader::new(signing_in.stderr.as_mut().unwrap())
        .lines()
        .find(|line| line.as_ref().is_ok_and(|line| line.contains("user_code")));
    assert!(prompt.is_some(), "no code was shown");
    let authority = up.text("authority_host").to_owned();
    let port = authority.rsplit(':').next().unwrap();
    up.signal("-TERM");
    assert!(up.wait().success());
    let folder = std::mem::replace(&mut up.folder, tempfile::tempdir().unwrap());
    let again = Up::start_in(folder, port, &[]);
    let output = signing_in.wait_with_output().unwrap();
    let report = cli::report(&output);
    assert_eq!(output.status.code(), Some(3), "{report}");
    assert_eq!(report["outcome"], "no-token", "{report}");
    assert!(!report["findings"][0]["fix"].as_str().unwrap().is_empty());
    drop(again);
}

#[tokio::test]
async fn a_token_response_is_what_the_clients_need() {
    let up = Authority::start();
    let started = up.start_device_code(CLI).await;
    up.decide(&started, &[]);
    let correlation = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let answer =
        up.0.client
            .post(up.url("organizations/oauth2/v2.0/token") + "?client-request-id=ignored")
            .header("client-request-id", correlation)
            .form(&[
                // What msal-node and az make of it.
                ("grant_type", "device_code"),
                ("client_id", &CLI.to_uppercase()),
                ("code", started["device_code"].as_str().unwrap()),
                ("client_info", "1"),
                ("x-client-SKU", "ignored"),
            ])
            .send()
            .await
            .unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["client-request-id"], correlation);
    assert!(answer.headers().contains_key("x-ms-request-id"));
    let (status, body) = read(answer).await;
    assert_eq!(status, 200, "{body}");
    // The protocol's scopes are echoed for Microsoft Graph alone (captured:
    // darkcodi/AzureTokenApi; until issue 17 they were here too).
    let scope = up.0.text("scope");
    for (name, expected) in [
        ("token_type", json!("Bearer")),
        ("expires_in", json!(3600)),
        ("ext_expires_in", json!(3600)),
        ("scope", json!(scope)),
    ] {
        assert_eq!(body[name], expected, "{name}");
    }
    let info: Value = serde_json::from_slice(&part(body["client_info"].as_str().unwrap())).unwrap();
    assert_eq!(info["utid"], up.0.text("tenant_id"));
    let id: Value = claims(&body["id_token"]);
    assert_eq!((&id["aud"], &id["oid"]), (&json!(CLI), &info["uid"]));
    assert_eq!(id["preferred_username"], "alice@greeting.test");
    let token = body["access_token"].as_str().unwrap();
    let called = up.0.call_with(token).await;
    assert_eq!(called.text().await.unwrap(), GREETING);
}

#[tokio::test]
async fn a_guest_is_of_another_tenant() {
    let up = Up::start(&[]);
    let guest = claims(&json!(up.mint(&["--user", "gita@greeting.test"])));
    let own = claims(&json!(up.mint(&[])));
    assert_ne!(guest["idp"], Value::Null);
    assert_eq!(own.get("idp"), None);
    assert_eq!(guest["iss"], own["iss"]);
}

#[tokio::test]
async fn what_discovery_names_is_there() {
    let up = Authority::start();
    for document in [
        "<tenant>/v2.0/.well-known/openid-configuration",
        "<tenant>/.well-known/openid-configuration",
        "greeting.test/v2.0/.well-known/openid-configuration",
        "common/v2.0/.well-known/openid-configuration",
        "organizations/v2.0/.well-known/openid-configuration",
    ] {
        let get = |url: String| up.0.client.get(url).send();
        let (status, found) = read(get(up.url(document)).await.unwrap()).await;
        assert_eq!(status, 200, "{document}");
        let named: Vec<(&String, &str)> = found
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri")
            .map(|(name, url)| (name, url.as_str().unwrap()))
            .collect();
        assert!(named.len() >= 6, "{found}");
        for (name, url) in named {
            let answer = get(url.to_owned()).await.unwrap();
            assert_ne!(answer.status(), 404, "{document}: {name}");
        }
    }
    let both = reqwest::Client::builder().tls_certs_only([up.0.ca()]);
    let both = both.no_proxy().build().unwrap();
    let newer = both.get(up.url("common/discovery/instance")).send();
    assert_eq!(newer.await.unwrap().version(), reqwest::Version::HTTP_2);
    let instance = up.0.client.get(up.url("common/discovery/instance")).send();
    let (_, instance) = read(instance.await.unwrap()).await;
    let host = up.0.text("authority_host").trim_start_matches("https://");
    assert_eq!(instance["metadata"][0]["preferred_network"], host);
}
