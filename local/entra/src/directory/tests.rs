use serde_json::json;

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
        users: None,
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

/// The protected API with roles for people, and people of a file.
fn with_people(users: &serde_json::Value) -> Result<Directory, DirectoryError> {
    let mut sources = shipped();
    let mut api: serde_json::Value = serde_json::from_str(&sources.api.text).unwrap();
    let roles = api["appRoles"].as_array_mut().unwrap();
    roles.push(
        json!({"id": "r1", "value": "Reader", "allowedMemberTypes": ["User"], "isEnabled": true}),
    );
    api["groupMembershipClaims"] = "SecurityGroup, DirectoryRole".into();
    sources.api.text = api.to_string();
    sources.users = Some(Source {
        name: "users.json".to_owned(),
        text: users.to_string(),
    });
    Directory::new("t", "greeting.test", &sources)
}

#[test]
fn item_23_a_file_says_who_can_sign_in() {
    let directory = with_people(&json!({
        "groups": [
            {"displayName": "Readers", "id": "11111111-0000-4000-8000-000000000001",
             "appRoleAssignments": [{"resource": "rust-azure-function-api", "appRole": "r1"}]},
            {"displayName": "News", "kind": "distribution"},
        ],
        "users": [
            {"displayName": "Erin", "userPrincipalName": "Erin@corp.test", "mail": "e@mail.test",
             "groups": ["Readers", "News", "22222222-0000-4000-8000-000000000002"],
             "directoryRoles": ["b79fbf4d-3ef9-4689-8143-76b194e85509"]},
            {"displayName": "Dora", "userPrincipalName": "dora@corp.test", "state": "disabled",
             "mail": ""},
        ],
    }))
    .unwrap();
    let erin = directory.user("erin@CORP.test").unwrap();
    assert_eq!(erin.mail.as_deref(), Some("e@mail.test"));
    // As Graph has it where there is none.
    assert_eq!(directory.user("dora@corp.test").unwrap().mail, None);
    assert_eq!(directory.may_sign_in(), ["Erin@corp.test"]);
    assert!(directory.user("alice").is_none());
    // The same at each start, and one of its own.
    assert_eq!(erin.oid, object_id("t", "users", "erin@corp.test"));
    assert_ne!(erin.oid, directory.users()[1].oid);
    let kind = TokenKind::Access(crate::TokenVersion::V2);
    let claims = directory.api().claims_of(erin, kind, "t", &[]);
    assert_eq!(
        serde_json::Value::from(claims),
        json!({
            "groups": ["11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"],
            "roles": ["Reader"],
            "wids": ["b79fbf4d-3ef9-4689-8143-76b194e85509"],
        })
    );
    // The client's registration asks for none of it.
    let client = directory.application(CLI).unwrap();
    assert!(client.claims_of(erin, TokenKind::Id, "t", &[]).is_empty());
}

