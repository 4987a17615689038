"""The double holds Resource Manager's rules: each one asked for, without az."""

import json

from azure_double import arm, arm_deployments, arm_generic, sites
from azure_double.bicep_compiler import Compiler
from azure_double.routing import Request
from azure_double.sign_in import unsigned
from azure_double.world import OTHER_TENANT, SUBSCRIPTION, TENANT, Answer, Refused, World
from checks import ROOT, check, expect
from double_graph import VERSION, refused

API, CLI = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/group"
NAME = "greeting-contoso"


def sent(method: str, host: str, path: str, body=None, tenant: str = TENANT) -> Request:
    token = unsigned({"aud": "https://management.azure.com", "tid": tenant})
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return Request(method, host, path, {"Authorization": f"Bearer {token}"}, content)


def ask(world: World, method: str, path: str, body: dict | None = None, tenant: str = TENANT) -> Answer:
    mark = "&" if "?" in path else "?"
    request = sent(method, "management.azure.com", f"{path}{mark}api-version=2024-04-01", body, tenant)
    return arm.serve(world, request)


def with_group(location: str = "westeurope") -> World:
    world = World()
    expect(ask(world, "PUT", GROUP, {"location": location}).status, 201)
    return world


def template() -> dict:
    return Compiler(ROOT / "deploy" / "main.bicep").template()


def parameters(**more) -> dict:
    """Those of main.bicep that have no default, and more."""
    given = {"name": NAME, "apiClientId": API, "cliClientId": CLI, "location": "westeurope", **more}
    known = template()["parameters"]
    return {name: {"value": value} for name, value in given.items() if name in known}


def deploy(world: World, name: str = "it", body: dict | None = None, **more) -> dict:
    """The deployment as it ended."""
    properties = body or {"mode": "Incremental", "template": template(), "parameters": parameters(**more)}
    path = f"{GROUP}/providers/Microsoft.Resources/deployments/{name}"
    said = ask(world, "PUT", path, {"properties": properties})
    expect(said.status, 201)
    assert "Azure-AsyncOperation" in said.headers
    return ask(world, "GET", path).body["properties"]


def of_type(world: World, kind: str) -> list[dict]:
    return [of for of in world.subscriptions[SUBSCRIPTION].resources.values() if of["type"] == kind]


def failure(made: dict) -> str:
    expect(made["provisioningState"], "Failed")
    (detail,) = made["error"]["details"]
    return detail["code"]


@check("The double", "ARM: tenants, groups and their place, providers, names, regions", lambda: VERSION)
def the_subscription():
    world = World()
    with refused(401, "InvalidAuthenticationTokenTenant"):
        ask(world, "GET", GROUP, tenant=OTHER_TENANT)
    with refused(404, "SubscriptionNotFound"):
        ask(world, "GET", "/subscriptions/0/resourcegroups")
    with refused(400, "MissingApiVersionParameter"):
        arm.serve(world, sent("GET", "management.azure.com", GROUP))
    with refused(404, "ResourceGroupNotFound"):
        ask(world, "GET", GROUP)
    expect(ask(world, "HEAD", GROUP).status, 404)
    with refused(400, "LocationNotAvailableForResourceGroup"):
        ask(world, "PUT", GROUP, {"location": "atlantis"})
    with refused(400, "InvalidRequestContent"):
        ask(world, "PUT", GROUP, {"locatio": "westeurope"})
    with refused(400, "InvalidResourceGroup"):
        ask(world, "PUT", GROUP + "." * 3, {"location": "westeurope"})
    expect(ask(world, "PUT", GROUP, {"location": "West Europe"}).status, 201)
    expect(ask(world, "PUT", GROUP, {"location": "westeurope"}).status, 200)
    with refused(409, "InvalidResourceGroupLocation"):
        ask(world, "PUT", GROUP, {"location": "northeurope"})

    names = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web/checknameavailability"
    wanted = {"name": NAME, "type": "Microsoft.Web/sites"}
    expect(ask(world, "POST", names, wanted).body["nameAvailable"], True)
    with refused(400, "BadRequest"):
        ask(world, "POST", names, {**wanted, "kind": "x"})
    world.set_modes(["name-taken"])
    expect(ask(world, "POST", names, wanted).body["nameAvailable"], False)
    world.set_modes(["fresh-subscription"])
    with refused(409, "MissingSubscriptionRegistration"):
        ask(world, "POST", names, wanted)
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Web"
    expect(ask(world, "POST", f"{provider}/register").body["registrationState"], "Registering")
    with refused(409, "MissingSubscriptionRegistration"):
        ask(world, "POST", names, wanted)
    world.advance(31)
    expect(ask(world, "GET", provider).body["registrationState"], "Registered")
    expect(ask(world, "POST", names, wanted).body["nameAvailable"], True)
    found = ask(world, "GET", f"{provider}/geoRegions?sku=FlexConsumption").body["value"]
    assert "West Europe" in [of["name"] for of in found] and "Germany North" not in [of["name"] for of in found]
    for mode, status, code in [("arm-throttled", 429, "TooManyRequests"), ("arm-unavailable", 503, "ServerTimeout")]:
        world.set_modes([mode])
        ask(world, "GET", GROUP)
        for _ in range(2):
            with refused(status, code):
                ask(world, "PUT", GROUP, {"location": "westeurope"})
        ask(world, "PUT", GROUP, {"location": "westeurope"})


