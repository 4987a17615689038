//! The members that Microsoft Graph's `application` has, and which names are none.

use serde_json::Value;

use crate::directory::reading::nearest;

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

/// Members of what an `application` has in it, each by its path (the same page's resource types).
const NESTED: [(&str, &[&str]); 14] = [
    (
        "api",
        &[
            "acceptMappedClaims",
            "knownClientApplications",
            "oauth2PermissionScopes",
            "preAuthorizedApplications",
            "requestedAccessTokenVersion",
        ],
    ),
    (
        "api.oauth2PermissionScopes",
        &[
            "adminConsentDescription",
            "adminConsentDisplayName",
            "id",
            "isEnabled",
            "origin",
            "type",
            "userConsentDescription",
            "userConsentDisplayName",
            "value",
        ],
    ),
    (
        "api.preAuthorizedApplications",
        &["appId", "delegatedPermissionIds"],
    ),
    (
        "appRoles",
        &[
            "allowedMemberTypes",
            "description",
            "displayName",
            "id",
            "isEnabled",
            "origin",
            "value",
        ],
    ),
    ("optionalClaims", &["accessToken", "idToken", "saml2Token"]),
    ("optionalClaims.accessToken", OPTIONAL_CLAIM),
    ("optionalClaims.idToken", OPTIONAL_CLAIM),
    (
        "passwordCredentials",
        &[
            "customKeyIdentifier",
            "displayName",
            "endDateTime",
            "hint",
            "keyId",
            "secretText",
            "startDateTime",
        ],
    ),
    ("publicClient", &["redirectUris"]),
    (
        "requiredResourceAccess",
        &["resourceAccess", "resourceAppId"],
    ),
    ("requiredResourceAccess.resourceAccess", &["id", "type"]),
    ("spa", &["redirectUris"]),
    (
        "web",
        &[
            "homePageUrl",
            "implicitGrantSettings",
            "logoutUrl",
            "redirectUriSettings",
            "redirectUris",
        ],
    ),
    (
        "web.implicitGrantSettings",
        &["enableAccessTokenIssuance", "enableIdTokenIssuance"],
    ),
];
const OPTIONAL_CLAIM: &[&str] = &["additionalProperties", "essential", "name", "source"];

/// Everything at `path`, of each item of a list, with where it is.
fn at<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), value)];
    for name in path.split('.') {
        found = found
            .into_iter()
            .filter_map(|(place, value)| Some((format!("{place}{name}"), value.get(name)?)))
            .flat_map(|(place, value)| match value {
                Value::Array(items) => items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| (format!("{place}[{index}]."), item))
                    .collect(),
                value => vec![(format!("{place}."), value)],
            })
            .collect();
    }
    found
}

/// Names that are no members of an `application`, or of what it has in it.
pub(super) fn unknown(app: &Value) -> Vec<String> {
    let known = [&MEMBERS[..], &MORE_MEMBERS].concat();
    // Editors' own.
    let own = names(app).filter(|name| !name.starts_with('$'));
    let mut words = unknown_of(own, "", "an application", &known);
    for (path, known) in NESTED {
        for (place, value) in at(app, path) {
            words.extend(unknown_of(names(value), &place, path, known));
        }
    }
    words
}

fn names(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(|it| it.keys())
}

/// Those of `names`, at `place`, that are no members of `of`.
fn unknown_of<'a>(
    names: impl Iterator<Item = &'a String>,
    place: &str,
    of: &str,
    known: &[&str],
) -> Vec<String> {
    // OData's own have an @.
    names
        .filter(|name| !name.contains('@') && !known.contains(&name.as_str()))
        .map(|name| {
            let said = format!("{place}{name} is no member of {of}, so it has no effect");
            match nearest(name, known.iter().copied()) {
                Some(meant) => format!("{said}: did you mean {meant}?"),
                None => said,
            }
        })
        .collect()
}
