"""The register of checks, and the stack that they run against."""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import typing
from importlib import metadata

import requests

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOCAL = ROOT / "target" / "debug" / "greeting-local"
CLI = ROOT / "target" / "debug" / "greeting-cli"
GREETING = (
    "Hello, world. You were able to access this because you provided a valid access token "
    "with the Greeting.Read scope as a claim."
)
CLIENTS = ROOT / "interop" / ".clients"
# What a check's client must not see of whoever runs this; az says nothing home.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "GREETING_"))},
    "PATH": f"{CLIENTS / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
    "AZURE_CORE_NO_COLOR": "yes",
    "PYTHONUNBUFFERED": "1",
}
MANAGED_IDENTITY = "b3f7c215-6e0a-4d94-8a51-e92d7c4061fa"
DAEMON = "5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853"
CODE = re.compile(r"\b[A-Z0-9]{9}\b")
# What the function answers to a person who has the scope, and to the daemon with its role.
PERSON, APP = 200, 403
CHECKS: list["Check"] = []
# Reached only by a hang.
PATIENCE = 300


# A check runs whenever its name is asked for, or only with --all: its client takes minutes to build.
ALWAYS, ALL = "always", "with --all"


@dataclasses.dataclass
class Check:
    client: str
    flow: str
    run: object
    # A Python package's name, or what knows the version.
    package: str | typing.Callable[[], str]
    # What has it run.
    when: str = ALWAYS
    # The rows of the pages' tables that its assertions show, as PAGE/ID.
    shows: tuple = ()

    def version(self) -> str:
        return metadata.version(self.package) if isinstance(self.package, str) else self.package()


class Skipped(Exception):
    """What a check needs is not on this machine; it is named, and the run does not fail for it."""


def check(client: str, flow: str, package, when: str = ALWAYS, shows: tuple = ()):
    """Registers a function that raises where the client did not get what it should."""

    def register(function):
        CHECKS.append(Check(client, flow, function, package, when, shows))
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

    def statuses(self, tokens: dict) -> dict:
        """What the function answers to each."""
        return {name: self.call(token).status_code for name, token in tokens.items()}

    def environment(self, client: str | None = None) -> dict:
        """The environment after `eval "$(greeting-local env --for CLIENT)"`, as a person has it."""
        script = 'eval "$("$@")" && env -0'
        command = [LOCAL, "env", "--shell", "bash", "--state-dir", self.folder / "state"]
        command += ["--for", client] if client else []
        started = subprocess.run(
            ["bash", "-c", script, "bash", *command], check=True, capture_output=True, text=True, env=ENVIRONMENT
        )
        return dict(line.split("=", 1) for line in started.stdout.split("\0") if line)

    def program(self, client: str) -> str:
        """The program that `env --for CLIENT` prints in its comments."""
        lines = self.local("env", "--shell", "bash", "--for", client).splitlines()
        return "\n".join(line.removeprefix("# ") for line in lines if line.startswith("# "))

    def secret(self) -> str:
        return (self.folder / "state" / "daemon-secret").read_text()

    def said(self) -> str:
        return (self.folder / "stderr").read_text()


@contextlib.contextmanager
def up(*arguments: str, settings: dict | None = None, environment: dict | None = None):
    """Starts `greeting-local up` on free ports; ends it afterwards."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ready = folder / "ready.json"
        command = [LOCAL, "up", "--ready-file", ready]
        command += [] if "--port" in arguments else ["--port", "0"]
        # With a real tenant there is no local authority.
        command += [] if "--tenant" in arguments else ["--authority-port", "0"]
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


def answers(port: int) -> bool:
    """Whether something takes connections there, on loopback."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def started(command: list, environment: dict, folder: pathlib.Path):
    """A program that asks for a sign-in and waits for it; what it prints goes to files."""
    out, err = folder / "client.out", folder / "client.err"
    with open(out, "w") as stdout, open(err, "w") as stderr:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, env=environment, cwd=folder
        )
    try:
        yield Program(process, out, err)
    finally:
        process.kill()
        process.wait(PATIENCE)


@contextlib.contextmanager
def listening(command: list, environment: dict, folder: pathlib.Path, port: int):
    """A program, from when it takes connections there."""
    with started(command, environment, folder) as running:

        def listens() -> bool:
            assert running.process.poll() is None, running.printed()
            return answers(port)

        wait(listens)
        yield running


@dataclasses.dataclass
class Program:
    process: subprocess.Popen
    out: pathlib.Path
    err: pathlib.Path

    def printed(self) -> str:
        return self.out.read_text() + self.err.read_text()

    def find(self, pattern: re.Pattern) -> str:
        """What it has printed of this pattern, once it has."""

        def found():
            match = pattern.search(self.printed())
            assert match or self.process.poll() is None, self.printed()
            return match

        return wait(found).group()

    def ends_well(self) -> str:
        """Its standard output, once it has ended with success."""
        status = self.process.wait(PATIENCE)
        assert status == 0, f"ended with {status}: {self.printed()}"
        return self.out.read_text()


def by_device_code(stack: Stack, command: list, environment: dict) -> str:
    """Runs a client, approves the code that it prints, and returns what it prints then."""
    with started(command, environment, stack.folder) as program:
        stack.local("approve", program.find(CODE))
        return program.ends_well()
