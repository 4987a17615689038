"""deploy/'s scripts, run by the real az against the double of Azure: what they make, change, keep and say."""

import atexit
import contextlib
import dataclasses
import functools
import json
import pathlib
import subprocess
import tempfile
import zipfile

from azure_double import environment, server
from azure_double.modes import MODES
from azure_double.world import CLIENT, OTHER_TENANT, SUBSCRIPTION, TENANT, World
from checks import ENVIRONMENT, PATIENCE, ROOT, check, expect

NAME = "greeting-contoso"
CALL = f"greeting-cli call https://{NAME}.azurewebsites.net/api/greeting"
# az asks for it when it signs in; what for is not known, and the answer is not needed.
NOT_NEEDED = {"azcliprod.blob.core.windows.net"}


@functools.cache
def loaded_az() -> pathlib.Path:
    """One for all rows; it ends with this process."""
    stack = contextlib.ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    socket = stack.enter_context(environment.az_kept_loaded(pathlib.Path(folder) / "az.socket"))
    atexit.register(stack.close)
    return socket


@dataclasses.dataclass
class Ended:
    status: int
    out: str
    err: str


class Azure:
    """A double, somebody who is signed in to it, and a zip."""

    def __init__(self, world: World, variables: dict, folder: pathlib.Path):
        self.world, self.folder = world, folder
        self.environment = {**ENVIRONMENT, **variables}
        self.zip = folder / "greeting.zip"
        with zipfile.ZipFile(self.zip, "w") as opened:
            for name in ("host.json", "greeting-server", "greeting/function.json"):
                opened.writestr(name, "{}")
        self.sign_in(TENANT)

    def sign_in(self, tenant: str):
        login = ["login", "--service-principal", "--username", CLIENT, "--password", "x", "--tenant", tenant]
        self.az(*login)

    def az(self, *arguments: str):
        done = subprocess.run(
            ["az", *arguments, "--output", "json"],
            env=self.environment, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )
        assert done.returncode == 0, f"az {' '.join(arguments)}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def run(self, script: str, *arguments: str, says: str = "", **more: str) -> Ended:
        done = subprocess.run(
            [ROOT / "deploy" / script, *arguments],
            env={**self.environment, **more},
            capture_output=True, text=True, timeout=PATIENCE, check=False, input=says, cwd=self.folder,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def deploy(self, *arguments: str, name: str = NAME, **more: str) -> Ended:
        return self.run("deploy.sh", "--name", name, "--zip", str(self.zip), *arguments, **more)

    def deployed(self, *arguments: str, name: str = NAME, **more: str) -> Ended:
        """It got through: by its own word, and by the app's."""
        ended = self.deploy(*arguments, name=name, **more)
        assert ended.status == 0, self.told(ended)
        expect(ended.out.splitlines()[-1], f"greeting-cli call https://{name}.azurewebsites.net/api/greeting")
        app = self.world.apps[name]
        assert "greeting-server" in app.files and app.auth_in_force["platform"]["enabled"]
        return ended

    def refused(self, ended: Ended, *says: str) -> Ended:
        """It ended with a message of ours: what happened, and a line to paste."""
        assert ended.status != 0, f"it got through: {ended.out}"
        for text in ("  fix  ", *says):
            assert text in ended.err, f"{text!r} is not in:\n{self.told(ended)}"
        return ended

    def told(self, ended: Ended) -> str:
        asked = "\n".join(str(asked)[:300] for asked in self.world.requests[-12:])
        return f"ended with {ended.status}\n{ended.out}{ended.err}\nThe double was last asked:\n{asked}"

    # What is there.
    def applications(self, deleted: bool = False) -> dict:
        found = self.world.directories[TENANT].applications.values()
        return {app["uniqueName"]: app for app in found if bool(app["deletedDateTime"]) == deleted}

    def resources(self) -> list[str]:
        return sorted(of["id"] for of in self.world.subscriptions[SUBSCRIPTION].resources.values())

    def of_type(self, kind: str) -> dict:
        (found,) = [of for of in self.world.subscriptions[SUBSCRIPTION].resources.values() if of["type"] == kind]
        return found


@contextlib.contextmanager
def azure(*modes: str):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with server.running(folder) as double:
            yield Azure(double.world, environment.write(double, loaded_az()), folder)
            strangers = set(double.world.unknown_hosts) - NOT_NEEDED
            assert not strangers, f"asked of hosts that the double does not play: {strangers}"
            wrong = [asked for asked in double.world.requests if asked.status == 500 and "DoubleIsWrong" in asked.error]
            assert not wrong, wrong[0]


@check("Azure CLI", "deploy/deploy.sh three times, remove.sh between: makes, changes nothing, makes again", "azure-cli")
def three_times():
    with azure() as here:
        here.deployed()
        ids = {app["appId"] for app in here.applications().values()}
        expect(len(ids), 2)
        (api,) = [app for app in here.applications().values() if app["api"]["oauth2PermissionScopes"]]
        pre_authorized = api["api"]["preAuthorizedApplications"]
        expect(len(pre_authorized), 2)
        settings = here.world.apps[NAME].auth
        expect(settings["identityProviders"]["azureActiveDirectory"]["registration"]["clientId"], api["appId"])
        expect(len([p for p in here.world.directories[TENANT].principals.values() if not p["deletedDateTime"]]), 2)

        before, first = here.world.state(), len(here.world.requests)
        here.deployed()
        expect(here.world.state(), before)
        second = [asked for asked in here.world.requests[first:] if asked.is_write()]
        expect([str(asked) for asked in second if asked.host == "graph.microsoft.com"], [])

        removed = here.run("remove.sh", "--name", NAME, "--yes")
        expect(removed.status, 0)
        expect((here.applications(), here.resources(), here.world.apps), ({}, [], {}))
        expect(here.world.subscriptions[SUBSCRIPTION].groups, {})
        # Within 30 days, with the ids that there were; and after they were deleted for good.
        here.deployed()
        expect({app["appId"] for app in here.applications().values()}, ids)
        purged = here.run("remove.sh", "--name", NAME, "--yes", "--purge")
        assert purged.status == 0, here.told(purged)
        expect((here.applications(), here.applications(deleted=True)), ({}, {}))
        here.deployed()


FAULTS: set[str] = set()


def faulty(mode: str, *says: str, options: tuple[str, ...] = (), unregistered: bool = False):
    """A row for one fault. Without `says` the first run gets through. Else it ends with these words, and a
    second run gets through, the fault being over or `options` given. `unregistered`: and before that
    nothing was registered."""
    what = "ends with a message, and a second run gets through" if says else "gets through"
    FAULTS.add(mode)

    @check("Azure CLI", f"deploy/deploy.sh, {mode}: {what}", "azure-cli")
    def row():
        with azure() as here:
            here.world.set_modes([mode])
            if not says:
                here.deployed()
                return
            here.refused(here.deploy(), *says)
            if unregistered:
                expect(here.applications(), {})
            if not options:
                here.world.set_modes([])
            here.deployed(*options)
            expect(len(here.applications()), 2)
            expect(here.applications(deleted=True), {})


faulty("slow-directory")
faulty("scope-race")
faulty("graph-throttled")
faulty("graph-unavailable")
faulty("same-key")
faulty("concurrency")
faulty("directory-quota", "Directory_QuotaExceeded")
faulty("forbidden", "Application Developer")
faulty("service-reference", "--service-management-reference", options=("--service-management-reference", "4711"))
faulty("fresh-subscription")
faulty("arm-throttled")
faulty("arm-unavailable")
faulty("name-taken", "is taken", unregistered=True)
faulty("plan-quota", "--location", unregistered=True)
faulty("plan-quota-late", "--location")
faulty("no-role-rights", "Role Based Access Control Administrator")
faulty("deployment-fails", "so far")
faulty("role-delay")
faulty("role-never", "so far")
faulty("cold-app")
faulty("kudu-unavailable")
faulty("app-unavailable")
faulty("auth-off")
assert set(MODES) == FAULTS, f"faults without a row: {set(MODES) - FAULTS}"


@check("Azure CLI", "deploy/deploy.sh: an identity deleted and made again keeps working", "azure-cli")
def identity_made_again():
    with azure() as here:
        here.deployed()
        identity = here.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
        here.az("resource", "delete", "--ids", identity["id"])
        here.deployed()
        assert here.of_type(identity["type"])["properties"]["principalId"] != identity["properties"]["principalId"]


@check("Azure CLI", "deploy/deploy.sh: a group in another region; a region without Flex Consumption", "azure-cli")
def regions():
    with azure() as here:
        here.az("group", "create", "--name", NAME, "--location", "swedencentral")
        here.deployed()
        expect(here.of_type("Microsoft.Web/sites")["location"], "swedencentral")
    with azure() as here:
        here.refused(here.deploy("--location", "germanynorth"), "germanynorth", "westeurope")
        expect((here.applications(), here.resources()), ({}, []))
        here.deployed("--location", "northeurope")
        here.refused(here.deploy("--location", "westeurope"), "northeurope")
        here.deployed()


@check("Azure CLI", "deploy/deploy.sh: names of 56 and of 60 letters, whole", "azure-cli")
def long_names():
    with azure() as here:
        for letters in (56, 60):
            here.deployed(name="a" * letters)
        here.refused(here.deploy(name="a" * 61), "2 to 60")
        expect(len(here.world.apps), 2)


@check("Azure CLI", "deploy/*.sh: az in another tenant is refused before anything is asked", "azure-cli")
def another_tenant():
    with azure() as here:
        here.sign_in(OTHER_TENANT)
        before = len(here.world.requests)
        for script, arguments in [
            ("deploy.sh", ["--name", NAME, "--zip", str(here.zip)]),
            ("register.sh", [NAME]),
            ("remove.sh", ["--name", NAME, "--yes"]),
        ]:
            for told, says in [
                ({"AZURE_TENANT_ID": TENANT}, f"az login --tenant {TENANT}"),
                # azd's hooks are told the subscription only; az knows it from the sign-in before.
                ({"AZURE_SUBSCRIPTION_ID": SUBSCRIPTION}, "AZURE_SUBSCRIPTION_ID"),
            ]:
                here.refused(here.run(script, *arguments, **told), says)
        expect([str(asked) for asked in here.world.requests[before:] if asked.is_write()], [])


@check("Azure CLI", "deploy/register.sh keeps a scope and a pre-authorization that somebody added", "azure-cli")
def added_by_hand():
    with azure() as here:
        ended = here.run("register.sh", NAME)
        expect(ended.status, 0)
        ids = dict(line.split("=") for line in ended.out.splitlines())
        mine, client = "dddddddd-0000-4000-8000-000000000001", "dddddddd-0000-4000-8000-000000000002"
        (api,) = [app for app in here.applications().values() if app["appId"] == ids["API_CLIENT_ID"]]
        texts = {"adminConsentDisplayName": "Write", "adminConsentDescription": "Writes.", "isEnabled": True}
        scope = {"id": mine, "value": "Greeting.Write", "type": "Admin", **texts}
        there = api["api"]
        graph = f"https://graph.microsoft.com/v1.0/applications/{api['id']}"
        for change in (
            {**there, "oauth2PermissionScopes": [*there["oauth2PermissionScopes"], scope]},
            {
                **there,
                "oauth2PermissionScopes": [*there["oauth2PermissionScopes"], scope],
                "preAuthorizedApplications": [
                    *there["preAuthorizedApplications"],
                    {"appId": client, "delegatedPermissionIds": [mine]},
                ],
            },
        ):
            here.az("rest", "--method", "patch", "--url", graph, "--body", json.dumps({"api": change}))
        # Somebody also turned off what the file turns on, and took a client away.
        theirs = json.loads(json.dumps(here.applications()[api["uniqueName"]]["api"]))
        theirs["preAuthorizedApplications"] = theirs["preAuthorizedApplications"][1:]
        theirs["requestedAccessTokenVersion"] = None
        here.az("rest", "--method", "patch", "--url", graph, "--body", json.dumps({"api": theirs, "displayName": "Mine"}))

        again = here.run("register.sh", NAME)
        expect((again.status, again.out), (0, ended.out))
        now = here.applications()[api["uniqueName"]]
        expect(now["displayName"], "Mine")
        expect(now["api"]["requestedAccessTokenVersion"], 2)
        scopes = {entry["value"]: entry for entry in now["api"]["oauth2PermissionScopes"]}
        expect(set(scopes), {"Greeting.Read", "Greeting.Write"})
        expect(scopes["Greeting.Write"]["id"], mine)
        clients = {entry["appId"]: entry["delegatedPermissionIds"] for entry in now["api"]["preAuthorizedApplications"]}
        expect(clients.pop(client), [mine])
        expect(set(clients), {"04b07795-8ddb-461a-bbee-02f9e1bf7b46", ids["CLI_CLIENT_ID"]})


@check("Azure CLI", "deploy/remove.sh asks, takes --yes, leaves what deploy.sh did not make", "azure-cli")
def removal():
    with azure() as here:
        here.az("group", "create", "--name", NAME, "--location", "westeurope")
        other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{NAME}/providers/Microsoft.Storage/storageAccounts/theirs"
        body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
        url = f"https://management.azure.com{other}?api-version=2023-05-01"
        here.az("rest", "--method", "put", "--url", url, "--body", json.dumps(body))
        theirs = here.az("ad", "app", "create", "--display-name", "theirs")["appId"]
        here.deployed()
        state = here.world.state()
        for answer in ("n\n", "\n", ""):
            here.refused(here.run("remove.sh", "--name", NAME, says=answer), "nothing was taken away")
        expect(here.world.state(), state)
        asked = here.run("remove.sh", "--name", NAME, says="y\n")
        assert asked.status == 0 and NAME in asked.err, here.told(asked)
        expect(here.resources(), [other])
        expect([app["appId"] for app in here.applications().values()], [theirs])
        expect(list(here.world.subscriptions[SUBSCRIPTION].groups), [NAME])
        # Again: there is nothing left, and that is no fault.
        expect(here.run("remove.sh", "--name", NAME, "--yes").status, 0)
        here.deployed()
        whole = here.run("remove.sh", "--name", NAME, "--yes", "--delete-group")
        expect((whole.status, here.world.subscriptions[SUBSCRIPTION].groups), (0, {}))
