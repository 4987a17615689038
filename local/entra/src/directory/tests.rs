use super::*;

const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11";
const CLI: &str = "c41d7e95-06fb-4a38-8d2e-b7390f5a6e22";

/// The shipped registrations, in a tenant of these ids.
fn directory() -> Directory {
    let fill = |text: &str| {
        text.replace("<cli-client-id>", CLI)
            .replace("<client-id>", API)
    };
    Directory::new(
        "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
        "greeting.test",
        &fill(include_str!("../../../../deploy/app-registration.json")),
        &fill(include_str!("../../../../deploy/client-registration.json")),
    )
    .unwrap()
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
        (cli, "http://127.0.0.1:8400/", true),
        (cli, "http://localhost:8400/other", false),
        (cli, "https://localhost:8400/", false),
        (cli, "http://localhost.evil.example/", false),
        (cli, "http://localhost:8400/#x", false),
        (cli, "https://evil.example/", false),
        (cli, gate, false),
        (api, gate, true),
        (api, "http://localhost:7072/.auth/login/aad/callback", false),
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
