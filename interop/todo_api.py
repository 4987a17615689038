"""An API of somebody's, in Python's standard library, behind the local gate with its own settings of
Azure: `mint | call` gets 200, and what the API itself refuses is told in the API's words."""

import base64
import contextlib
import http.server
import json
import pathlib
import platform
import subprocess
import tempfile
import threading

from checks import CLI, ENVIRONMENT, check, expect, up

TENANT = "3d5f0c1e-7a92-4b6d-8c41-90e2f7a6b513"
API = "b7c9e1d2-4f60-4a83-9d15-6e0a8f3c2b74"
WEB_CLIENT = "5c8a7e90-1b2d-4c3e-8f4a-7d6b5c4e3f21"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCOPE_CLAIM = "http://schemas.microsoft.com/identity/claims/scope"
# As `az rest` on config/authsettingsV2 prints them.
SETTINGS = {
    "id": "/subscriptions/0/resourceGroups/todo/providers/Microsoft.Web/sites/todo/config/authsettingsV2",
    "name": "authsettingsV2",
    "type": "Microsoft.Web/sites/config",
    "properties": {
        "platform": {"enabled": True, "runtimeVersion": "~1"},
        "globalValidation": {"requireAuthentication": True, "unauthenticatedClientAction": "Return401"},
        "identityProviders": {
            "azureActiveDirectory": {
                "enabled": True,
                "registration": {
                    "clientId": API,
                    "clientSecretSettingName": "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET",
                    "openIdIssuer": f"https://sts.windows.net/{TENANT}/v2.0",
                },
                "validation": {
                    "allowedAudiences": [f"api://{API}"],
                    "defaultAuthorizationPolicy": {"allowedApplications": [WEB_CLIENT, AZURE_CLI]},
                },
            },
            "google": {"enabled": True, "registration": {}},
        },
        "login": {"tokenStore": {"enabled": True}},
        "httpSettings": {"requireHttps": True},
    },
}
# As `az ad app show` prints it, in part.
REGISTRATION = {
    "appId": API,
    "displayName": "todo",
    "identifierUris": [f"api://{API}"],
    "isFallbackPublicClient": None,
    "api": {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": [
            {"id": "6a1c0e52-0000-4000-8000-000000000001", "value": "Todo.Read", "type": "User", "isEnabled": True},
        ],
    },
}


class Todo(http.server.BaseHTTPRequestHandler):
    """GET /todos, for callers with Todo.Read."""

    def do_GET(self):
        principal = self.headers.get("X-MS-CLIENT-PRINCIPAL")
        if principal is None:
            return self.answer(500, "no principal: is Easy Auth off?")
        claims = json.loads(base64.b64decode(principal))["claims"]
        scopes = [claim["val"].split(" ") for claim in claims if claim["typ"] in ("scp", SCOPE_CLAIM)]
        if self.path == "/licence":
            return self.answer(401, "Your licence for Todo ended in March; ask sales@contoso.com.")
        if "Todo.Read" not in sum(scopes, []):
            return self.answer(403, "Todo says: this list is not yours, ask its owner.")
        return self.answer(200, '["buy milk"]')

    def answer(self, status: int, text: str):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Todo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def call(stack, path: str, token: str) -> subprocess.CompletedProcess:
    """`greeting-local mint | greeting-cli call`, with nothing else said."""
    command = [CLI, "call", f"{stack.url}{path}", "--access-token", "-"]
    environment = {**ENVIRONMENT, "SSL_CERT_FILE": stack.ca, "XDG_STATE_HOME": str(stack.folder)}
    return subprocess.run(command, input=token, capture_output=True, text=True, env=environment)


@check("a Python API of one's own", "its settings of Azure, played: 200; its own 401 and 403 in its words", platform.python_version)
def its_own_settings():
    with tempfile.TemporaryDirectory() as name, served() as origin:
        folder = pathlib.Path(name)
        (folder / "deploy").mkdir()
        (folder / "auth.json").write_text(json.dumps(SETTINGS))
        (folder / "deploy" / "app-registration.json").write_text(json.dumps(REGISTRATION))
        with up("--upstream", origin, "--settings", str(folder / "auth.json")) as stack:
            expect((stack.tenant, stack.api, stack.client), (TENANT, API, AZURE_CLI))
            expect(stack.scope, f"api://{API}/Todo.Read")
            greeted = call(stack, "todos", stack.mint())
            expect((greeted.returncode, greeted.stdout.strip()), (0, '["buy milk"]'))
            for path, defects, status, words in [
                ("licence", (), 4, "Your licence for Todo ended in March"),
                ("todos", ("--no-scope",), 5, "this list is not yours"),
            ]:
                refused = call(stack, path, stack.mint(*defects))
                said = " ".join(refused.stderr.split())
                expect((refused.returncode, words in said), (status, True))
            # The gate refuses what Azure's would.
            for defects, status in [(("--expired",), 4), (("--client", stack.api), 5)]:
                expect(call(stack, "todos", stack.mint(*defects)).returncode, status)