@check("The double", "ARM: main.bicep whole, twice, and removed", lambda: VERSION)
def a_deployment():
    world = with_group()
    made = deploy(world)
    expect((made["provisioningState"], made.get("error")), ("Succeeded", None))
    expect(made["outputs"]["greetingUrl"]["value"], f"https://{NAME}.azurewebsites.net/api/greeting")
    (site,) = of_type(world, "Microsoft.Web/sites")
    assert site["properties"]["siteConfig"] is None, "a site's answer has no settings"
    settings = world.apps[NAME].auth
    registration = settings["identityProviders"]["azureActiveDirectory"]["registration"]
    expect(registration["openIdIssuer"], f"https://login.microsoftonline.com/{TENANT}/v2.0")
    expect(registration["clientId"], API)
    # The same again changes nothing.
    before = world.state()
    deploy(world)
    expect(world.state(), before)
    listed = ask(world, "GET", f"/subscriptions/{SUBSCRIPTION}/resources?$filter=resourceGroup eq 'group'").body["value"]
    assert {of["type"] for of in listed} >= {"Microsoft.Web/sites", "Microsoft.Storage/storageAccounts"}
    assert not any(of["type"].count("/") > 1 for of in listed)
    # A plan that has an app stays; then group and all.
    (plan,) = of_type(world, "Microsoft.Web/serverfarms")
    with refused(409, "Conflict"):
        ask(world, "DELETE", plan["id"])
    expect(ask(world, "DELETE", site["id"]).status, 200)
    expect(ask(world, "DELETE", site["id"]).status, 204)
    with refused(404, "ResourceNotFound"):
        ask(world, "GET", site["id"])
    expect((ask(world, "DELETE", GROUP).status, world.subscriptions[SUBSCRIPTION].resources, world.apps), (202, {}, {}))


