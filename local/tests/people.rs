//! The people of `deploy/users.json`, and what registrations add to their tokens, over the real
//! protocol (issue 17, point 23).

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use harness::Up;
use harness::app::app;
use harness::authority::{Authority, BACK, CLI, DEVICE, Form, VISUAL_STUDIO, claims, get, read};
use serde_json::{Value, json};
use tempfile::TempDir;

const READERS: &str = "11111111-0000-4000-8000-000000000001";

fn ids(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("33333333-0000-4000-8000-{number:012}"))
        .collect()
}

/// An app's folder with people of its own, an API and a client that ask for claims.
fn folder() -> TempDir {
    let app = app();
    let change = |name: &str, changes: &Value| {
        let path = app.path().join("deploy").join(name);
        let mut file = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        harness::merge(&mut file, changes);
        std::fs::write(path, file.to_string()).unwrap();
    };
    change(
        "app-registration.json",
        &json!({
            "groupMembershipClaims": "SecurityGroup",
            "optionalClaims": {"accessToken": [
                {"name": "email"}, {"name": "xms_cc"}, {"name": "auth_time"}]},
            "appRoles": [{"id": "r1", "value": "Reader", "displayName": "x", "description": "x",
                "allowedMemberTypes": ["User"], "isEnabled": true}],
        }),
    );
    change(
        "client-registration.json",
        &json!({
            "groupMembershipClaims": "All", "oddity": 1,
            "optionalClaims": {"idToken": [{"name": "given_name"}]},
            "web": {"redirectUris": [BACK], "implicitGrantSettings": {"enableIdTokenIssuance": true}},
        }),
    );
    let users = json!({
        "$schema": "./users.schema.json",
        "groups": [{"displayName": "Readers", "id": READERS}],
        "users": [
            {"displayName": "Erin Example", "userPrincipalName": "erin@corp.test", "givenName": "Erin",
             "mail": "e@mail.test", "groups": ["Readers"],
             "appRoleAssignments": [{"resource": "<client-id>", "appRole": "Reader"}]},
            {"displayName": "Six", "userPrincipalName": "six@corp.test", "groups": ids(6)},
            {"displayName": "Many", "userPrincipalName": "many@corp.test", "groups": ids(201)},
            {"displayName": "No", "userPrincipalName": "no@corp.test", "state": "disabled"},
        ],
    });
    std::fs::write(app.path().join("deploy/users.json"), users.to_string()).unwrap();
    app
}

fn start(folder: &TempDir, more: &[&str]) -> Authority {
    let root = folder.path().to_str().unwrap();
    Authority(Up::start(&[&["--app-root", root], more].concat()))
}

/// Who approves a device code.
enum Who {
    /// The first of the file, from the shell.
    First,
    /// This one, from the shell.
    Named(&'static str),
    /// `up --auto-approve`'s user.
    Auto,
}

/// A device code's answer, with more in the token request.
async fn sign_in(up: &Authority, who: Who, more: &Form<'_>) -> Value {
    let scope = format!("{} profile email", up.scope());
    let form = [("client_id", CLI), ("scope", scope.as_str())];
    let (_, started) = read(up.post("<tenant>/oauth2/v2.0/devicecode", &form).await).await;
    match who {
        Who::First => up.decide(&started, &[]),
        Who::Named(user) => up.decide(&started, &["--user", user]),
        Who::Auto => {}
    }
    let code = started["device_code"].as_str().unwrap();
    let form = [
        ("grant_type", DEVICE),
        ("client_id", CLI),
        ("device_code", code),
    ];
    let (status, body) = up.token(&[&form, more].concat()).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn item_23_the_people_of_a_file_sign_in_with_their_mail_groups_and_roles() {
    let folder = folder();
    let up = start(&folder, &[]);
    // The first of the file where nobody says who.
    let body = sign_in(&up, Who::First, &[]).await;
    let (access, id) = (claims(&body["access_token"]), claims(&body["id_token"]));
    for (name, value) in [
        ("preferred_username", json!("erin@corp.test")),
        ("email", json!("e@mail.test")),
        ("groups", json!([READERS])),
        ("roles", json!(["Reader"])),
        // Not declared, and not known.
        ("xms_cc", Value::Null),
        ("auth_time", Value::Null),
        ("given_name", Value::Null),
    ] {
        assert_eq!(access.get(name).unwrap_or(&Value::Null), &value, "{name}");
    }
    for (name, value) in [
        ("email", json!("e@mail.test")),
        ("given_name", json!("Erin")),
        ("groups", json!([READERS])),
        // Of the API's roles nothing is for the client.
        ("roles", Value::Null),
    ] {
        assert_eq!(id.get(name).unwrap_or(&Value::Null), &value, "{name}");
    }
    let capable = [(
        "claims",
        r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#,
    )];
    let body = sign_in(&up, Who::Named("erin@corp.test"), &capable).await;
    assert_eq!(claims(&body["access_token"])["xms_cc"], json!(["cp1"]));
    // More groups than a token has.
    let body = sign_in(&up, Who::Named("many@corp.test"), &[]).await;
    let many = claims(&body["access_token"]);
    assert_eq!(many.get("groups"), None);
    assert_eq!(many["_claim_names"], json!({"groups": "src1"}));
    let endpoint = many["_claim_sources"]["src1"]["endpoint"].as_str().unwrap();
    let oid = many["oid"].as_str().unwrap();
    assert!(
        endpoint.ends_with(&format!("/users/{oid}/getMemberObjects")),
        "{endpoint}"
    );
    // Who has no mail has no `email`.
    assert_eq!(claims(&body["id_token"]).get("email"), None);
    // The page and the control room have them, and nobody else.
    let asked: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
    ];
    let (_, page, _) = up.ask(asked).await;
    let room = up.0.client.get(up.url("")).send().await.unwrap();
    for page in [page, room.text().await.unwrap()] {
        assert!(
            page.contains("erin@corp.test") && page.contains("no@corp.test"),
            "{page}"
        );
        assert!(!page.contains("alice@"), "{page}");
    }
    // What the files say and the authority does not do.
    let printed = up.0.printed();
    for words in [
        "users         erin@corp.test, six@corp.test, many@corp.test and 1 more",
        "app-registration.json: optionalClaims.accessToken: auth_time has no effect",
        "client-registration.json: oddity is no member of an application",
    ] {
        assert!(printed.contains(words), "{printed}");
    }
}

#[tokio::test]
async fn item_23_six_groups_are_too_many_on_the_front_channel() {
    let folder = folder();
    let up = start(&folder, &["--auto-approve", "six@corp.test"]);
    let asked: &Form<'_> = &[
        ("client_id", CLI),
        ("response_type", "id_token"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
        ("nonce", "n"),
    ];
    let (_, _, back) = up.ask(asked).await;
    let id = claims(&json!(get(&back, "id_token")));
    assert_eq!((&id["hasgroups"], id.get("groups")), (&json!(true), None));
    // The same person's tokens from the token endpoint have all six.
    let body = sign_in(&up, Who::Auto, &[]).await;
    for token in ["access_token", "id_token"] {
        assert_eq!(claims(&body[token])["groups"], json!(ids(6)), "{token}");
    }
}

#[test]
fn item_23_mint_has_groups_and_the_people_of_the_file() {
    let folder = folder();
    let up = start(&folder, &[]);
    let of = |arguments: &[&str]| claims(&json!(up.0.mint(arguments)));
    let own = of(&[]);
    assert_eq!(
        (&own["preferred_username"], &own["groups"]),
        (&json!("erin@corp.test"), &json!([READERS]))
    );
    let named = of(&[
        "--user",
        "six@corp.test",
        "--group",
        "Readers",
        "--group",
        "x",
    ]);
    assert_eq!(named.get("groups"), Some(&json!([READERS, "x"])));
    let all: Vec<String> = ids(201).iter().map(|id| format!("--group={id}")).collect();
    let many = of(&all.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        (many.get("groups"), &many["_claim_names"]),
        (None, &json!({"groups": "src1"}))
    );
    let unknown = up.0.run("mint", &["--user", "alice"]);
    assert_eq!(unknown.status.code(), Some(1));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("erin@corp.test"), "{said}");
}

