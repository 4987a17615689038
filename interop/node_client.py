"""MSAL for Node.js: `msal_node.mjs` is the client; this starts it and calls with its tokens."""

import json
import shutil
import subprocess

from checks import CLIENTS, DAEMON, GREETING, PATIENCE, ROOT, by_device_code, check, expect, up

NODE = CLIENTS / "node"


def version() -> str:
    package = NODE / "node_modules" / "@azure" / "msal-node" / "package.json"
    return json.loads(package.read_text())["version"]


@check("msal-node", "device code: the program that `env --for msal-node` prints", version)
def program():
    with up() as stack:
        # Beside its packages: that is where Node.js looks for them.
        path = NODE / "program.mjs"
        path.write_text(stack.program("msal-node"))
        printed = by_device_code(stack, ["node", path], stack.environment("msal-node"))
        expect(printed.splitlines()[-1], GREETING)


@check("msal-node", "silent, refresh, client credentials (secret, certificate)", version)
def flows():
    with up("--auto-approve", "alice@greeting.test") as stack:
        path = shutil.copy(ROOT / "interop" / "msal_node.mjs", NODE)
        environment = stack.environment("msal-node") | {
            "DAEMON": DAEMON,
            "DAEMON_SECRET": stack.secret(),
            "DAEMON_PEM": str(stack.folder / "state" / "daemon.pem"),
        }
        done = subprocess.run(
            ["node", path], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
        tokens = json.loads(done.stdout)
        expect(tokens["silent"], tokens["first"])
        assert tokens["refreshed"] != tokens["first"]
        statuses = {name: stack.call(token).status_code for name, token in tokens.items()}
        expect(statuses, {"first": 200, "silent": 200, "refreshed": 200, "secret": 403, "certificate": 403})
