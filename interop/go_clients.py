"""azidentity, MSAL and go-oidc for Go; their programs are those of go/."""

import functools
import json
import pathlib
import re
import shutil
import subprocess

from bodies import program
from checks import APP, CLIENTS, DAEMON, GREETING, MANAGED_IDENTITY, PATIENCE, PERSON, ROOT, by_device_code, check, expect, up
from python_clients import ORDERS, up_with_orders

SOURCE = ROOT / "interop" / "go"
BUILT = CLIENTS / "go"


def version(module: str):
    """The version of a module that the programs are built with."""

    def known() -> str:
        return re.search(rf"/{module} v(\S+)", (SOURCE / "go.mod").read_text()).group(1)

    return known


IDENTITY = version("azidentity")
MSAL = version("microsoft-authentication-library-for-go")
OIDC = version("go-oidc/v3")


def go(*arguments, folder: pathlib.Path = SOURCE):
    done = subprocess.run(
        [program("go"), *arguments], cwd=folder, capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr


@functools.cache
def built(name: str) -> pathlib.Path:
    """One of the programs; Go itself knows whether it has to be built anew."""
    go("build", "-o", f"{BUILT / name}", f"./{name}")
    return BUILT / name


def variables(stack, client: str = "go") -> dict:
    api = stack.scope.rsplit("/", 1)[0]
    return stack.environment(client) | {"GREETING_API": api, "DAEMON_PEM": str(stack.folder / "state" / "daemon.pem")}


def as_daemon(stack) -> dict:
    return variables(stack) | {"AZURE_CLIENT_ID": DAEMON, "AZURE_CLIENT_SECRET": stack.secret()}


def tokens(name: str, environment: dict, *flows: str) -> dict:
    done = subprocess.run(
        [built(name), *flows], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@check(
    "azidentity (Go)", "device code: the program that `env --for go` prints", IDENTITY,
    shows=("authority/device-code",),
)
def printed_program():
    with up() as stack:
        folder = stack.folder / "go"
        folder.mkdir()
        (folder / "main.go").write_text(stack.program("go"))
        for name in ("go.mod", "go.sum"):
            shutil.copy(SOURCE / name, folder)
        go("build", "-o", "greeting", folder=folder)
        printed = by_device_code(stack, [folder / "greeting"], stack.environment("go"))
        expect(printed.splitlines()[-1], GREETING)


@check("azidentity (Go)", "DeviceCodeCredential: a scope, silent, .default", IDENTITY, shows=("authority/consent",))
def identity_device_code():
    with up("--auto-approve", "alice@greeting.test") as stack:
        got = tokens("identity", variables(stack), "device code")
        expect(stack.statuses(got), {"scope": PERSON, "silent": PERSON, "default": PERSON})
        expect(got["silent"], got["scope"])


@check(
    "azidentity (Go)", "secret, certificate with and without chain, EnvironmentCredential", IDENTITY,
    shows=("authority/client-credentials",),
)
def identity_daemon():
    with up("--allow-client", DAEMON) as stack:
        got = tokens("identity", as_daemon(stack), "daemon")
        ways = ["secret", "certificate", "certificate and chain", "environment"]
        expect(stack.statuses(got), dict.fromkeys(ways, APP))


@check("azidentity (Go)", "AzureCLICredential, and DefaultAzureCredential(nil) by it", IDENTITY)
def identity_az():
    with up() as stack:
        environment = variables(stack, "az")
        by_device_code(stack, ["az", "login", "--use-device-code", "--allow-no-subscriptions"], environment)
        environment["AZURE_TOKEN_CREDENTIALS"] = "AzureCLICredential"
        got = tokens("identity", environment, "az", "default")
        expect(stack.statuses(got), {"az": PERSON, "default": PERSON})


@check("azidentity (Go)", "DefaultAzureCredential(nil) asks Microsoft, whatever env says (the client's own)", IDENTITY)
def identity_default():
    with up("--allow-client", DAEMON) as stack:
        # Nothing but loopback is reached: a proxy that is not there takes what is meant for elsewhere.
        environment = as_daemon(stack) | {
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "NO_PROXY": "localhost",
        }
        done = subprocess.run(
            [built("identity"), "default"], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode != 0 and "login.microsoft" in done.stderr, done.stderr


@check(
    "azidentity (Go)", "ManagedIdentityCredential after `env --for managed-identity`", IDENTITY,
    shows=("authority/managed-identity",),
)
def identity_managed():
    with up("--allow-client", MANAGED_IDENTITY) as stack:
        got = tokens("identity", variables(stack, "managed-identity"), "managed identity")
        expect(stack.statuses(got), {"managed identity": APP})


@check("MSAL Go", "device code: a scope, silent, refresh, .default", MSAL, shows=("authority/consent",))
def msal_device_code():
    with up("--auto-approve", "alice@greeting.test") as stack:
        got = tokens("msal", variables(stack), "device code")
        expect(stack.statuses(got), {"scope": PERSON, "silent": PERSON, "refreshed": PERSON, "default": PERSON})
        expect(got["silent"], got["scope"])
        assert got["refreshed"] != got["scope"]


@check(
    "MSAL Go", "client credentials: secret, certificate with and without chain", MSAL,
    shows=("authority/client-credentials",),
)
def msal_daemon():
    with up("--allow-client", DAEMON) as stack:
        got = tokens("msal", as_daemon(stack), "daemon")
        expect(stack.statuses(got), {"secret": APP, "certificate": APP, "certificate and chain": APP})


@check("MSAL Go", "on behalf of: an API calls the next one as its user", MSAL, shows=("authority/on-behalf-of",))
def msal_on_behalf_of():
    with up_with_orders("--auto-approve", "alice@greeting.test") as (stack, secret):
        person = variables(stack) | {"GREETING_SCOPE": "api://orders/Orders.Read", "GREETING_API": "api://orders"}
        assertion = tokens("msal", person, "device code")["scope"]
        expect(stack.call(assertion).status_code, 401)
        api = variables(stack) | {"AZURE_CLIENT_ID": ORDERS, "AZURE_CLIENT_SECRET": secret, "ASSERTION": assertion}
        expect(stack.statuses(tokens("msal", api, "on behalf of")), {"on behalf of": PERSON})


@check("go-oidc", "a verifier by issuer and keys, across a key rotation", OIDC, shows=("authority/discovery",))
def verifier():
    with up() as stack:
        command = [built("verifier"), f"{stack.authority}/{stack.tenant}/v2.0", stack.api]
        with subprocess.Popen(
            command, env=stack.environment("go"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:

            def said(token: str) -> str:
                process.stdin.write(token + "\n")
                process.stdin.flush()
                return process.stdout.readline().strip()

            try:
                before = stack.mint()
                expect(said(before), "ok: Greeting.Read")
                stack.local("rotate-keys")
                for token in [stack.mint(), before]:
                    expect(said(token), "ok: Greeting.Read")
                for defect in [("--bad-signature",), ("--expired",), ("--alg", "none"), ("--audience", "other")]:
                    answer = said(stack.mint(*defect))
                    assert answer.startswith("refused: "), f"{defect}: {answer}"
            finally:
                process.kill()
