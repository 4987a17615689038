//! The files that configure Azure configure `up`: a change to one in the app's folder changes
//! what a built `greeting-local` does, and what it can't do is refused by name.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::app::{app, changed};
use harness::{Up, program};
use serde_json::{Value, json};
use tempfile::TempDir;

const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

fn up(app: &TempDir) -> Up {
    Up::start(&["--app-root", app.path().to_str().unwrap()])
}

/// What `up` says of an app that it does not start.
fn refusal(app: &TempDir) -> String {
    let output = program()
        .args(["up", "--port", "0", "--authority-port", "0", "--app-root"])
        .arg(app.path())
        .arg("--state-dir")
        .arg(app.path().join("state"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The status of a call, with a token of these properties or without one.
async fn status(up: &Up, token: Option<&[&str]>) -> (u16, bool) {
    let answer = match token {
        Some(arguments) => up.call_with(&up.mint(arguments)).await,
        None => up.call(&[("user-agent", "Mozilla/5.0")]).await,
    };
    // The gate's own challenge, not the handler's plain `Bearer`.
    let challenge = answer.headers().get("www-authenticate");
    let by_the_gate = challenge.is_some_and(|value| value.to_str().unwrap().contains("realm="));
    (answer.status().as_u16(), by_the_gate)
}

#[tokio::test]
async fn each_change_to_the_settings_file_changes_up() {
    let provider = |name: &str, value: Value| json!({"identityProviders": {"azureActiveDirectory": {name: value}}});
    let named = ["--audience", "api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"];
    let other = "https://<authority-host>/<tenant-id>";
    let shipped = up(&app());
    let refused = (401, true);
    // The file's change; who calls; what comes of it as shipped, and changed.
    for (changes, token, before, after) in [
        (
            provider("validation", json!({"allowedAudiences": ["urn:another"]})),
            Some(&named[..]),
            (200, false),
            refused,
        ),
        (
            provider("registration", json!({"openIdIssuer": other})),
            Some(&[]),
            (200, false),
            refused,
        ),
        (
            json!({"globalValidation": {"requireAuthentication": false}}),
            None,
            refused,
            (401, false),
        ),
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"}}),
            None,
            refused,
            (302, false),
        ),
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "Return403"}}),
            None,
            refused,
            (403, false),
        ),
        (
            json!({"globalValidation": {"excludedPaths": ["/api/greeting"]}}),
            None,
            refused,
            (401, false),
        ),
        (
            provider(
                "validation",
                json!({"jwtClaimChecks": {"allowedClientApplications": ["8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01"]}}),
            ),
            Some(&[]),
            (200, false),
            (403, false),
        ),
        (
            provider(
                "validation",
                json!({"defaultAuthorizationPolicy": {"allowedApplications": [CLI, "8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01"]}}),
            ),
            Some(&["--claim", "azp=8e1c4b5a-0d39-4c1e-b3c7-1f0a9e6d2b01"]),
            (403, false),
            (200, false),
        ),
        (
            json!({"platform": {"enabled": false}}),
            None,
            refused,
            (500, false),
        ),
    ] {
        assert_eq!(
            status(&shipped, token).await,
            before,
            "as shipped: {changes}"
        );
        let up = up(&changed("deploy/authsettingsV2.json", &changes));
        assert_eq!(status(&up, token).await, after, "{changes}");
    }
}

#[test]
fn what_can_not_be_played_is_refused_by_its_file_and_name() {
    for (changes, name) in [
        (
            json!({"globalValidation": {"excludedPaths": ["/a*b"]}}),
            "/a*b",
        ),
        (
            json!({"globalValidation": {"unauthenticatedClientAction": "Return500"}}),
            "globalValidation.unauthenticatedClientAction",
        ),
        (
            json!({"identityProviders": {"azureActiveDirectory": null, "google": {"registration": {"clientId": "x"}}}}),
            "only google",
        ),
        (
            json!({"identityProviders": {"azureActiveDirectory": {"registration": {"clientId": "<client_id>"}}}}),
            "<client_id>",
        ),
        (
            json!({"identityProviders": {"azureActiveDirectory": {"registration": {"openIdIssuer": null}}}}),
            "openIdIssuer is missing",
        ),
    ] {
        let said = refusal(&changed("deploy/authsettingsV2.json", &changes));
        assert!(said.contains(name), "{said}");
        assert!(
            said.contains("deploy/authsettingsV2.json") || said.contains("deploy\\"),
            "{said}"
        );
    }
}

