"""A local Entra ID and Easy Auth for a test session, on free ports, ended with it."""

import json
import subprocess
import types

import pytest


@pytest.fixture(scope="session")
def greeting(tmp_path_factory):
    """What runs: function_url, authority_host, scope, ca_cert, …; and mint(*arguments)."""
    state = ["--state-dir", str(tmp_path_factory.mktemp("greeting"))]

    def run(*arguments: str) -> str:
        command = ["greeting-local", *arguments, *state]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    # For your own app: "--upstream", "http://localhost:8000", "--settings", "auth.json"
    run("up", "--detach", "--port", "0", "--authority-port", "0")
    try:
        stack = json.loads(run("status", "--output", "json"))
        yield types.SimpleNamespace(mint=lambda *arguments: run("mint", *arguments).strip(), **stack)
    finally:
        run("stop")
