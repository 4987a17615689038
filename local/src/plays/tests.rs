//! Whose settings are played, by what they say.

use serde_json::{Value, json};

use super::*;
use crate::deploy::{API_CLIENT_ID, CLI_CLIENT_ID, TENANT_ID};

const T: &str = "11111111-2222-4333-8444-555555555555";
const API: &str = "99999999-0000-4000-8000-0000000000aa";
const AZ: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
const OTHER: &str = "77777777-0000-4000-8000-0000000000bb";

fn source(issuer: &str, client_id: &str, validation: &Value) -> Template {
    let text = json!({"identityProviders": {"azureActiveDirectory": {
        "registration": {"openIdIssuer": issuer, "clientId": client_id},
        "validation": validation,
    }}});
    Template {
        name: "auth.json".into(),
        path: None,
        text: text.to_string().into(),
    }
}

fn played(issuer: &str, client_id: &str) -> Result<(Settings, Played), Failure> {
    let audiences = json!({"allowedAudiences": ["api://<client-id>"]});
    read(
        &source(issuer, client_id, &audiences),
        &Place::local("localhost:1"),
        None,
    )
}

#[test]
fn every_form_of_an_issuer_is_played_by_this_authority() {
    let v1 = TokenVersion::V1;
    let v2 = TokenVersion::V2;
    for (issuer, tenant, here, version) in [
        (
            "https://login.microsoftonline.com/<T>/v2.0",
            T,
            "<T>/v2.0",
            v2,
        ),
        (
            "https://login.microsoftonline.com/<T>/v2.0/",
            T,
            "<T>/v2.0",
            v2,
        ),
        ("https://login.microsoftonline.com/<T>", T, "<T>", v1),
        ("https://sts.windows.net/<T>/", T, "<T>", v1),
        // As the portal writes it.
        ("https://sts.windows.net/<T>/v2.0", T, "<T>/v2.0", v2),
        ("https://login.windows.net/<T>/", T, "<T>", v1),
        (
            "https://login.microsoftonline.us/<T>/v2.0",
            T,
            "<T>/v2.0",
            v2,
        ),
        (
            "https://login.partner.microsoftonline.cn/<T>/v2.0",
            T,
            "<T>/v2.0",
            v2,
        ),
        ("https://contoso.ciamlogin.com/<T>/v2.0", T, "<T>/v2.0", v2),
        (
            "https://contoso.b2clogin.com/tfp/<T>/B2C_1_susi/v2.0/",
            T,
            "<T>/v2.0",
            v2,
        ),
        (
            "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_susi/v2.0",
            TENANT_ID,
            "contoso.onmicrosoft.com/v2.0",
            v2,
        ),
        (
            "https://login.microsoftonline.com/Contoso.com/v2.0",
            TENANT_ID,
            "contoso.com/v2.0",
            v2,
        ),
        (
            "https://login.microsoftonline.com/common/v2.0",
            TENANT_ID,
            "common/v2.0",
            v2,
        ),
        (
            "https://login.microsoftonline.com/organizations",
            TENANT_ID,
            "organizations",
            v1,
        ),
        (
            "https://login.microsoftonline.com/consumers/v2.0",
            PERSONAL_ACCOUNTS,
            "consumers/v2.0",
            v2,
        ),
        ("https://<authority-host>/<T>/v2.0", T, "<T>/v2.0", v2),
        (
            "https://login.microsoftonline.com/<tenant-id>/v2.0",
            TENANT_ID,
            "<tenant>/v2.0",
            v2,
        ),
    ] {
        let (settings, played) = played(&issuer.replace("<T>", T), API).unwrap();
        let expected = format!(
            "https://localhost:1/{}",
            here.replace("<T>", T).replace("<tenant>", TENANT_ID)
        );
        assert_eq!(settings.issuer(), expected, "{issuer}");
        assert_eq!(
            (played.tenant_id.as_str(), played.version),
            (tenant, version),
            "{issuer}"
        );
        assert_eq!(played.client_id, API);
        let says = played.says.unwrap();
        assert!(
            says.starts_with("tenant ") && says.ends_with(&format!("and API {API} of auth.json")),
            "{says}"
        );
        assert_eq!(played.notes.is_empty(), !issuer.contains("B2C"), "{issuer}");
        // Placeholders stand for the API that is played.
        assert_eq!(
            settings.provider().validation.allowed_audiences,
            [format!("api://{API}")]
        );
        assert_eq!(
            played.domain.is_some(),
            ["ontoso.", "consumers"]
                .iter()
                .any(|part| expected.contains(part)),
            "{issuer}"
        );
    }
}

