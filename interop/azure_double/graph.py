"""Microsoft Graph v1.0: applications, service principals, and what is deleted of them."""

import copy

from . import sign_in
from .graph_rules import bad, changed, check, error, not_found, selected
from .graph_types import API_DEFAULTS, DEFAULTS
from .routing import Request, Router, answer
from .world import Answer, Directory, World, new_id

router = Router()
AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
# Kept beside what is shown.
HIDDEN = ("stored", "scopes_stored")


def serve(world: World, request: Request) -> Answer:
    request.tenant = sign_in.read(
        request, AUDIENCES, lambda why: error(401, "InvalidAuthenticationToken", f"Access token is wrong: {why}")
    )
    # "Microsoft Graph throttling guidance": wait what Retry-After says.
    if world.take("graph-throttled"):
        raise error(429, "TooManyRequests", "Too many requests.", {"Retry-After": "17"})
    if world.take("graph-unavailable"):
        raise error(503, "serviceNotAvailable", "The service is temporarily unavailable.")
    found = router.find(request, "/v1.0")
    if found is None or not request.path.startswith("/v1.0/"):
        raise bad(f"Resource not found for the segment: {request.method} {request.path}")
    return answer(found, world, request)


def directory(world: World, request: Request) -> Directory:
    return world.directories[request.tenant]


def shown(entry: dict, request: Request) -> dict:
    body = {name: value for name, value in entry.items() if name not in HIDDEN}
    if "appRoles" in body:
        body["appRoles"] = [{**role, "origin": "Application"} for role in body["appRoles"]]
    wanted = request.query.get("$select")
    if wanted:
        body = {name: body.get(name) for name in wanted.split(",")}
    return {"@odata.context": "https://graph.microsoft.com/v1.0/$metadata", **copy.deepcopy(body)}


def is_there(world: World, entry: dict) -> bool:
    """Not deleted; and what was just made is not on every replica yet."""
    young = world.has("slow-directory") and world.now() < entry["stored"] + 20
    return entry["deletedDateTime"] is None and not young


def one(world: World, entries: dict, **key) -> dict:
    ((name, value),) = key.items()
    for entry in entries.values():
        if entry[name] == value and is_there(world, entry):
            return entry
    raise not_found(value)


@router.route("GET", "/applications")
def applications(world: World, request: Request) -> dict:
    entries = [entry for entry in directory(world, request).applications.values() if is_there(world, entry)]
    return {"value": [shown(entry, request) for entry in selected(entries, request.query)]}


@router.route("POST", "/applications")
def create_application(world: World, request: Request) -> Answer:
    return Answer(201, shown(create(world, directory(world, request), request.json(bad)), request))


def create(world: World, tenant: Directory, body: dict, unique_name: str | None = None) -> dict:
    may_register(world)
    # "Deletion and recovery of applications FAQ": 250 objects by a person, those deleted included.
    if world.has("directory-quota"):
        raise error(
            403,
            "Directory_QuotaExceeded",
            "The directory object quota limit for the Principal has been exceeded. Please ask your administrator to "
            "increase the quota limit or delete objects to reduce the used quota.",
        )
    if not body.get("displayName"):
        raise bad("A value is required for property 'displayName' of resource 'Application'.")
    entry = {
        "id": new_id(),
        "appId": new_id(),
        "createdDateTime": world.timestamp(),
        "deletedDateTime": None,
        **copy.deepcopy(DEFAULTS),
        "api": copy.deepcopy(API_DEFAULTS),
    }
    check(world, tenant, entry, {**body, **({"uniqueName": unique_name} if unique_name else {})})
    entry = changed(entry, body)
    entry["uniqueName"] = unique_name or entry["uniqueName"]
    entry["stored"] = world.now()
    tenant.applications[entry["id"]] = entry
    note_scopes(world, entry)
    return entry


def may_register(world: World):
    # Where "users can register applications" is off and there is no role.
    if world.has("forbidden"):
        raise error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def note_scopes(world: World, entry: dict):
    times = entry.setdefault("scopes_stored", {})
    for scope in entry["api"]["oauth2PermissionScopes"]:
        times.setdefault(scope["id"], world.now())


@router.route("PATCH", "/applications(uniqueName='{name}')")
def upsert(world: World, request: Request, name: str) -> Answer:
    """application-upsert: makes it with `Prefer: create-if-missing`, else 404; 201 or 204."""
    tenant = directory(world, request)
    named = [entry for entry in tenant.applications.values() if entry["uniqueName"] == name]
    alive = [entry for entry in named if entry["deletedDateTime"] is None]
    if alive:
        return update(world, tenant, alive[0], request)
    if "create-if-missing" not in request.headers.get("Prefer", ""):
        raise not_found(name)
    # Those that are deleted hold the name: msgraph-bicep-types#137.
    entry = create(world, tenant, request.json(bad), name)
    return Answer(201, shown(entry, request))


def update(world: World, tenant: Directory, entry: dict, request: Request) -> Answer:
    may_register(world)
    # nais/azurerator#448
    if world.take("concurrency"):
        raise error(
            409,
            "Directory_ConcurrencyViolation",
            "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
        )
    change = request.json(bad)
    check(world, tenant, entry, change)
    tenant.applications[entry["id"]] = after = changed(entry, change)
    note_scopes(world, after)
    return Answer(204)


def found(world: World, request: Request, key: str, value: str) -> dict:
    return one(world, directory(world, request).applications, **{key: value})


@router.route("GET", "/applications(uniqueName='{name}')")
def by_unique_name(world, request, name):
    return shown(found(world, request, "uniqueName", name), request)


@router.route("GET", "/applications(appId='{app}')")
def by_app_id(world, request, app):
    return shown(found(world, request, "appId", app), request)


@router.route("GET", "/applications/{id}")
def by_id(world, request, id):
    return shown(found(world, request, "id", id), request)


@router.route("PATCH", "/applications(appId='{app}')")
def change_by_app_id(world, request, app):
    return update(world, directory(world, request), found(world, request, "appId", app), request)


@router.route("PATCH", "/applications/{id}")
def change_by_id(world, request, id):
    return update(world, directory(world, request), found(world, request, "id", id), request)


@router.route("DELETE", "/applications(appId='{app}')")
def delete_by_app_id(world, request, app):
    return delete(world, request, found(world, request, "appId", app))


@router.route("DELETE", "/applications(uniqueName='{name}')")
def delete_by_unique_name(world, request, name):
    return delete(world, request, found(world, request, "uniqueName", name))


@router.route("DELETE", "/applications/{id}")
def delete_by_id(world, request, id):
    return delete(world, request, found(world, request, "id", id))


def delete(world: World, request: Request, entry: dict) -> Answer:
    """application-delete: kept for 30 days; its service principal in this tenant goes with it."""
    may_register(world)
    entry["deletedDateTime"] = world.timestamp()
    for principal in directory(world, request).principals.values():
        if principal["appId"] == entry["appId"] and principal["deletedDateTime"] is None:
            principal["deletedDateTime"] = world.timestamp()
    return Answer(204)


@router.route("GET", "/me")
def me(*_):
    # user-get: a service principal has no /me.
    raise error(400, "BadRequest", "/me request is only valid with delegated authentication flow.")


@router.route("GET", "/organization")
def organization(_world, request):
    return {"value": [{"id": request.tenant, "displayName": "Contoso"}]}
