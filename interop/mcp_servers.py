"""Both official MCP SDKs, each as a client of a server of its own behind `up --upstream`, which
publishes the protected resource's metadata (RFC 9728). Entra compares `resource` (RFC 8707) with
the Application ID URIs: with the server's URL among them the client gets in, else it is
AADSTS9010010."""

import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

import docs
from checks import PATIENCE, ROOT, check, expect, up, wait
from node_client import NODE, PROGRAM, version

ALICE = "alice@greeting.test"
API = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11"
BY_ID = f"api://{API}"


def sdk_for_typescript() -> str:
    return version("@modelcontextprotocol/sdk")


def command(program: str) -> list:
    """How a program of this folder is run; Node.js looks for packages beside it."""
    path = ROOT / "interop" / program
    return [sys.executable, path] if path.suffix == ".py" else [PROGRAM, shutil.copy(path, NODE)]


@contextlib.contextmanager
def served(program: str):
    """The MCP server, on a port of its own; its origin."""
    with subprocess.Popen(command(program), stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def free_port() -> int:
    """The registration names the gate's URL, so its port is chosen before `up` starts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def behind_the_gate(server: str, uris: list[str], scope_of: str):
    """The server behind a gate that publishes its metadata; the stack, and the server's URL there.
    `{url}` in the Application ID URIs is that URL."""
    port = free_port()
    url = f"https://localhost:{port}/mcp"
    registration = json.loads((ROOT / "deploy" / "app-registration.json").read_text())
    registration["identifierUris"] = [uri.format(url=url) for uri in uris]
    with tempfile.TemporaryDirectory() as name, served(server) as origin:
        path = pathlib.Path(name) / "app-registration.json"
        path.write_text(json.dumps(registration))
        # offline_access: the SDK for TypeScript asks for these scopes and for nothing else.
        scope = f"{scope_of.format(url=url)}/Greeting.Read,offline_access".lstrip("/")
        arguments = ["--upstream", origin, "--https", "--port", str(port), "--registration", str(path)]
        with up(
            *arguments, "--auto-approve", ALICE, environment={"WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES": scope}
        ) as stack:
            yield stack, url


def outcome(client: str, stack, url: str) -> dict:
    """What the client says came of it."""
    environment = stack.environment() | {"MCP_URL": url, "MCP_CLIENT_ID": stack.client}
    done = subprocess.run(command(client), env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def gets_in_with_a_matching_uri(client: str, server: str):
    with behind_the_gate(server, ["{url}", BY_ID], "{url}") as (stack, url):
        seen = outcome(client, stack, url)
        expect(seen.pop("resource"), url)
        expect(seen.pop("scope"), f"{url}/Greeting.Read offline_access")
        expect(seen, {"who": ALICE, "streamed": "released", "again": ALICE, "refreshed": True})


def is_refused_without(client: str, server: str):
    for uris, scope_of in [
        # As the portal proposes it: the URL is no Application ID URI.
        ([BY_ID], f"api://{API}"),
        # A short scope means Microsoft Graph.
        (["{url}", BY_ID], ""),
        # Entra compares character for character.
        (["{url}s", BY_ID], "{url}s"),
    ]:
        with behind_the_gate(server, uris, scope_of) as (stack, url):
            seen = outcome(client, stack, url)
            assert seen.get("error", "").startswith("invalid_target: AADSTS9010010: "), seen
            expect(seen["resource"], url)


@check(
    "MCP SDK (TypeScript)", "metadata, sign-in, refresh and streams through the gate", sdk_for_typescript,
    shows=("authority/resource-parameter", "easy-auth/metadata", "easy-auth/streams"),
)
def typescript_with_a_matching_uri():
    gets_in_with_a_matching_uri("mcp_client.mjs", "mcp_server.mjs")


@check(
    "MCP SDK (TypeScript)", "without a matching Application ID URI: AADSTS9010010", sdk_for_typescript,
    shows=("authority/resource-parameter",),
)
def typescript_without():
    is_refused_without("mcp_client.mjs", "mcp_server.mjs")


@check(
    "MCP SDK (Python)", "metadata, sign-in, refresh and streams through the gate", "mcp",
    shows=("authority/resource-parameter", "easy-auth/metadata", "easy-auth/streams"),
)
def python_with_a_matching_uri():
    gets_in_with_a_matching_uri("mcp_client.py", "mcp_server.py")


@check(
    "MCP SDK (Python)", "without a matching Application ID URI: AADSTS9010010", "mcp",
    shows=("authority/resource-parameter",),
)
def python_without():
    is_refused_without("mcp_client.py", "mcp_server.py")


@check("MCP SDK (Python)", "docs/mcp.md, from its first command to its last", "mcp")
def its_page():
    blocks = [block for block in docs.blocks(ROOT / "docs" / "mcp.md") if block.mark == "run by its_page"]
    commands = [command for block in blocks for command in block.commands()]
    said = {}
    with docs.shell() as shell:
        server = commands.pop(0)
        assert server.startswith("python3 interop/mcp_server.py "), server
        shell.say(f"{server} >{shell.folder}/server 2>&1 & server=$!")
        wait(lambda: (shell.folder / "server").exists() and (shell.folder / "server").read_text())
        for command in commands:
            status = shell.run(command)
            # Nobody has signed in yet, and doctor says that, too.
            expect(status, None if " up " in command else int(" doctor " in command))
            said.setdefault(command.split()[-1], []).append(shell.read("out", shell.number))
        shell.say("kill $server")
    well, badly = said["https://localhost:7071/mcp"]
    assert "clients ask for https://localhost:7071/mcp and scopes of it" in " ".join(well.split()), well
    assert "resource-mismatch" in badly and "az ad app update --id" in badly, badly
    works, refused = said["interop/mcp_client.py"]
    expect(json.loads(works)["who"], ALICE)
    assert "AADSTS9010010" in json.loads(refused)["error"], refused
