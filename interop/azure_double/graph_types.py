"""What Microsoft Graph v1.0 accepts in an application, by name and type.

The names and types are those of the resource's documentation (resources/application and the types it
links to). What it does not name is refused, and so is a value of another type: OData checks both.
"""

import re

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A scope's or role's value: resources/permissionScope, resources/appRole.
VALUE = re.compile(r"[A-Za-z0-9!#$%&'()*+,\-./:;=?@\[\]^+_`{|}~]{1,120}")


class Wrong(Exception):
    pass


def text(value, path):
    if not isinstance(value, str):
        raise Wrong(f"Cannot convert the value of '{path}' to the expected target type 'Edm.String'.")


def nullable_text(value, path):
    if value is not None:
        text(value, path)


def boolean(value, path):
    if not isinstance(value, bool):
        raise Wrong(f"Cannot convert the value of '{path}' to the expected target type 'Edm.Boolean'.")


def guid(value, path):
    if not isinstance(value, str) or not GUID.fullmatch(value):
        raise Wrong(f"Cannot convert the value of '{path}' to the expected target type 'Edm.Guid'.")


def must_not_be_sent(_value, path):
    # resources/appRole: origin "must not be included in any POST or PATCH requests".
    raise Wrong(f"Property '{path}' is read-only and cannot be set.")


def one_of(*values):
    def check(value, path):
        if not any(type(value) is type(other) and value == other for other in values):
            raise Wrong(f"Invalid value specified for property '{path}'.")

    return check


def many(kind):
    def check(value, path):
        # Microsoft365DSC#7190: one value is no collection of one.
        if not isinstance(value, list):
            raise Wrong(
                "An unexpected 'PrimitiveValue' node was found when reading from the JSON reader. "
                f"A 'StartArray' node was expected. ({path})"
            )
        for item in value:
            kind(item, path)

    return check


def record(**members):
    def check(value, path):
        if not isinstance(value, dict):
            raise Wrong(f"A 'StartObject' node was expected. ({path})")
        for name, member in value.items():
            if name.startswith("@"):
                continue
            if name not in members:
                raise Wrong(
                    f"The property '{name}' does not exist on type 'microsoft.graph.{path}'. Make sure to only "
                    "use property names that are defined by the type."
                )
            members[name](member, f"{path}.{name}")

    return check


SCOPE = record(
    id=guid,
    value=nullable_text,
    type=one_of("User", "Admin"),
    isEnabled=boolean,
    adminConsentDisplayName=nullable_text,
    adminConsentDescription=nullable_text,
    userConsentDisplayName=nullable_text,
    userConsentDescription=nullable_text,
)
API = record(
    requestedAccessTokenVersion=one_of(None, 1, 2),
    acceptMappedClaims=one_of(None, True, False),
    knownClientApplications=many(guid),
    oauth2PermissionScopes=many(SCOPE),
    preAuthorizedApplications=many(record(appId=guid, delegatedPermissionIds=many(guid))),
)
APP_ROLE = record(
    id=guid,
    value=nullable_text,
    displayName=text,
    description=text,
    allowedMemberTypes=many(one_of("User", "Application")),
    isEnabled=boolean,
    origin=must_not_be_sent,
)
ACCESS = record(resourceAppId=guid, resourceAccess=many(record(id=guid, type=one_of("Scope", "Role"))))
REDIRECTS = {"redirectUris": many(text)}
# Only their places: nothing here has a secret.
CREDENTIAL = dict.fromkeys(
    ("displayName", "startDateTime", "endDateTime", "type", "usage", "key", "keyId"), nullable_text
)
APPLICATION = record(
    keyCredentials=many(record(**CREDENTIAL)),
    passwordCredentials=many(record(**CREDENTIAL)),
    displayName=text,
    description=nullable_text,
    uniqueName=nullable_text,
    signInAudience=one_of(
        "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"
    ),
    identifierUris=many(text),
    isFallbackPublicClient=one_of(None, True, False),
    api=API,
    appRoles=many(APP_ROLE),
    requiredResourceAccess=many(ACCESS),
    serviceManagementReference=nullable_text,
    notes=nullable_text,
    tags=many(text),
    groupMembershipClaims=nullable_text,
    publicClient=record(**REDIRECTS),
    spa=record(**REDIRECTS),
    web=record(
        **REDIRECTS,
        homePageUrl=nullable_text,
        logoutUrl=nullable_text,
        implicitGrantSettings=record(enableIdTokenIssuance=boolean, enableAccessTokenIssuance=boolean),
    ),
    optionalClaims=record(
        accessToken=many(record(name=text, source=nullable_text, essential=boolean, additionalProperties=many(text))),
        idToken=many(record(name=text, source=nullable_text, essential=boolean, additionalProperties=many(text))),
        saml2Token=many(record(name=text, source=nullable_text, essential=boolean, additionalProperties=many(text))),
    ),
)
# Graph makes these; resources/application calls them read-only.
READ_ONLY = ("id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "certification")
# What an application has that was made with nothing but a name.
DEFAULTS = {
    "description": None,
    "uniqueName": None,
    "signInAudience": "AzureADandPersonalMicrosoftAccount",
    "identifierUris": [],
    "isFallbackPublicClient": None,
    "appRoles": [],
    "requiredResourceAccess": [],
    "serviceManagementReference": None,
    "notes": None,
    "tags": [],
    "publicClient": {"redirectUris": []},
    "spa": {"redirectUris": []},
    "web": {"redirectUris": [], "homePageUrl": None, "logoutUrl": None},
}
API_DEFAULTS = {
    "requestedAccessTokenVersion": None,
    "acceptMappedClaims": None,
    "knownClientApplications": [],
    "oauth2PermissionScopes": [],
    "preAuthorizedApplications": [],
}