@check("The double", "ARM: what a deployment is refused for, before it makes anything", lambda: VERSION)
def preflight():
    world = with_group()
    for given, says in [
        ({"apiClientId": ""}, "Length of the value"),
        ({"apiClientId": "x" * 37}, "Length of the value"),
        ({"location": 7}, "Expected 'string'"),
    ]:
        with refused(400, "InvalidTemplate", says):
            deploy(world, **given)
    missing = parameters()
    del missing["apiClientId"]
    with refused(400, "InvalidTemplate", "'apiClientId' is not provided"):
        deploy(world, body={"mode": "Incremental", "template": template(), "parameters": missing})
    extra = {**parameters(), "nobody": {"value": 1}}
    with refused(400, "InvalidTemplate", "do not correspond"):
        deploy(world, body={"mode": "Incremental", "template": template(), "parameters": extra})
    with refused(400, "InvalidDeploymentName"):
        deploy(world, "x" * 65)
    with refused(400, "InvalidDeploymentMode"):
        deploy(world, body={"template": {}, "mode": "Twice"})
    for change, code in [
        (lambda of: of["properties"].update(nobody=1), "InvalidRequestContent"),
        (lambda of: of.update(location="atlantis"), "LocationNotAvailableForResourceType"),
        (lambda of: of.pop("location"), "LocationRequired"),
    ]:
        wrong = template()
        (storage,) = [of for of in wrong["resources"] if of["type"] == "Microsoft.Storage/storageAccounts"]
        change(storage)
        expect(inner(world, wrong), code)
    for path, code in [
        ("Microsoft.Storage/storageAccounts/Store_1", "InvalidResourceName"),
        ("Microsoft.OperationalInsights/workspaces/" + "x" * 64, "InvalidResourceName"),
        ("Microsoft.Web/sites/x-", "InvalidResourceName"),
        ("Microsoft.Storage/nobody/x", "InvalidResourceType"),
        ("Microsoft.Nobody/x/y", "InvalidResourceNamespace"),
    ]:
        with refused(404 if "Namespace" in code else 400, code):
            ask(world, "PUT", f"{GROUP}/providers/{path}", {"location": "westeurope"})
    for mode, code in [("plan-quota", "SubscriptionIsOverQuotaForSku"), ("name-taken", "Conflict")]:
        world.set_modes([mode])
        expect(inner(world, template()), code)
    world.set_modes([])
    with refused(400, "InvalidTemplateDeployment"):
        deploy(world, location="germanynorth")
    expect(world.subscriptions[SUBSCRIPTION].resources, {})
    deploy(world)
    with refused(400, "InvalidTemplateDeployment"):
        deploy(world, location="northeurope")


def inner(world: World, wrong: dict) -> str:
    """The code within the envelope; templates whose names are wrong earlier have none."""
    try:
        deploy(world, body={"mode": "Incremental", "template": wrong, "parameters": parameters()})
    except Refused as why:
        error = why.body["error"]
        return error["details"][0]["code"] if "details" in error else error["code"]
    raise AssertionError("it was not refused")


@check("The double", "ARM: roles for principals, an identity made again, what fails half-way", lambda: VERSION)
def roles():
    world = with_group()
    world.set_modes(["plan-quota-late"])
    expect(failure(deploy(world)), "Unauthorized")
    world.set_modes(["no-role-rights"])
    expect(failure(deploy(world)), "AuthorizationFailed")
    assert of_type(world, "Microsoft.Storage/storageAccounts"), "what was made before stays"
    world.set_modes(["deployment-fails"])
    expect(failure(deploy(world)), "InternalServerError")
    expect(deploy(world)["provisioningState"], "Succeeded")

    store = of_type(world, "Microsoft.Storage/storageAccounts")[0]["id"]
    role = next(of for of in of_type(world, "Microsoft.Authorization/roleAssignments") if of["id"].startswith(store))
    other = f"{store}/providers/Microsoft.Authorization/roleAssignments/{API}"
    properties = {key: role["properties"][key] for key in ("principalId", "roleDefinitionId", "principalType")}

    def assign(identity: str, **change):
        entry = {
            "type": "Microsoft.Authorization/roleAssignments",
            "apiVersion": "2022-04-01",
            "scope": store,
            "name": identity.split("/")[-1],
            "properties": {**properties, **change},
        }
        return deploy(world, "role", {"mode": "Incremental", "template": {"resources": [entry]}, "parameters": {}})

    expect(failure(assign(other)), "RoleAssignmentExists")
    expect(failure(assign(role["id"], principalId=CLI)), "RoleAssignmentUpdateNotPermitted")
    expect(failure(assign(other, principalId=CLI, principalType=None)), "PrincipalNotFound")
    expect(assign(other, principalId=CLI)["provisioningState"], "Succeeded")
    # An identity made again is another principal.
    (identity,) = of_type(world, "Microsoft.ManagedIdentity/userAssignedIdentities")
    before = identity["properties"]["principalId"]
    ask(world, "DELETE", identity["id"])
    deploy(world)
    (identity,) = of_type(world, "Microsoft.ManagedIdentity/userAssignedIdentities")
    assert identity["properties"]["principalId"] != before


# Imported for their routes.
assert arm_deployments and arm_generic and sites
