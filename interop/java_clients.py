"""MSAL and azure-identity for Java; their programs are those of java/clients."""

import contextlib
import json
import os
import re
import socketserver
import subprocess
import threading

import minted
from checks import (
    APP,
    CLIENTS,
    DAEMON,
    GREETING,
    LOCAL,
    MANAGED_IDENTITY,
    PATIENCE,
    PERSON,
    by_device_code,
    check,
    expect,
    up,
)
from python_clients import ORDERS, up_with_orders

# Quicker to start, and no slower for so short a life.
JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"]
BUILT = CLIENTS / "java"


def version(module: str, artifact: str):
    """The version of a library that a module is built with."""

    def known() -> str:
        return re.search(rf"/{artifact}-([0-9][^/:]*)\.jar", classpath(module)).group(1)

    return known


def classpath(module: str) -> str:
    folder = BUILT / module
    return os.pathsep.join([str(folder / "classes"), (folder / "classpath").read_text()])


def java(module: str, main: str, *arguments: str) -> list:
    return ["java", *JVM, "-cp", classpath(module), main, *arguments]


def environment(stack) -> dict:
    """What `env --for java` sets, and the daemon's credentials."""
    return stack.environment("java") | {
        "DAEMON": DAEMON,
        "DAEMON_SECRET": stack.secret(),
        "DAEMON_PEM": str(stack.folder / "state" / "daemon.pem"),
    }