#[test]
fn item_23_a_mistake_in_the_users_is_named_with_its_place() {
    let user = |more: serde_json::Value| {
        let mut user = json!({"displayName": "E", "userPrincipalName": "e@corp.test"});
        user.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"groups": [{"displayName": "Readers"}], "users": [user]})
    };
    for (users, says) in [
        (
            user(json!({"mial": "x"})),
            "users[0].mial: unknown field `mial`, expected one of",
        ),
        (user(json!({"mial": "x"})), "; did you mean mail?"),
        (
            user(json!({"state": "guests"})),
            "users[0].state: unknown variant `guests`",
        ),
        (user(json!({"state": "guests"})), "did you mean guest?"),
        (
            user(json!({"userPrincipalName": "e"})),
            "users[0].userPrincipalName: \"e\" is no name@domain",
        ),
        (user(json!({"id": "7"})), "users[0].id: \"7\" is no GUID"),
        (
            user(json!({"groups": ["Raeders"]})),
            "users[0].groups[0]: \"Raeders\" is no group of this file, and no id; did you mean Readers?",
        ),
        (
            user(json!({"appRoleAssignments": [{"resource": "nobody"}]})),
            "users[0].appRoleAssignments[0].resource: \"nobody\" is no app that is registered here",
        ),
        (
            user(json!({"appRoleAssignments": [{"resource": API, "appRole": "Raeder"}]})),
            "users[0].appRoleAssignments[0].appRole: a file has no enabled app role \"Raeder\" whose allowedMemberTypes have \"User\"; did you mean Reader?",
        ),
        // A role for apps is none for people.
        (
            user(
                json!({"appRoleAssignments": [{"resource": API, "appRole": "Greeting.Read.All"}]}),
            ),
            "no enabled app role",
        ),
        (
            user(json!({"userPrincipalName": "a@b@c"})),
            "users[0].userPrincipalName: \"a@b@c\" is no name@domain",
        ),
        (
            user(json!({"userPrincipalName": "e@\u{202e}b"})),
            "is no name@domain",
        ),
        (
            user(json!({"directoryRoles": ["Global"]})),
            "users[0].directoryRoles[0]: \"Global\" is no GUID: write the role's template id",
        ),
        (json!([]), "expected an object with users"),
        (json!({"users": []}), "users: there is nobody"),
        (json!({}), "missing field `users`"),
    ] {
        let error = with_people(&users).err().unwrap().to_string();
        assert!(
            error.starts_with("users.json: ") && error.contains(says),
            "{says}: {error}"
        );
    }
}

