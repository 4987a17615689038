"""Spring Boot, 3.5 and 4, at its defaults: the app of java/spring as a resource server and behind the gate."""

import contextlib
import json
import pathlib
import re
import secrets
import tempfile

import requests

import minted
from checks import ALL, ALWAYS, ENVIRONMENT, check, expect, started, up
from java_clients import java, version

LISTENS = re.compile(r"^listens on (\d+)$", re.MULTILINE)
# Each has a hundred packages of its own to fetch.
BOOTS = {"boot3": ALL, "boot4": ALWAYS}


def each_boot(flow: str, shows: tuple = ()):
    """Registers a check for each version of Spring Boot."""

    def register(function):
        for module, when in BOOTS.items():
            client = f"Spring Boot {module.removeprefix('boot')}"
            check(client, flow, version(module, "spring-boot"), when, shows)(lambda module=module: function(module))
        return function

    return register


@contextlib.contextmanager
def app(module: str, variables: dict, properties: str = ""):
    """The app in this environment and with these properties, on a free port; its origin."""
    with tempfile.TemporaryDirectory() as folder:
        # Beside the app: that is where it looks for them.
        (pathlib.Path(folder) / "application.properties").write_text(properties)
        variables = variables | {"SERVER_PORT": "0", "SPRING_MAIN_BANNER_MODE": "off"}
        with started(java(module, "greeting.App"), variables, pathlib.Path(folder)) as program:
            yield f"http://localhost:{LISTENS.search(program.find(LISTENS)).group(1)}"


def answered(origin: str, path: str, token: str) -> tuple:
    """The status, and the scopes among the authorities."""
    answer = requests.get(origin + path, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    # Boot 4 has an authority for the bearer token as such, too.
    return answer.status_code, [a for a in answer.json()["authorities"] if a.startswith("SCOPE_")] if answer.ok else None


def outcome(token: minted.Token) -> tuple:
    """Of `/`, which any caller gets, and of `/greeting`, which wants the scope."""
    if token.scopes is None:
        return (401, None), (401, None)
    authorities = [f"SCOPE_{scope}" for scope in token.scopes.split()]
    may = "SCOPE_Greeting.Read" in authorities
    return (200, authorities), (200, authorities) if may else (403, None)


def resource_server(stack, module: str, properties: str, tokens: list):
    with app(module, stack.environment("spring"), properties) as origin:
        expect(requests.get(origin, timeout=60).status_code, 401)
        seen = {
            name: tuple(answered(origin, path, token) for path in ("/", "/greeting"))
            for name, token in minted.mint(stack, tokens).items()
        }
        expect(seen, {token.name: outcome(token) for token in tokens})


@each_boot(
    "resource server by the properties that `env --for spring` prints: 23 minted tokens, scopes as authorities",
    ("authority/discovery",),
)
def v2(module: str):
    with up() as stack:
        resource_server(stack, module, stack.program("spring"), minted.TOKENS)


@each_boot("resource server of v1 tokens, by their issuer and audience")
def v1(module: str):
    with up() as stack:
        properties = f"""
            spring.security.oauth2.resourceserver.jwt.issuer-uri={stack.authority}/{stack.tenant}/
            spring.security.oauth2.resourceserver.jwt.audiences=api://{stack.api}
        """
        resource_server(stack, module, properties, minted.V1)


WEB = "0b9d7a52-6f0c-4f7e-8d43-1c2e3a4b5c02"


@contextlib.contextmanager
def with_web_app(redirect: str, **more):
    """A stack whose tenant has a web app with a secret, too; and the secret."""
    secret = secrets.token_urlsafe()
    registration = {
        "appId": WEB,
        "displayName": "the web app",
        # Of localhost the port is not compared.
        "web": {"redirectUris": [redirect]},
        "passwordCredentials": [{"secretText": "<env:WEB_SECRET>"}],
        **more,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "web.json"
        path.write_text(json.dumps(registration))
        arguments = ["--registration", str(path), "--auto-approve", "alice@greeting.test"]
        with up(*arguments, environment={"WEB_SECRET": secret}) as stack:
            yield stack, secret


@each_boot(
    "sign-in at its default: a confidential client, ID token, userinfo",
    ("authority/authorization-code", "authority/endpoints", "authority/redirect-uris"),
)
def sign_in(module: str):
    with with_web_app("http://localhost/login/oauth2/code/entra") as (stack, secret):
        client = "spring.security.oauth2.client"
        properties = f"""
            {client}.registration.entra.client-id={WEB}
            {client}.registration.entra.client-secret={secret}
            {client}.registration.entra.scope=openid,profile,email
            {client}.provider.entra.issuer-uri={stack.authority}/{stack.tenant}/v2.0
        """
        with app(module, stack.environment("spring"), properties) as origin, requests.Session() as browser:
            answer = browser.get(f"{origin}/person", verify=stack.ca, timeout=60)
            hosts = [step.url.split("?")[0] for step in answer.history]
            assert any(url.startswith(stack.authority) for url in hosts), (hosts, answer.text)
            expect(answer.status_code, 200)
            expect(answer.json(), {"user": "alice@greeting.test", "userinfo": True})


@each_boot(
    "behind the gate: a pre-authenticated filter finds the caller in X-MS-CLIENT-PRINCIPAL",
    ("easy-auth/principal-headers",),
)
def easy_auth(module: str):
    with app(module, ENVIRONMENT | {"SPRING_PROFILES_ACTIVE": "easy-auth"}) as origin, up("--upstream", origin) as stack:
        expect(requests.get(origin, timeout=60).status_code, 403)
        expect(stack.call().status_code, 401)
        for options, name, roles in [
            ((), "alice@greeting.test", []),
            (("--user", "bob"), "bob@greeting.test", []),
            (("--claim", 'roles=["Greeter"]'), "alice@greeting.test", ["ROLE_Greeter"]),
        ]:
            answer = stack.call(stack.mint(*options))
            expect(answer.status_code, 200)
            expect(answer.json(), {"name": name, "authorities": roles})
