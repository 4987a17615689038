"""Azure Resource Manager: subscriptions, regions, resource providers, resource groups, free names."""

import re

from . import sign_in
from .routing import Request, Router, answer
from .world import Answer, Refused, Subscription, World, new_id

router = Router()
AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")
# Some regions, and whether they have Flex Consumption.
REGIONS = {
    "westeurope": ("West Europe", True),
    "northeurope": ("North Europe", True),
    "eastus": ("East US", True),
    "swedencentral": ("Sweden Central", True),
    "germanynorth": ("Germany North", False),
    "westindia": ("West India", False),
}
PROVIDERS = {
    "Microsoft.Web": ["sites", "sites/config", "serverfarms"],
    "Microsoft.App": ["managedEnvironments"],
    "Microsoft.Storage": ["storageAccounts", "storageAccounts/blobServices", "storageAccounts/blobServices/containers"],
    "Microsoft.ManagedIdentity": ["userAssignedIdentities"],
    "Microsoft.OperationalInsights": ["workspaces"],
    "Microsoft.Insights": ["components", "actionGroups"],
    "Microsoft.AlertsManagement": ["smartDetectorAlertRules"],
    "Microsoft.Authorization": ["roleAssignments", "roleDefinitions", "locks"],
    "Microsoft.Resources": ["deployments", "resourceGroups", "tags"],
}
# Registered in each subscription, always: "Azure resource providers and types".
ALWAYS_REGISTERED = ("Microsoft.Authorization", "Microsoft.Resources")
GROUP_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")


def error(status: int, code: str, message: str, headers: dict | None = None, **more) -> Refused:
    return Refused(status, {"error": {"code": code, "message": message, **more}}, headers)


