"""Custom handlers in Python, Node.js and Go, as Azure's tutorial has them, run by `greeting-local up` by
their own host.json: the command lines are the published ones."""

import contextlib
import os
import pathlib
import platform
import shutil
import subprocess
import tempfile

import requests
from bodies import go_version, node_version, program
from checks import ENVIRONMENT, PATIENCE, ROOT, check, expect, up

HANDLERS = ROOT / "interop" / "handlers"


@contextlib.contextmanager
def copied(language: str):
    """The app's folder, to build in."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "app"
        shutil.copytree(HANDLERS / language, folder)
        yield folder


def answers(language: str, folder: pathlib.Path):
    with up("--app-root", str(folder), environment={"PATH": ENVIRONMENT["PATH"]}) as stack:
        expect(stack.url.endswith("/api/Hello"), True)
        expect(requests.get(stack.url, timeout=PATIENCE).status_code, 401)
        headers = {"Authorization": f"Bearer {stack.mint()}"}
        said = {"language": language, "method": "GET", "name": "Ada", "caller": "alice@greeting.test"}
        answer = requests.get(f"{stack.url}?name=Ada", headers=headers, timeout=PATIENCE)
        expect((answer.status_code, answer.json()), (200, said))
        answer = requests.post(stack.url, data="Ada", headers=headers, timeout=PATIENCE)
        expect((answer.status_code, answer.json()), (200, {**said, "method": "POST"}))
        # The timer function is left out, and 404s.
        other = stack.url.replace("Hello", "Nightly")
        expect(requests.get(other, headers=headers, timeout=PATIENCE).status_code, 404)


FLOW = "a custom handler by its published command line, run by up"


@check(
    "Python http.server", FLOW, platform.python_version,
    shows=("easy-auth/custom-handler", "functions-host/routes-by-name", "functions-host/function-in-error"),
)
def python():
    with copied("python") as folder:
        answers("python", folder)


@check(
    "Node.js http", FLOW, node_version,
    shows=("easy-auth/custom-handler", "functions-host/routes-by-name", "functions-host/function-in-error"),
)
def node():
    program("node")
    with copied("node") as folder:
        answers("node", folder)


@check(
    "Go net/http", FLOW, go_version,
    shows=("easy-auth/custom-handler", "functions-host/routes-by-name", "functions-host/function-in-error"),
)
def go():
    with copied("go") as folder:
        build = [program("go"), "build", "handler.go"]
        subprocess.run(build, cwd=folder, check=True, timeout=PATIENCE, env={**os.environ, "CGO_ENABLED": "0"})
        answers("go", folder)