def printed(command: list, variables: dict, text: str = "") -> dict:
    done = subprocess.run(
        command, env=variables, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    # Of a stack trace, what says something.
    said = [line for line in done.stderr.splitlines() if not line.lstrip().startswith(("at ", "... "))]
    assert done.returncode == 0, "\n".join(said)
    return json.loads(done.stdout)


@contextlib.contextmanager
def elsewhere(variables: dict):
    """The environment of a client whose requests to other hosts than this one come to a proxy that
    refuses them, and the list of the hosts that it asked for."""
    asked = []

    class Refuse(socketserver.StreamRequestHandler):
        def handle(self):
            asked.append(self.rfile.readline().decode().split(" ")[1])
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        port = proxy.server_address[1]
        options = f"-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort={port} -Dhttp.nonProxyHosts=localhost"
        try:
            yield variables | {"JAVA_TOOL_OPTIONS": f"{variables['JAVA_TOOL_OPTIONS']} {options}"}, asked
        finally:
            proxy.shutdown()


def alone(stack, main: str, *arguments: str, **more: str) -> dict:
    """What a program prints that asks this stack's authority, and no other host."""
    with elsewhere(environment(stack) | more) as (variables, asked):
        seen = printed(java("clients", main, *arguments), variables)
    expect(asked, [])
    return seen


def grants(stack) -> list:
    """The grants that the authority was asked by."""
    log = stack.local("log")
    return [grant for grant in ("device_code", "refresh_token", "client_credentials") if f"token by {grant}" in log]


PROOFS = {"secret": APP, "certificate": APP, "certificate with chain": APP}
msal4j = version("clients", "msal4j")
azure_identity = version("clients", "azure-identity")


@check("MSAL4J", "device code (a scope, .default), silent, refresh", msal4j, shows=("authority/consent",))
def msal_person():
    with up("--auto-approve", "alice@greeting.test") as stack:
        seen = alone(stack, "Msal", "person")
        expect(seen.pop("account"), "alice@greeting.test")
        expect(seen["silent"], seen["first"])
        assert seen["refreshed"] != seen["first"]
        expect(grants(stack), ["device_code", "refresh_token"])
        expect(stack.statuses(seen), dict.fromkeys(seen, PERSON))


@check(
    "MSAL4J", "client credentials: secret, certificate, certificate with chain", msal4j,
    shows=("authority/client-credentials",),
)
def msal_daemon():
    with up("--allow-client", DAEMON) as stack:
        expect(stack.statuses(alone(stack, "Msal", "daemon")), PROOFS)


@check(
    "MSAL4J", "reason() and claims() where a person has to sign in again", msal4j,
    shows=("authority/consent", "authority/errors"),
)
def msal_interaction():
    with up("--auto-approve", "alice@greeting.test") as stack:

        def refused(*change: str) -> dict:
            command = f"'{LOCAL}' policy {' '.join(change)} --state-dir '{stack.folder / 'state'}' >/dev/null"
            return alone(stack, "Msal", "refused", command)

        consent = refused("--consent", "off")
        expect((consent["code"], consent["reason"]), ("invalid_grant", "CONSENT_REQUIRED"))
        stack.local("policy", "--consent", "on")
        # What each is answered with is in the table test of the codes.
        for code, reason in [
            ("AADSTS50076", "BASIC_ACTION"),
            ("AADSTS50079", "BASIC_ACTION"),
            ("AADSTS53003", "MESSAGE_ONLY"),
            ("AADSTS50173", "NONE"),
        ]:
            seen = refused("--refuse", code)
            stack.local("policy", "--refuse", "none")
            expect((seen["code"], seen["reason"]), ("invalid_grant", reason))
            if reason == "BASIC_ACTION":
                assert json.loads(seen["claims"])["access_token"], seen


@check("MSAL4J", "the client's fault: by authority(…) a refresh loses the port; oidcAuthority(…) does not", msal4j)
def msal_port():
    with up("--auto-approve", "alice@greeting.test") as stack:
        expect(list(alone(stack, "Msal", "by authority")), ["first"])
        expect(grants(stack), ["device_code"])


@check(
    "azure-identity (Java)", "device code: the program that `env --for java` prints", azure_identity,
    shows=("authority/device-code",),
)
def identity_program():
    with up() as stack:
        path = stack.folder / "Greeting.java"
        path.write_text(stack.program("java"))
        printed = by_device_code(stack, java("clients", str(path)), stack.environment("java"))
        expect(printed.splitlines()[-1], GREETING)


@check("azure-identity (Java)", "device code (a scope, .default), from its cache", azure_identity)
def identity_person():
    with up("--auto-approve", "alice@greeting.test") as stack:
        seen = alone(stack, "Identity", "person")
        expect(seen["silent"], seen["first"])
        expect(stack.statuses(seen), dict.fromkeys(seen, PERSON))


@check("azure-identity (Java)", "the client's fault: a refresh loses the port, so it asks for a second sign-in", azure_identity)
def identity_port():
    with up("--auto-approve", "alice@greeting.test") as stack:
        expect(alone(stack, "Identity", "refresh")["sign-ins"], "2")
        expect(grants(stack), ["device_code"])


@check(
    "azure-identity (Java)", "ClientSecretCredential, ClientCertificateCredential (without, with chain)", azure_identity,
    shows=("authority/client-credentials",),
)
def identity_daemon():
    with up("--allow-client", DAEMON) as stack:
        expect(stack.statuses(alone(stack, "Identity", "daemon")), PROOFS)


@check("azure-identity (Java)", "EnvironmentCredential by AZURE_TOKEN_CREDENTIALS", azure_identity)
def identity_environment():
    with up("--allow-client", DAEMON) as stack:
        proof = {"AZURE_CLIENT_ID": DAEMON, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential"}
        for variables in [
            {"AZURE_CLIENT_SECRET": stack.secret()},
            {"AZURE_CLIENT_CERTIFICATE_PATH": str(stack.folder / "state" / "daemon.pem")},
        ]:
            seen = alone(stack, "Identity", "environment", **proof, **variables)
            expect(stack.statuses(seen), {"environment": APP})


@check("azure-identity (Java)", "the client's fault: EnvironmentCredentialBuilder asks Microsoft about the authority", azure_identity)
def identity_environment_builder():
    with up() as stack:
        proof = {"AZURE_CLIENT_ID": DAEMON, "AZURE_CLIENT_SECRET": stack.secret()}
        with elsewhere(environment(stack) | proof) as (variables, asked):
            done = subprocess.run(java("clients", "Identity", "environment builder"), env=variables, capture_output=True)
        assert done.returncode != 0, done.stdout
        assert {host.split(":")[0] for host in asked} == {"login.microsoftonline.com"}, asked
        expect(grants(stack), [])


@check("azure-identity (Java)", "AzureCliCredential after `env --for az`", azure_identity)
def identity_az():
    with up() as stack:
        login = ["az", "login", "--use-device-code", "--allow-no-subscriptions"]
        by_device_code(stack, login, stack.environment("az"))
        with elsewhere(environment(stack) | stack.environment("az")) as (variables, asked):
            # It says so itself: `az` has told it, and it asks nobody.
            seen = printed(java("clients", "Identity", "az"), variables | {"AZURE_TENANT_ID": stack.tenant})
        expect((stack.statuses(seen), asked), ({"az": PERSON}, []))


def verified(stack, issuer: str, audience: str, tokens: list) -> dict:
    """What Nimbus makes of each token: its scopes, or None where it refuses it."""
    lines = "".join(f"{name}\t{token}\n" for name, token in minted.mint(stack, tokens).items())
    seen = printed(java("clients", "Nimbus", issuer, audience), environment(stack), lines)
    # A daemon's token has no `scp`.
    scopes = {name: "" if said == "null" else said for name, said in seen.items()}
    return {name: None if said.startswith("refused: ") else said for name, said in scopes.items()}


@check("Nimbus", "23 minted tokens by issuer and JWKS; v1 by its own issuer; after rotate-keys", version("clients", "nimbus-jose-jwt"))
def nimbus():
    with up() as stack:
        authority = f"{stack.authority}/{stack.tenant}"
        v2 = (f"{authority}/v2.0", stack.api, minted.TOKENS)
        expect(verified(stack, *v2), {token.name: token.scopes for token in minted.TOKENS})
        v1 = (f"{authority}/", f"api://{stack.api}", minted.V1)
        expect(verified(stack, *v1), {token.name: token.scopes for token in minted.V1})
        stack.local("rotate-keys")
        expect(verified(stack, *v2[:2], minted.TOKENS[:1]), {"as issued": "Greeting.Read"})


@check(
    "azure-identity (Java)", "ManagedIdentityCredential and DefaultAzureCredential after `env --for managed-identity`", azure_identity,
    shows=("authority/managed-identity",),
)
def identity_managed():
    with up("--allow-client", MANAGED_IDENTITY) as stack:
        variables = stack.environment("managed-identity")
        for flow in ("managed", "default"):
            seen = printed(java("clients", "Identity", flow), variables)
            expect(stack.statuses(seen), {flow: APP})


@check(
    "MSAL4J", "ManagedIdentityApplication after `env --for managed-identity`", msal4j,
    shows=("authority/managed-identity",),
)
def msal_managed():
    with up("--allow-client", MANAGED_IDENTITY) as stack:
        seen = printed(java("clients", "Msal", "managed"), stack.environment("managed-identity"))
        expect(stack.statuses(seen), {"managed": APP})


@check(
    "MSAL4J", "on behalf of: an API calls the next one as its user; silent, refresh", msal4j,
    shows=("authority/on-behalf-of", "authority/on-behalf-of-refusals"),
)
def msal_on_behalf_of():
    with up_with_orders("--auto-approve", "alice@greeting.test") as (stack, secret):
        seen = alone(stack, "Msal", "on behalf of", ORDERS, "api://orders/Orders.Read", API_SECRET=secret)
        refused = seen.pop("refused")
        # The next API's own token is no assertion for this one.
        assert refused.startswith("invalid_grant AADSTS500131"), refused
        expect(seen.pop("account"), "alice@greeting.test")
        expect(seen["cached"], seen["first"])
        assert seen["refreshed"] != seen["first"]
        expect(stack.statuses(seen), dict.fromkeys(seen, PERSON))


@check(
    "azure-identity (Java)", "OnBehalfOfCredential: an API calls the next one as its user", azure_identity,
    shows=("authority/on-behalf-of",),
)
def identity_on_behalf_of():
    with up_with_orders("--auto-approve", "alice@greeting.test") as (stack, secret):
        seen = alone(stack, "Identity", "on behalf of", ORDERS, "api://orders/Orders.Read", API_SECRET=secret)
        expect(stack.statuses(seen), {"user": PERSON})
