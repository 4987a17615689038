//! The whole stack as a person runs it: real processes, real sockets on free ports, real exits.

mod harness;

use std::path::Path;
use std::process::Command;

#[cfg(target_os = "linux")]
use harness::children;
use harness::{GREETING, Up, program};

#[tokio::test]
async fn a_token_opens_the_door_and_nothing_else_does() {
    let up = Up::start(&[]);
    let greeted = up.call_with(&up.mint(&[])).await;
    assert_eq!(greeted.status(), 200);
    assert_eq!(greeted.text().await.unwrap(), GREETING);

    let refused = up.call(&[]).await;
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    let host = up.text("function_url").split('/').nth(2).unwrap();
    assert_eq!(
        challenge,
        format!(
            "Bearer realm=\"{host}\" authorization_uri=\"{}/{}/oauth2/v2.0/authorize\" resource_id=\"{}\"",
            up.text("authority_host"),
            up.text("tenant_id"),
            up.text("api_client_id"),
        )
    );

    // {"auth_typ":"aad","claims":[{"typ":"scp","val":"Greeting.Read"}]}
    let forged =
        "eyJhdXRoX3R5cCI6ImFhZCIsImNsYWltcyI6W3sidHlwIjoic2NwIiwidmFsIjoiR3JlZXRpbmcuUmVhZCJ9XX0=";
    for name in ["X-MS-CLIENT-PRINCIPAL", "x_ms_client_principal"] {
        assert_eq!(up.call(&[(name, forged)]).await.status(), 401, "{name}");
        // Nor does it help somebody who is signed in without the scope.
        let bearer = format!("Bearer {}", up.mint(&["--scope", "Other"]));
        let answer = up.call(&[(name, forged), ("Authorization", &bearer)]).await;
        assert_eq!(answer.status(), 403, "{name}");
        let bearer = format!("Bearer {}", up.mint(&[]));
        let answer = up
            .call(&[
                ("Connection", "x-ms-client-principal"),
                (name, forged),
                ("Authorization", &bearer),
            ])
            .await;
        assert_eq!(answer.status(), 200, "{name}");
    }
    // A wrong path without a token is 401, with one 404.
    let elsewhere = up.text("function_url").replace("greeting", "nothing");
    assert_eq!(
        up.client.get(&elsewhere).send().await.unwrap().status(),
        401
    );
    let signed_in = up
        .client
        .get(&elsewhere)
        .bearer_auth(up.mint(&[]))
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), 404);
}

