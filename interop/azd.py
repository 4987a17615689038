"""The real Azure Developer CLI with azure.yaml, its hooks and main.bicep, before the double of Azure.

No package registry has azd. Where there is none on the PATH and AZD names none, this is skipped by
its name."""

import contextlib
import dataclasses
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import zipfile

import yaml
from azure_double import environment as client_environment
from azure_double import world as azure
from azure_double.server import running
from checks import ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped, check, expect
from package import fresh_clone

AZD = os.environ.get("AZD") or shutil.which("azd")
GROUP = f"/subscriptions/{azure.SUBSCRIPTION}/resourcegroups/rg-dev"

# The hooks' `cargo run -p greeting-local`, by what interop/run has built; and other lines by cargo itself.
CARGO = """#!/bin/sh
case "$*" in
  *"-p greeting-local -- "*) while [ "$1" != -- ]; do shift; done; shift; exec "$GREETING_LOCAL_BINARY" "$@" ;;
esac
PATH=${PATH#*:} exec cargo "$@"
"""


def version() -> str:
    if not AZD:
        return "(none)"
    return subprocess.check_output([AZD, "version"], text=True, env=settings(pathlib.Path("/nonexistent"))).split()[2]


def settings(folder: pathlib.Path) -> dict:
    """azd keeps everything in this folder, and says nothing home."""
    return {
        **ENVIRONMENT,
        "AZD_CONFIG_DIR": str(folder / "azd"),
        "AZURE_DEV_COLLECT_TELEMETRY": "no",
        "AZD_SKIP_UPDATE_CHECK": "true",
        "NO_COLOR": "1",
    }


@dataclasses.dataclass
class Machine:
    """A person's machine: a clone, az and azd, both signed in."""

    double: object
    clone: pathlib.Path
    environment: dict

    def run(self, *command: str, status: int = 0, **more: str) -> str:
        done = subprocess.run(
            command, env={**self.environment, **more}, cwd=self.clone, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE * 2, check=False,
        )
        if os.environ.get("SHOW"):
            print(f"$ {' '.join(map(str, command))}\n{done.stdout}\n[{done.returncode}]\n", flush=True)
        assert done.returncode == status, f"{command}: ended with {done.returncode}\n{done.stdout}"
        return done.stdout

    def azd(self, *arguments: str, status: int = 0) -> str:
        return self.run(AZD, *arguments, "--no-prompt", status=status)

    def values(self, environment: str = "dev") -> dict:
        return json.loads(self.run(AZD, "env", "get-values", "--output", "json", "-e", environment))


@contextlib.contextmanager
def machine(tenant: str = azure.TENANT):
    """az is signed in to this tenant; azd to the one that is deployed to."""
    if not AZD:
        raise Skipped("no azd on the PATH, and none named by AZD")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with running(folder) as double:
            # A person's path may have a blank in it. It is the same one each time, for cargo's sake.
            clone = fresh_clone("azd clone")
            programs = folder / "programs"
            programs.mkdir()
            write_program(programs / "cargo", CARGO)
            # The double's own programs, `sleep` and `bicep`, come before what this machine has.
            variables = client_environment.write(double)
            paths = [programs, pathlib.Path(AZD).parent, variables["PATH"]]
            environment = {
                **settings(folder),
                **variables,
                "GREETING_LOCAL_BINARY": str(LOCAL),
                "CARGO_TARGET_DIR": str(ROOT / "target" / "clones" / f"{clone.name}-target"),
                "PATH": os.pathsep.join(map(str, paths)),
            }
            person = Machine(double, clone, environment)
            person.run("az", "login", "--service-principal", "--username", azure.CLIENT, "--password", "x",
                       "--tenant", tenant)
            person.run(AZD, "auth", "login", "--client-id", azure.CLIENT, "--client-secret", "x",
                       "--tenant-id", azure.TENANT)
            yield person


def write_program(path: pathlib.Path, text: str):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def registered(person: Machine, tenant: str = azure.TENANT) -> dict:
    """Client id by unique name."""
    applications = person.double.world.directories[tenant].applications.values()
    return {app["uniqueName"]: app["appId"] for app in applications}


def deployed(person: Machine):
    """The one function app."""
    (app,) = person.double.world.apps.values()
    return app


def modes(archive) -> dict:
    with zipfile.ZipFile(archive) as opened:
        return {entry.filename: oct(stat.S_IMODE(entry.external_attr >> 16)) for entry in opened.infolist()}


