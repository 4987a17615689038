"""A person's machine before the double of Azure: a clone of this repository, az, and where there is one, azd."""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

from azure_double import environment as client_environment
from azure_double import world as azure
from azure_double.server import running
from checks import ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped
from package import fresh_clone

AZD = os.environ.get("AZD") or shutil.which("azd")

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
    double: object
    clone: pathlib.Path
    # Its programs come first on the PATH.
    programs: pathlib.Path
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

    def registered(self, tenant: str = azure.TENANT) -> dict:
        """Client id by unique name, of what is not deleted."""
        applications = self.double.world.directories[tenant].applications.values()
        return {app["uniqueName"]: app["appId"] for app in applications if app["deletedDateTime"] is None}

    def put(self, group: str, resource: str):
        """Somebody else's resource."""
        path = f"subscriptions/{azure.SUBSCRIPTION}/resourcegroups/{group}/providers/{resource}"
        url = f"https://management.azure.com/{path}?api-version=2023-01-31"
        self.run("az", "rest", "--method", "put", "--url", url, "--body", '{"location": "westeurope"}')


@contextlib.contextmanager
def machine(tenant: str = azure.TENANT, name_of_clone: str = "a clone"):
    """az is signed in to this tenant."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with running(folder) as double:
            # A person's path may have a blank in it. It is the same one each time, for cargo's sake.
            clone = fresh_clone(name_of_clone)
            programs = folder / "programs"
            programs.mkdir()
            # The double's own programs, `sleep` and `bicep`, come before what this machine has.
            variables = client_environment.write(double)
            environment = {
                **settings(folder),
                **variables,
                "GREETING_LOCAL_BINARY": str(LOCAL),
                "CARGO_TARGET_DIR": str(ROOT / "target" / "clones" / f"{clone.name}-target"),
                "PATH": f"{programs}{os.pathsep}{variables['PATH']}",
            }
            person = Machine(double, clone, programs, environment)
            write_program(programs / "cargo", CARGO)
            person.run("az", "login", "--service-principal", "--username", azure.CLIENT, "--password", "x",
                       "--tenant", tenant)
            yield person


@contextlib.contextmanager
def machine_with_azd(tenant: str = azure.TENANT):
    """az is signed in to this tenant; azd to the one that is deployed to."""
    if not AZD:
        raise Skipped("no azd on the PATH, and none named by AZD")
    with machine(tenant, "azd's clone") as person:
        (person.programs / "azd").symlink_to(AZD)
        person.run(AZD, "auth", "login", "--client-id", azure.CLIENT, "--client-secret", "x",
                   "--tenant-id", azure.TENANT)
        yield person


def write_program(path: pathlib.Path, text: str):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
