"""What a resource provider does with a resource that it is told to make: checks it, and fills it in."""

import re

from . import models
from .apps import App
from .arm import REGIONS, error
from .world import Subscription, World, new_id

# "Naming rules and restrictions for Azure resources": the last part of the name.
NAMES = {
    "Microsoft.Web/sites": r"(?=.{2,60}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,60}",
    "Microsoft.Web/sites/config": r"authsettingsV2|appsettings|web",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": r"scm|ftp",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices": r"default",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"(?=.{4,63}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])",
    "Microsoft.Insights/components": r"(?=.{1,260}$)[^%&\\?/]*[^%&\\?/. ]",
    "Microsoft.Authorization/roleAssignments": r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
NO_LOCATION = ("config", "basicPublishingCredentialsPolicies", "blobServices", "containers", "roleAssignments")


def identity_of(group: dict, body: dict) -> str:
    provider, *kinds = body["type"].split("/")
    parts = [f"{kind}/{name}" for kind, name in zip(kinds, body["name"].split("/"))]
    base = body.get("scope") or group["id"]
    return f"{base}/providers/{provider}/{'/'.join(parts)}"


def check(world: World, subscription: str, group: dict, body: dict):
    """What is found before anything is made: ARM's preflight, and each provider's."""
    kind, name = body["type"], body["name"]
    if kind not in NAMES:
        raise error(400, "InvalidResourceType", f"The resource type '{kind}' could not be found.")
    if not re.fullmatch(NAMES[kind], name.split("/")[-1]):
        raise error(400, "InvalidResourceName", f"Resource name {name} is invalid for {kind}: {NAMES[kind]}")
    if unknown := models.unknown(body):
        raise error(400, "InvalidRequestContent", f"Could not find member '{unknown[0]}' on {kind} '{name}'.")
    there = world.subscriptions[subscription].resources.get(identity_of(group, body).lower())
    if kind.split("/")[-1] not in NO_LOCATION:
        location = (body.get("location") or "").replace(" ", "").lower()
        if not location:
            raise error(400, "LocationRequired", f"The location property is required for {name}.")
        if location not in REGIONS:
            message = f"The provided location '{location}' is not available for resource type '{kind}'."
            raise error(400, "LocationNotAvailableForResourceType", message)
        if there and there["location"] != location:
            raise error(
                409,
                "InvalidResourceLocation",
                f"The resource '{name}' already exists in location '{there['location']}' in resource group "
                f"'{group['name']}'. A resource with the same name cannot be created in location '{location}'. "
                "Please select a new resource name.",
            )
    if kind == "Microsoft.Web/serverfarms":
        check_plan(world, body)
    if kind == "Microsoft.Web/sites":
        check_site_name(world, subscription, group, body)


def check_plan(world: World, body: dict):
    if body.get("sku", {}).get("name") != "FC1":
        return
    location = body["location"].replace(" ", "").lower()
    if not REGIONS[location][1]:
        # "az functionapp list-flexconsumption-locations" is the list of those that have it.
        raise error(
            400,
            "BadRequest",
            f"FlexConsumption is not supported in region {REGIONS[location][0]}: Requested features are not supported "
            "in region. Please try another region.",
        )
    if world.has("plan-quota"):
        # The provider's own preflight: azure-quickstart-templates and azure-cli have many reports of it.
        raise error(
            401,
            "SubscriptionIsOverQuotaForSku",
            "This region has quota of 0 instances for your subscription. Try selecting different region or SKU.",
        )


def check_site_name(world: World, subscription: str, group: dict, body: dict):
    app = world.apps.get(body["name"].lower())
    if world.has("name-taken") or app and app.identity.lower() != identity_of(group, body).lower():
        raise error(409, "Conflict", f"Website with given name {body['name']} already exists.")


def put(world: World, subscription: str, group: dict, body: dict) -> dict:
    """Makes or changes it, and gives it as it is kept then."""
    check(world, subscription, group, body)
    of = world.subscriptions[subscription]
    identity = identity_of(group, body)
    key = identity.lower()
    there = of.resources.get(key)
    parent = "/".join(identity.split("/")[:-2]).lower()
    if body["type"].count("/") > 1 and parent not in of.resources:
        raise error(404, "ParentResourceNotFound", f"Failed to perform 'write' on resource {identity}: no parent.")
    made = {"id": identity, "name": body["name"].split("/")[-1], "type": body["type"]}
    made |= {name: value for name, value in body.items() if name not in ("type", "name", "scope")}
    if "location" in made:
        made["location"] = made["location"].replace(" ", "").lower()
    made["properties"] = dict(made.get("properties") or {})
    fill = FILL.get(body["type"])
    if fill:
        fill(world, of, made, there)
    of.resources[key] = made
    if body["type"] == "Microsoft.Insights/components" and not there:
        beside_insights(of, group, made["name"])
    return made


def fill_identity(_world, of, made, there):
    # A new one gets a new principal, also where one of the same name was before.
    kept = there["properties"] if there else {"principalId": new_id(), "clientId": new_id()}
    made["properties"] = {**kept, "tenantId": of.tenant}


def fill_storage(_world, _of, made, _there):
    made["properties"]["primaryEndpoints"] = {
        name: f"https://{made['name']}.{name}.core.windows.net/" for name in ("blob", "queue", "table", "file")
    }
    made["properties"]["provisioningState"] = "Succeeded"


def fill_insights(_world, of, made, there):
    properties = made["properties"]
    if properties.get("WorkspaceResourceId", "").lower() not in of.resources:
        raise error(400, "BadRequest", f"Workspace {properties.get('WorkspaceResourceId')} was not found.")
    key = there["properties"]["InstrumentationKey"] if there else new_id()
    properties["InstrumentationKey"] = key
    properties["ConnectionString"] = f"InstrumentationKey={key};IngestionEndpoint=https://{made['location']}-1.in.ai/"


def beside_insights(of: Subscription, group: dict, name: str):
    """"Smart detection - Failure Anomalies": Azure itself puts an alert rule beside each Application Insights, and
    one action group into the resource group; neither has anybody's tags."""
    for kind, own in [
        ("microsoft.alertsmanagement/smartDetectorAlertRules", f"Failure Anomalies - {name}"),
        ("microsoft.insights/actionGroups", "Application Insights Smart Detection"),
    ]:
        identity = identity_of(group, {"type": kind, "name": own})
        body = {"id": identity, "name": own, "type": kind, "location": "global", "properties": {}}
        of.resources.setdefault(identity.lower(), body)


def fill_role(world: World, of: Subscription, made: dict, there: dict | None):
    properties = made["properties"]
    scope = made["id"].split("/providers/Microsoft.Authorization/")[0]
    if world.has("no-role-rights"):
        raise error(
            403,
            "AuthorizationFailed",
            "The client 'double' with object id 'double' does not have authorization to perform action "
            f"'Microsoft.Authorization/roleAssignments/write' over scope '{made['id']}' or the scope is invalid. If "
            "access was recently granted, please refresh your credentials.",
        )
    if scope.lower() not in of.resources:
        raise error(404, "ResourceNotFound", f"The Resource '{scope}' was not found.")
    wanted = (properties["principalId"], properties["roleDefinitionId"].lower(), scope.lower())
    if there:
        old = there["properties"]
        if (old["principalId"], old["roleDefinitionId"].lower(), old["scope"].lower()) != wanted:
            # "Troubleshoot Azure RBAC": the same name for another principal, as where an identity was made again.
            raise error(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
            )
        made["_since"] = there["_since"]
    else:
        for other in of.resources.values():
            if other["type"] != made["type"]:
                continue
            old = other["properties"]
            if (old["principalId"], old["roleDefinitionId"].lower(), old["scope"].lower()) == wanted:
                raise error(409, "RoleAssignmentExists", "The role assignment already exists.")
        # The deployment's principal is new: without its type, Azure looks for it, in vain ("Troubleshoot Azure RBAC").
        if properties.get("principalType") != "ServicePrincipal":
            raise error(
                400,
                "PrincipalNotFound",
                f"Principal {properties['principalId']} does not exist in the directory {of.tenant}. Check that you "
                "have the correct principal ID. If you are creating this principal and then immediately assigning a "
                "role, this error might be related to a replication delay. In this case, set the role assignment "
                "principalType property to a value, such as ServicePrincipal, User, or Group.",
            )
        made["_since"] = world.now()
    properties["scope"] = scope


def fill_plan(world: World, _of, made, there):
    if made.get("sku", {}).get("name") == "FC1" and not there and world.has("plan-quota-late"):
        # App Service's form of the same, when it is only found out as the plan is made.
        raise error(
            401,
            "Unauthorized",
            "Operation cannot be completed without additional quota. Additional details - Location: "
            f"{REGIONS[made['location']][0]} Current Limit (FlexConsumption VMs): 0 Current Usage: 0 Amount required for "
            "this deployment (FlexConsumption VMs): 1.",
        )
    made["properties"]["provisioningState"] = "Succeeded"


def fill_site(world: World, of: Subscription, made: dict, there: dict | None):
    properties, name = made["properties"], made["name"]
    if not there and world.take("deployment-fails"):
        raise error(500, "InternalServerError", "There was an unexpected InternalServerError. Please try again later.")
    plan = of.resources.get((properties.get("serverFarmId") or "").lower())
    if plan is None:
        raise error(404, "NotFound", f"Server farm with id {properties.get('serverFarmId')} not found.")
    if plan["location"] != made["location"]:
        raise error(400, "BadRequest", "The site and its server farm are in different regions.")
    flex = plan["sku"].get("name") == "FC1"
    if flex and "functionAppConfig" not in properties and not there:
        raise error(400, "BadRequest", "Site.FunctionAppConfig is invalid. It is required for Flex Consumption.")
    for identity in made.get("identity", {}).get("userAssignedIdentities", {}):
        if identity.lower() not in of.resources:
            raise error(400, "BadRequest", f"The identity {identity} was not found.")
        found = of.resources[identity.lower()]["properties"]
        made["identity"]["userAssignedIdentities"][identity] = {
            "principalId": found["principalId"],
            "clientId": found["clientId"],
        }
    # Write-only: a site's answer has neither its app settings nor its configuration.
    config = properties.pop("siteConfig", None) or {}
    settings = {setting["name"]: setting["value"] for setting in config.get("appSettings", [])}
    properties |= {
        "state": "Running",
        "sku": "FlexConsumption" if flex else "Dynamic",
        "reserved": bool(plan["properties"].get("reserved")),
        "defaultHostName": f"{name}.azurewebsites.net",
        "hostNames": [f"{name}.azurewebsites.net"],
        "hostNameSslStates": [
            {"name": f"{name}.azurewebsites.net", "sslState": "Disabled", "hostType": "Standard"},
            {"name": f"{name}.scm.azurewebsites.net", "sslState": "Disabled", "hostType": "Repository"},
        ],
        "enabled": True,
        "siteConfig": None,
    }
    app = world.apps.setdefault(name.lower(), App(made["id"], of))
    app.settings = settings


def fill_config(world: World, of: Subscription, made: dict, _there):
    if made["name"] == "authsettingsV2":
        world.apps[made["id"].split("/")[-3].lower()].configure(made["properties"], world)


FILL = {
    "Microsoft.ManagedIdentity/userAssignedIdentities": fill_identity,
    "Microsoft.Storage/storageAccounts": fill_storage,
    "Microsoft.Insights/components": fill_insights,
    "Microsoft.Authorization/roleAssignments": fill_role,
    "Microsoft.Web/serverfarms": fill_plan,
    "Microsoft.Web/sites": fill_site,
    "Microsoft.Web/sites/config": fill_config,
}


def check_deletable(of: Subscription, key: str):
    resource = of.resources[key]
    if resource["type"] != "Microsoft.Web/serverfarms":
        return
    sites = [other for other in of.resources.values() if other["type"] == "Microsoft.Web/sites"]
    if any(site["properties"]["serverFarmId"].lower() == key for site in sites):
        message = f"Server farm '{resource['name']}' cannot be deleted because it has web app(s) assigned to it."
        raise error(409, "Conflict", message)
