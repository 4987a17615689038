"""Service principals, and the directory's deleted items."""

from .graph import directory, is_there, may_register, one, router, shown
from .graph_rules import bad, error, not_found, selected
from .routing import Request
from .world import Answer, Refused, World, new_id


@router.route("GET", "/servicePrincipals")
def principals(world: World, request: Request) -> dict:
    entries = [entry for entry in directory(world, request).principals.values() if is_there(world, entry)]
    return {"value": [shown(entry, request) for entry in selected(entries, request.query)]}


@router.route("POST", "/servicePrincipals")
def create_principal(world: World, request: Request) -> Answer:
    body = request.json(bad)
    unknown = set(body) - {"appId", "tags", "notes", "accountEnabled", "appRoleAssignmentRequired"}
    if unknown:
        raise bad(f"The property '{sorted(unknown)[0]}' does not exist on type 'microsoft.graph.servicePrincipal'.")
    may_register(world)
    tenant = directory(world, request)
    apps = [app for app in tenant.applications.values() if app["appId"] == body.get("appId") and is_there(world, app)]
    if not apps:
        raise error(
            400,
            "NoBackingApplicationObject",
            f"The appId '{body.get('appId')}' of the service principal does not reference a valid application object.",
        )
    there = [entry for entry in tenant.principals.values() if entry["appId"] == body["appId"]]
    if any(entry["deletedDateTime"] is None for entry in there) or world.take("same-key"):
        raise same_key(body["appId"])
    entry = {
        "id": new_id(),
        "appId": body["appId"],
        "displayName": apps[0]["displayName"],
        "accountEnabled": body.get("accountEnabled", True),
        "appRoleAssignmentRequired": body.get("appRoleAssignmentRequired", False),
        "servicePrincipalNames": [body["appId"], *apps[0]["identifierUris"]],
        "servicePrincipalType": "Application",
        "tags": body.get("tags", []),
        "deletedDateTime": None,
        "stored": world.now(),
    }
    tenant.principals[entry["id"]] = entry
    return Answer(201, shown(entry, request))


def same_key(app: str) -> Refused:
    return error(
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "The service principal cannot be created, updated, or restored because the service principal name "
        f"{app} is already in use.",
    )


@router.route("GET", "/servicePrincipals(appId='{app}')")
def principal_by_app_id(world, request, app):
    return shown(one(world, directory(world, request).principals, appId=app), request)


@router.route("GET", "/servicePrincipals/{id}")
def principal_by_id(world, request, id):
    return shown(one(world, directory(world, request).principals, id=id), request)


@router.route("DELETE", "/servicePrincipals/{id}")
def delete_principal(world, request, id):
    may_register(world)
    one(world, directory(world, request).principals, id=id)["deletedDateTime"] = world.timestamp()
    return Answer(204)


@router.route("DELETE", "/servicePrincipals(appId='{app}')")
def delete_principal_by_app_id(world, request, app):
    may_register(world)
    one(world, directory(world, request).principals, appId=app)["deletedDateTime"] = world.timestamp()
    return Answer(204)


@router.route("GET", "/directory/deletedItems/microsoft.graph.application")
def deleted_applications(world, request):
    entries = [app for app in directory(world, request).applications.values() if app["deletedDateTime"]]
    return {"value": [shown(entry, request) for entry in selected(entries, request.query)]}


@router.route("GET", "/directory/deletedItems/microsoft.graph.servicePrincipal")
def deleted_principals(world, request):
    entries = [entry for entry in directory(world, request).principals.values() if entry["deletedDateTime"]]
    return {"value": [shown(entry, request) for entry in selected(entries, request.query)]}


def item(world: World, request: Request, id: str) -> tuple[dict, dict]:
    """The collection that has this deleted object, and the object."""
    tenant = directory(world, request)
    for entries in (tenant.applications, tenant.principals):
        if id in entries and entries[id]["deletedDateTime"]:
            return entries, entries[id]
    raise not_found(id)


@router.route("GET", "/directory/deletedItems/{id}")
def deleted_item(world, request, id):
    return shown(item(world, request, id)[1], request)


@router.route("POST", "/directory/deletedItems/{id}/restore")
def restore(world, request, id):
    """directory-deleteditems-restore: an application's service principal is not restored with it."""
    may_register(world)
    entries, entry = item(world, request, id)
    alive = [other for other in entries.values() if other["deletedDateTime"] is None]
    if any(other["appId"] == entry["appId"] for other in alive):
        raise same_key(entry["appId"])
    entry["deletedDateTime"] = None
    entry["stored"] = world.now()
    return shown(entry, request)


@router.route("DELETE", "/directory/deletedItems/{id}")
def delete_for_good(world, request, id):
    """directory-deleteditems-delete: only now is the uniqueName free."""
    may_register(world)
    entries, entry = item(world, request, id)
    del entries[entry["id"]]
    return Answer(204)
