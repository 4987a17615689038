"""What Microsoft Graph checks before it stores an application: one function a rule."""

import re

from .graph_types import API_DEFAULTS, APPLICATION, READ_ONLY, VALUE, Wrong
from .world import Directory, Refused, World


def error(status: int, code: str, message: str, headers: dict | None = None, **more) -> Refused:
    """The form of Graph's errors: concepts "Microsoft Graph error responses"."""
    inner = {"date": "2026-11-28T00:00:00", "request-id": "double", "client-request-id": "double"}
    return Refused(status, {"error": {"code": code, "message": message, **more, "innerError": inner}}, headers)


def bad(message: str) -> Refused:
    return error(400, "Request_BadRequest", message)


def not_found(what: str) -> Refused:
    return error(
        404,
        "Request_ResourceNotFound",
        f"Resource '{what}' does not exist or one of its queried reference-property objects are not present.",
    )


def check(world: World, directory: Directory, stored: dict, change: dict):
    """Raises where this change of the stored application is refused. Nothing has been stored by then:
    a request is done whole or not at all."""
    names_and_types(change)
    after = changed(stored, change)
    unique(directory, stored, after)
    identifier_uris(stored, after)
    service_management_reference(world, stored, after)
    permissions(stored, after)
    pre_authorized(world, directory, stored, after)


def changed(stored: dict, change: dict) -> dict:
    """The application after the change. A complex property is replaced whole: what `api` does not
    name of its members is back at its default (msgraph-sdk-dotnet#2044: the way to add is to read,
    add and write)."""
    after = {**stored, **{name: value for name, value in change.items() if not name.startswith("@")}}
    if "api" in change:
        after["api"] = {**API_DEFAULTS, **change["api"]}
    return after


def names_and_types(change: dict):
    for name in READ_ONLY:
        if name in change:
            raise bad(f"Property '{name}' is read-only and cannot be set.")
    try:
        APPLICATION(change, "application")
    except Wrong as wrong:
        raise bad(str(wrong)) from None


def unique(directory: Directory, stored: dict, after: dict):
    # resources/application: uniqueName is immutable once it is set.
    if stored.get("uniqueName") and after["uniqueName"] != stored["uniqueName"]:
        raise bad("Property 'uniqueName' is immutable and cannot be updated.")
    for other in directory.applications.values():
        if other["id"] == stored["id"]:
            continue
        # msgraph-bicep-types#137: neither is released while the other is merely deleted.
        if after["uniqueName"] and other["uniqueName"] == after["uniqueName"]:
            raise bad("Another object with the same value for property uniqueName already exists.")
        if shared := set(after["identifierUris"]) & set(other["identifierUris"]):
            raise error(
                400,
                "Request_BadRequest",
                "Another object with the same value for property identifierUris already exists.",
                details=[{"code": "ObjectConflict", "target": "identifierUris", "message": sorted(shared)[0]}],
            )


def identifier_uris(stored: dict, after: dict):
    # "Application ID URI restrictions": api://<appId> is always allowed; a name of the tenant is not known here.
    for uri in after["identifierUris"]:
        if uri != f"api://{stored['appId']}" and not uri.startswith(f"api://{stored['appId']}/"):
            raise error(
                400,
                "HostNameNotOnVerifiedDomain",
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: "
                f"'{uri}'",
            )


def service_management_reference(world: World, stored: dict, after: dict):
    # foundry-agent-webapp#3, microsoft-identity-web#3243: at creation and at each update.
    if world.has("service-reference") and not after["serviceManagementReference"]:
        kind = "Update" if stored.get("stored") else "Create"
        raise error(
            400,
            "ServiceTreeValueMissing",
            f"ServiceManagementReference field is required for {kind}, but is missing in the request. Refer to the "
            "TSG `https://aka.ms/service-management-reference-error` for resolving the error.",
        )


