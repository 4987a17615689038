"""oauth2-proxy before the function: a person signs in, and the function gets the access token."""

import concurrent.futures
import contextlib
import functools
import json
import pathlib
import secrets
import socket
import tempfile
import urllib.parse

import requests

from checks import ALL, ENVIRONMENT, GREETING, ROOT, check, expect, listening, up, wait
from go_programs import installed

VERSION = "7.15.6"
WEB = "8d0e7c5a-2b6f-4c3e-9f4a-7d6b5c4e3f21"


@functools.cache
def oauth2_proxy() -> pathlib.Path:
    return installed("oauth2-proxy", f"github.com/oauth2-proxy/oauth2-proxy/v7@v{VERSION}")


@contextlib.contextmanager
def up_with_web():
    """A stack with a web app, and the secret that it has."""
    greeting = json.loads((ROOT / "deploy" / "app-registration.json").read_text())
    [read] = [scope for scope in greeting["api"]["oauth2PermissionScopes"] if scope["value"] == "Greeting.Read"]
    secret = secrets.token_urlsafe(24)
    web = {
        "appId": WEB,
        "displayName": "web",
        "web": {"redirectUris": ["http://localhost:4180/oauth2/callback"]},
        "passwordCredentials": [{"secretText": secret}],
        "requiredResourceAccess": [
            {"resourceAppId": "<client-id>", "resourceAccess": [{"id": read["id"], "type": "Scope"}]}
        ],
    }
    with tempfile.TemporaryDirectory() as name:
        file = pathlib.Path(name) / "web.json"
        file.write_text(json.dumps(web))
        with up("--registration", str(file), "--allow-client", WEB, "--auto-approve", "alice@greeting.test") as stack:
            yield stack, secret


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def proxy(stack, *arguments: str, **variables: str):
    """A running one, by these arguments; its origin."""
    port = free_port()
    command = [oauth2_proxy(), "--email-domain=*", "--cookie-secure=false", "--skip-provider-button", *arguments]
    command += [f"--redirect-url=http://localhost:{port}/oauth2/callback"]
    cookies = {"OAUTH2_PROXY_COOKIE_SECRET": secrets.token_hex(16)}
    if not any(argument.startswith("--alpha-config") for argument in arguments):
        command.append(f"--http-address=127.0.0.1:{port}")
    else:
        path = stack.folder / "oauth2-proxy.yaml"
        path.write_text(path.read_text().replace("127.0.0.1:4180", f"127.0.0.1:{port}"))
    with listening(command, {**ENVIRONMENT, **cookies, **variables}, stack.folder, port):
        yield f"http://localhost:{port}"


def signed_in(stack, origin: str) -> tuple[requests.Session, requests.Response]:
    session = requests.Session()
    return session, session.get(f"{origin}/api/greeting", verify=stack.ca, timeout=60)


@check(
    "oauth2-proxy", "entra-id by the file that `env --for oauth2-proxy` prints; four refreshes at once", lambda: VERSION, ALL,
    shows=("authority/refresh-tokens",),
)
def by_alpha_configuration():
    with up_with_web() as (stack, secret):
        (stack.folder / "oauth2-proxy.yaml").write_text(stack.program("oauth2-proxy"))
        app = {"OAUTH2_PROXY_CLIENT_ID": WEB, "OAUTH2_PROXY_CLIENT_SECRET": secret}
        file = f"--alpha-config={stack.folder / 'oauth2-proxy.yaml'}"
        with proxy(stack, file, "--cookie-refresh=1s", **app) as origin:
            session, first = signed_in(stack, origin)
            expect((first.status_code, first.text), (200, GREETING))
            cookies = session.cookies.get_dict()

            def again(_) -> int:
                return requests.get(f"{origin}/api/greeting", cookies=cookies, allow_redirects=False, timeout=60).status_code

            # Once what it has is older than the interval, each of four has the same refresh token.
            refreshes = lambda: stack.said().count("by refresh_token")  # noqa: E731

            def refreshed() -> bool:
                with concurrent.futures.ThreadPoolExecutor(4) as four:
                    expect(list(four.map(again, range(4))), [200] * 4)
                return refreshes() >= 4

            wait(refreshed)
            expect(again(None), 200)


def by_flags(stack, provider: str) -> list[str]:
    return [
        f"--provider={provider}",
        f"--oidc-issuer-url={stack.authority}/{stack.tenant}/v2.0",
        f"--provider-ca-file={stack.ca}",
        f"--client-id={WEB}",
        f"--upstream={stack.url.split('/api/')[0]}",
    ]


@check("oauth2-proxy", "entra-id at its defaults: signed in; no token of the API's goes on", lambda: VERSION, ALL)
def entra_id():
    with up_with_web() as (stack, secret):
        arguments = by_flags(stack, "entra-id")
        with proxy(stack, *arguments, OAUTH2_PROXY_CLIENT_SECRET=secret) as origin:
            session, answer = signed_in(stack, origin)
            expect((answer.status_code, answer.url), (401, f"{origin}/api/greeting"))
            assert "_oauth2_proxy" in session.cookies, session.cookies


@check(
    "oauth2-proxy", "azure (deprecated) takes userinfo's host for Microsoft Graph, which it is with Entra and not here: AADSTS65001", lambda: VERSION, ALL,
    shows=("authority/consent", "authority/errors"),
)
def azure():
    # Entra's userinfo is at graph.microsoft.com. Here it is at the authority, as Resource Manager is.
    with up_with_web() as (stack, secret):
        arguments = by_flags(stack, "azure")
        for more in [(), ("--profile-url=https://graph.microsoft.com/v1.0/me",), ("--resource=https://graph.microsoft.com",)]:
            with proxy(stack, *arguments, *more, OAUTH2_PROXY_CLIENT_SECRET=secret) as origin:
                session, answer = signed_in(stack, origin)
                [asked, back] = [urllib.parse.parse_qs(urllib.parse.urlsplit(response.headers["location"]).query) for response in answer.history]
                expect(asked["scope"], [f"openid {stack.authority}/.default"])
                # --auto-approve accepts nothing that the registration does not ask for.
                expect(back["error"], ["consent_required"])
                assert back["error_description"][0].startswith("AADSTS65001:"), back
                expect(answer.status_code, 403)
                assert "_oauth2_proxy" not in session.cookies, session.cookies