#[test]
fn the_local_tenants_settings_are_nobody_elses() {
    for issuer in [
        "https://<authority-host>/<tenant-id>/v2.0",
        "https://<authority-host>/common/v2.0",
    ] {
        let (settings, played) = played(issuer, "<client-id>").unwrap();
        assert_eq!((played.says, played.notes.len()), (None, 0), "{issuer}");
        assert_eq!(settings.provider().registration.client_id, API_CLIENT_ID);
    }
    // Another authority on this machine is one: its tokens are taken.
    let (settings, played) = played("https://localhost:2/<tenant-id>/v2.0", API).unwrap();
    assert_eq!(
        settings.issuer(),
        format!("https://localhost:2/{TENANT_ID}/v2.0")
    );
    assert!(
        played.says.is_none() && played.notes[0].contains("no token of mint"),
        "{played:?}"
    );
}

#[test]
fn an_issuer_without_a_tenant_is_not_played() {
    for issuer in [
        "https://accounts.example/",
        "https://idp.example/realms/x/y",
        "https://login.microsoftonline.com/adfs",
    ] {
        let failure = played(issuer, API).err().unwrap().to_string();
        assert!(
            failure.contains("names no tenant") && failure.contains("auth.json"),
            "{failure}"
        );
    }
    let failure = played("https://login.microsoftonline.com/v2.0", API);
    let failure = failure.err().unwrap().to_string();
    assert!(failure.contains("v2.0 before the tenant"), "{failure}");
    let failure = played("https://login.microsoftonline.com/common/v2.0", "")
        .err()
        .unwrap()
        .to_string();
    assert!(failure.contains("clientId is missing"), "{failure}");
}

#[test]
fn where_any_tenant_is_let_in_one_that_is_listed_is_played() {
    let listed = ["contoso.com".to_owned(), T.to_uppercase()];
    let source = source(
        "https://login.microsoftonline.com/common/v2.0",
        API,
        &json!({}),
    );
    let (settings, played) = read(&source, &Place::local("localhost:1"), Some(&listed)).unwrap();
    assert_eq!(
        (played.tenant_id.as_str(), settings.is_multi_tenant()),
        (T, true)
    );
}

#[test]
fn who_calls_is_in_the_lists() {
    for (validation, signs_in, minted, notes) in [
        (json!({}), CLI_CLIENT_ID, CLI_CLIENT_ID, 0),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [OTHER, CLI_CLIENT_ID]}}),
            CLI_CLIENT_ID,
            CLI_CLIENT_ID,
            0,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [OTHER, AZ]}}),
            AZ,
            AZ,
            0,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [OTHER]}}),
            CLI_CLIENT_ID,
            OTHER,
            1,
        ),
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [AZ, OTHER]}, "jwtClaimChecks": {"allowedClientApplications": [OTHER]}}),
            CLI_CLIENT_ID,
            OTHER,
            1,
        ),
        // Nobody is in both; and an empty list lets nobody in, which is said elsewhere.
        (
            json!({"defaultAuthorizationPolicy": {"allowedApplications": [AZ]}, "jwtClaimChecks": {"allowedClientApplications": [OTHER]}}),
            CLI_CLIENT_ID,
            CLI_CLIENT_ID,
            1,
        ),
        (
            json!({"jwtClaimChecks": {"allowedClientApplications": []}}),
            CLI_CLIENT_ID,
            CLI_CLIENT_ID,
            0,
        ),
    ] {
        let source = source(
            "https://login.microsoftonline.com/common/v2.0",
            API,
            &validation,
        );
        let (settings, _) = read(&source, &Place::local("localhost:1"), None).unwrap();
        let callers = callers(&settings, CLI_CLIENT_ID);
        assert_eq!(
            (
                callers.signs_in.as_str(),
                callers.minted.as_str(),
                callers.notes.len()
            ),
            (signs_in, minted, notes),
            "{validation} {:?}",
            callers.notes
        );
    }
}

#[test]
fn users_and_groups_of_the_real_tenant_are_said() {
    let policy = |principals: Value| json!({"defaultAuthorizationPolicy": {"allowedPrincipals": principals}});
    for (validation, claims) in [
        (policy(json!({})), None),
        (
            policy(json!({"identities": ["o"], "groups": ["g"]})),
            Some("mint --claim oid=o makes"),
        ),
        (
            policy(json!({"groups": ["g"]})),
            Some("mint --claim 'groups=[\"g\"]' makes"),
        ),
        (
            json!({"jwtClaimChecks": {"allowedGroups": ["h"]}}),
            Some("mint --claim 'groups=[\"h\"]' makes"),
        ),
    ] {
        let source = source(
            "https://login.microsoftonline.com/common/v2.0",
            API,
            &validation,
        );
        let (settings, _) = read(&source, &Place::local("localhost:1"), None).unwrap();
        let note = principals(&settings);
        match claims {
            None => assert_eq!(note, None),
            Some(claims) => assert!(
                note.as_ref().is_some_and(|note| note.contains(claims)),
                "{note:?}"
            ),
        }
    }
}
