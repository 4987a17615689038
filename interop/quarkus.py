"""Quarkus: the service of java-quarkus as a resource server, and where people sign in."""

import contextlib
import pathlib
import re
import tempfile

import requests

import minted
from checks import ALL, CLIENTS, ROOT, check, expect, started, up, wait
from java_clients import JVM
from spring import WEB, with_web_app

BUILT = CLIENTS / "quarkus"
LISTENS = re.compile(r"Listening on: (http://\S+)")


def version() -> str:
    return re.search(r"<quarkus.version>(.*)</", (ROOT / "interop" / "java-quarkus" / "pom.xml").read_text()).group(1)


@contextlib.contextmanager
def service(variables: dict, properties: str):
    """The service in this environment and with these properties, on a free port; its origin."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # Beside the service: that is where it looks for them.
        (folder / "config").mkdir()
        (folder / "config" / "application.properties").write_text(properties)
        command = ["java", *JVM, "-jar", BUILT / "quarkus-app" / "quarkus-run.jar"]
        with started(command, variables | {"QUARKUS_HTTP_PORT": "0"}, folder) as program:
            yield LISTENS.search(program.find(LISTENS)).group(1)


def answered(origin: str, path: str, token: str) -> tuple:
    """The status, and the roles."""
    answer = requests.get(origin + path, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    return answer.status_code, answer.json()["authorities"] if answer.ok else None


def outcome(token: minted.Token) -> tuple:
    """Of `/`, which any caller gets, and of `/greeting`, which wants the scope."""
    # It wants a key id, as every token of Entra's has one.
    if token.scopes is None or token.name == "no key id":
        return (401, None), (401, None)
    roles = token.scopes.split()
    return (200, roles), (200, roles) if "Greeting.Read" in roles else (403, None)


@check(
    "Quarkus", "resource server by the properties that `env --for quarkus` prints: 23 minted tokens", version, ALL,
    shows=("authority/discovery",),
)
def resource_server():
    with up() as stack, service(stack.environment("quarkus"), stack.program("quarkus")) as origin:
        seen = {
            name: tuple(answered(origin, path, token) for path in ("/", "/greeting"))
            for name, token in minted.mint(stack, minted.TOKENS).items()
        }
        expect(seen, {token.name: outcome(token) for token in minted.TOKENS})
        stack.local("rotate-keys")
        rotated = stack.mint()
        # It has fetched the keys for the unknown one, and does so once a second at most.
        wait(lambda: answered(origin, "/greeting", rotated)[0] == 200)


@check(
    "Quarkus", "sign-in (web-app) with and without pkce-required", version, ALL,
    shows=("authority/authorization-code", "authority/pkce", "authority/redirect-uris"),
)
def sign_in():
    with with_web_app("http://localhost/") as (stack, secret):
        for pkce in ("true", "false"):
            properties = f"""
                quarkus.oidc.application-type=web-app
                quarkus.oidc.auth-server-url={stack.authority}/{stack.tenant}/v2.0
                quarkus.oidc.client-id={WEB}
                quarkus.oidc.credentials.secret={secret}
                quarkus.oidc.authentication.redirect-path=/
                quarkus.oidc.authentication.pkce-required={pkce}
            """
            with service(stack.environment("quarkus"), properties) as origin:
                answer = requests.get(origin.replace("127.0.0.1", "localhost"), verify=stack.ca, timeout=60)
                expect(answer.status_code, 200)
                expect(answer.json()["name"], "alice@greeting.test")
                expect("code_challenge=" in answer.history[0].headers["location"], pkce == "true")
