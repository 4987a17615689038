"""deploy/*.bicep, parsed; their resources and deploy/authsettingsV2.json against the Azure SDK's own models."""

import importlib
import json
import pathlib
import re

from pycep import BicepParser

from checks import ROOT, check, expect

DEPLOY = ROOT / "deploy"
# Resource type: the SDK's package and model of what is sent for it.
MODELS = {
    "Microsoft.Web/sites": ("web", "Site"),
    "Microsoft.Web/serverfarms": ("web", "AppServicePlan"),
    "Microsoft.Web/sites/config": ("web", "SiteAuthSettingsV2"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": ("web", "CsmPublishingCredentialsPoliciesEntity"),
    "Microsoft.Storage/storageAccounts": ("storage", "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": ("storage", "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("storage", "BlobContainer"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("msi", "Identity"),
    "Microsoft.Authorization/roleAssignments": ("authorization", "RoleAssignmentCreateParameters"),
    "Microsoft.OperationalInsights/workspaces": ("loganalytics", "Workspace"),
    "Microsoft.Insights/components": ("applicationinsights.v2020_02_02_preview", "ApplicationInsightsComponent"),
}
# Of the API version that main.bicep names, 2020-02-02; the SDK stops at its preview.
NEWER = {"insights.properties.DisableLocalAuth"}
# Bicep's own, of every resource.
BICEP = {"name", "parent", "scope", "dependsOn"}


def parse(path: pathlib.Path = DEPLOY / "main.bicep") -> dict:
    return BicepParser().parse(file_path=path)


def model(package: str, name: str):
    return getattr(importlib.import_module(f"azure.mgmt.{package}.models"), name)


def fields(cls) -> dict:
    """What a model sends: JSON name to the nested fields, or to None where anything may follow."""
    known = {}
    if hasattr(cls, "_attribute_map"):  # the SDK's older models: one flat map of dotted names
        module = importlib.import_module(cls.__module__.rsplit(".", 1)[0])
        for entry in cls._attribute_map.values():
            *parents, last = re.split(r"(?<!\\)\.", entry["key"])
            at = known
            for parent in parents:
                at = at.setdefault(parent, {})
            nested = getattr(module, entry["type"].strip("[]"), None)
            at[last] = fields(nested) if hasattr(nested, "_attribute_map") else None
        return known
    module = importlib.import_module(cls.__module__.rsplit(".", 1)[0])
    cls()  # its first instance fills _attr_to_rest_field
    for base in cls.__mro__:
        for attribute, kind in vars(base).get("__annotations__", {}).items():
            if attribute.startswith("_"):
                continue
            field = cls._attr_to_rest_field[attribute]
            name = re.search(r"_models\.(\w+)", str(kind))
            nested = getattr(module, name.group(1), None) if name else None
            is_model = hasattr(nested, "_is_model") and "dict[" not in str(kind).lower()
            known.setdefault(field._rest_name, fields(nested) if is_model else None)
    return known


def unknown(value, known: dict | None, path: str) -> list[str]:
    """The properties in `value` that `known` does not have."""
    if known is None or not isinstance(value, (dict, list)):
        return []
    if isinstance(value, list):
        return [name for item in value for name in unknown(item, known, path)]
    if {"function", "operator"} & value.keys():  # computed
        return []
    found = []
    for name, member in value.items():
        if name not in known:
            found.append(f"{path}.{name}")
        else:
            found += unknown(member, known[name], f"{path}.{name}")
    return found


@check("Bicep parser", "deploy/*.bicep: syntax, names, the SDK's models", "pycep-parser")
def bicep_files():
    for path in sorted(DEPLOY.glob("*.bicep")):
        tree = parse(path)
        parts = ("parameters", "variables", "resources", "modules")
        declared = {name for part in parts for name in tree.get(part, {})}
        for name, resource in tree["resources"].items():
            config = {key: value for key, value in resource["config"].items() if key not in BICEP}
            if resource["type"] == "Microsoft.Web/sites/config":
                # Its properties are the file's, whole.
                expect(config["properties"], "authSettings")
                continue
            found = unknown(config, fields(model(*MODELS[resource["type"]])), name)
            expect([path for path in found if path not in NEWER], [])
            for other in resource["config"].get("dependsOn", []):
                assert other in declared, f"{name}: there is no {other}"
            for key in ("parent", "scope"):
                if key in resource["config"]:
                    assert resource["config"][key] in tree["resources"], f"{name}: {key}"
        for module in tree.get("modules", {}).values():
            expect(set(module["config"]["params"]), set(parse(DEPLOY / module["detail"]["path"])["parameters"]))
        for base in re.findall(r"\b([a-z]\w*)\.(?:id|properties|name)\b", path.read_text()):
            assert base in declared, f"{path.name}: there is no {base}"
    # The checks can fail: a name that Azure does not have is found.
    wrong = {"properties": {"functionAppConfig": {"runtime": {"nme": "custom"}}}}
    expect(unknown(wrong, fields(model("web", "Site")), "app"), ["app.properties.functionAppConfig.runtime.nme"])


@check("Bicep parser", "deploy/main.bicep: no key, no secret, least privilege", "pycep-parser")
def without_secrets():
    tree = parse()
    properties = {name: resource["config"].get("properties") for name, resource in tree["resources"].items()}
    expect(properties["storage"]["allowSharedKeyAccess"], False)
    expect(properties["storage"]["allowBlobPublicAccess"], False)
    expect(properties["insights"]["DisableLocalAuth"], True)
    expect(properties["app"]["httpsOnly"], True)
    expect([properties[name] for name in ("basicScm", "basicFtp")], [{"allow": False}] * 2)
    storage = properties["app"]["functionAppConfig"]["deployment"]["storage"]
    expect(storage["authentication"]["type"], "UserAssignedIdentity")
    # A role is given on one resource, never on the group.
    resources = [resource for path in DEPLOY.glob("*.bicep") for resource in parse(path)["resources"].values()]
    roles = [resource["config"] for resource in resources if resource["type"].endswith("/roleAssignments")]
    expect(sorted(role["scope"] for role in roles), ["insights", "storage"])
    text = (DEPLOY / "main.bicep").read_text()
    for word in ("listKeys", "AccountKey", "@secure", "InstrumentationKey", "clientSecret"):
        assert word not in text, word
    parameters = json.loads((DEPLOY / "main.parameters.json").read_text())["parameters"]
    expect(set(parameters) - set(tree["parameters"]), set())
    missing = {name for name, of in tree["parameters"].items() if "default" not in of}
    expect(missing - set(parameters), set())


@check("Azure SDK", "deploy/authsettingsV2.json: every property is one of Azure's", "azure-mgmt-web")
def auth_settings():
    text = (DEPLOY / "authsettingsV2.json").read_text()
    settings = json.loads(text)
    known = fields(model("web", "SiteAuthSettingsV2"))["properties"]
    expect(unknown(settings, known, ""), [])
    expect(unknown({"globalValidation": {"requireAuth": True}}, known, ""), [".globalValidation.requireAuth"])
    # main.bicep fills each placeholder that the file has, and no other.
    bicep = (DEPLOY / "main.bicep").read_text()
    assert "loadJsonContent('authsettingsV2.json')" in bicep
    expect(set(re.findall(r"'(<[a-z-]+>)'", bicep)), set(re.findall(r"<[a-z-]+>", text)))
