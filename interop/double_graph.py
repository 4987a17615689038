"""The double's directory holds Microsoft Graph's rules: each one asked for, without az."""

import contextlib
import json

from azure_double import graph, graph_deleted
from azure_double.routing import Request
from azure_double.sign_in import unsigned
from azure_double.world import TENANT, Answer, Refused, World
from checks import ROOT, check, expect

CLIENT, SCOPE = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
VERSION = "(its rules)"


def ask(world: World, method: str, path: str, body: dict | None = None, **headers) -> Answer:
    """Of the service itself; a refusal is raised."""
    token = unsigned({"aud": "https://graph.microsoft.com", "tid": TENANT})
    content = b"" if body is None else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {token}", **headers}
    return graph.serve(world, Request(method, "graph.microsoft.com", f"/v1.0/{path}", sent, content))


@contextlib.contextmanager
def refused(status: int, code: str, says: str = ""):
    """The block ends by this refusal."""
    try:
        yield
    except Refused as why:
        expect((why.status, why.body["error"]["code"]), (status, code))
        assert says in why.body["error"]["message"], why
    else:
        raise AssertionError(f"it was not refused: {code}")


def made(world: World, name: str = "api", **body) -> dict:
    path = f"applications(uniqueName='{name}')"
    said = ask(world, "PATCH", path, {"displayName": name, **body}, Prefer="create-if-missing")
    expect(said.status, 201)
    return said.body


def scope(**more) -> dict:
    texts = {"adminConsentDisplayName": "Read", "adminConsentDescription": "Reads."}
    return {"id": SCOPE, "value": "Greeting.Read", "type": "User", "isEnabled": True, **texts, **more}


def pre_authorized(*scopes: str) -> list[dict]:
    return [{"appId": CLIENT, "delegatedPermissionIds": list(scopes)}]


def change(world: World, app: dict, **body):
    expect(ask(world, "PATCH", f"applications(appId='{app['appId']}')", body).status, 204)


def now(world: World, app: dict) -> dict:
    return ask(world, "GET", f"applications/{app['id']}").body


@check("The double", "Graph: upsert by uniqueName, soft deletion, restore, deletion for good", lambda: VERSION)
def life_of_an_application():
    world = World()
    with refused(404, "Request_ResourceNotFound"):
        ask(world, "PATCH", "applications(uniqueName='api')", {"displayName": "api"})
    app = made(world)
    expect(app["uniqueName"], "api")
    again = ask(world, "PATCH", "applications(uniqueName='api')", {"displayName": "other"}, Prefer="create-if-missing")
    expect((again.status, now(world, app)["displayName"]), (204, "other"))
    with refused(400, "Request_BadRequest", "displayName"):
        ask(world, "POST", "applications", {})

    principal = ask(world, "POST", "servicePrincipals", {"appId": app["appId"]}).body
    expect(ask(world, "DELETE", f"applications/{app['id']}").status, 204)
    with refused(404, "Request_ResourceNotFound"):
        now(world, app)
    with refused(404, "Request_ResourceNotFound"):
        ask(world, "GET", f"servicePrincipals(appId='{app['appId']}')")
    with refused(404, "Request_ResourceNotFound"):
        ask(world, "PATCH", "applications(uniqueName='api')", {"displayName": "api"})
    # The name is still held.
    with refused(400, "Request_BadRequest", "same value for property uniqueName already exists"):
        made(world)
    deleted = ask(world, "GET", "directory/deletedItems/microsoft.graph.application").body["value"]
    expect([entry["id"] for entry in deleted], [app["id"]])
    expect(ask(world, "POST", f"directory/deletedItems/{app['id']}/restore").status, 200)
    expect(now(world, app)["appId"], app["appId"])
    # Its service principal was not restored with it.
    with refused(404, "Request_ResourceNotFound"):
        ask(world, "GET", f"servicePrincipals(appId='{app['appId']}')")
    expect(ask(world, "POST", f"directory/deletedItems/{principal['id']}/restore").body["appId"], app["appId"])

    ask(world, "DELETE", f"applications(appId='{app['appId']}')")
    expect(ask(world, "DELETE", f"directory/deletedItems/{app['id']}").status, 204)
    assert made(world)["appId"] != app["appId"]
    with refused(404, "Request_ResourceNotFound"):
        ask(world, "POST", f"directory/deletedItems/{app['id']}/restore")


