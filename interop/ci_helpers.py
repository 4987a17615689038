"""What docs/ci.md offers: the helpers for pytest and node:test, and the steps of action.yml."""

import os
import pathlib
import subprocess
import sys
import tempfile

import yaml
from checks import ENVIRONMENT, PATIENCE, ROOT, check, expect
from node_client import PROGRAM as NODE

EXAMPLES = ROOT / "interop" / "examples"
WITH_PROGRAMS = ENVIRONMENT | {"PATH": f"{ROOT / 'target' / 'debug'}{os.pathsep}{ENVIRONMENT['PATH']}"}


def run(*command, **more) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, **{"env": WITH_PROGRAMS} | more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@check("pytest", "the fixture of docs/ci.md: a session's stack", "pytest")
def by_pytest():
    printed = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLES / "pytest")
    assert "5 passed" in printed, printed


@check("node:test", "the helper of docs/ci.md", lambda: run(NODE, "--version").strip())
def by_node():
    printed = run(NODE, "--test", EXAMPLES / "node" / "greeting.test.mjs")
    assert "# pass 5" in printed or "pass 5" in printed, printed


@check("action.yml", "its last step starts the stack and exports env", lambda: "composite")
def by_action():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    with tempfile.TemporaryDirectory() as name:
        exported, state = pathlib.Path(name, "env"), pathlib.Path(name, "state")
        environment = WITH_PROGRAMS | {
            "GITHUB_ENV": str(exported),
            "GREETING_LOCAL_STATE": str(state),
            "ARGUMENTS": "--port 0 --authority-port 0",
        }
        # As a runner starts `shell: bash`.
        bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        try:
            run(*bash, env=environment)
            variables = dict(line.split("=", 1) for line in exported.read_text().splitlines())
            expect(variables["GREETING_URL"].startswith("http://localhost:"), True)
            token = run("greeting-local", "mint", env=environment).strip()
            call = ["greeting-cli", "call", "--access-token", "-"]
            run(*call, env=environment | variables, input=token)
        finally:
            run("greeting-local", "stop", env=environment)
