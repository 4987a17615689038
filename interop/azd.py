"""The real Azure Developer CLI with azure.yaml, its hooks and main.bicep, before the double of Azure.

No package registry has azd. Where there is none on the PATH and AZD names none, this is skipped by
its name."""

import io
import json
import stat
import zipfile

from azd_machine import AZD, Machine, machine_with_azd, version
from azure_double import world as azure
from checks import check, expect


def deployed(person: Machine):
    """The one function app."""
    (app,) = person.double.world.apps.values()
    return app


def modes(archive) -> dict:
    with zipfile.ZipFile(archive) as opened:
        return {entry.filename: oct(stat.S_IMODE(entry.external_attr >> 16)) for entry in opened.infolist()}


PACKAGE = {"greeting-server": "0o755", "greeting/function.json": "0o644", "host.json": "0o644"}
UP = ("up", "-e", "dev", "--subscription", azure.SUBSCRIPTION, "--location", "westeurope")


@check("Azure Developer CLI", "azd up in a fresh environment, again, provision, deploy, package, down, up", version)
def from_nothing_to_nothing():
    with machine_with_azd() as person:
        said = person.azd(*UP)
        world = person.double.world
        values = person.values()
        api, client = values["API_CLIENT_ID"], values["CLI_CLIENT_ID"]
        expect(values["AZURE_SUBSCRIPTION_ID"], azure.SUBSCRIPTION)
        # The ids of the registrations are those of the deployment.
        expect(sorted(person.registered().values()), sorted([api, client]))
        settings_ = deployed(person).auth
        expect(settings_["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"], api)
        url = values["greetingUrl"]
        assert f"a call without a token gets 401. Call it:\ngreeting-cli call {url}\n" in said, said
        expect(person.run(AZD, "env", "get-value", "greetingUrl", "-e", "dev").strip(), url)
        expect(modes(io.BytesIO(deployed(person).package)), PACKAGE)
        expect(len(deployed(person).deployments), 1)
        expect(said.count("registering in tenant"), 1)

        before = world.state()
        person.azd(*UP)
        expect(world.state(), before)
        assert "registering in tenant" in person.azd("provision")
        expect(world.state(), before)

        # Nothing asks a person, and no hook is run, for a preview.
        asked = len(world.writes("graph.microsoft.com"))
        person.azd("provision", "--preview")
        expect(len(world.writes("graph.microsoft.com")), asked)

        host = person.clone / "host.json"
        changed = json.loads(host.read_text()) | {"functionTimeout": "00:01:00"}
        host.write_text(json.dumps(changed))
        said = person.azd("deploy")
        assert f"greeting-cli call {url}\n" in said, said
        sent = zipfile.ZipFile(io.BytesIO(deployed(person).package))
        expect(json.loads(sent.read("host.json")), changed)
        expect(modes(io.BytesIO(deployed(person).package)), PACKAGE)
        person.azd("package", "--output-path", str(person.clone / "target" / "out.zip"))
        expect(modes(person.clone / "target" / "out.zip"), PACKAGE)

        # Somebody else's, in the same group.
        subscription = world.subscriptions[azure.SUBSCRIPTION]
        person.put("rg-dev", "Microsoft.ManagedIdentity/userAssignedIdentities/other")
        kept = world.state()
        said = person.azd("down", "--force", status=1)
        assert "  other  (Microsoft.ManagedIdentity/" in said and "  fix  " in said, said
        expect(world.state(), kept)
        person.run(AZD, "env", "set", "GREETING_DELETE_GROUP", "rg-dev", "-e", "dev")
        person.azd("down", "--force")
        expect((subscription.groups, subscription.resources), ({}, {}))
        expect(person.values()["GREETING_DELETE_GROUP"], "")
        expect(len(person.registered()), 2)

        # The registrations are found again.
        person.azd(*UP)
        expect(person.values()["API_CLIENT_ID"], api)
        expect(sorted(person.registered().values()), sorted([api, client]))
        person.azd("down", "--force")
        person.run("deploy/remove.sh", "--name", person.values()["GREETING_REGISTRATION"], "--yes")
        expect(person.registered(), {})


