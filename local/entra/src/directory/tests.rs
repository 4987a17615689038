use super::*;

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

fn source(text: &str) -> Source {
    Source {
        name: "a file".to_owned(),
        text: text
            .replace("<cli-client-id>", CLI)
            .replace("<client-id>", API),
    }
}

/// The shipped registrations.
fn shipped() -> Sources {
    Sources {
        api: source(include_str!("../../../../deploy/app-registration.json")),
        client: source(include_str!("../../../../deploy/client-registration.json")),
        more: Vec::new(),
    }
}

fn of(sources: &Sources) -> Directory {
    Directory::new(
        "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
        "greeting.test",
        sources,
    )
    .unwrap()
}

fn directory() -> Directory {
    of(&shipped())
}

#[test]
fn a_user_is_named_with_or_without_the_domain() {
    let directory = directory();
    for name in ["bob@greeting.test", " BOB@Greeting.Test ", "bob", "Bob"] {
        let found = directory.user(name).map(|user| user.upn.as_str());
        assert_eq!(found, Some("bob@greeting.test"), "{name:?}");
    }
    for name in ["", "@", "bob@", "bob@other.test", "nobody"] {
        assert!(directory.user(name).is_none(), "{name:?}");
    }
}

#[test]
fn redirects_are_registered_ones() {
    let mut directory = directory();
    let gate = "http://localhost:7071/.auth/login/aad/callback";
    directory.register_gate(vec![gate.to_owned()], None);
    let (api, cli) = (API, CLI);
    for (client, redirect, allowed) in [
        (cli, "http://localhost", true),
        (cli, "http://localhost:8400", true),
        (cli, "http://localhost:8400/", true),
        // Another host than localhost (issue 17, item 6).
        (cli, "http://127.0.0.1:8400/", false),
        (cli, "http://localhost:8400/other", false),
        (cli, "https://localhost:8400/", false),
        (cli, "http://localhost.evil.example/", false),
        (cli, "http://localhost:8400/#x", false),
        (cli, "https://evil.example/", false),
        (cli, gate, false),
        (api, gate, true),
        // Microsoft's page on redirect URIs: the port of localhost is not compared, whether the
        // registered one has one or not.
        (api, "http://localhost:7072/.auth/login/aad/callback", true),
        (api, "http://localhost", false),
        (
            "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
            "http://localhost:8400",
            true,
        ),
        (
            "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
            "https://evil.example",
            false,
        ),
    ] {
        assert_eq!(
            directory.redirect(client, redirect).is_some(),
            allowed,
            "{client} {redirect}"
        );
    }
}

#[test]
fn item_2_permissions_are_per_scope() {
    let mut sources = shipped();
    let mut api: serde_json::Value = serde_json::from_str(&sources.api.text).unwrap();
    let mut second = api["api"]["oauth2PermissionScopes"][0].clone();
    second["id"] = "2f7f8e30-1d4f-4d7e-8d52-3c1c7f6a9b11".into();
    second["value"] = "Greeting.Write".into();
    let scopes = api["api"]["oauth2PermissionScopes"].as_array_mut().unwrap();
    scopes.push(second);
    sources.api.text = api.to_string();
    let directory = of(&sources);
    let alice = directory.user("alice").unwrap();
    let az = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    for (client, scope, granted) in [
        (CLI, "Greeting.Read", true),
        (CLI, "Greeting.Write", false),
        (az, "Greeting.Read", true),
        (az, "Greeting.Write", false),
        (CLI, "greeting.read", false),
    ] {
        assert_eq!(
            directory.consented(client, directory.api(), scope, alice),
            granted,
            "{client} {scope}"
        );
    }
}

#[test]
fn item_4_each_client_has_its_own_service_principal() {
    let directory = directory();
    let ids = [API, CLI, crate::DAEMON_CLIENT_ID].map(|client| directory.service_principal(client));
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
    assert_eq!(ids[2], crate::daemon::OBJECT_ID);
    for id in &ids {
        assert!(uuid::Uuid::parse_str(id).is_ok(), "{id}");
    }
    // The same in each run, whatever the letter case.
    assert_eq!(
        self::directory().service_principal(&API.to_uppercase()),
        ids[0]
    );
}
