use super::*;
use crate::deploy;

fn directory() -> Directory {
    Directory::new(
        deploy::TENANT_ID,
        deploy::TENANT_DOMAIN,
        &deploy::app_registration(),
        &deploy::client_registration(),
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
    let (api, cli) = (deploy::API_CLIENT_ID, deploy::CLI_CLIENT_ID);
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
