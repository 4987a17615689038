use serde_json::json;

use super::*;

#[test]
fn what_a_provider_requires_is_read() {
    let provider = json!({
        "registration": {"openIdIssuer": "https://a/t/v2.0", "clientId": "<client-id>"},
        "validation": {"allowedAudiences": ["api://<client-id>"],
            "defaultAuthorizationPolicy": {"allowedApplications": [], "allowedPrincipals": {"identities": ["u"]}}},
    });
    let settings = Settings::read(&provider);
    assert_eq!(settings.version, Some(Version::V2));
    assert_eq!(settings.audiences(None), None);
    assert_eq!(settings.audiences(Some("id")).unwrap(), ["id", "api://id"]);
    assert_eq!((settings.clients.len(), settings.identities.len()), (0, 1));
}

#[test]
fn an_empty_list_of_clients_is_nobody_where_azure_says_so() {
    let provider = |validation: Value| Settings::read(&json!({"validation": validation})).clients;
    assert_eq!(provider(json!({})), Vec::<Vec<String>>::new());
    assert_eq!(
        provider(json!({"jwtClaimChecks": {"allowedClientApplications": []}})),
        [Vec::<String>::new()]
    );
    assert_eq!(
        provider(
            json!({"jwtClaimChecks": {"allowedClientApplications": ["a", "b"]},
            "defaultAuthorizationPolicy": {"allowedApplications": ["b", "c"]}})
        ),
        [["b", "c"], ["a", "b"]]
    );
}

/// `deploy/authsettingsV2.json` itself, whose placeholders a deployment fills.
#[test]
fn a_placeholder_in_a_list_of_clients_names_nobody() {
    let shipped = include_str!("../../../deploy/authsettingsV2.json");
    assert!(shipped.contains("<cli-client-id>"));
    let read = |text: &str| {
        let file = settings_file::read(text.as_bytes()).unwrap();
        Settings::read(file.properties.pointer(PROVIDER).unwrap())
    };
    assert_eq!(read(shipped).clients, Vec::<Vec<String>>::new());
    let filled = read(&shipped.replace("<cli-client-id>", "cli"));
    assert_eq!(filled.clients[0][0], "cli");
}

/// Point 21: what has no provider of Microsoft's says nothing of a token, in any form.
#[test]
fn settings_without_microsofts_provider_are_refused_by_what_they_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.json");
    let said = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Settings::load(&path).unwrap_err().to_string()
    };
    let github = r#"{"enabled": true, "registration": {"clientId": "Iv1.1"}}"#;
    for (text, says) in [
        (
            format!(r#"{{"identityProviders": {{"gitHub": {github}}}}}"#),
            "only gitHub",
        ),
        (
            format!(
                r#"{{"properties": {{"IdentityProviders": {{"GitHub": {github}, "azureActiveDirectory": {{"enabled": true}}}}}}}}"#
            ),
            "only gitHub",
        ),
        (
            r#"{"identityProviders": {"azureActiveDirectory": {"enabled": true, "registration": {}}}}"#.to_owned(),
            "no identityProviders.azureActiveDirectory",
        ),
        (
            r#"{"identityProviders": {"azureActiveDirectory": {"enabled": false, "registration": {"clientId": "a"}}}}"#.to_owned(),
            "no identityProviders.azureActiveDirectory",
        ),
        ("{}".to_owned(), "no identityProviders.azureActiveDirectory"),
        (
            r#"{"platform": {"enabled": false}, "identityProviders": {"azureActiveDirectory": {"registration": {"clientId": "a"}}}}"#.to_owned(),
            "Easy Auth is off",
        ),
        (
            r#"{"identityProviders": {"azureActiveDirectory": {"registration": {"clientId": "a"}}}}"#.to_owned(),
            "openIdIssuer is missing",
        ),
    ] {
        let said = said(&text);
        assert!(said.contains(says), "{says}: {said}");
    }
    let both = format!(
        r#"{{"identityProviders": {{"gitHub": {github}, "azureActiveDirectory": {{"registration": {{"ClientID": "api", "openIdIssuer": "https://login.microsoftonline.com/common/v2.0"}}}}}}}}"#
    );
    std::fs::write(&path, both).unwrap();
    let settings = Settings::load(&path).unwrap();
    assert_eq!(settings.client_id.as_deref(), Some("api"));
}