#[tokio::test]
async fn defective_tokens_are_refused_and_never_logged() {
    let up = Up::start(&[]);
    let mut tokens = Vec::new();
    for (arguments, status) in [
        (&["--expired"][..], 401),
        (&["--audience", "https://graph.microsoft.com"], 401),
        (&["--bad-signature"], 401),
        (&["--unknown-key"], 401),
        (&["--alg", "none"], 401),
        (&["--alg", "hs256"], 401),
        (&["--alg", "rs512"], 401),
        (&["--alg", "ps256"], 401),
        (&["--tampered"], 401),
        (&["--version", "1"], 401),
        (&["--claim", "iss=https://localhost/other/v2.0"], 401),
        (&["--claim", "exp=\"9999999999\""], 401),
        (&["--claim", "exp=null"], 401),
        (&["--claim", "nbf=9999999999"], 401),
        (&["--claim", "aud=[\"a\"]"], 401),
        (
            &["--audience", "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"],
            200,
        ),
        (&["--no-scope"], 403),
        (&["--scope", "greeting.read"], 403),
        (&["--scope", "GREETING.READ"], 403),
        (&["--scope", "xGreeting.Read"], 403),
        (&["--scope", "Greeting.ReadWrite"], 403),
        (&["--scope", "Other", "--scope", "Greeting.Read"], 200),
        (&["--app-only", "--role", "Greeting.Read"], 403),
    ] {
        let token = up.mint(arguments);
        assert_eq!(up.call_with(&token).await.status(), status, "{arguments:?}");
        tokens.push(token);
    }
    for header in [
        "Bearer",
        "Bearer ",
        "Bearer a.b",
        "Bearer ...",
        "Basic YTpi",
        "Bearer é",
    ] {
        assert_eq!(
            up.call(&[("Authorization", header)]).await.status(),
            401,
            "{header}"
        );
    }
    up.says("bad-signature");
    let said = up.said();
    for token in tokens {
        for part in token.split('.').filter(|part| part.len() > 30) {
            assert!(!said.contains(part), "a part of a token was logged");
        }
    }
    assert!(
        said.contains("audience-mismatch") && said.contains("bad-signature"),
        "{said}"
    );
    assert!(!said.contains("alice"), "a claim value was logged: {said}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_killed_handler_is_started_again_and_no_call_is_lost() {
    let up = Up::start(&[]);
    let token = up.mint(&[]);
    for _ in 0..2 {
        for pid in children(up.child.id()) {
            let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(killed.unwrap().success());
        }
        // Only the caller whose request was on its way may be told of it, with a 502.
        let answer = up.call_with(&token).await;
        assert!([200, 502].contains(&answer.status().as_u16()), "{answer:?}");
        assert_eq!(up.call_with(&token).await.status(), 200);
    }
    // The third error is the last, as on the real host.
    for pid in children(up.child.id()) {
        let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
        assert!(killed.unwrap().success());
    }
    up.says("the handler is given up");
    assert_eq!(up.call_with(&token).await.status(), 503);
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_it_whole() {
    for signal in ["-INT", "-TERM"] {
        let mut up = Up::start(&[]);
        let handlers = children(up.child.id());
        assert_eq!(handlers.len(), 1);
        up.signal(signal);
        assert!(up.wait().success(), "{signal}: {}", up.said());
        for pid in handlers {
            assert!(
                !Path::new(&format!("/proc/{pid}")).exists(),
                "{signal}: the handler lives"
            );
        }
        for key in ["function_url", "authority_host"] {
            let address = up.text(key).split('/').nth(2).unwrap();
            assert!(
                std::net::TcpStream::connect(address).is_err(),
                "{key} still answers"
            );
        }
        assert!(!up.folder.path().join("ready.json").exists());
    }
}

#[cfg(unix)]
#[test]
fn what_it_keeps_is_its_owners_only() {
    use std::os::unix::fs::PermissionsExt;
    let up = Up::start(&[]);
    let state = up.folder.path().join("state");
    assert_eq!(
        state.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    for entry in std::fs::read_dir(&state).unwrap().flatten() {
        // Certificates are everybody's.
        let name = entry.file_name();
        let is_public = ["ca.pem", "ca-bundle.pem", "java-truststore"]
            .iter()
            .any(|public| name == *public);
        if !is_public && entry.path().is_file() {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn tokens_outlive_a_restart() {
    let mut first = Up::start(&[]);
    let token = first.mint(&[]);
    assert_eq!(first.call_with(&token).await.status(), 200);
    let authority = first.text("authority_host").to_owned();
    let port = authority.rsplit(':').next().unwrap().to_owned();
    first.signal("-TERM");
    assert!(first.wait().success());
    let folder = std::mem::replace(&mut first.folder, tempfile::tempdir().unwrap());
    assert!(
        !folder.path().join("ready.json").exists(),
        "it says ready after its end"
    );

    // The issuer carries the port, so the same one is asked for.
    let second = Up::start_in(folder, &port, &[]);
    assert_eq!(second.text("authority_host"), authority);
    assert_eq!(second.call_with(&token).await.status(), 200);
    // Its client trusts the CA file alone: the CA, too, is the same.
    let metadata = format!(
        "{}/.well-known/openid-configuration",
        second.text("authority_host").to_owned() + "/" + second.text("tenant_id") + "/v2.0"
    );
    assert_eq!(
        first.client.get(metadata).send().await.unwrap().status(),
        200
    );
}

#[test]
fn mistakes_are_answered_with_what_why_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    std::fs::write(
        &settings,
        r#"{"globalValidation":{"requireAuthentication":true}}"#,
    )
    .unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, names) in [
        (
            vec![
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--settings",
                settings.to_str().unwrap(),
            ],
            "clientId is missing",
        ),
        (
            vec!["up", "--port", &port, "--authority-port", "0"],
            "--port",
        ),
        (
            vec![
                "up",
                "--port",
                "0",
                "--authority-port",
                "0",
                "--app-root",
                folder.path().to_str().unwrap(),
            ],
            "host.json",
        ),
        (vec!["approve", "ABCDEFGHJ"], "greeting-local up"),
        (vec!["env"], "greeting-local up"),
        (vec!["mint", "--claim", "x"], "NAME=VALUE"),
    ] {
        let output = program()
            .args(&arguments)
            .arg("--state-dir")
            .arg(folder.path().join("state"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.starts_with("error: ") && said.contains(names),
            "{arguments:?}: {said}"
        );
        assert!(output.stdout.is_empty());
    }
    assert_eq!(
        program().arg("upp").output().unwrap().status.code(),
        Some(2)
    );
}

#[test]
fn settings_without_host_json_are_no_app() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("local.settings.json"), "{}").unwrap();
    let output = program()
        .args(["up", "--port", "0", "--authority-port", "0", "--state-dir"])
        .arg(folder.path().join("state"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no host.json"), "{said}");
}
