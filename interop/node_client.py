"""Clients for Node.js: the programs beside this one are the clients; this calls with their tokens."""

import json
import shutil
import subprocess

from checks import CLIENTS, DAEMON, GREETING, PATIENCE, ROOT, by_device_code, check, expect, up

NODE = CLIENTS / "node"
# Node.js itself comes with the packages: the newest clients want a newer one than Debian has.
PROGRAM = NODE / "node_modules" / ".bin" / "node"


def version(package: str) -> str:
    return json.loads((NODE / "node_modules" / package / "package.json").read_text())["version"]


def msal_node() -> str:
    return version("@azure/msal-node")


def azure_identity() -> str:
    return version("@azure/identity")


def tokens_of(program: str, stack) -> dict:
    """What a program of this folder prints, run beside its packages."""
    environment = stack.environment("msal-node") | {
        "DAEMON": DAEMON,
        "DAEMON_SECRET": stack.secret(),
        "DAEMON_PEM": str(stack.folder / "state" / "daemon.pem"),
    }
    path = shutil.copy(ROOT / "interop" / program, NODE)
    done = subprocess.run(
        [PROGRAM, path], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@check(
    "msal-node", "device code: the program that `env --for msal-node` prints", msal_node,
    shows=("authority/device-code",),
)
def program():
    with up() as stack:
        # Beside its packages: that is where Node.js looks for them.
        path = NODE / "program.mjs"
        path.write_text(stack.program("msal-node"))
        printed = by_device_code(stack, [PROGRAM, path], stack.environment("msal-node"))
        expect(printed.splitlines()[-1], GREETING)


@check(
    "msal-node", "silent, refresh, client credentials (secret, certificate)", msal_node,
    shows=("authority/client-credentials",),
)
def flows():
    with up("--auto-approve", "alice@greeting.test", "--allow-client", DAEMON) as stack:
        tokens = tokens_of("msal_node.mjs", stack)
        expect(tokens["silent"], tokens["first"])
        assert tokens["refreshed"] != tokens["first"]
        expect(stack.statuses(tokens), {"first": 200, "silent": 200, "refreshed": 200, "secret": 403, "certificate": 403})


@check(
    "azure-identity (Node)", "device code, client credentials (secret, certificate)", azure_identity,
    shows=("authority/client-credentials",),
)
def credentials():
    with up("--auto-approve", "alice@greeting.test", "--allow-client", DAEMON) as stack:
        tokens = tokens_of("azure_identity.mjs", stack)
        expect(stack.statuses(tokens), {"person": 200, "secret": 403, "certificate": 403})