PACKAGE = {"greeting-server": "0o755", "greeting/function.json": "0o644", "host.json": "0o644"}
UP = ("up", "-e", "dev", "--subscription", azure.SUBSCRIPTION, "--location", "westeurope")


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


@check("Azure Developer CLI", "azd up in a fresh environment, again, provision, deploy, package, down, up", version)
def from_nothing_to_nothing():
    with machine() as person:
        said = person.azd(*UP)
        world = person.double.world
        values = person.values()
        api, client = values["API_CLIENT_ID"], values["CLI_CLIENT_ID"]
        expect(values["AZURE_SUBSCRIPTION_ID"], azure.SUBSCRIPTION)
        # The ids of the registrations are those of the deployment.
        expect(sorted(registered(person).values()), sorted([api, client]))
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
        put(person, "Microsoft.ManagedIdentity/userAssignedIdentities/other")
        kept = world.state()
        said = person.azd("down", "--force", status=1)
        assert "  other  (Microsoft.ManagedIdentity/" in said and "  fix  " in said, said
        expect(world.state(), kept)
        person.run(AZD, "env", "set", "GREETING_DELETE_GROUP", "rg-dev", "-e", "dev")
        person.azd("down", "--force")
        expect((subscription.groups, subscription.resources), ({}, {}))
        expect(len(registered(person)), 2)

        # The registrations are found again.
        person.azd(*UP)
        expect(person.values()["API_CLIENT_ID"], api)
        expect(sorted(registered(person).values()), sorted([api, client]))
        person.azd("down", "--force")
        person.run("deploy/remove.sh", "--name", person.values()["GREETING_REGISTRATION"], "--yes")
        left = world.directories[azure.TENANT].applications.values()
        expect([app["uniqueName"] for app in left if app["deletedDateTime"] is None], [])


def put(person: Machine, resource: str):
    url = f"https://management.azure.com{GROUP}/providers/{resource}?api-version=2023-01-31"
    person.run("az", "rest", "--method", "put", "--url", url, "--body", '{"location": "westeurope"}')


@check("Azure Developer CLI", "azd up with az in another tenant: refused, nothing is registered", version)
def another_tenant():
    with machine(azure.OTHER_TENANT) as person:
        said = person.azd(*UP, status=1)
        assert azure.OTHER_TENANT in said and "  fix  az login" in said, said
        for tenant in (azure.TENANT, azure.OTHER_TENANT):
            expect(registered(person, tenant), {})
        expect(person.double.world.writes("graph.microsoft.com"), [])
        expect(person.double.world.subscriptions[azure.SUBSCRIPTION].resources, {})


@check("Azure Developer CLI", "azd up in a region without Flex Consumption: refused, nothing is registered", version)
def another_region():
    with machine() as person:
        said = person.azd("up", "-e", "dev", "--subscription", azure.SUBSCRIPTION, "--location", "germanynorth", status=1)
        assert "germanynorth has no Flex Consumption" in said and "westeurope" in said, said
        expect(registered(person), {})
        person.run(AZD, "env", "set", "AZURE_LOCATION", "westeurope", "-e", "dev")
        assert "greeting-cli call https://" in person.azd("up")


@check("Azure Developer CLI", "azd up before the storage role is in force; and where it never is", version)
def storage_role():
    with machine() as person:
        world = person.double.world
        world.set_modes(["role-never"])
        said = person.azd(*UP, status=1)
        assert "BlobUploadFailed" in said and "  fix  azd deploy" in said, said
        registrations = registered(person)
        world.set_modes(["role-delay"])
        subscription = world.subscriptions[azure.SUBSCRIPTION]
        for resource in subscription.resources.values():
            if "_since" in resource:
                resource["_since"] = world.now()
        said = person.azd(*UP)
        assert "again in 20 s" in said and "greeting-cli call https://" in said, said
        expect(registered(person), registrations)


@check("Azure Developer CLI", "environments of any name, and two named dev: a registration each", version)
def names():
    with machine() as person:
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
        # Who comes second to a place is told that it is shared.
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
    with machine() as person:
        person.run(AZD, "env", "new", "dev", "--location", "westeurope")
        said = person.azd("provision", status=1)
        line = next(line for line in said.splitlines() if "azd env set AZURE_SUBSCRIPTION_ID" in line)
        expect(registered(person), {})
        # The line pastes.
        said = person.run("bash", "-ec", line.removeprefix("  fix  "), AZD_NON_INTERACTIVE="true")
        expect(sorted(registered(person)), sorted(f"greeting-{kind}-{person.values()['GREETING_REGISTRATION']}" for kind in ("api", "cli")))