def permissions(stored: dict, after: dict):
    """Scopes and app roles: one set of ids and of values."""
    before = stored["api"]["oauth2PermissionScopes"] + stored["appRoles"]
    new = after["api"]["oauth2PermissionScopes"] + after["appRoles"]
    for entry in new:
        if "id" not in entry:
            raise bad("Property 'id' of a permission is required.")
        if entry.get("value") and not VALUE.fullmatch(entry["value"]):
            raise invalid("api.oauth2PermissionScopes", f"Permission value '{entry['value']}' is not valid.")
        if entry.get("isEnabled") is None:
            raise bad("Property 'isEnabled' of a permission is required.")
    for member in ("id", "value"):
        values = [entry[member] for entry in new if entry.get(member)]
        if twice := {value for value in values if values.count(value) > 1}:
            raise invalid(f"permission.{member}", f"It contains duplicate value. Value: {sorted(twice)[0]}")
    for scope in after["api"]["oauth2PermissionScopes"]:
        # Entra asks for these where people or administrators are to consent.
        for name in ("adminConsentDisplayName", "adminConsentDescription"):
            if scope["isEnabled"] and not scope.get(name):
                raise invalid("api.oauth2PermissionScopes", f"Property '{name}' is required for a permission scope.")
    # Documented at application-update: a permission is disabled first, in a request before.
    kept = {entry["id"]: entry for entry in new}
    for entry in before:
        now = kept.get(entry["id"])
        if entry["isEnabled"] and (now is None or now.get("value") != entry.get("value")):
            raise error(
                400,
                "CannotDeleteOrUpdateEnabledEntitlement",
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
            )


def pre_authorized(world: World, directory: Directory, stored: dict, after: dict):
    """microsoft-graph-docs-contrib#1395, msgraph-sdk-dotnet#2044: the ids are looked for among the
    scopes that are stored, not among those of the same request."""
    known = {scope["id"]: scope for scope in stored["api"]["oauth2PermissionScopes"]}
    left = {scope["id"] for scope in after["api"]["oauth2PermissionScopes"]}
    # One of the reports calls it a race even when the scopes were stored by a request before.
    if world.has("scope-race"):
        times = stored.get("scopes_stored", {})
        known = {name: scope for name, scope in known.items() if times.get(name, 0) + 10 <= world.now()}
    seen = set()
    for entry in after["api"]["preAuthorizedApplications"]:
        if entry.get("appId") in seen:
            raise invalid("api.preAuthorizedApplications.appId", f"It contains duplicate value. Value: {entry['appId']}")
        seen.add(entry.get("appId"))
        is_stored = entry in stored["api"]["preAuthorizedApplications"]
        for permission in entry.get("delegatedPermissionIds", []):
            if permission not in left or not (is_stored or permission in known):
                raise invalid(
                    "api.preAuthorizedApplications.delegatedPermissionIds",
                    "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be "
                    "found in the AppPermissions sets.",
                )


def invalid(target: str, message: str) -> Refused:
    return error(400, "InvalidValue", message, details=[{"target": target, "code": "InvalidValue"}])


FILTER = re.compile(
    r"(?P<name>\w+) eq '(?P<value>[^']*)'"
    r"|(?P<many>\w+)/any\((?P<item>\w+):(?P=item) eq '(?P<one>[^']*)'\)"
    r"|startswith\((?P<starts>\w+),\s*'(?P<prefix>[^']*)'\)",
    re.IGNORECASE,
)


def selected(entries: list[dict], query: dict) -> list[dict]:
    """$filter, as far as it is played: eq, any-eq and startswith. Another one is refused."""
    if "$filter" not in query:
        return entries
    match = FILTER.fullmatch(query["$filter"].strip())
    if not match:
        raise bad(f"Unsupported or invalid query filter clause: {query['$filter']}")
    if match["name"]:
        return [entry for entry in entries if entry.get(match["name"]) == match["value"]]
    if match["many"]:
        return [entry for entry in entries if match["one"] in entry.get(match["many"], [])]
    return [entry for entry in entries if (entry.get(match["starts"]) or "").startswith(match["prefix"])]
