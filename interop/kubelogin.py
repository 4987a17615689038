"""Azure/kubelogin, with the command lines that `env --for kubelogin` prints."""

import functools
import json
import os
import pathlib
import shlex
import subprocess

from azure_cli import wait_for_text
from browser import chromium, press, title
from checks import ALL, APP, DAEMON, PATIENCE, PERSON, by_device_code, check, expect, started, up
from go_programs import installed

VERSION = "0.2.21"


@functools.cache
def kubelogin() -> pathlib.Path:
    return installed("kubelogin", f"github.com/Azure/kubelogin@v{VERSION}")


def line(stack, method: str) -> list:
    """What `env --for kubelogin` prints for this method."""
    lines = stack.program("kubelogin").splitlines()
    (found,) = [line for line in lines if line.startswith(f"kubelogin get-token --login {method} ")]
    return [kubelogin(), *shlex.split(found)[1:]]


def variables(stack, client: str = "kubelogin") -> dict:
    # What it keeps of a sign-in is in the home folder.
    home = {"HOME": str(stack.folder), "KUBECACHEDIR": str(stack.folder / "kube")}
    return stack.environment(client) | home


def reaches(stack, printed: str, status: int):
    token = json.loads(printed)["status"]["token"]
    expect(stack.call(token).status_code, status)


def run(command: list, environment: dict) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)


def succeeds(command: list, environment: dict) -> str:
    done = run(command, environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@check("kubelogin", "devicecode", lambda: VERSION, ALL, shows=("authority/device-code",))
def device_code():
    with up() as stack:
        reaches(stack, by_device_code(stack, line(stack, "devicecode"), variables(stack)), PERSON)


@check("kubelogin", "interactive", lambda: VERSION, ALL, shows=("authority/authorization-code",))
def interactive():
    with up() as stack:
        # What it opens in place of a browser: it writes the URL down.
        opened, opener = stack.folder / "opened", stack.folder / "bin" / "xdg-open"
        opener.parent.mkdir()
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" >"{opened}.new" && mv "{opened}.new" "{opened}"\n')
        opener.chmod(0o700)
        environment = variables(stack)
        environment["PATH"] = f"{opener.parent}{os.pathsep}{environment['PATH']}"
        with started(line(stack, "interactive"), environment, stack.folder) as waiting, chromium() as driver:
            driver.get(wait_for_text(opened, waiting))
            title(driver, "Pick an account")
            press(driver, "Sign in")
            printed = waiting.ends_well()
        reaches(stack, printed, PERSON)


@check("kubelogin", "spn, with the daemon's certificate", lambda: VERSION, ALL, shows=("authority/client-credentials",))
def service_principal():
    with up("--allow-client", DAEMON) as stack:
        reaches(stack, succeeds(line(stack, "spn"), variables(stack)), APP)


@check("kubelogin", "azurecli, after `env --for az`", lambda: VERSION, ALL)
def azure_cli():
    with up() as stack:
        environment = variables(stack, "az")
        by_device_code(stack, ["az", "login", "--use-device-code", "--allow-no-subscriptions"], environment)
        reaches(stack, succeeds(line(stack, "azurecli"), environment), PERSON)


@check("kubelogin", "by env alone it goes to Microsoft, and wants a slash (the client's own)", lambda: VERSION, ALL)
def by_env_alone():
    with up() as stack:
        # Nothing but loopback is reached: a proxy that is not there takes what is meant for elsewhere.
        environment = variables(stack) | {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "localhost"}
        command = [kubelogin(), "get-token", "--login", "devicecode", "--server-id", stack.api]
        for more, said in [
            (["--disable-instance-discovery"], "login.microsoftonline.com"),
            (["--authority-host", stack.authority], "should have a trailing slash"),
        ]:
            done = run([*command, *more], environment)
            assert done.returncode != 0 and said in done.stderr, done.stderr