#[test]
fn item_23_who_is_to_approve_everything_is_one_of_the_file() {
    let folder = folder();
    let state = tempfile::tempdir().unwrap();
    for (user, says) in [
        (
            "alice",
            "name one of erin@corp.test, six@corp.test, many@corp.test",
        ),
        ("no@corp.test", "the account is disabled"),
    ] {
        let output = harness::program()
            .args([
                "up",
                "--port=0",
                "--authority-port=0",
                "--auto-approve",
                user,
                "--app-root",
            ])
            .arg(folder.path())
            .arg("--state-dir")
            .arg(state.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(says), "{said}");
    }
}

/// Accept on the page gives an ordinary user's client no scope of type `Admin`; pre-authorization
/// and an administrator do.
#[tokio::test]
async fn item_23_a_scope_of_type_admin_is_consented_to_by_administrators_alone() {
    let app = app();
    let path = app.path().join("deploy/app-registration.json");
    let mut api: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    api["api"]["oauth2PermissionScopes"][0]["type"] = "Admin".into();
    std::fs::write(path, api.to_string()).unwrap();
    let global_administrator = "62e90394-69f5-4237-9190-012177145e10";
    let users = json!({"users": [
        {"displayName": "Erin", "userPrincipalName": "erin@corp.test"},
        {"displayName": "Ada", "userPrincipalName": "ada@corp.test",
         "directoryRoles": [global_administrator]},
    ]});
    std::fs::write(app.path().join("deploy/users.json"), users.to_string()).unwrap();
    let up = start(&app, &[]);
    assert!(
        up.0.printed().contains("Greeting.Read is of type Admin"),
        "{}",
        up.0.printed()
    );
    let press = async |started: &Value, user: &str, action: &str| {
        let code = started["user_code"].as_str().unwrap();
        let form = [("code", code), ("user", user), ("action", action)];
        let sent = up.0.client.post(up.url("devicelogin")).form(&form);
        let sent = sent.header("origin", up.0.text("authority_host"));
        sent.send().await.unwrap().text().await.unwrap()
    };
    let started = up.start_device_code(VISUAL_STUDIO).await;
    for action in ["approve", "consent"] {
        let page = press(&started, "erin@corp.test", action).await;
        assert!(page.contains("AADSTS90094"), "{action}: {page}");
        assert!(!page.contains("Accept"), "{action}: {page}");
    }
    let (_, pending) = up.poll(&started, VISUAL_STUDIO).await;
    assert_eq!(pending["error"], "authorization_pending", "{pending}");
    let started = up.start_device_code(VISUAL_STUDIO).await;
    let page = press(&started, "ada@corp.test", "approve").await;
    assert!(page.contains("Accept"), "{page}");
    press(&started, "ada@corp.test", "consent").await;
    let (status, body) = up.poll(&started, VISUAL_STUDIO).await;
    assert_eq!(status, 200, "{body}");
    // Pre-authorized: nobody is asked.
    let body = sign_in(&up, Who::Named("erin@corp.test"), &[]).await;
    assert_eq!(claims(&body["access_token"])["scp"], "Greeting.Read");
}
