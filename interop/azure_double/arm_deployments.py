"""Deployments of a template into a resource group: validated, run, and asked about."""

import copy
import hashlib
import json
import re

from . import provision
from .arm import bad, error, group_of, router
from .arm_resources import shown
from .template import Scope, TemplateWrong, Unknown, known
from .world import Answer, Refused, World, new_id

NESTED = "Microsoft.Resources/deployments"
PATH = "/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.Resources/deployments/{name}"
PROPERTIES = {
    "template", "templateLink", "parameters", "parametersLink", "mode", "debugSetting", "onErrorDeployment",
    "expressionEvaluationOptions", "validationLevel",
}


class Run:
    """One template, in a group. `writes` is whether anything is made: validation makes nothing."""

    def __init__(
        self, world: World, subscription: str, group: dict, name: str, properties: dict, outer: dict | None = None
    ):
        self.world, self.subscription, self.group, self.name = world, subscription, group, name
        self.outputs_of = {} if outer is None else outer
        if unknown := sorted(set(properties) - PROPERTIES):
            raise bad(f"Could not find member '{unknown[0]}' on object of type 'DeploymentContent'.")
        if properties.get("mode") not in ("Incremental", "Complete"):
            raise error(400, "InvalidDeploymentMode", "The deployment mode is not valid.")
        self.template = properties.get("template") or {}
        self.validating = False
        environment = {
            "resourceGroup": {"id": group["id"], "name": group["name"], "location": group["location"]},
            "subscription": {
                "id": f"/subscriptions/{subscription}",
                "subscriptionId": subscription,
                "tenantId": world.subscriptions[subscription].tenant,
            },
            "tenant": {"tenantId": world.subscriptions[subscription].tenant},
            "environment": {
                "name": "AzureCloud",
                "authentication": {"loginEndpoint": "https://login.microsoftonline.com/"},
                "resourceManager": "https://management.azure.com/",
                "suffixes": {"storage": "core.windows.net"},
            },
            "deployment": {"name": name},
        }
        self.scope = Scope(self.template, properties.get("parameters") or {}, environment, self.reference)

    def reference(self, identity: str, full: bool):
        if identity.lower() in self.outputs_of:
            return self.outputs_of[identity.lower()]
        resources = self.world.subscriptions[self.subscription].resources
        if identity.lower() not in resources:
            if self.validating:
                return Unknown()
            raise error(404, "ResourceNotFound", f"The Resource '{identity}' was not found.")
        resource = resources[identity.lower()]
        return shown(resource) if full else resource["properties"]

    def ordered(self) -> list[dict]:
        """By dependsOn. What a template needs and does not have is wrong."""
        entries = self.template.get("resources", [])
        waiting = [entry for entry in entries if self.scope.resolve(entry.get("condition", True))]
        # Names, and what comes first, hold before anything runs.
        named = {}
        for number, entry in enumerate(waiting):
            # A name in a module may come from what is made before it.
            key = f"unknown {number}" if self.is_unknown(entry) else self.identity(entry).lower()
            if key in named:
                raise TemplateWrong(f"The resource '{key}' is defined multiple times in a template.")
            named[key] = entry
        done, order = set(), []
        while named.keys() - done:
            ready = [
                key
                for key, entry in named.items()
                if key not in done and all(need in done or need not in named for need in self.needs(entry, named))
            ]
            if not ready:
                raise TemplateWrong("Circular dependency detected on resource.")
            done |= set(ready)
            order += [named[key] for key in ready]
        return order

    def needs(self, entry: dict, named: dict) -> list[str]:
        found = [self.scope.resolve(need).lower() for need in entry.get("dependsOn", [])]
        for need in found:
            if need not in named:
                raise TemplateWrong(f"The resource '{need}' is not defined in the template.")
        return found

    def is_unknown(self, entry: dict) -> bool:
        return isinstance(self.scope.resolve(entry["name"]), Unknown)

    def identity(self, entry: dict) -> str:
        head = {name: self.scope.resolve(entry[name]) for name in ("type", "name", "scope") if name in entry}
        return provision.identity_of(self.group, head)

    def validate(self):
        self.validating = True
        for entry in self.ordered():
            body = self.body(entry)
            if self.is_unknown(entry):
                continue
            if entry["type"] == NESTED:
                # Given what only a deployment knows, a nested template is not looked into beforehand
                # (arm-template-whatif#157).
                given = (body["properties"].get("parameters") or {}).values()
                if not any(isinstance(of.get("value"), Unknown) for of in given):
                    self.nested(entry, body).validate_inner(self)
                self.outputs_of[self.identity(entry).lower()] = Unknown()
            else:
                provision.check(self.world, self.subscription, self.group, known(body))
        self.validating = False

    def validate_inner(self, outer: "Run"):
        self.outputs_of = outer.outputs_of
        self.validate()

    def nested(self, entry: dict, body: dict) -> "Run":
        check_name(body["name"])
        properties = {**body["properties"], "template": entry["properties"]["template"]}
        return Run(self.world, self.subscription, self.group, body["name"], properties, self.outputs_of)

    def body(self, entry: dict) -> dict:
        if entry["type"] == NESTED:
            inner = {name: value for name, value in entry["properties"].items() if name != "template"}
            entry = {**entry, "properties": inner}
        kept = {name: value for name, value in entry.items() if name not in ("dependsOn", "condition")}
        return self.scope.resolve(copy.deepcopy(kept))

    def run(self) -> tuple[list[str], dict]:
        """The ids of what was made, and the outputs."""
        made = []
        for entry in self.ordered():
            identity, body = self.identity(entry), self.body(entry)
            if entry["type"] == NESTED:
                inner = self.nested(entry, body)
                ids, outputs = inner.run()
                made += ids
                self.outputs_of[identity.lower()] = {"outputs": outputs}
            else:
                provision.put(self.world, self.subscription, self.group, body)
                made.append(identity)
        outputs = {
            name: {"type": rule["type"], "value": self.scope.resolve(rule["value"])}
            for name, rule in self.template.get("outputs", {}).items()
        }
        return made, outputs