@check("The double", "Graph: pre-authorization against stored scopes, api replaced whole, all or nothing", lambda: VERSION)
def the_api():
    world = World()
    app = made(world)
    both = {"oauth2PermissionScopes": [scope()], "preAuthorizedApplications": pre_authorized(SCOPE)}
    with refused(400, "InvalidValue", "cannot be found in the AppPermissions sets"):
        change(world, app, displayName="half", api=both)
    # All or nothing.
    expect((now(world, app)["displayName"], now(world, app)["api"]["oauth2PermissionScopes"]), ("api", []))
    change(world, app, api={"oauth2PermissionScopes": [scope()], "requestedAccessTokenVersion": 2})
    with refused(400, "CannotDeleteOrUpdateEnabledEntitlement"):
        change(world, app, api={"preAuthorizedApplications": pre_authorized(SCOPE)})
    with refused(400, "CannotDeleteOrUpdateEnabledEntitlement"):
        change(world, app, api={"oauth2PermissionScopes": [scope(value="Other.Read")]})
    with refused(400, "InvalidValue", "duplicate"):
        change(world, app, api={**both, "preAuthorizedApplications": pre_authorized(SCOPE) * 2})
    # Now it is stored; and what api does not name is gone.
    change(world, app, api=both)
    expect(now(world, app)["api"]["requestedAccessTokenVersion"], None)
    # The text of an enabled scope may change.
    change(world, app, api={**both, "oauth2PermissionScopes": [scope(adminConsentDescription="Other.")]})
    change(world, app, api={**both, "oauth2PermissionScopes": [scope(isEnabled=False)]})
    with refused(400, "InvalidValue", "cannot be found"):
        change(world, app, api={"preAuthorizedApplications": pre_authorized(SCOPE)})
    change(world, app, api={})
    expect(now(world, app)["api"]["oauth2PermissionScopes"], [])
    twice = [scope(), scope(id=CLIENT)]
    with refused(400, "InvalidValue", "duplicate"):
        change(world, app, api={"oauth2PermissionScopes": twice})
    role = {"id": CLIENT, "value": "Greeting.Read", "displayName": "x", "description": "x", "isEnabled": True}
    role["allowedMemberTypes"] = ["User"]
    with refused(400, "InvalidValue", "duplicate"):
        change(world, app, api={"oauth2PermissionScopes": [scope()]}, appRoles=[role])
    with refused(400, "InvalidValue", "adminConsentDescription"):
        change(world, app, api={"oauth2PermissionScopes": [scope(adminConsentDescription="")]})


@check("The double", "Graph: unknown names, wrong types, read-only and immutable, URIs", lambda: VERSION)
def what_is_accepted():
    world = World()
    app = made(world)
    for body, says in [
        ({"displayNam": "x"}, "'displayNam'"),
        ({"api": {"scopes": []}}, "'scopes'"),
        ({"api": {"oauth2PermissionScopes": [scope(enabled=True)]}}, "'enabled'"),
        ({"api": {"preAuthorizedApplications": [{"appId": CLIENT, "permissionIds": [SCOPE]}]}}, "'permissionIds'"),
        ({"api": {"preAuthorizedApplications": [{"appId": CLIENT, "delegatedPermissionIds": SCOPE}]}}, "StartArray"),
        ({"api": {"requestedAccessTokenVersion": "2"}}, "requestedAccessTokenVersion"),
        ({"api": {"requestedAccessTokenVersion": True}}, "requestedAccessTokenVersion"),
        ({"api": {"oauth2PermissionScopes": [scope(isEnabled="true")]}}, "Edm.Boolean"),
        ({"api": {"oauth2PermissionScopes": [scope(id="read")]}}, "Edm.Guid"),
        ({"isFallbackPublicClient": "true"}, "isFallbackPublicClient"),
        ({"signInAudience": "Everybody"}, "signInAudience"),
        ({"identifierUris": "api://x"}, "StartArray"),
        ({"appId": CLIENT}, "read-only"),
        ({"uniqueName": "other"}, "immutable"),
        ({"appRoles": [{"id": CLIENT, "origin": "Application"}]}, "read-only"),
    ]:
        with refused(400, "Request_BadRequest", says):
            change(world, app, **body)
    with refused(400, "Request_BadRequest", "JSON"):
        graph.serve(world, broken(f"/v1.0/applications/{app['id']}"))
    with refused(400, "HostNameNotOnVerifiedDomain"):
        change(world, app, identifierUris=["api://greeting"])
    change(world, app, identifierUris=[f"api://{app['appId']}"])
    # The files themselves are accepted, in two steps.
    folder = ROOT / "deploy"
    for file in ("app-registration.json", "client-registration.json"):
        text = (folder / file).read_text().replace("<client-id>", app["appId"]).replace("<cli-client-id>", CLIENT)
        body = json.loads(text)
        del body["appId"]
        clients = body.get("api", {}).pop("preAuthorizedApplications", None)
        change(world, app, **body)
        if clients:
            change(world, app, api={**body["api"], "preAuthorizedApplications": clients})