def bad(message: str) -> Refused:
    return error(400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: {message}")


def serve(world: World, request: Request) -> Answer:
    refuse = lambda why: error(401, "AuthenticationFailed", f"Authentication failed: {why}")
    request.tenant = sign_in.read(request, AUDIENCES, refuse)
    if "api-version" not in request.query:
        raise error(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if request.method not in ("GET", "HEAD"):
        # "Understand how Azure Resource Manager throttles requests".
        if world.take("arm-throttled"):
            message = "The request is being throttled as the limit has been reached for operation type - Write."
            raise error(429, "TooManyRequests", message, {"Retry-After": "15"})
        if world.take("arm-unavailable"):
            raise error(503, "ServerTimeout", "The request timed out.")
    found = router.find(request)
    if found is None:
        raise error(404, "InvalidResourceType", f"The double plays no {request.method} {request.path}")
    _, arguments = found
    if "subscription" in arguments:
        check_subscription(world, request, arguments["subscription"])
    return answer(found, world, request)


def check_subscription(world: World, request: Request, name: str):
    if name not in world.subscriptions:
        raise error(404, "SubscriptionNotFound", f"The subscription '{name}' could not be found.")
    tenant = world.subscriptions[name].tenant
    if tenant != request.tenant:
        raise error(
            401,
            "InvalidAuthenticationTokenTenant",
            f"The access token is from the wrong issuer 'https://sts.windows.net/{request.tenant}/'. It must match the "
            f"tenant 'https://sts.windows.net/{tenant}/' associated with this subscription.",
        )


@router.route("GET", "/tenants")
def tenants(_world, request):
    return {"value": [{"id": f"/tenants/{request.tenant}", "tenantId": request.tenant, "displayName": "Contoso"}]}


def subscription_body(world: World, name: str) -> dict:
    return {
        "id": f"/subscriptions/{name}",
        "subscriptionId": name,
        "tenantId": world.subscriptions[name].tenant,
        "displayName": "Double",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
    }


@router.route("GET", "/subscriptions")
def subscriptions(world, request):
    names = [name for name, of in world.subscriptions.items() if of.tenant == request.tenant]
    return {"value": [subscription_body(world, name) for name in names]}


@router.route("GET", "/subscriptions/{subscription}")
def one_subscription(world, _request, subscription):
    return subscription_body(world, subscription)


@router.route("GET", "/subscriptions/{subscription}/locations")
def locations(_world, _request, subscription):
    value = [
        {
            "id": f"/subscriptions/{subscription}/locations/{name}",
            "name": name,
            "displayName": display,
            "regionalDisplayName": display,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended", "geographyGroup": "Europe"},
        }
        for name, (display, _) in REGIONS.items()
    ]
    return {"value": value}


# Resource providers.


def registration(world: World, of: Subscription, namespace: str) -> str:
    """"Azure resource providers and types": a new subscription has nearly none registered."""
    if namespace in ALWAYS_REGISTERED or not world.has("fresh-subscription"):
        return "Registered"
    since = of.providers.get(namespace)
    if since is None:
        return "NotRegistered"
    return "Registered" if world.now() >= since + 30 else "Registering"


def check_registered(world: World, subscription: str, namespace: str):
    """"Resolve errors for resource provider registration": what calls a provider itself needs it registered."""
    if registration(world, world.subscriptions[subscription], namespace) != "Registered":
        raise error(
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions.",
        )


def namespace_of(name: str) -> str:
    for known in PROVIDERS:
        if known.lower() == name.lower():
            return known
    raise error(404, "InvalidResourceNamespace", f"The resource namespace '{name}' is invalid.")


def provider_body(world: World, subscription: str, namespace: str) -> dict:
    regions = [display for display, _ in REGIONS.values()]
    versions = ["2024-04-01", "2023-12-01", "2023-09-01", "2023-05-01", "2023-01-31", "2022-04-01", "2020-02-02"]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": registration(world, world.subscriptions[subscription], namespace),
        "resourceTypes": [
            {"resourceType": kind, "locations": regions, "apiVersions": versions, "defaultApiVersion": versions[0]}
            for kind in PROVIDERS[namespace]
        ],
    }


@router.route("GET", "/subscriptions/{subscription}/providers")
def providers(world, _request, subscription):
    return {"value": [provider_body(world, subscription, namespace) for namespace in PROVIDERS]}


@router.route("GET", "/subscriptions/{subscription}/providers/{namespace}")
def provider(world, _request, subscription, namespace):
    return provider_body(world, subscription, namespace_of(namespace))


@router.route("POST", "/subscriptions/{subscription}/providers/{namespace}/register")
def register(world, _request, subscription, namespace):
    known = namespace_of(namespace)
    world.subscriptions[subscription].providers.setdefault(known, world.now())
    return provider_body(world, subscription, known)


# Microsoft.Web, of the whole subscription.


@router.route("POST", "/subscriptions/{subscription}/providers/Microsoft.Web/checknameavailability")
def check_name(world, request, subscription):
    check_registered(world, subscription, "Microsoft.Web")
    body = request.json(bad)
    unknown = set(body) - {"name", "type", "isFqdn", "environmentId"}
    if unknown or body.get("type") not in ("Microsoft.Web/sites", "Site", "Microsoft.Web/sites/slots"):
        raise error(400, "BadRequest", f"The parameter type has an invalid value, or unknown: {sorted(unknown)}")
    if world.has("name-taken") or body["name"].lower() in world.apps:
        message = f"Hostname '{body['name']}' already exists. Please select a different name."
        return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
    return {"nameAvailable": True, "reason": "", "message": ""}


@router.route("GET", "/subscriptions/{subscription}/providers/Microsoft.Web/geoRegions")
def geo_regions(world, request, subscription):
    check_registered(world, subscription, "Microsoft.Web")
    only_flex = request.query.get("sku", "").lower() == "flexconsumption"
    shown = [display for display, flex in REGIONS.values() if flex or not only_flex]
    value = [
        {
            "id": f"/subscriptions/{subscription}/providers/Microsoft.Web/geoRegions/{display}",
            "name": display,
            "type": "Microsoft.Web/geoRegions",
            "properties": {"name": display, "displayName": display, "orgDomain": "PUBLIC;FLEXCONSUMPTION"},
        }
        for display in shown
    ]
    return {"value": value}


# Resource groups.


def group_of(world: World, subscription: str, name: str) -> dict:
    groups = world.subscriptions[subscription].groups
    if name.lower() not in groups:
        raise error(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")
    return groups[name.lower()]


def region(name: str) -> str:
    folded = name.replace(" ", "").lower()
    if folded not in REGIONS:
        raise error(
            400,
            "LocationNotAvailableForResourceGroup",
            f"The provided location '{name}' is not available for resource group. List of available regions is "
            f"'{','.join(REGIONS)}'.",
        )
    return folded


@router.route("GET", "/subscriptions/{subscription}/resourcegroups")
def groups(world, _request, subscription):
    return {"value": list(world.subscriptions[subscription].groups.values())}


@router.route("GET", "/subscriptions/{subscription}/resourcegroups/{group}")
def group(world, _request, subscription, group):
    return group_of(world, subscription, group)


@router.route("HEAD", "/subscriptions/{subscription}/resourcegroups/{group}")
def group_exists(world, _request, subscription, group):
    return Answer(204 if group.lower() in world.subscriptions[subscription].groups else 404)


@router.route("PUT", "/subscriptions/{subscription}/resourcegroups/{group}")
def create_group(world, request, subscription, group):
    body = request.json(bad)
    if unknown := sorted(set(body) - {"location", "tags", "managedBy", "properties", "id", "name", "type"}):
        raise bad(f"Could not find member '{unknown[0]}' on object of type 'ResourceGroupDefinition'.")
    if not GROUP_NAME.fullmatch(group):
        raise error(400, "InvalidResourceGroup", f"The provided resource group name '{group}' is not valid.")
    place = region(body.get("location") or "")
    known = world.subscriptions[subscription].groups
    there = known.get(group.lower())
    if there and there["location"] != place:
        # "Resolve errors for invalid location": a group stays where it was made.
        raise error(
            409,
            "InvalidResourceGroupLocation",
            f"Invalid resource group location '{place}'. The Resource group already exists in location "
            f"'{there['location']}'.",
        )
    known[group.lower()] = {
        "id": f"/subscriptions/{subscription}/resourceGroups/{there['name'] if there else group}",
        "name": there["name"] if there else group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": place,
        "tags": body.get("tags") or (there or {}).get("tags", {}),
        "properties": {"provisioningState": "Succeeded"},
    }
    return Answer(200 if there else 201, known[group.lower()])


def remove(world: World, of: Subscription, key: str):
    """A resource, with its children and what is assigned on it."""
    for child in [child for child in of.resources if child.startswith(key + "/")]:
        del of.resources[child]
    gone = of.resources.pop(key, None)
    if gone and gone["type"].lower() == "microsoft.web/sites":
        del world.apps[gone["name"].lower()]


@router.route("DELETE", "/subscriptions/{subscription}/resourcegroups/{group}")
def delete_group(world, _request, subscription, group):
    """With all that is in it."""
    of = world.subscriptions[subscription]
    identity = group_of(world, subscription, group)["id"].lower()
    for key in [key for key in of.resources if key.startswith(identity + "/")]:
        remove(world, of, key)
    del of.groups[group.lower()]
    for key in [key for key in of.deployments if key.startswith(identity + "/")]:
        del of.deployments[key]
    return accepted(subscription)


def accepted(subscription: str) -> Answer:
    """202, and where its end is to be asked for: "Track asynchronous Azure operations"."""
    url = f"https://management.azure.com/subscriptions/{subscription}/operationresults/{new_id()}?api-version=2020-06-01"
    return Answer(202, None, {"Location": url, "Retry-After": "1"})


@router.route("GET", "/subscriptions/{subscription}/operationresults/{operation}")
def operation_result(*_, **__):
    return Answer(200)
