"""azure.yaml, and azd's hooks without azd: the real az before the double of Azure, and a stand-in for
`azd env set` that writes its arguments to a file."""

import re

import yaml
from azd_machine import Machine, machine, write_program
from azure_double import world as azure
from checks import ROOT, check, expect

STAND_IN = """#!/bin/sh
[ "$1 $2" = "env set" ] || exit 1
printf '%s=%s\\n' "$3" "$4" >>"$RECORD"
"""


@check("Azure Developer CLI", "azure.yaml: its hooks, its files", lambda: "(its files)")
def azure_yaml():
    project = yaml.safe_load((ROOT / "azure.yaml").read_text())
    (service,) = project["services"]
    for hook in [*project["hooks"].values(), *project["services"][service]["hooks"].values()]:
        bash, script, *_ = hook["run"].split()
        # azd would look for a file of this name, and run that by sh -c: which a blank in its path breaks.
        expect((bash, hook["shell"]), ("bash", "sh"))
        assert (ROOT / script).exists(), script
    infra = project["infra"]
    assert (ROOT / infra["path"] / f"{infra['module']}.bicep").exists()
    assert f"'azd-service-name': '{service}'" in (ROOT / "deploy" / "main.bicep").read_text()
    # Every id that main.bicep needs is one that a hook gives.
    parameters = (ROOT / "deploy" / "main.parameters.json").read_text()
    register = (ROOT / "deploy" / "azd-register.sh").read_text()
    for name in re.findall(r"\$\{(\w+CLIENT_ID)\}", parameters):
        assert f"azd env set {name} not-registered-yet" in register, name


def hook(person: Machine, script: str, *arguments: str, status: int = 0, **variables: str) -> tuple[str, dict]:
    """What a hook says, and what it sets in azd's environment."""
    record = person.programs / "record"
    record.write_text("")
    given = {"AZURE_ENV_NAME": "dev", "AZURE_SUBSCRIPTION_ID": azure.SUBSCRIPTION, "RECORD": str(record), **variables}
    said = person.run("bash", f"deploy/{script}", *arguments, status=status, **given)
    return said, dict(line.split("=", 1) for line in record.read_text().splitlines())


@check("Azure CLI", "azd's hooks before `up` and `provision`", "azure-cli")
def registration():
    with machine() as person:
        write_program(person.programs / "azd", STAND_IN)
        graph = lambda: person.double.world.writes("graph.microsoft.com")
        _, set_ = hook(person, "azd-register.sh", "--before-up")
        expect(set_, {"API_CLIENT_ID": "not-registered-yet", "CLI_CLIENT_ID": "not-registered-yet"})
        _, set_ = hook(person, "azd-register.sh", "--before-up", API_CLIENT_ID="a", CLI_CLIENT_ID="b")
        expect(set_, {})
        said, _ = hook(person, "azd-register.sh", status=1, AZURE_SUBSCRIPTION_ID="")
        assert f"azd env set AZURE_SUBSCRIPTION_ID {azure.SUBSCRIPTION}; azd env set AZURE_RESOURCE_GROUP rg-dev" in said, said
        said, _ = hook(person, "azd-register.sh", status=1, AZURE_SUBSCRIPTION_ID=azure.OTHER_SUBSCRIPTION)
        assert f"knows no subscription {azure.OTHER_SUBSCRIPTION}" in said and "  fix  az login" in said, said
        said, _ = hook(person, "azd-register.sh", status=1, AZURE_RESOURCE_GROUP="rg", AZURE_LOCATION="West India")
        assert "West India has no Flex Consumption" in said and "  fix  azd env set AZURE_LOCATION" in said, said
        expect(graph(), [])

        _, set_ = hook(person, "azd-register.sh", AZURE_RESOURCE_GROUP="rg", AZURE_LOCATION="West Europe")
        name = set_["GREETING_REGISTRATION"]
        made = {f"greeting-api-{name}": set_["API_CLIENT_ID"], f"greeting-cli-{name}": set_["CLI_CLIENT_ID"]}
        expect(person.registered(), made)
        # Again, and written otherwise: the same place.
        before = len(graph())
        _, again = hook(person, "azd-register.sh", AZURE_RESOURCE_GROUP="RG", AZURE_LOCATION="westeurope",
                        GREETING_REGISTRATION=name)
        expect((again["API_CLIENT_ID"] == set_["API_CLIENT_ID"], len(graph()) - before), (True, 0))


@check("Azure CLI", "azd's hook before `down`: not where something else is in the group", "azure-cli")
def down():
    with machine() as person:
        write_program(person.programs / "azd", STAND_IN)
        known = {"AZURE_RESOURCE_GROUP": "rg", "functionAppName": "greeting-x", "insightsName": "greeting-x-insights"}
        # Nothing was deployed; or the group is gone.
        hook(person, "azd-down.sh")
        hook(person, "azd-down.sh", **known)
        person.run("az", "group", "create", "--name", "rg", "--location", "westeurope")
        hook(person, "azd-down.sh", **known)
        resources = person.double.world.subscriptions[azure.SUBSCRIPTION].resources
        ours, alert, other = (f"Microsoft.ManagedIdentity/userAssignedIdentities/{name}" for name in ("ours", "alert", "other"))
        person.put("rg", ours)
        person.put("rg", alert)
        for key, resource in resources.items():
            if key.endswith("/ours"):
                resource["tags"] = {"greeting-deployment": "greeting-x"}
            else:
                # What Azure itself makes beside an Application Insights; the double does not.
                resource["id"] = resource["id"].replace("/alert", "/Failure Anomalies - greeting-x-insights")
                resource["type"] = "microsoft.alertsmanagement/smartDetectorAlertRules"
        hook(person, "azd-down.sh", **known)
        # The alert rule of another Application Insights: it stays.
        hook(person, "azd-down.sh", status=1, **{**known, "insightsName": "greeting-y-insights"})
        person.put("rg", other)
        said, _ = hook(person, "azd-down.sh", status=1, **known)
        expect(re.findall(r"^  (\S+)  \(", said, re.M), ["other"])
        _, set_ = hook(person, "azd-down.sh", GREETING_DELETE_GROUP="rg", **known)
        expect(set_, {"GREETING_DELETE_GROUP": ""})


@check("Bash", "azd's hooks: the zip on Windows, a function that does not answer", lambda: "(its scripts)")
def package_and_probe():
    with machine() as person:
        write_program(person.programs / "uname", "#!/bin/sh\necho MINGW64_NT-10.0-26100\n")
        write_program(person.programs / "cargo", "#!/bin/sh\n")
        hook(person, "azd-package.sh")
        said, _ = hook(person, "azd-package.sh", "--folder", status=1)
        assert "  fix  azd deploy greeting --from-package target/greeting.zip" in said, said
        # A zip from elsewhere, where nothing can be built.
        (person.clone / "from elsewhere.zip").write_bytes(b"zip")
        (person.programs / "cargo").write_text("#!/bin/sh\nexit 1\n")
        hook(person, "azd-package.sh", GREETING_ZIP="from elsewhere.zip")
        expect((person.clone / "target" / "greeting.zip").read_bytes(), b"zip")
        said, _ = hook(person, "azd-package.sh", status=1, GREETING_ZIP="nowhere.zip")
        assert "there is no file nowhere.zip" in said and "  fix  " in said, said

        said, _ = hook(person, "azd-probe.sh", status=1, greetingUrl="https://nowhere.azurewebsites.net/api/greeting")
        assert "got 404" in said and "greeting-cli doctor https://nowhere." in said, said
        said, _ = hook(person, "azd-probe.sh", status=1)
        assert "  fix  azd provision" in said, said
