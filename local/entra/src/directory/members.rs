//! Members of a registration's file that take no effect here, or are none of an `application`.

mod unknown;

use serde_json::Value;

use self::unknown::unknown;

/// What has no effect here: where it is, what it may be without a word, and why.
const WITHOUT_EFFECT: [(&str, &[&str], &str); 13] = [
    (
        "/signInAudience",
        &["AzureADMyOrg"],
        "here is one tenant, and nobody of another signs in",
    ),
    (
        "/keyCredentials",
        &[],
        "of certificates only the daemon's is known here; give the app a passwordCredential",
    ),
    (
        "/federatedIdentityCredentials",
        &[],
        "no other issuer's tokens are taken for a client's proof here",
    ),
    ("/tokenEncryptionKeyId", &[], "no token is encrypted here"),
    (
        "/requestSignatureVerification",
        &[],
        "no request's signature is looked at here",
    ),
    (
        "/isDeviceOnlyAuthSupported",
        &[],
        "no device signs in here without a user",
    ),
    (
        "/nativeAuthenticationApisEnabled",
        &["none"],
        "there is no native authentication here",
    ),
    (
        "/web/implicitGrantSettings/enableAccessTokenIssuance",
        &[],
        "authorize gives no access tokens here (AADSTS700051)",
    ),
    (
        "/web/logoutUrl",
        &[],
        "no app is told here of a sign-out in another one",
    ),
    (
        "/api/knownClientApplications",
        &[],
        "consent is asked for one app at a time here",
    ),
    (
        "/api/acceptMappedClaims",
        &[],
        "there are no claims mapping policies here",
    ),
    (
        "/tokenLifetimePolicies",
        &[],
        "every access token lives an hour here",
    ),
    (
        "/tokenIssuancePolicies",
        &[],
        "there are no SAML tokens here",
    ),
];

/// Whether it is there and says something.
fn says_something(value: &Value, unsaid: &[&str]) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty() && !unsaid.contains(&text.as_str()),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// What a registration's file has that takes no effect: each member by its path.
pub(super) fn without_effect(app: &Value) -> Vec<String> {
    let mut words = unknown(app);
    for (pointer, unsaid, why) in WITHOUT_EFFECT {
        if app
            .pointer(pointer)
            .is_some_and(|value| says_something(value, unsaid))
        {
            let path = pointer.trim_start_matches('/').replace('/', ".");
            words.push(format!("{path} has no effect: {why}"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn item_23_what_a_registration_says_without_effect_is_named() {
        for (app, says) in [
            (
                json!({"appId": "a", "identiferUris": []}),
                "did you mean identifierUris?",
            ),
            (
                json!({"appId": "a", "zzz": 1}),
                "zzz is no member of an application",
            ),
            (
                json!({"api": {"requestedAccesTokenVersion": 2}}),
                "api.requestedAccesTokenVersion is no member of api, so it has no effect: did you mean requestedAccessTokenVersion?",
            ),
            (
                json!({"requiredResourceAccess": [{}, {"resourceAccess": [{"id": "1", "typ": "Scope"}]}]}),
                "requiredResourceAccess[1].resourceAccess[0].typ is no member",
            ),
            (
                json!({"web": {"redirectUri": "https://a.example"}}),
                "did you mean redirectUris?",
            ),
            (
                json!({"signInAudience": "AzureADMultipleOrgs"}),
                "signInAudience has no effect",
            ),
            (
                json!({"keyCredentials": [{}]}),
                "keyCredentials has no effect",
            ),
            (
                json!({"web": {"logoutUrl": "https://a.example"}}),
                "web.logoutUrl has no effect",
            ),
            (
                json!({"web": {"implicitGrantSettings": {"enableAccessTokenIssuance": true}}}),
                "AADSTS700051",
            ),
            (
                json!({"api": {"acceptMappedClaims": true}}),
                "api.acceptMappedClaims has no effect",
            ),
        ] {
            let words = without_effect(&app);
            assert!(
                words.len() == 1 && words[0].contains(says),
                "{app}: {words:?}"
            );
        }
        // What az ad app show prints of a new registration says nothing of the kind.
        let new = json!({"@odata.context": "x", "appId": "a", "signInAudience": "AzureADMyOrg",
            "keyCredentials": [], "api": {"acceptMappedClaims": null, "knownClientApplications": []},
            "web": {"logoutUrl": null, "implicitGrantSettings": {"enableAccessTokenIssuance": false,
            "enableIdTokenIssuance": true}}, "tags": [], "uniqueName": null, "addIns": []});
        assert_eq!(without_effect(&new), Vec::<String>::new());
    }
}
