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
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
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
