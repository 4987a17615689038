//! Time and trouble for clients' retries, set while the stack runs: `greeting-local policy`.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use harness::authority::{Authority, CLI, claims, read, refusal};
use reqwest::Response;
use serde_json::Value;

fn output(up: &Up, arguments: &[&str]) -> String {
    let output = up.run("policy", arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn token(body: &Value) -> &str {
    body["access_token"].as_str().unwrap()
}

#[tokio::test]
async fn item_24_the_clock_moves_while_the_stack_runs() {
    let up = Authority::start();
    assert!(output(&up.0, &[]).contains("time-shift     0\n"));
    let first = up.sign_in(CLI).await;
    assert_eq!(up.0.call_with(token(&first)).await.status(), 200);

    // Two hours on: the gate refuses the token, and a refresh gets one that it takes.
    let said = output(&up.0, &["--time-shift", "7200"]);
    assert!(said.contains("time-shift     7200\n"), "{said}");
    assert_eq!(up.0.call_with(token(&first)).await.status(), 401);
    let (status, second) = up.refresh(CLI, &first["refresh_token"]).await;
    assert_eq!(status, 200, "{second}");
    let issued = |body: &Value| claims(&body["access_token"])["iat"].as_i64().unwrap();
    assert!(issued(&second) - issued(&first) >= 7200, "{second}");
    assert_eq!(up.0.call_with(token(&second)).await.status(), 200);

    // A change of something else leaves it as it is.
    assert!(output(&up.0, &["--consent", "on"]).contains("time-shift     7200\n"));

    // 90 days and a second on, its refresh token has ended; back now, what is of later is not yet
    // valid.
    output(&up.0, &["--time-shift", "7776001"]);
    let refused = up.refresh(CLI, &first["refresh_token"]).await;
    assert_eq!(refusal(&refused), (400, "invalid_grant", 700_082));
    output(&up.0, &["--time-shift", "0"]);
    assert_eq!(up.0.call_with(token(&first)).await.status(), 200);
    assert_eq!(up.0.call_with(token(&second)).await.status(), 401);
    assert_eq!(up.refresh(CLI, &first["refresh_token"]).await.0, 200);

    // Behind, too.
    output(&up.0, &["--time-shift", "-7200"]);
    assert_eq!(up.0.call_with(token(&first)).await.status(), 401);
}

/// The endpoints that clients ask again, each asked once.
async fn all(up: &Authority, started: &Value) -> [Response; 5] {
    let get = |path: &str| up.0.client.get(up.url(path)).send();
    let code = started["device_code"].as_str().unwrap();
    let poll = [
        ("grant_type", harness::authority::DEVICE),
        ("client_id", CLI),
        ("device_code", code),
    ];
    let scope = up.scope();
    [
        get("<tenant>/v2.0/.well-known/openid-configuration")
            .await
            .unwrap(),
        get("common/discovery/instance").await.unwrap(),
        get("<tenant>/discovery/v2.0/keys").await.unwrap(),
        up.post(
            "<tenant>/oauth2/v2.0/devicecode",
            &[("client_id", CLI), ("scope", &scope)],
        )
        .await,
        up.post("<tenant>/oauth2/v2.0/token", &poll).await,
    ]
}

#[tokio::test]
async fn item_24_answers_fail_where_clients_ask_again() {
    let up = Authority::start();
    let started = up.start_device_code(CLI).await;
    up.decide(&started, &[]);
    for (fail, status, code, retry_after) in [
        ("503:1", 503, 90033, Some("1")),
        ("429:1", 429, 90055, Some("1")),
        ("500:1", 500, 90033, None),
    ] {
        assert!(output(&up.0, &["--fail", fail]).contains(&format!("fail           {fail}\n")));
        for answer in all(&up, &started).await {
            let url = answer.url().to_string();
            let after = answer.headers().get("retry-after");
            assert_eq!(after.map(|it| it.to_str().unwrap()), retry_after, "{url}");
            let refused = read(answer).await;
            let expected = (status, "temporarily_unavailable", code);
            assert_eq!(refusal(&refused), expected, "{url}");
        }
    }
    up.0.says("policy --fail 500:1");
    // What people and this program's own commands ask is answered as before.
    let realm = up.url("common/userrealm/alice@greeting.test");
    for url in [realm, up.url("devicelogin"), up.url("")] {
        let answer = up.0.client.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
    }
    // And nothing was spent.
    for stopped in ["503:0", "none"] {
        let said = output(&up.0, &["--fail", stopped]);
        assert!(said.contains("fail           none\n"), "{said}");
    }
    for answer in all(&up, &started).await {
        assert_eq!(answer.status(), 200, "{}", answer.url());
    }
}

#[tokio::test]
async fn item_24_answers_wait() {
    let up = Authority::start();
    assert!(output(&up.0, &["--delay", "250ms"]).contains("delay          250ms\n"));
    let begun = std::time::Instant::now();
    let keys = up.url("<tenant>/discovery/v2.0/keys");
    assert_eq!(up.0.client.get(&keys).send().await.unwrap().status(), 200);
    // At least: no machine is too slow for that.
    assert!(begun.elapsed().as_millis() >= 250);
    // These commands don't wait, or this one would take minutes.
    output(&up.0, &["--delay", "300s"]);
    assert!(output(&up.0, &["--delay", "none"]).contains("delay          none\n"));
    assert_eq!(up.0.client.get(&keys).send().await.unwrap().status(), 200);
}

#[test]
fn item_24_what_is_no_shift_delay_or_failure_is_refused_with_the_form() {
    for (flag, value, form) in [
        ("--time-shift", "1h", "for example 3600 or -600"),
        ("--time-shift", "315360001", "(ten years)"),
        ("--delay", "2", "for example 2s or 500ms"),
        ("--delay", "301s", "at most 300s"),
        ("--fail", "503", "for example 503:0.2 or 429:1"),
        ("--fail", "200:1", "The status is 429, 500, 502, 503 or 504"),
        ("--fail", "503:1.5", "a rate from 0 to 1"),
    ] {
        let output = harness::program()
            .args(["policy", flag, value])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(flag) && said.contains(form), "{said}");
    }
    let output = harness::program()
        .args(["up", "--time-shift", "9223372036854775807"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