def broken(target: str) -> Request:
    token = unsigned({"aud": "https://graph.microsoft.com", "tid": TENANT})
    return Request("PATCH", "graph.microsoft.com", target, {"Authorization": f"Bearer {token}"}, b"{")


@check("The double", "Graph: service principals, filters, and each fault by name", lambda: VERSION)
def principals_and_faults():
    world = World()
    app = made(world)
    with refused(400, "NoBackingApplicationObject"):
        ask(world, "POST", "servicePrincipals", {"appId": CLIENT})
    ask(world, "POST", "servicePrincipals", {"appId": app["appId"]})
    with refused(409, "Request_MultipleObjectsWithSameKeyValue"):
        ask(world, "POST", "servicePrincipals", {"appId": app["appId"]})
    for text, many in [(app["appId"], 1), (CLIENT, 0)]:
        found = ask(world, "GET", f"applications?$filter=appId%20eq%20'{text}'").body["value"]
        expect(len(found), many)
        found = ask(world, "GET", f"servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{text}')").body["value"]
        expect(len(found), many)
    with refused(400, "Request_BadRequest", "filter"):
        ask(world, "GET", "applications?$filter=displayName ne 'x'")
    with refused(401, "InvalidAuthenticationToken"):
        graph.serve(world, Request("GET", "graph.microsoft.com", "/v1.0/applications", {}, b""))

    for mode, status, code in [
        ("graph-throttled", 429, "TooManyRequests"),
        ("graph-unavailable", 503, "serviceNotAvailable"),
    ]:
        world.set_modes([mode])
        for _ in range(2):
            with refused(status, code):
                now(world, app)
        now(world, app)
    world.set_modes(["graph-throttled"])
    try:
        now(world, app)
    except Refused as why:
        assert int(why.headers["Retry-After"]) > 0, why.headers
    world.set_modes(["concurrency"])
    with refused(409, "Directory_ConcurrencyViolation"):
        change(world, app, displayName="x")
    change(world, app, displayName="x")
    for mode, status, code in [
        ("forbidden", 403, "Authorization_RequestDenied"),
        ("directory-quota", 403, "Directory_QuotaExceeded"),
        ("service-reference", 400, "ServiceTreeValueMissing"),
    ]:
        world.set_modes([mode])
        with refused(status, code):
            made(world, "another")
    with refused(400, "ServiceTreeValueMissing", "for Update"):
        change(world, app, displayName="y")
    change(world, app, displayName="y", serviceManagementReference="7")

    world.set_modes(["slow-directory"])
    young = made(world, "young")
    with refused(404, "Request_ResourceNotFound"):
        now(world, young)
    world.advance(21)
    now(world, young)
    world.set_modes(["scope-race"])
    change(world, young, api={"oauth2PermissionScopes": [scope()]})
    both = {"oauth2PermissionScopes": [scope()], "preAuthorizedApplications": pre_authorized(SCOPE)}
    with refused(400, "InvalidValue", "cannot be found"):
        change(world, young, api=both)
    world.advance(11)
    change(world, young, api=both)
    world.set_modes(["same-key"])
    with refused(409, "Request_MultipleObjectsWithSameKeyValue"):
        ask(world, "POST", "servicePrincipals", {"appId": young["appId"]})


# Imported for its routes.
assert graph_deleted
