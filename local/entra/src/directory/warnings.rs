//! What the files say and this authority does not do, and what Entra does with them that nobody
//! would expect: in words, at start, each by its name.

use serde_json::Value;

use super::application::Application;
use super::reading::nearest;
use super::{Directory, redirects};

/// Microsoft Graph's application id.
pub(crate) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// Azure Resource Manager's.
pub(crate) const MANAGEMENT: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
/// The id of Graph's delegated permission `User.Read`.
pub(crate) const USER_READ: &str = "e1fe6dd8-ba31-4d61-89e7-88639da4683d";
/// Those of `openid`, `profile`, `email` and `offline_access`, which everybody gets who asks.
const OF_THE_PROTOCOL: [&str; 4] = [
    "37f7f235-527c-4136-accd-4a02d197296e",
    "14dad69e-099b-42c9-810b-d002981feec1",
    "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
];

/// Members of an `application` (Microsoft Graph 1.0).
const MEMBERS: [&str; 41] = [
    "addIns",
    "api",
    "appId",
    "appManagementPolicies",
    "appRoles",
    "applicationTemplateId",
    "authenticationBehaviors",
    "certification",
    "createdByAppId",
    "createdDateTime",
    "createdOnBehalfOf",
    "defaultRedirectUri",
    "deletedDateTime",
    "description",
    "disabledByMicrosoftStatus",
    "displayName",
    "extensionProperties",
    "federatedIdentityCredentials",
    "groupMembershipClaims",
    "id",
    "identifierUris",
    "info",
    "isDeviceOnlyAuthSupported",
    "isFallbackPublicClient",
    "keyCredentials",
    "logo",
    "nativeAuthenticationApisEnabled",
    "notes",
    "oauth2RequirePostResponse",
    "optionalClaims",
    "owners",
    "parentalControlSettings",
    "passwordCredentials",
    "publicClient",
    "publisherDomain",
    "requestSignatureVerification",
    "requiredResourceAccess",
    "samlMetadataUrl",
    "serviceManagementReference",
    "servicePrincipalLockConfiguration",
    "signInAudience",
];
/// The others, which say nothing to an authority.
const MORE_MEMBERS: [&str; 8] = [
    "spa",
    "tags",
    "tokenEncryptionKeyId",
    "tokenIssuancePolicies",
    "tokenLifetimePolicies",
    "uniqueName",
    "verifiedPublisher",
    "web",
];

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
    let mut words = Vec::new();
    for name in app
        .as_object()
        .into_iter()
        .flat_map(|members| members.keys())
    {
        let mut known = MEMBERS.iter().chain(&MORE_MEMBERS).copied();
        // OData's and editors' own.
        if name.contains('@') || name.starts_with('$') || known.any(|known| known == name) {
            continue;
        }
        let known = MEMBERS.iter().chain(&MORE_MEMBERS).copied();
        words.push(match nearest(name, known) {
            Some(meant) => format!(
                "{name} is no member of an application, so it has no effect: did you mean {meant}?"
            ),
            None => format!("{name} is no member of an application, so it has no effect"),
        });
    }
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

impl Directory {
    /// What the files say that has no effect, or another one than anybody would expect.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for app in self.applications() {
            warnings.extend(redirects::warnings(app, &self.callbacks));
            let file = &app.file;
            let own = app.without_effect.iter().cloned();
            let words = own
                .chain(app.without_value())
                .chain(self.unknown_permissions(app));
            warnings.extend(words.map(|words| format!("{file}: {words}")));
        }
        warnings
    }

    /// Permissions that nobody defines here.
    fn unknown_permissions(&self, app: &Application) -> Vec<String> {
        let mut words = Vec::new();
        for (index, access) in app.required_resource_access.iter().enumerate() {
            let path = format!("requiredResourceAccess[{index}]");
            let resource = &access.resource_app_id;
            let is = |id: &str| resource.eq_ignore_ascii_case(id);
            if is(MANAGEMENT) {
                continue;
            }
            if is(GRAPH) {
                let known = [USER_READ].into_iter().chain(OF_THE_PROTOCOL);
                let known: Vec<&str> = known.collect();
                let unknown = access.resource_access.iter().filter(|listed| {
                    listed.kind != "Scope"
                        || !known.iter().any(|id| listed.id.eq_ignore_ascii_case(id))
                });
                words.extend(unknown.map(|listed| format!(
                    "{path}: the permission {} has no effect: of Microsoft Graph there is User.Read here, and no Graph",
                    listed.id
                )));
                continue;
            }
            let Some(api) = self.application(resource) else {
                words.push(format!(
                    "{path} has no effect: no registration here has the appId {resource}; name its file with --registration"
                ));
                continue;
            };
            let scopes = &api.api.oauth2_permission_scopes;
            let unknown =
                access
                    .resource_access
                    .iter()
                    .filter(|listed| match listed.kind.as_str() {
                        "Scope" => !scopes
                            .iter()
                            .any(|scope| scope.id.eq_ignore_ascii_case(&listed.id)),
                        "Role" => !api
                            .app_roles
                            .iter()
                            .any(|role| role.id.eq_ignore_ascii_case(&listed.id)),
                        _ => true,
                    });
            words.extend(unknown.map(|listed| {
                format!(
                    "{path}: {} {} has no effect: {} defines no such permission",
                    listed.kind, listed.id, api.file
                )
            }));
        }
        let scopes = &app.api.oauth2_permission_scopes;
        for (index, client) in app.api.pre_authorized_applications.iter().enumerate() {
            let unknown = client
                .delegated_permission_ids
                .iter()
                .filter(|id| !scopes.iter().any(|scope| scope.id.eq_ignore_ascii_case(id)));
            words.extend(unknown.map(|id| format!(
                "api.preAuthorizedApplications[{index}]: {id} has no effect: the API has no scope of that id, and Entra refuses it"
            )));
        }
        words
    }
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
