//! Which registration is used, and what is said of one that is not.

use std::fs;

use super::*;

const TODO: &str = "99999999-0000-4000-8000-0000000000aa";

fn find(
    root: &Path,
    settings: Option<&Path>,
    named: Option<&Path>,
    id: &str,
) -> Result<Registrations, Failure> {
    let files = Files::of(root)?;
    let settings = settings.map(Template::read).transpose()?;
    let named: Vec<PathBuf> = named.into_iter().map(Path::to_owned).collect();
    let places = Places {
        named: &named,
        settings: settings.as_ref().unwrap_or(&files.auth_settings),
        files: &files,
    };
    let place = Place {
        client_id: id.to_owned(),
        ..Place::local("")
    };
    Registrations::find(&places, &place)
}

/// As `az ad app show` prints it: members that are null, and ids.
fn of_azure(id: &str) -> String {
    json!({
        "appId": id, "displayName": "todo", "identifierUris": [], "isFallbackPublicClient": null,
        "api": {
            "requestedAccessTokenVersion": null, "knownClientApplications": [], "acceptMappedClaims": null,
            "oauth2PermissionScopes": [
                {"id": "1", "value": "Todo.Old", "isEnabled": false, "type": "User"},
                {"id": "2", "value": "Todo.Read", "isEnabled": true, "type": "User", "userConsentDisplayName": null},
            ],
            "preAuthorizedApplications": [],
        },
        "appRoles": [{"id": "3", "value": null, "isEnabled": true, "allowedMemberTypes": ["User"]}],
        "web": {"redirectUris": [], "homePageUrl": null},
    })
    .to_string()
}

#[test]
fn an_apps_own_files_come_first() {
    let root = tempfile::tempdir().unwrap();
    let built_in = find(root.path(), None, None, API_CLIENT_ID).unwrap();
    assert_eq!(
        built_in.scope(),
        format!("api://{API_CLIENT_ID}/Greeting.Read")
    );
    assert!(built_in.from.ends_with("(built in)"), "{}", built_in.from);

    fs::create_dir(root.path().join("deploy")).unwrap();
    let write = |name: &str, text: &str| fs::write(root.path().join(name), text).unwrap();
    let own = APP_REGISTRATION.1.replace("Greeting.Read", "Other.Read");
    write("deploy/app-registration.json", &own);
    let found = find(root.path(), None, None, API_CLIENT_ID).unwrap();
    assert_eq!(found.scope(), format!("api://{API_CLIENT_ID}/Other.Read"));
    assert!(
        found.from.ends_with("app-registration.json"),
        "{}",
        found.from
    );

    for (text, says) in [
        (
            own.replace("\"<client-id>\",", "\"8e1c4b5a\","),
            "appId is 8e1c4b5a",
        ),
        ("{".to_owned(), "not JSON"),
        ("[]".to_owned(), "no appId"),
    ] {
        write("deploy/app-registration.json", &text);
        let failure = find(root.path(), None, None, API_CLIENT_ID)
            .err()
            .unwrap()
            .to_string();
        assert!(failure.contains(says), "{failure}");
        assert!(failure.contains("app-registration.json"), "{failure}");
    }
}

#[test]
fn a_registration_beside_the_settings_is_used_if_it_is_that_apis() {
    let root = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let settings = elsewhere.path().join("auth.json");
    fs::write(&settings, "{}").unwrap();
    for folder in ["deploy", "."] {
        let _ = fs::create_dir(elsewhere.path().join(folder));
        let file = elsewhere.path().join(folder).join("app-registration.json");
        fs::write(&file, of_azure(&TODO.to_uppercase())).unwrap();
        let found = find(root.path(), Some(&settings), None, TODO).unwrap();
        // It has no App ID URI, and its first scope is switched off.
        assert_eq!(found.scope(), format!("{}/Todo.Read", TODO.to_uppercase()));
        assert!(found.notes.is_empty(), "{:?}", found.notes);
        let played = Played {
            tenant_id: "t".into(),
            domain: None,
            client_id: TODO.into(),
            version: TokenVersion::V1,
            says: Some("it".into()),
            notes: Vec::new(),
        };
        let directory = found.tenant(&played, "minted").directory().unwrap();
        assert_eq!(directory.scopes().collect::<Vec<_>>(), ["Todo.Read"]);
        assert_eq!(
            (directory.token_version(), directory.usual_client()),
            (1, "minted")
        );

        // Of another API: passed over where it was only found; an app of its own where it was
        // named, unless the settings are for an API that has no file.
        let other = find(root.path(), Some(&settings), None, API_CLIENT_ID).unwrap();
        assert!(
            other.notes[0].contains("is not used: it is another API's"),
            "{:?}",
            other.notes
        );
        assert!(other.from.ends_with("(built in)"));
        let named = find(root.path(), None, Some(&file), API_CLIENT_ID).unwrap();
        assert!(named.from.ends_with("(built in)"));
        let directory = named.tenant(&played, "minted").directory().unwrap();
        let more: Vec<_> = directory.more_apps().map(|(name, ..)| name).collect();
        assert_eq!(more, ["todo"]);
        let third = TODO.replace("aa", "bb");
        let named = find(root.path(), None, Some(&file), &third).err().unwrap();
        let why = named.to_string();
        assert!(
            why.contains("another API's") && why.contains(&third),
            "{why}"
        );
        assert!(find(root.path(), None, Some(&file), TODO).is_ok());
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn the_api_that_is_built_in_is_what_the_settings_are_for() {
    let settings = |audiences: Value| {
        let text = json!({"identityProviders": {"azureActiveDirectory": {
            "registration": {"openIdIssuer": "https://login.example/t.example/v2.0", "clientId": TODO},
            "validation": {"allowedAudiences": audiences},
        }}});
        Settings::parse(&text.to_string(), "s").unwrap()
    };
    let played = |version| Played {
        tenant_id: "t".into(),
        domain: None,
        client_id: TODO.into(),
        version,
        says: Some("it".into()),
        notes: Vec::new(),
    };
    let root = tempfile::tempdir().unwrap();
    let usual = format!("api://{TODO}");
    for (audiences, version, scope) in [
        (
            json!([]),
            TokenVersion::V2,
            format!("{usual}/Greeting.Read"),
        ),
        (
            json!(["https://todo.example/", "guid"]),
            TokenVersion::V2,
            "https://todo.example//Greeting.Read".to_owned(),
        ),
        (
            json!(["https://todo.example", usual]),
            TokenVersion::V1,
            format!("{usual}/Greeting.Read"),
        ),
    ] {
        let mut found = find(root.path(), None, None, TODO).unwrap();
        found.play(&played(version), &settings(audiences));
        assert_eq!(found.scope(), scope);
        let directory = found.tenant(&played(version), "c").directory().unwrap();
        assert_eq!(directory.token_version() == 2, version == TokenVersion::V2);
    }
    // A file's registration is what it says, and a version that can't work is said.
    let file = root.path().join("r.json");
    fs::write(&file, of_azure(TODO)).unwrap();
    for (version, notes) in [(TokenVersion::V1, 0), (TokenVersion::V2, 1)] {
        let mut found = find(root.path(), None, Some(&file), TODO).unwrap();
        found.play(&played(version), &settings(json!([])));
        assert_eq!(found.notes.len(), notes, "{:?}", found.notes);
        assert_eq!(
            found
                .tenant(&played(version), "c")
                .directory()
                .unwrap()
                .token_version(),
            1
        );
    }
}
