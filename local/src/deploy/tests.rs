//! The files of this checkout, and of an app that has its own.

use super::*;

#[test]
fn no_placeholder_is_left() {
    for text in [
        app_registration(),
        client_registration(),
        auth_settings("localhost:7443"),
    ] {
        assert!(!text.contains('<'), "unfilled placeholder in {text}");
        serde_json::from_str::<Value>(&text).unwrap();
    }
}

#[test]
fn a_placeholder_that_stands_for_nothing_is_found() {
    for (text, found) in [
        (
            "{\"a\": \"https://h/<tenant_id>/v2.0\"}",
            Some("<tenant_id>"),
        ),
        ("{\"a\": \"<Tenant-Id>\"}", Some("<Tenant-Id>")),
        ("{\"a\": \"1 < 2 > 1\", \"b\": \"<\"}", None),
        ("<>", None),
    ] {
        assert_eq!(placeholder(text), found, "{text}");
    }
}

#[test]
fn an_apps_own_files_come_first() {
    let root = tempfile::tempdir().unwrap();
    let built_in = Files::of(root.path()).unwrap();
    let place = Place::local("");
    assert_eq!(
        built_in.scope(&place),
        format!("api://{API_CLIENT_ID}/Greeting.Read")
    );
    assert!(built_in.auth_settings.name.ends_with("(built in)"));

    std::fs::create_dir(root.path().join("deploy")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(root.path().join(name), text).unwrap();
    let own = APP_REGISTRATION.1.replace("Greeting.Read", "Other.Read");
    write("deploy/app-registration.json", &own);
    let files = Files::of(root.path()).unwrap();
    assert_eq!(
        files.scope(&place),
        format!("api://{API_CLIENT_ID}/Other.Read")
    );
    assert!(files.app_registration().contains("Other.Read"));
    assert!(files.client_registration.name.ends_with("(built in)"));

    for (text, says) in [
        (
            own.replace("\"<client-id>\",", "\"8e1c4b5a\","),
            "appId is \"8e1c4b5a\"",
        ),
        ("{".to_owned(), "not JSON"),
    ] {
        write("deploy/app-registration.json", &text);
        let failure = Files::of(root.path()).err().unwrap().to_string();
        assert!(failure.contains(says), "{failure}");
        assert!(failure.contains("app-registration.json"), "{failure}");
    }
}
