"""The register of checks, and the stack that they run against."""

import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
from importlib import metadata

import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCAL = ROOT / "target" / "release" / "greeting-local"
CLI = ROOT / "target" / "release" / "greeting-cli"
GREETING = (
    "Hello, world. You were able to access this because you provided a valid access token "
    "with the Greeting.Read scope as a claim."
)
CHECKS: list["Check"] = []
# Reached only by a hang.
PATIENCE = 300


@dataclasses.dataclass
class Check:
    client: str
    flow: str
    run: object
    package: str | None

    def version(self) -> str:
        return metadata.version(self.package) if self.package else "-"


def check(client: str, flow: str, package: str | None = None):
    """Registers a function that raises where the client did not get what it should."""

    def register(function):
        CHECKS.append(Check(client, flow, function, package))
        return function

    return register


def expect(seen, expected):
    assert seen == expected, f"{seen!r}, and not {expected!r}"


class Stack:
    """A running `greeting-local up`."""

    def __init__(self, folder: pathlib.Path, ready: dict, process: subprocess.Popen):
        self.folder, self.process = folder, process
        self.url = ready["function_url"]
        self.authority = ready["authority_host"]
        self.tenant = ready["tenant_id"]
        self.api = ready["api_client_id"]
        self.client = ready["cli_client_id"]
        self.scope = ready["scope"]
        self.ca = ready["ca_cert"]

    def local(self, *arguments: str) -> str:
        """Another command of greeting-local, for this stack."""
        command = [LOCAL, *arguments, "--state-dir", self.folder / "state"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def mint(self, *arguments: str) -> str:
        return self.local("mint", *arguments)

    def call(self, token: str | None = None, url: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(url or self.url, headers=headers, verify=self.ca, allow_redirects=False, timeout=60)

    def said(self) -> str:
        return (self.folder / "stderr").read_text()


@contextlib.contextmanager
def up(*arguments: str, settings: dict | None = None, environment: dict | None = None):
    """Starts `greeting-local up` on free ports; ends it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ready = folder / "ready.json"
        command = [LOCAL, "up", "--port", "0", "--authority-port", "0", "--ready-file", ready]
        command += ["--state-dir", folder / "state", *arguments]
        if settings is not None:
            shipped = json.loads((ROOT / "deploy" / "authsettingsV2.json").read_text())
            (folder / "settings.json").write_text(json.dumps(merge(shipped, settings)))
            command += ["--settings", folder / "settings.json"]
        with open(folder / "stderr", "w") as stderr:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env={**os.environ, **(environment or {})},
            )
        try:
            wait(lambda: ready.exists() or process.poll() is not None)
            assert process.poll() is None, f"up ended: {(folder / 'stderr').read_text()}"
            yield Stack(folder, json.loads(ready.read_text()), process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)


def wait(condition):
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return value


def merge(into: dict, changes: dict) -> dict:
    """RFC 7396."""
    for name, change in changes.items():
        if isinstance(change, dict):
            into[name] = merge(into.get(name, {}), change)
        else:
            into[name] = change
    return into