def check_name(name: str):
    # "Naming rules and restrictions": 1-64, alphanumerics, underscores, parentheses, hyphens, periods.
    if not re.fullmatch(r"[\w().-]{1,64}", name):
        raise error(
            400,
            "InvalidDeploymentName",
            f"The provided deployment name '{name}' has a length of '{len(name)}' which exceeds the maximum length of "
            "'64', or has invalid characters.",
        )


def started(world: World, request, subscription: str, group: str, name: str) -> Run:
    check_name(name)
    found = group_of(world, subscription, group)
    # az sends the template as its file has it, and its name without quotes: ARM reads that.
    request.body = re.sub(rb", template:\s*(?=\{)", b', "template": ', request.body, count=1)
    body = request.json(bad)
    if unknown := sorted(set(body) - {"properties", "location", "tags"}):
        raise bad(f"Could not find member '{unknown[0]}' on object of type 'DeploymentDefinition'.")
    try:
        return Run(world, subscription, found, name, body["properties"])
    except TemplateWrong as wrong:
        raise invalid(wrong) from None


def invalid(wrong: TemplateWrong) -> Refused:
    return error(400, "InvalidTemplate", f"Deployment template validation failed: '{wrong}'.")


def validated(run: Run):
    try:
        run.validate()
    except TemplateWrong as wrong:
        raise invalid(wrong) from None
    except Refused as refused:
        # What providers find beforehand comes in an envelope of ARM's.
        inner = refused.body["error"]
        if inner["code"] in ("InvalidDeploymentName", "InvalidTemplate"):
            raise
        raise error(
            400,
            "InvalidTemplateDeployment",
            f"The template deployment '{run.name}' is not valid according to the validation procedure. See inner "
            "errors for details.",
            details=[inner],
        ) from None


def body_of(run: Run, state: str, **more) -> dict:
    return {
        "id": f"{run.group['id']}/providers/Microsoft.Resources/deployments/{run.name}",
        "name": run.name,
        "type": NESTED,
        "properties": {
            "provisioningState": state,
            "mode": "Incremental",
            "timestamp": run.world.timestamp(),
            "duration": "PT1S",
            "correlationId": new_id(),
            "templateHash": hashlib.sha256(json.dumps(run.template).encode()).hexdigest()[:16],
            "parameters": {
                name: {"type": run.template["parameters"][name]["type"].capitalize(), "value": value}
                for name, value in run.scope.parameters.items()
            },
            "providers": [],
            "dependencies": [],
            **more,
        },
    }


