use serde_json::json;

use super::*;

#[test]
fn both_forms_are_read() {
    let bare = json!({"identityProviders": {"azureActiveDirectory": {
        "registration": {"openIdIssuer": "https://a/t/v2.0", "clientId": "<client-id>"},
        "validation": {"allowedAudiences": ["api://<client-id>"],
            "defaultAuthorizationPolicy": {"allowedApplications": [], "allowedPrincipals": {"identities": ["u"]}}},
    }}});
    let settings = Settings::read(&bare).unwrap();
    assert_eq!(settings.version, Some(Version::V2));
    assert_eq!(settings.audiences(None), None);
    assert_eq!(settings.audiences(Some("id")).unwrap(), ["id", "api://id"]);
    assert_eq!((settings.clients.len(), settings.identities.len()), (0, 1));
    assert_eq!(Settings::read(&json!({})), None);
}

#[test]
fn an_empty_list_of_clients_is_nobody_where_azure_says_so() {
    let provider = |validation: Value| {
        Settings::read(
            &json!({"identityProviders": {"azureActiveDirectory": {"validation": validation}}}),
        )
        .unwrap()
        .clients
    };
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
    let settings = Settings::read(&serde_json::from_str(shipped).unwrap()).unwrap();
    assert_eq!(settings.clients, Vec::<Vec<String>>::new());
    let filled = shipped.replace("<cli-client-id>", "cli");
    let settings = Settings::read(&serde_json::from_str(&filled).unwrap()).unwrap();
    assert_eq!(settings.clients[0][0], "cli");
}