#[test]
fn item_23_a_word_of_group_membership_claims_that_is_none_is_refused() {
    let mut sources = shipped();
    sources.client.text =
        json!({"appId": CLI, "groupMembershipClaims": "SecurityGroups"}).to_string();
    let error = Directory::new("t", "greeting.test", &sources)
        .err()
        .unwrap();
    let said = error.to_string();
    for part in [
        "a file: groupMembershipClaims: \"SecurityGroups\"",
        "did you mean SecurityGroup?",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn item_23_permissions_that_nobody_defines_are_named() {
    let mut sources = shipped();
    let mut client: serde_json::Value = serde_json::from_str(&sources.client.text).unwrap();
    client["requiredResourceAccess"] = json!([
        {"resourceAppId": API, "resourceAccess": [{"id": "0", "type": "Scope"}]},
        {"resourceAppId": crate::resources::GRAPH, "resourceAccess": [
            {"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"},
            {"id": "37f7f235-527c-4136-accd-4a02d197296e", "type": "Scope"},
            {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"}]},
        {"resourceAppId": "00000000-0000-4000-8000-000000000000", "resourceAccess": []},
    ]);
    sources.client.text = client.to_string();
    let mut api: serde_json::Value = serde_json::from_str(&sources.api.text).unwrap();
    api["api"]["preAuthorizedApplications"][0]["delegatedPermissionIds"] = json!(["1"]);
    sources.api.text = api.to_string();
    let warnings = of(&sources).warnings();
    assert_eq!(warnings.len(), 4, "{warnings:#?}");
    for (warning, says) in warnings.iter().zip([
        "api.preAuthorizedApplications[0]: 1 has no effect",
        "requiredResourceAccess[0]: Scope 0 has no effect",
        "requiredResourceAccess[1]: the permission df021288-bdef-4463-88db-98f22de89214 has no effect",
        "requiredResourceAccess[2] has no effect",
    ]) {
        assert!(warning.contains(says), "{warning}");
    }
    // The shipped ones are silent.
    assert_eq!(directory().warnings(), Vec::<String>::new());
}

#[test]
fn item_23_the_shipped_schema_of_the_users_is_generated_from_the_types() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../deploy/users.schema.json"
    );
    let schema = users_file::schema();
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        text,
        "write it again: BLESS=1 cargo test -p local-entra the_shipped_schema"
    );
    let validator = jsonschema::validator_for(&schema).unwrap();
    let user =
        json!({"displayName": "E", "userPrincipalName": "e@corp.test", "state": "noConsent"});
    assert!(validator.is_valid(&json!({"$schema": "./users.schema.json", "users": [user]})));
    for wrong in [json!({}), json!({"users": [{"mial": "x"}]})] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
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

#[test]
fn item_23_an_app_id_that_no_app_can_have_is_refused() {
    let az = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    for (app, says) in [
        (json!({"appId": "nope"}), "appId: \"nope\" is no GUID"),
        (
            json!({"appId": "00000000-0000-0000-0000-000000000000"}),
            "is the nil GUID",
        ),
        (json!({"appId": GRAPH}), "is that of Microsoft Graph,"),
        (
            json!({"appId": MANAGEMENT.to_uppercase()}),
            "is that of Azure Resource Manager,",
        ),
        // Not that of the file's own displayName.
        (
            json!({"appId": az, "displayName": "orders"}),
            "is that of Microsoft Azure CLI,",
        ),
        (
            json!({"appId": MANAGED_IDENTITY_CLIENT_ID}),
            "is that of the managed identity,",
        ),
        (
            json!({"appId": "b8e6f0a4-2d57-4c19-9f3a-61c0d5e7a412",
                "identifierUris": ["https://graph.microsoft.com/"]}),
            "identifierUris: https://graph.microsoft.com/ is Microsoft's own",
        ),
    ] {
        let mut sources = shipped();
        sources.more.push(source(&app.to_string()));
        let refused = Directory::new("t", "greeting.test", &sources).err();
        let said = refused.map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(says), "{says}: {said}");
    }
}

/// A scope that none but an administrator may consent to (Microsoft: "Scopes and permissions in
/// the Microsoft identity platform", admin-restricted permissions).
#[test]
fn item_23_an_ordinary_user_has_not_consented_to_a_scope_of_type_admin() {
    let with = |kind: &str| {
        let mut sources = shipped();
        let mut api: serde_json::Value = serde_json::from_str(&sources.api.text).unwrap();
        api["api"]["oauth2PermissionScopes"][0]["type"] = kind.into();
        api["api"]["preAuthorizedApplications"] = json!([]);
        sources.api.text = api.to_string();
        let user = |name: &str, roles: &[&str]| {
            json!({"displayName": name,
            "userPrincipalName": format!("{name}@greeting.test"), "directoryRoles": roles})
        };
        let users = json!({"users": [user("erin", &[]),
            user("ada", &["62E90394-69f5-4237-9190-012177145e10"])]});
        sources.users = Some(source(&users.to_string()));
        of(&sources)
    };
    for (kind, user, has_consented) in [
        ("User", "erin", true),
        ("User", "ada", true),
        ("Admin", "erin", false),
        ("Admin", "ada", true),
    ] {
        let directory = with(kind);
        let user = directory.user(user).unwrap();
        assert_eq!(
            directory.consented(CLI, directory.api(), "Greeting.Read", user),
            has_consented,
            "{kind} {}",
            user.upn
        );
    }
    for (kind, says) in [
        ("Admin", "Greeting.Read is of type Admin"),
        ("Adminn", "api.oauth2PermissionScopes[0].type: \"Adminn\""),
    ] {
        let warnings = with(kind).warnings();
        assert!(
            warnings.len() == 1 && warnings[0].contains(says),
            "{warnings:?}"
        );
    }
}

#[test]
fn item_23_a_display_name_is_one_line_as_it_reads() {
    let mut sources = shipped();
    let app = json!({"appId": "b8e6f0a4-2d57-4c19-9f3a-61c0d5e7a412",
        "displayName": "orders\n\u{202e}x"});
    sources.more.push(source(&app.to_string()));
    let directory = of(&sources);
    let names: Vec<&str> = directory.more_apps().map(|(name, _, _)| name).collect();
    assert_eq!(names, [r"orders\n\u{202e}x"]);
}
