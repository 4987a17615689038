use super::*;
use crate::discovery::challenge::Version;
use crate::provenance::Source;

#[test]
fn a_challenge_is_believed_only_so_far() {
    let graph = "00000003-0000-0000-C000-000000000000";
    for (url, authority, resource, expected) in [
        (
            "http://localhost:7071/",
            "https://localhost:7443",
            "r",
            Trust::Local,
        ),
        ("http://127.0.0.1/", "https://[::1]:7443", "r", Trust::Local),
        (
            "https://a.example/",
            "https://localhost:7443",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "https://a.example/",
            "https://login.microsoftonline.com",
            "r",
            Trust::Ask,
        ),
        (
            "http://localhost/",
            "https://login.microsoftonline.com",
            "r",
            Trust::Ask,
        ),
        (
            "https://a.example/",
            "http://login.microsoftonline.com",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "https://a.example/",
            "https://login.microsoftonline.com.evil.example",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "https://a.example/",
            "https://login.microsoftonline.com:8443",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "http://localhost/",
            "https://evil.example",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "http://localhost/",
            "https://localhost.evil.example",
            "r",
            Trust::ForeignAuthority,
        ),
        (
            "http://localhost/",
            "https://localhost:7443",
            graph,
            Trust::FirstParty("Microsoft Graph"),
        ),
        (
            "https://a.example/",
            "https://login.microsoftonline.com",
            "https://management.azure.com/",
            Trust::FirstParty("Azure Resource Manager"),
        ),
        // The authority is judged before the API: a scope that the person gives answers for
        // the API only.
        (
            "https://a.example/",
            "https://evil.example",
            graph,
            Trust::ForeignAuthority,
        ),
    ] {
        let challenge = Challenge {
            authority: authority.into(),
            tenant: "t".into(),
            resource: resource.into(),
            version: Version::V2,
            scope: None,
            source: Source::Challenge,
        };
        assert_eq!(
            judge(&Url::parse(url).unwrap(), &challenge),
            expected,
            "{url} {authority} {resource}"
        );
    }
}

#[test]
fn microsofts_own_apis_are_known_in_any_spelling() {
    for (resource, first) in [
        ("00000003-0000-0000-C000-000000000000", true),
        ("api://00000003-0000-0000-c000-000000000000/x", true),
        ("00000003-0000-0000-c000-000000000000/Mail.Read#", true),
        ("https://graph.microsoft.com", true),
        ("HTTPS://Graph.Microsoft.Com/", true),
        ("https://graph.microsoft.com:443/v1.0?x", true),
        ("https://graph.microsoft.com.", true),
        ("https://management.core.windows.net//", true),
        ("https://contoso.vault.azure.net", true),
        ("https://management.usgovcloudapi.net", true),
        ("https://outlook.office365.com/", true),
        ("https://contoso.onmicrosoft.com/api", false),
        ("https://notmicrosoft.com", false),
        ("https://graph.microsoft.com.evil.example", false),
        ("api://2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11", false),
        ("2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11", false),
    ] {
        assert_eq!(first_party(resource).is_some(), first, "{resource}");
    }
}

#[test]
fn a_named_authority_answers_for_itself_only() {
    let challenge = |resource: &str| Challenge {
        authority: "https://localhost:7443".into(),
        tenant: "t".into(),
        resource: resource.into(),
        version: Version::V2,
        scope: None,
        source: Source::Challenge,
    };
    let url = Url::parse("http://localhost:7071/").unwrap();
    let real = "https://login.microsoftonline.com";
    // A loopback page can't have a real tenant's token unasked.
    assert_eq!(judge_api(&url, real, &challenge("r")), Trust::Ask);
    let graph = challenge("https://graph.microsoft.com");
    assert!(matches!(
        judge_api(&url, real, &graph),
        Trust::FirstParty(_)
    ));
    let local = "https://localhost:7443";
    assert_eq!(judge_api(&url, local, &challenge("r")), Trust::Local);
}

#[test]
fn a_token_travels_only_safely() {
    for (url, may) in [
        ("https://a.example/", true),
        ("http://localhost:1/", true),
        ("http://127.9.9.9/", true),
        ("http://[::1]/", true),
        ("http://a.example/", false),
        ("http://localhost.a.example/", false),
        ("ftp://localhost/", false),
    ] {
        assert_eq!(may_carry_token(&Url::parse(url).unwrap()), may, "{url}");
    }
}
