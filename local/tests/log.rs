//! What the log says of authority and handler: each decision, its reason, and nothing secret.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::cli::{self, Cli};
use harness::{Up, wait_for};
use serde_json::{Value, json};

const AZ: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";
const DAEMON: &str = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853";

fn events(up: &Up) -> Vec<Value> {
    let lines = up.run("log", &["--output", "json"]);
    String::from_utf8(lines.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn post(up: &Up, endpoint: &str, form: &[(&str, &str)]) -> Value {
    let url = format!(
        "{}/{}/oauth2/v2.0/{endpoint}",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    let answer = up.client.post(url).form(form).send().await.unwrap();
    answer.json().await.unwrap()
}

/// What the log has of the last event with this action, less what differs from run to run.
fn last(up: &Up, action: &str) -> Value {
    let mut event = events(up)
        .into_iter()
        .rfind(|event| event["action"] == action)
        .unwrap_or_else(|| panic!("no {action} in the log"));
    for name in ["time", "action", "method", "path", "duration_ms", "source"] {
        event.as_object_mut().unwrap().remove(name);
    }
    event
}

#[tokio::test]
async fn each_decision_of_a_device_sign_in_is_told() {
    let up = Up::start(&[]);
    let scope = format!("{} openid offline_access", up.text("scope"));
    let asked = post(&up, "devicecode", &[("client_id", CLI), ("scope", &scope)]).await;
    let (device, code) = (&asked["device_code"], asked["user_code"].as_str().unwrap());
    assert_eq!(
        last(&up, "devicecode"),
        json!({"client": "greeting-cli", "scope": scope, "status": 200, "outcome": "asked",
            "reason": "a person has to enter the code"})
    );

    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = [
        ("grant_type", grant),
        ("client_id", CLI),
        ("device_code", device.as_str().unwrap()),
    ];
    post(&up, "token", &poll).await;
    let pending = last(&up, "token");
    assert_eq!(
        (&pending["outcome"], &pending["grant"], &pending["status"]),
        (&json!("pending"), &json!("device_code"), &json!(400))
    );
    assert!(
        pending["reason"]
            .as_str()
            .unwrap()
            .starts_with("AADSTS70016: "),
        "{pending}"
    );

    assert!(
        up.run("approve", &[code, "--user", "dan@greeting.test"])
            .status
            .code()
            == Some(1)
    );
    assert_eq!(
        last(&up, "approve"),
        json!({"status": 400, "outcome": "refused", "reason": "AADSTS50057: The user account is disabled."})
    );
    assert!(up.run("approve", &[code]).status.success());
    assert_eq!(
        last(&up, "approve"),
        json!({"status": 200, "outcome": "approved", "reason": "from the shell"})
    );
    let tokens = post(&up, "token", &poll).await;
    assert_eq!(
        last(&up, "token"),
        json!({"grant": "device_code", "client": "greeting-cli", "status": 200,
            "outcome": "issued", "reason": "the code was approved", "scp": "Greeting.Read"})
    );

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let again = [
        ("grant_type", "refresh_token"),
        ("client_id", CLI),
        ("refresh_token", refresh),
    ];
    post(&up, "token", &again).await;
    assert_eq!(last(&up, "token")["outcome"], "issued");
    // Another client's.
    let stolen = [again[0], ("client_id", AZ), again[2]];
    post(&up, "token", &stolen).await;
    let refused = last(&up, "token");
    assert_eq!(
        (&refused["grant"], &refused["outcome"]),
        (&json!("refresh_token"), &json!("refused"))
    );
    assert!(
        refused["reason"].as_str().unwrap().starts_with("AADSTS"),
        "{refused}"
    );

    // Neither codes nor tokens nor people; on the terminal neither.
    let said = up.said() + &events(&up).iter().map(Value::to_string).collect::<String>();
    for secret in [
        device.as_str().unwrap(),
        code,
        refresh,
        tokens["access_token"].as_str().unwrap(),
        tokens["id_token"].as_str().unwrap(),
        "alice",
        "dan@",
    ] {
        assert!(!said.contains(secret), "a secret or a name is in the log");
    }
}

#[tokio::test]
async fn a_daemons_roles_a_wrong_secret_and_what_nobody_knows_are_told() {
    let up = Up::start(&[]);
    let secret = std::fs::read_to_string(up.folder.path().join("state/daemon-secret")).unwrap();
    let scope = up.text("scope").replace("Greeting.Read", ".default");
    let form = |secret| {
        [
            ("grant_type", "client_credentials"),
            ("client_id", DAEMON),
            ("client_secret", secret),
            ("scope", scope.as_str()),
        ]
    };
    post(&up, "token", &form(&secret)).await;
    assert_eq!(
        last(&up, "token"),
        json!({"grant": "client_credentials", "client": "the daemon", "scope": scope, "status": 200,
            "outcome": "issued", "reason": "the client has proved itself", "roles": ["Greeting.Read.All"]})
    );
    post(&up, "token", &form("wrong-secret")).await;
    let refused = last(&up, "token");
    assert!(
        refused["reason"]
            .as_str()
            .unwrap()
            .starts_with("AADSTS7000215: "),
        "{refused}"
    );
    // A token in the wrong field is not in the log.
    let token = up.mint(&[]);
    post(
        &up,
        "token",
        &[
            ("grant_type", "password"),
            ("client_id", CLI),
            ("scope", &token),
        ],
    )
    .await;
    assert!(
        last(&up, "token")["scope"]
            .as_str()
            .unwrap()
            .ends_with("characters)")
    );
    // Nor is what asks for an endpoint that is not there.
    let url = format!("{}/nowhere", up.text("authority_host"));
    up.client.get(url).send().await.unwrap();
    let unknown = events(&up).pop().unwrap();
    assert_eq!(
        (&unknown["status"], &unknown["reason"], &unknown["path"]),
        (&json!(404), &json!("no such endpoint"), &json!("/nowhere"))
    );
    let said = up.said();
    for secret in [secret.as_str(), "wrong-secret", &token[..40]] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn the_handlers_refusal_is_told_with_its_reason_and_its_call() {
    let up = Up::start(&[]);
    let answer = up.call_with(&up.mint(&["--no-scope"])).await;
    assert_eq!(answer.status(), 403);
    // The handler's line comes by its own way.
    let (gate, handler) = wait_for(|| {
        let events = events(&up);
        let find = |source: &str| {
            events
                .iter()
                .find(|event| event["source"] == source)
                .cloned()
        };
        Some((find("gate")?, find("handler")?))
    });
    assert_eq!(
        (&gate["outcome"], &gate["status"]),
        (&json!("passed"), &json!(403))
    );
    assert_eq!(handler["outcome"], "refused");
    assert_eq!(handler["reason"], "no Greeting.Read scope");
    assert_eq!(gate["invocation"], handler["invocation"]);
    // Told once: the line itself is not printed beside the event.
    let said = up.says("no Greeting.Read scope");
    assert_eq!(said.matches("no Greeting.Read scope").count(), 1);
}

#[tokio::test]
async fn what_an_administrator_does_is_told() {
    let up = Up::start(&[]);
    assert!(
        up.run("policy", &["--consent", "off", "--refuse", "AADSTS50076"])
            .status
            .success()
    );
    assert_eq!(
        last(&up, "policy")["reason"],
        "consent off, device-code on, refresh-reuse on, resource-slash on, refuse AADSTS50076, time-shift 0, delay none, fail none"
    );
    let said = String::from_utf8(up.run("rotate-keys", &[]).stdout).unwrap();
    let told = last(&up, "rotate-keys");
    let kid = told["reason"]
        .as_str()
        .unwrap()
        .strip_prefix("signing with ")
        .unwrap();
    assert!(said.contains(kid), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    // Who does not know the secret is told of, and nothing else happens.
    let url = format!("{}/greeting-local/approve", up.text("authority_host"));
    let body = json!({"code": "X", "user": "u", "deny": false});
    let answer = up.client.post(url).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(last(&up, "approve")["outcome"], "refused");
}

/// The gate's log has Azure's sub-status where that is public, and greeting-cli reads the log.
#[tokio::test]
async fn the_gates_log_is_evidence_that_greeting_cli_reads() {
    let up = Up::with_settings(&json!({"login": {"tokenStore": {"enabled": true}}}), &[]);
    let other = "11111111-2222-3333-4444-555555555555";
    let calls: [(&[&str], &str); 5] = [
        (&["--expired"], "expired"),
        (&["--bad-signature"], "bad-signature"),
        (&["--audience", "api://other"], "audience-mismatch"),
        (&["--tenant", other], "wrong-tenant"),
        (&["--client", other], "client-not-allowed"),
    ];
    assert_eq!(up.call(&[]).await.status(), 401);
    for (defect, _) in calls {
        assert!(!up.call_with(&up.mint(defect)).await.status().is_success());
    }
    let sign_in = up
        .text("function_url")
        .replace("/api/greeting", "/.auth/login/aad");
    for (body, status) in [
        (json!({"access_token": up.mint(&["--expired"])}), 401),
        (json!({"nothing": 1}), 400),
        (json!({"access_token": up.mint(&[])}), 200),
    ] {
        let answer = up.client.post(&sign_in).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(up.call_with(&up.mint(&[])).await.status(), 200);

    let lines = up.run("log", &["--output", "json"]);
    let text = String::from_utf8(lines.stdout).unwrap();
    let events: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let gate = events.iter().filter(|event| event["source"] == "gate");
    let seen: Vec<(u64, Option<u64>)> = gate
        .map(|event| {
            (
                event["status"].as_u64().unwrap(),
                event["substatus"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (401, Some(71)),
            (401, Some(83)),
            (401, Some(83)),
            (401, Some(83)),
            (401, Some(83)),
            // The public list has none for a client that is not allowed.
            (403, None),
            (401, Some(83)),
            (400, Some(73)),
            (200, Some(77)),
            (200, None),
        ]
    );

    let state = tempfile::tempdir().unwrap();
    let explain = ["explain", "--log", "-", "--output", "json"];
    let told = Cli::new(state.path(), &explain).stdin(&text).run();
    assert!(told.status.success(), "{told:?}");
    let told = cli::report(&told).to_string();
    for code in calls.iter().map(|(_, code)| *code).chain(["no-token"]) {
        assert!(
            told.contains(&format!("\"{code}\"")),
            "{code} is not in {told}"
        );
    }
    let human = Cli::new(state.path(), &explain[..3]).stdin(&text).run();
    let human =
        String::from_utf8(human.stdout).unwrap() + &String::from_utf8(human.stderr).unwrap();
    for words in ["401.71", "401.83", "client-not-allowed"] {
        assert!(human.contains(words), "{words} is not in {human}");
    }
}

/// Polls and lookups decide nothing: a person reads decisions, and is told how many others there
/// were; programs get all of them.
#[tokio::test]
async fn point_11_polls_discovery_and_key_fetches_are_quiet_until_they_are_asked_for() {
    let up = Up::quiet(&[]);
    let asked = post(
        &up,
        "devicecode",
        &[("client_id", CLI), ("scope", up.text("scope"))],
    )
    .await;
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", CLI),
        ("device_code", asked["device_code"].as_str().unwrap()),
    ];
    for _ in 0..3 {
        post(&up, "token", &poll).await;
    }
    let keys = format!(
        "{}/{}/discovery/v2.0/keys",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    assert_eq!(up.client.get(&keys).send().await.unwrap().status(), 200);
    // A refusal of the same kind is none of them.
    assert_eq!(up.client.post(&keys).send().await.unwrap().status(), 405);
    assert_eq!(up.call(&[]).await.status(), 401);
    let all = events(&up);
    let routine = |event: &&Value| {
        event["outcome"] == "pending"
            || (event["outcome"] == "answered"
                && ["keys", "discovery"]
                    .iter()
                    .any(|known| event["action"] == *known))
    };
    let count = all.iter().filter(routine).count();
    assert!(count >= 4, "the polls and the keys: {all:?}");

    let read = |arguments: &[&str]| {
        let output = up.run("log", arguments);
        assert!(output.status.success(), "{output:?}");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (shown, said) = read(&[]);
    assert_eq!(shown.lines().count(), all.len() - count, "{shown}");
    assert!(!shown.contains("AADSTS70016"), "{shown}");
    for words in ["devicecode", "405", "no-token"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // The command that shows them is about this stack, and is called as this one was.
    let program = env!("CARGO_BIN_EXE_greeting-local");
    let start = format!(
        "{count} polls, discovery and key fetches are not shown; to see them: {program} log -v"
    );
    assert!(said.starts_with(&start), "{said}");
    assert!(
        said.contains(" -v --state-dir ") && said.lines().count() == 1,
        "{said}"
    );
    let (shown, said) = read(&["-v"]);
    assert_eq!((shown.lines().count(), said.as_str()), (all.len(), ""));
    assert!(shown.contains("AADSTS70016"), "{shown}");
    // JSON is not filtered, and nothing is said beside it.
    for arguments in [&["--output", "json"][..], &["--output", "json", "-v"]] {
        let (shown, said) = read(arguments);
        assert_eq!((shown.lines().count(), said.as_str()), (all.len(), ""));
    }

    // So it is on the terminal of `up`, which says once where the others are.
    let said = up.says("no-token");
    assert!(said.contains("devicecode"), "{said}");
    assert!(!said.contains("AADSTS70016"), "{said}");
    assert_eq!(said.matches("are not shown; ").count(), 1, "{said}");
    let verbose = Up::start(&[]);
    post(&verbose, "token", &poll).await;
    let keys = keys.replace(up.text("authority_host"), verbose.text("authority_host"));
    verbose.client.get(&keys).send().await.unwrap();
    let said = verbose.says("keys");
    assert!(!said.contains("are not shown; "), "{said}");
}

/// What has happened stays readable, however long a client polls.
#[tokio::test]
async fn point_11_polls_push_no_decision_out_of_the_log() {
    let up = Up::start(&[]);
    assert_eq!(up.call(&[]).await.status(), 401);
    let keys = format!(
        "{}/{}/discovery/v2.0/keys",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    for _ in 0..600 {
        assert_eq!(up.client.get(&keys).send().await.unwrap().status(), 200);
    }
    let all = events(&up);
    let refused = |event: &Value| event["source"] == "gate" && event["status"] == 401;
    assert!(all.iter().any(refused), "it is gone");
    assert!(all.len() <= 1_000, "and what is kept is bounded");
}
