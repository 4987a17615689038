"""azure_identity for Rust: the program of rust/, outside the workspace."""

import re
import subprocess

import jwt

from checks import ALL, CLIENTS, MANAGED_IDENTITY, PATIENCE, ROOT, check, expect, up

PROGRAM = CLIENTS / "rust" / "debug" / "greeting-interop"


def version() -> str:
    return re.search(r'^azure_identity = "=(.*)"', (ROOT / "interop" / "rust" / "Cargo.toml").read_text(), re.M).group(1)


@check(
    "azure_identity (Rust)", "ManagedIdentityCredential after `env --for managed-identity`", version, ALL,
    shows=("authority/managed-identity", "authority/managed-identity-tokens"),
)
def managed_identity():
    with up("--allow-client", MANAGED_IDENTITY) as stack:
        command = [PROGRAM, f"api://{stack.api}/.default"]
        environment = stack.environment("managed-identity")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
        token = done.stdout.strip()
        expect(jwt.decode(token, options={"verify_signature": False})["azp"], MANAGED_IDENTITY)
        answer = stack.call(token)
        expect((answer.status_code, answer.text), (403, "Missing required scope."))