@check("Azure Developer CLI", "azd up with az in another tenant: refused, nothing is registered", version)
def another_tenant():
    with machine_with_azd(azure.OTHER_TENANT) as person:
        said = person.azd(*UP, status=1)
        assert azure.OTHER_TENANT in said and "  fix  az login" in said, said
        for tenant in (azure.TENANT, azure.OTHER_TENANT):
            expect(person.registered(tenant), {})
        expect(person.double.world.writes("graph.microsoft.com"), [])
        expect(person.double.world.subscriptions[azure.SUBSCRIPTION].resources, {})


@check("Azure Developer CLI", "azd up in a region without Flex Consumption: refused, nothing is registered", version)
def another_region():
    with machine_with_azd() as person:
        said = person.azd("up", "-e", "dev", "--subscription", azure.SUBSCRIPTION, "--location", "germanynorth", status=1)
        assert "germanynorth has no Flex Consumption" in said and "westeurope" in said, said
        expect(person.registered(), {})
        person.run(AZD, "env", "set", "AZURE_LOCATION", "westeurope", "-e", "dev")
        assert "greeting-cli call https://" in person.azd("up")


@check("Azure Developer CLI", "azd up before the storage role is in force; and where it never is", version)
def storage_role():
    with machine_with_azd() as person:
        world = person.double.world
        world.set_modes(["role-never"])
        said = person.azd(*UP, status=1)
        assert "BlobUploadFailed" in said and "  fix  azd deploy" in said, said
        registrations = person.registered()
        world.set_modes(["role-delay"])
        subscription = world.subscriptions[azure.SUBSCRIPTION]
        for resource in subscription.resources.values():
            if "_since" in resource:
                resource["_since"] = world.now()
        said = person.azd(*UP)
        assert "again in 20 s" in said and "greeting-cli call https://" in said, said
        expect(person.registered(), registrations)


@check("Azure Developer CLI", "environments of any name, and two named dev: a registration each", version)
def names():
    with machine_with_azd() as person:
        seen = {}
        for environment, group in [
            ("dev", "rg-one"),
            ("a_b.(c)", "rg-a_b.(c)"),
            ("_()", "_()"),
            ("e" * 64, f"rg-{'e' * 64}"),
        ]:
            person.run(AZD, "env", "new", environment, "--subscription", azure.SUBSCRIPTION, "--location", "westeurope")
            seen[environment] = registration(person, environment, group)[0]
        # Somebody else's `dev`, for another group.
        seen["another dev"], said = registration(person, "dev", "rg-two")
        assert f"az ad app delete --id {seen['dev']}" in said, said
        expect(len(set(seen.values())), len(seen))
        # The second deployment of one name and group hears that it shares the registration.
        person.run(AZD, "env", "new", "dev2", "--subscription", azure.SUBSCRIPTION, "--location", "westeurope")
        again, said = registration(person, "dev2", "rg-two")
        expect(again, seen["another dev"])
        assert "is registered already" in said, said


def registration(person: Machine, environment: str, group: str) -> tuple[str, str]:
    """The API's client id that an environment has for this group, and what was said."""
    person.run(AZD, "env", "set", "AZURE_RESOURCE_GROUP", group, "-e", environment)
    said = person.azd("hooks", "run", "preprovision", "-e", environment)
    return person.values(environment)["API_CLIENT_ID"], said


@check("Azure Developer CLI", "azd provision before anything is known: what to say first", version)
def provision_first():
    with machine_with_azd() as person:
        person.run(AZD, "env", "new", "dev", "--location", "westeurope")
        said = person.azd("provision", status=1)
        line = next(line for line in said.splitlines() if "azd env set AZURE_SUBSCRIPTION_ID" in line)
        expect(person.registered(), {})
        # The line pastes.
        said = person.run("bash", "-ec", line.removeprefix("  fix  "), AZD_NON_INTERACTIVE="true")
        expect(sorted(person.registered()), sorted(f"greeting-{kind}-{person.values()['GREETING_REGISTRATION']}" for kind in ("api", "cli")))