@router.route("POST", PATH + "/validate")
def validate(world, request, subscription, group, name):
    run = started(world, request, subscription, group, name)
    validated(run)
    return body_of(run, "Succeeded", validatedResources=[])


@router.route("POST", PATH + "/whatIf")
def what_if(world, request, subscription, group, name):
    run = started(world, request, subscription, group, name)
    validated(run)
    return {"status": "Succeeded", "properties": {"correlationId": new_id(), "changes": []}}


@router.route("PUT", PATH)
def deploy(world, request, subscription, group, name):
    run = started(world, request, subscription, group, name)
    validated(run)
    of = world.subscriptions[subscription]
    # "Azure resource providers and types": a template's providers are registered with it.
    for entry in run.template.get("resources", []):
        of.providers.setdefault(entry["type"].split("/")[0], world.now())
    try:
        ids, outputs = run.run()
        made = body_of(run, "Succeeded", outputs=outputs, outputResources=[{"id": identity} for identity in ids])
    except TemplateWrong as wrong:
        made = body_of(run, "Failed", error=failed([{"code": "InvalidTemplate", "message": str(wrong)}]))
    except Refused as refused:
        # What was made before stays.
        made = body_of(run, "Failed", error=failed([refused.body["error"]]))
    key = made["id"].lower()
    of.deployments[key] = made
    url = f"https://management.azure.com{made['id']}/operationStatuses/{new_id()}?api-version=2024-03-01"
    accepted = {**made, "properties": {**made["properties"], "provisioningState": "Accepted", "outputs": None}}
    accepted["properties"].pop("error", None)
    return Answer(201, accepted, {"Azure-AsyncOperation": url, "Retry-After": "1"})


def failed(details: list) -> dict:
    return {
        "code": "DeploymentFailed",
        "message": "At least one resource deployment operation failed. Please list deployment operations for details. "
        "Please see https://aka.ms/arm-deployment-operations for usage details.",
        "details": details,
    }


def find(world: World, subscription: str, group: str, name: str) -> dict:
    found = group_of(world, subscription, group)
    key = f"{found['id']}/providers/{NESTED}/{name}".lower()
    deployments = world.subscriptions[subscription].deployments
    if key not in deployments:
        raise error(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
    return deployments[key]


@router.route("GET", PATH)
def get(world, _request, subscription, group, name):
    return find(world, subscription, group, name)


@router.route("HEAD", PATH)
def exists(world, _request, subscription, group, name):
    find(world, subscription, group, name)
    return Answer(204)


@router.route("DELETE", PATH)
def forget(world, _request, subscription, group, name):
    del world.subscriptions[subscription].deployments[find(world, subscription, group, name)["id"].lower()]
    return Answer(204)


@router.route("GET", "/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.Resources/deployments")
def of_group(world, _request, subscription, group):
    prefix = group_of(world, subscription, group)["id"].lower() + "/"
    deployments = world.subscriptions[subscription].deployments
    return {"value": [made for key, made in deployments.items() if key.startswith(prefix)]}


@router.route("GET", PATH + "/operationStatuses/{operation}")
def status(world, _request, subscription, group, name, operation):
    properties = find(world, subscription, group, name)["properties"]
    more = {"error": properties["error"]} if "error" in properties else {}
    return {"status": properties["provisioningState"], "name": operation, **more}


@router.route("GET", PATH + "/operations")
def operations(world, _request, subscription, group, name):
    made = find(world, subscription, group, name)
    resources = world.subscriptions[subscription].resources
    value = []
    for entry in made["properties"].get("outputResources", []):
        resource = resources[entry["id"].lower()]
        target = {"id": entry["id"], "resourceName": resource["name"], "resourceType": resource["type"]}
        value.append(
            {
                "id": f"{made['id']}/operations/{new_id()}",
                "operationId": new_id(),
                "properties": {
                    "provisioningOperation": "Create",
                    "provisioningState": "Succeeded",
                    "statusCode": "OK",
                    "timestamp": made["properties"]["timestamp"],
                    "duration": "PT1S",
                    "targetResource": target,
                },
            }
        )
    return {"value": value}
