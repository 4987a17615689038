//! Secrets where something else belongs: people paste a token into the wrong field. Whatever the
//! field, the log, the terminal and the answers to others don't have it.

mod harness;

use harness::authority::{self, API, AZ, Authority, CLI, DAEMON, DEVICE};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

/// By what each is found, though it be cut, escaped or encoded.
const SECRETS: [(&str, &str); 4] = [
    (
        "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJwYXN0ZWQtaGVyZSJ9.c2lnbmF0dXJlLW9mLWl0",
        "eyJhdWQiOiJwYXN0ZWQtaGVyZSJ9",
    ),
    ("abc8Q~DEF_ghi-JKL.mno~PQR0123456789abcdE", "PQR0123456789"),
    (
        "0.AXoAbcdefghijklmnopqrstuvwxyz0123456789.AgABAwEAAADnfolhJpSnRYB1SVj",
        "AgABAwEAAADnfolhJpSn",
    ),
    ("dGhpcyBpcyBhIGZ1bmN0aW9uIGtleQ==", "BhIGZ1bmN0aW9u"),
];

/// Every parameter that an endpoint reads.
const PARAMETERS: [&str; 19] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "scope",
    "resource",
    "redirect_uri",
    "response_type",
    "response_mode",
    "state",
    "nonce",
    "code",
    "code_verifier",
    "code_challenge",
    "code_challenge_method",
    "device_code",
    "refresh_token",
    "username",
];

/// The forms of an otherwise good request, for each grant.
fn forms(scope: &str) -> Vec<Vec<(&str, &str)>> {
    vec![
        vec![
            ("grant_type", DEVICE),
            ("client_id", CLI),
            ("device_code", "d"),
        ],
        vec![
            ("grant_type", "refresh_token"),
            ("client_id", CLI),
            ("refresh_token", "r"),
        ],
        vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLI),
            ("code", "c"),
            ("redirect_uri", "http://localhost"),
            ("code_verifier", "v"),
        ],
        vec![
            ("grant_type", "client_credentials"),
            ("client_id", DAEMON),
            ("client_secret", "s"),
            ("scope", scope),
        ],
        vec![
            ("response_type", "code"),
            ("client_id", AZ),
            ("redirect_uri", "http://localhost"),
            ("scope", scope),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ),
            ("code_challenge_method", "S256"),
        ],
    ]
}

const HEADERS: [&str; 12] = [
    "authorization",
    "cookie",
    "x-zumo-auth",
    "x-ms-client-principal",
    "x-ms-client-principal-name",
    "x-ms-token-aad-access-token",
    "client-request-id",
    "origin",
    "referer",
    "user-agent",
    "x-forwarded-for",
    "access-control-request-headers",
];

#[tokio::test]
async fn point_19_a_secret_in_the_wrong_place_is_logged_nowhere() {
    let authority = Authority::start();
    let up = &authority.0;
    let scope = authority.scope();
    let function = up.text("function_url").to_owned();
    let origin = function.strip_suffix("/api/greeting").unwrap().to_owned();
    let mut answers = String::new();
    for (secret, _) in SECRETS {
        // Every parameter of every grant, at each endpoint that reads it.
        for form in forms(&scope) {
            for parameter in PARAMETERS {
                let changed = authority::with(&form, &[(parameter, secret)]);
                for path in [
                    "<tenant>/oauth2/v2.0/token",
                    "<tenant>/oauth2/v2.0/devicecode",
                ] {
                    let answer = authority.post(path, &changed).await;
                    answers.push_str(&answer.text().await.unwrap());
                }
                let url = authority.url("<tenant>/oauth2/v2.0/authorize");
                let url = reqwest::Url::parse_with_params(&url, &changed).unwrap();
                let answer = up.client.get(url).send().await.unwrap();
                // A state goes back to its sender.
                if parameter != "state" {
                    answers.push_str(&format!("{:?}", answer.headers().get("location")));
                }
            }
        }
        // A parameter's name; the tenant; each part of a path.
        let twice = [(secret, "a"), (secret, "b")];
        let answer = authority.post("<tenant>/oauth2/v2.0/token", &twice).await;
        answers.push_str(&answer.text().await.unwrap());
        for path in [
            format!("{secret}/oauth2/v2.0/token"),
            format!("{secret}/v2.0/.well-known/openid-configuration"),
            format!("common/userrealm/{secret}"),
            format!("greeting-local/{secret}"),
            secret.to_owned(),
        ] {
            let answer = authority.post(&path, &[("client_id", CLI)]).await;
            answers.push_str(&answer.text().await.unwrap());
            let url = authority.url(&path);
            up.client
                .get(format!("{url}?code={secret}"))
                .send()
                .await
                .unwrap();
        }
        // The gate: path, query, method, every header.
        for url in [
            format!("{function}/{secret}"),
            format!("{origin}/{secret}/greeting?code={secret}"),
            format!("{origin}/.auth/login/{secret}"),
            format!("{origin}/.auth/login/aad?post_login_redirect_uri={secret}"),
            format!("{origin}/.auth/login/aad/callback?code={secret}&state={secret}"),
            format!("{origin}/.auth/login/aad/callback?error={secret}&error_description={secret}"),
            format!("{origin}/.auth/logout?post_logout_redirect_uri={secret}"),
        ] {
            up.client.get(url).send().await.unwrap();
        }
        let method = reqwest::Method::from_bytes(secret.replace('=', "").as_bytes()).unwrap();
        up.client.request(method, &function).send().await.unwrap();
        for header in HEADERS {
            for value in [
                secret.to_owned(),
                format!("Bearer {secret}"),
                format!("Basic {secret}"),
            ] {
                let name = HeaderName::from_static(header);
                let value = HeaderValue::from_str(&value).unwrap();
                for url in [&function, &authority.url("<tenant>/oauth2/v2.0/token")] {
                    let request = up.client.post(url).header(name.clone(), value.clone());
                    request.send().await.unwrap();
                }
            }
        }
        // A token's claims.
        let audience = up.mint(&["--audience", secret, "--claim", &format!("azp={secret}")]);
        up.call_with(&audience).await;
        up.call_with(&up.mint(&["--issuer", secret, "--tenant", secret]))
            .await;
        up.call_with(&up.mint(&["--client", secret])).await;
        // What other commands send.
        up.run("approve", &[secret, "--user", secret]);
        up.run("policy", &["--refuse", secret]);
    }
    // One that is written last: what is before it is there.
    up.client
        .get(authority.url("the-last-one"))
        .send()
        .await
        .unwrap();
    up.says("/the-last-one");
    let log = up.run("log", &["--output", "json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    assert!(log.lines().count() > 100, "{log}");
    for line in log.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["status"].is_u64(), "{line}");
    }
    let everything = [
        ("the log", log),
        ("stdout", up.printed()),
        ("stderr", up.said()),
        ("the answers", answers),
    ];
    for (place, text) in everything {
        // Names are whole: the test would pass on a log that says nothing.
        if place == "the log" {
            assert!(
                text.contains("/api/greeting") && text.contains(API),
                "{text}"
            );
        }
        for (secret, part) in SECRETS {
            let at = text.find(part);
            let near = at.map(|at| &text[at.saturating_sub(200)..(at + 100).min(text.len())]);
            assert_eq!(near, None, "{place} has {secret}");
        }
    }
}
