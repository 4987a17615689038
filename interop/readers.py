"""Published readers of Easy Auth's headers, unchanged, behind the gate: each finds who called."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import requests

from checks import CLIENTS, PATIENCE, ROOT, Skipped, check, expect, up
from mcp_servers import free_port
from node_client import NODE, PROGRAM, version

TOKEN_STORE = {"login": {"tokenStore": {"enabled": True}}}
# As App Service sets them where Easy Auth sends browsers to sign in: Backstage's module starts
# with nothing less.
APP_SERVICE = {
    "WEBSITE_SKU": "PremiumV3",
    "WEBSITE_AUTH_ENABLED": "True",
    "WEBSITE_AUTH_DEFAULT_PROVIDER": "AzureActiveDirectory",
    "WEBSITE_AUTH_TOKEN_STORE": "True",
}


@contextlib.contextmanager
def behind_the_gate(command, *arguments: str, settings: dict | None = None):
    """A gate, and the reader behind it that `command` starts, given a port and the stack."""
    port = free_port()
    with up("--upstream", f"http://127.0.0.1:{port}", *arguments, settings=settings) as stack:
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": stack.ca, **APP_SERVICE}
        with subprocess.Popen(command(port, stack), env=environment, stdout=subprocess.PIPE, text=True) as reader:
            try:
                line = next((line for line in reader.stdout if line.strip() == "listens"), None)
                assert line, f"the reader ended with {reader.poll()}"
                yield stack
            finally:
                reader.terminate()
                reader.wait(PATIENCE)


def node(name: str):
    def command(port, stack):
        return [PROGRAM, shutil.copy(ROOT / "interop" / "readers.mjs", NODE), name, str(port), stack.url]

    return command


def claims(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def name(token: dict) -> str:
    """The name that Easy Auth finds in a token."""
    return token.get("email") or token["preferred_username"]


def answer(stack, headers: dict) -> dict:
    said = requests.get(f"{stack.url}api/who", headers=headers, verify=stack.ca, timeout=60)
    expect((said.status_code, said.reason), (200, "OK"))
    return said.json()


def bearer(stack) -> tuple[dict, dict]:
    """What a call with a token sends, and who calls."""
    token = stack.mint()
    return {"Authorization": f"Bearer {token}"}, claims(token)


def session(stack) -> tuple[dict, dict]:
    """The same, where an ID token has begun a session (client-directed sign-in)."""
    token = stack.mint("--kind", "id", "--audience", stack.api)
    login = f"{stack.url}.auth/login/aad"
    opened = requests.post(login, json={"id_token": token}, verify=stack.ca, timeout=60)
    expect((opened.status_code, opened.reason), (200, "OK"))
    return {"X-ZUMO-AUTH": opened.json()["authenticationToken"]}, claims(token)


@check(
    "@azure/functions", "HttpRequest.user, its reader of the principal", lambda: version("@azure/functions"),
    shows=("easy-auth/principal-headers",),
)
def functions():
    with behind_the_gate(node("functions")) as stack:
        headers, caller = bearer(stack)
        user = answer(stack, headers)
        principal = user.pop("claimsPrincipalData")
        expect(user, {"type": "AppService", "id": caller["oid"], "username": name(caller), "identityProvider": "aad"})
        expect(principal["auth_typ"], "aad")


@check(
    "Backstage",
    "plugin-auth-backend-module-azure-easyauth-provider: starts, and finds the profile",
    lambda: version("@backstage/plugin-auth-backend-module-azure-easyauth-provider"),
    shows=("easy-auth/session-token-headers",),
)
def backstage():
    with behind_the_gate(node("backstage"), settings=TOKEN_STORE) as stack:
        headers, caller = session(stack)
        seen = answer(stack, headers)
        expect(seen["registered"], ["azureEasyAuth"])
        expect((seen["id"], seen["username"]), (caller["oid"], caller["preferred_username"]))
        expect(seen["profile"]["displayName"], caller["name"])
        expect(seen["profile"].get("email"), caller.get("email"))


@check(
    "azure-mobile-apps", "getIdentity: /.auth/me, asked by the app with X-ZUMO-AUTH", lambda: version("azure-mobile-apps"),
    shows=("easy-auth/me", "easy-auth/long-claim-names", "easy-auth/client-directed-sign-in"),
)
def mobile_apps():
    with behind_the_gate(node("mobile"), "--https", settings=TOKEN_STORE) as stack:
        headers, caller = session(stack)
        seen = answer(stack, headers)["aad"]
        expect(seen["user_id"], name(caller))
        # It finds a claim by the last part of its long name, too.
        expect(seen["claims"]["objectidentifier"], caller["oid"])
        expect(seen["claims"]["name"], caller["name"])


@check("Django", "RemoteUserMiddleware, by X-MS-CLIENT-PRINCIPAL-NAME", "django", shows=("easy-auth/forged-headers", "easy-auth/name-is-mail"))
def django():
    program = ROOT / "interop" / "reader_django.py"
    with behind_the_gate(lambda port, _: [sys.executable, program, str(port)]) as stack:
        headers, caller = bearer(stack)
        expect(answer(stack, headers), {"username": name(caller), "known": True})
        # The mail comes first, where the token has one.
        token = stack.mint("--claim", "email=a.example@corp.example")
        answered = answer(stack, {"Authorization": f"Bearer {token}"})
        expect(answered["username"], "a.example@corp.example")
        # Its header is the gate's alone.
        forged = {**headers, "X-MS-CLIENT-PRINCIPAL-NAME": "eve", "X-MS_CLIENT_PRINCIPAL_NAME": "eve"}
        expect(answer(stack, forged)["username"], name(caller))


NGINX = """
load_module {modules}/ngx_http_js_module.so;
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  js_path {interop};
  js_import reader from reader_nginx.js;
  server {{
    listen 127.0.0.1:{port};
    location / {{ js_content reader.who; }}
  }}
}}
"""


def installed() -> pathlib.Path:
    """Where nginx and njs are: unpacked by interop/run, or the system's."""
    for root in (CLIENTS / "nginx", pathlib.Path("/")):
        if (root / "usr/sbin/nginx").exists() and (root / "usr/lib/nginx/modules/ngx_http_js_module.so").exists():
            return root
    raise Skipped("nginx with njs (nginx-light and libnginx-mod-http-js of Debian) is not here")


def nginx_version() -> str:
    try:
        said = subprocess.run([installed() / "usr/sbin/nginx", "-v"], capture_output=True, text=True, check=True)
    except Skipped:
        return ""
    return said.stderr.strip().rsplit("/", 1)[1]


@check("nginx, njs", "the principal, decoded in njs", nginx_version, shows=("easy-auth/principal-headers",))
def nginx():
    root = installed()
    with tempfile.TemporaryDirectory() as folder:

        def command(port, _):
            places = {"modules": root / "usr/lib/nginx/modules", "folder": folder, "interop": ROOT / "interop"}
            (pathlib.Path(folder) / "nginx.conf").write_text(NGINX.format(port=port, **places))
            start = '"$@" & while ! (exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>/dev/null; do sleep 0.05; done; echo listens; wait'
            start = f"trap 'kill $!' TERM; PORT={port}; {start}"
            return ["bash", "-c", start, "bash", root / "usr/sbin/nginx", "-p", folder, "-c", f"{folder}/nginx.conf"]

        with behind_the_gate(command) as stack:
            headers, caller = bearer(stack)
            expect(answer(stack, headers), {"id": caller["oid"], "name": name(caller)})