/// Points 20 to 23: what has no effect does not keep the app from starting, and is named.
#[tokio::test]
async fn point_20_to_23_what_has_no_effect_is_said_at_start_by_its_name() {
    let changes = json!({
        "globalValidation": {"requireAuthentification": true},
        "identityProviders": {"google": {"registration": {"clientId": "x"}}},
        "login": {"tokenStore": {"fileSystem": {"directory": "/x"}}},
    });
    let app = changed("deploy/authsettingsV2.json", &changes);
    let local = json!({"IsEncrypted": false, "Values": {
        "WEBSITE_AUTH_USE_LEGACY_CLAIM": "false",
        "WEBSITE_AUTH_NONCE_DURATION": "00:01:00",
        "WEBSITE_WARMUP_PATH": "/warmup",
    }});
    std::fs::write(app.path().join("local.settings.json"), local.to_string()).unwrap();
    let up = up(&app);
    assert_eq!(status(&up, None).await, (401, true));
    let printed = up.printed() + &up.said();
    for says in [
        "globalValidation.requireAuthentification is not known and has no effect; did you mean requireAuthentication?",
        "identityProviders: google is left out",
        "login.tokenStore.fileSystem is left out: the token store is memory here",
        "did you mean WEBSITE_AUTH_USE_LEGACY_CLAIMS?",
        "WEBSITE_AUTH_NONCE_DURATION has no effect: it is for the v1 settings; set login.nonce.nonceExpirationInterval",
    ] {
        assert!(printed.contains(says), "{says}: {printed}");
    }
    // The handler has no such page: it was asked, and the gate's 401 would have a challenge.
    let warmup = up.text("function_url").replace("/api/greeting", "/warmup");
    let answer = up.client.get(warmup).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}

/// The token endpoint's status for a device code that is approved at once.
async fn sign_in(up: &Up, scope: &str) -> u16 {
    let authority = format!(
        "{}/{}/oauth2/v2.0",
        up.text("authority_host"),
        up.text("tenant_id")
    );
    let post = |endpoint: &str, form: Vec<(&'static str, String)>| {
        let mut form = form;
        form.push(("client_id", CLI.to_owned()));
        up.client
            .post(format!("{authority}/{endpoint}"))
            .form(&form)
            .send()
    };
    let begun = post("devicecode", vec![("scope", scope.to_owned())])
        .await
        .unwrap();
    let begun: Value = begun.json().await.unwrap();
    let Some(code) = begun["device_code"].as_str() else {
        return 400;
    };
    let grant = "urn:ietf:params:oauth:grant-type:device_code".to_owned();
    let form = vec![("grant_type", grant), ("device_code", code.to_owned())];
    post("token", form).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_change_to_a_registration_changes_the_tenant() {
    let scope = json!({"api": {"oauth2PermissionScopes": [
        {"id": "7f2d6a1c-3f0e-4c55-9a3d-5f1f0c7b2e41", "value": "Other.Read", "type": "User", "isEnabled": true}
    ]}});
    let app = changed("deploy/app-registration.json", &scope);
    let root = app.path().to_str().unwrap();
    let renamed = Up::start(&["--app-root", root, "--auto-approve", "alice@greeting.test"]);
    let scope = renamed.text("scope").to_owned();
    assert!(scope.ends_with("/Other.Read"), "{scope}");
    assert_eq!(sign_in(&renamed, &scope).await, 200);
    let before = scope.replace("Other.Read", "Greeting.Read");
    assert_eq!(sign_in(&renamed, &before).await, 400);

    for (file, changes, says) in [
        (
            "deploy/app-registration.json",
            json!({"appId": CLI}),
            "<client-id>",
        ),
        (
            "deploy/client-registration.json",
            json!({"appId": null}),
            "it has no appId",
        ),
    ] {
        let said = refusal(&changed(file, &changes));
        assert!(said.contains(says) && said.contains(file), "{said}");
    }
}

/// `--settings` has the last word, and it is said which file is in force.
#[tokio::test]
async fn the_settings_in_force_are_named() {
    let app = changed(
        "deploy/authsettingsV2.json",
        &json!({"globalValidation": {"unauthenticatedClientAction": "Return403"}}),
    );
    let root = app.path().to_str().unwrap();
    let up = Up::with_settings(&json!({}), &["--app-root", root]);
    assert_eq!(up.call(&[]).await.status(), 401);
    let up = Up::start(&["--app-root", root]);
    assert_eq!(up.call(&[]).await.status(), 403);
}

/// Whoever tries it in the folder of an app of their own sees the same story.
#[test]
fn the_demo_is_its_own_app() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("host.json"), r#"{"version": "2.0"}"#).unwrap();
    let mut demo = program();
    demo.current_dir(folder.path());
    let told = demo.args(["demo", "--output", "json"]).output().unwrap();
    assert!(told.status.success(), "{told:?}");
}
