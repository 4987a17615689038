use proptest::prelude::*;

use super::*;
use crate::discovery::metadata::Metadata;

#[test]
fn both_captured_forms_are_read() {
    for (header, authority, version) in [
        (
            "Bearer realm=\"h\" authorization_uri=\"https://login.microsoftonline.com/t/oauth2/v2.0/authorize\" resource_id=\"r\"",
            "https://login.microsoftonline.com",
            Version::V2,
        ),
        (
            "Bearer realm=\"h\" authorization_uri=\"https://login.windows.net/t/oauth2/authorize\" resource_id=\"r\"",
            "https://login.microsoftonline.com",
            Version::V1,
        ),
        (
            "bearer authorization_uri=https://localhost:7443/t/oauth2/v2.0/authorize, resource_id=r",
            "https://localhost:7443",
            Version::V2,
        ),
    ] {
        let challenge = Challenge::parse(header).unwrap();
        assert_eq!(
            (challenge.authority.as_str(), challenge.version),
            (authority, version)
        );
        assert_eq!(
            (challenge.tenant.as_str(), challenge.resource.as_str()),
            ("t", "r")
        );
    }
}

#[test]
fn other_forms_and_names_that_a_shell_would_read_are_no_challenge() {
    for other in [
        "",
        "Bearer authorization_uri=https://a%22b.example/t/oauth2/authorize, resource_id=r",
        "Bearer",
        "Basic realm=\"x\"",
        "Bearer realm=\"h\"",
        "Bearer authorization_uri=\"x\" resource_id=\"r\"",
        // A second scope in the API's name.
        "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"x/S https://graph.microsoft.com/Mail.Read api://r\"",
        // Shell commands in what is printed to be pasted.
        "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"api://r;id\"",
        "Bearer authorization_uri=\"https://a/t/oauth2/v2.0/authorize\" resource_id=\"api://r$(id)\"",
        "Bearer authorization_uri=\"https://a/$(id)/oauth2/v2.0/authorize\" resource_id=\"r\"",
        "Bearer authorization_uri=\"https://a/t&id/oauth2/v2.0/authorize\" resource_id=\"r\"",
        "é",
    ] {
        assert_eq!(Challenge::parse(other), None, "{other}");
    }
}

#[test]
fn metadata_speaks_for_its_own_origin_only() {
    let url = Url::parse("https://a.example/api/greeting").unwrap();
    let header = |at: &str| format!("Bearer realm=\"a\" resource_metadata=\"{at}\"");
    let own = "https://a.example/.well-known/oauth-protected-resource/api/greeting";
    assert_eq!(
        Challenge::metadata_url(&header(own), &url)
            .unwrap()
            .as_str(),
        own
    );
    for foreign in [
        "https://evil.example/.well-known/oauth-protected-resource",
        "http://a.example/.well-known/oauth-protected-resource",
        "https://a.example:8443/",
        "/relative",
    ] {
        assert_eq!(Challenge::metadata_url(&header(foreign), &url), None);
    }
    let issuer = "https://login.microsoftonline.com/t/v2.0";
    let metadata = |resource: &str, scopes: &[&str]| {
        let json = serde_json::json!({"resource": resource, "authorization_servers": [issuer], "scopes_supported": scopes});
        Challenge::of_metadata(&Metadata::read(&json.to_string(), &url)?, None)
    };
    let scopes = ["openid", "api://id/Other", "api://id/Greeting.Read"];
    for resource in ["https://a.example", "https://a.example/api/greeting"] {
        let challenge = metadata(resource, &scopes).unwrap();
        assert_eq!(challenge.scope(), "api://id/Greeting.Read");
        assert_eq!(
            (
                challenge.resource.as_str(),
                challenge.tenant.as_str(),
                challenge.version
            ),
            ("api://id", "t", Version::V2)
        );
    }
    for resource in ["https://b.example", "https://a.example/admin", "nothing"] {
        assert_eq!(metadata(resource, &scopes), None, "{resource}");
    }
    assert_eq!(metadata("https://a.example", &["openid"]), None);
    assert_eq!(metadata("https://a.example", &["api://id`id`/X"]), None);
    assert!(Metadata::read("<html>", &url).is_none());
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC*") {
        let url = Url::parse("https://a.example/").unwrap();
        let _ = Challenge::parse(&text);
        let _ = Challenge::parse(&format!("Bearer {text}"));
        let _ = Challenge::metadata_url(&format!("Bearer {text}"), &url);
    }
}
