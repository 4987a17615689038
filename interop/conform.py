"""`greeting-cli conform` asks three gates; what they answer is what docs/captures has of them.

With --record the captures are written anew: docs/conform.md is made from them.
"""

import contextlib
import json
import pathlib
import secrets
import subprocess
import sys
import tempfile

from bodies import program
from checks import ALL, CLI, CLIENTS, ENVIRONMENT, PATIENCE, ROOT, check, expect, listening, up
from oauth2_proxy import VERSION as OAUTH2_PROXY
from oauth2_proxy import free_port, oauth2_proxy

CAPTURES = ROOT / "docs" / "captures"
OPEN = "/open"
STATIC_WEB_APPS = "2.0.10"
# The tokens that a gate is asked with, each by a defect: what `mint` is given for it.
TOKENS = {
    "valid": [],
    "expired": ["--expired"],
    "skew": ["--expires-in", "-120"],
    "not-yet": ["--not-yet-valid"],
    "other-audience": ["--audience", "api://another"],
    "other-tenant": ["--tenant", "11111111-2222-4333-8444-555555555555"],
    "v1": ["--version", "1"],
    "ps256": ["--alg", "ps256"],
    "app-only": ["--app-only"],
    "other-client": ["--client", "99999999-2222-4333-8444-555555555555"],
    "id": ["--kind", "id"],
}


@contextlib.contextmanager
def echo():
    """The app behind the gates; its address."""
    command = [sys.executable, ROOT / "interop" / "echo_app.py"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait(PATIENCE)


@contextlib.contextmanager
def behind(app: str):
    """A stack whose gate stands before that app, with one path that it excludes."""
    with up("--upstream", app, settings={"globalValidation": {"excludedPaths": [OPEN]}}) as stack:
        yield stack


def conform(*arguments, **more) -> subprocess.CompletedProcess:
    return subprocess.run([CLI, "conform", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False, **more)


def asked(stack, url: str, name: str) -> subprocess.CompletedProcess:
    """Asks the gate there, and holds its capture beside the one that is published."""
    tokens = {token: stack.mint(*defect) for token, defect in TOKENS.items()}
    with tempfile.TemporaryDirectory() as folder:
        capture = pathlib.Path(folder) / f"{name}.json"
        done = conform(
            *[url, "--tokens", "-", "--yes", "--echo", "--excluded", OPEN, "--capture", capture],
            input=json.dumps(tokens),
            env={**ENVIRONMENT, "SSL_CERT_FILE": stack.ca, "XDG_CONFIG_HOME": folder},
        )
        assert capture.exists(), done.stdout + done.stderr
        for token in tokens.values():
            for part in token.split("."):
                assert part not in capture.read_text() + done.stdout + done.stderr, name
        published = CAPTURES / f"{name}.json"
        if "--record" in sys.argv:
            published.write_bytes(capture.read_bytes())
        same = conform("--compare", published, capture, env=ENVIRONMENT)
        expect((same.returncode, same.stdout if same.returncode else ""), (0, ""))
    return done


def address(port: int) -> str:
    return f"http://127.0.0.1:{port}/api/greeting"


@check("greeting-cli conform", "our gate, an app in Python: as each row says", lambda: "this source")
def our_gate():
    with echo() as app, behind(app) as stack:
        done = asked(stack, stack.url, "greeting-local")
        expect(done.returncode, 0)


@check("greeting-cli conform", "oauth2-proxy: as docs/captures has it", lambda: OAUTH2_PROXY, ALL)
def oauth2_proxys_gate():
    with echo() as app, behind(app) as stack:
        port, issuer = free_port(), f"{stack.authority}/{stack.tenant}/v2.0"
        command = [
            oauth2_proxy(), f"--http-address=127.0.0.1:{port}", f"--redirect-url=http://127.0.0.1:{port}/oauth2/callback",
            "--provider=oidc", f"--oidc-issuer-url={issuer}", f"--extra-jwt-issuers={issuer}=api://{stack.api}",
            f"--client-id={stack.api}", f"--provider-ca-file={stack.ca}", f"--upstream={app}",
            "--skip-jwt-bearer-tokens=true", "--oidc-email-claim=preferred_username", "--email-domain=*",
            # 401 in place of a redirect, on every path but one.
            "--api-route=^/", f"--skip-auth-route=GET=^{OPEN}$",
            "--pass-authorization-header=true", "--set-xauthrequest=true", "--cookie-secure=false",
            "--insecure-oidc-skip-nonce=true",
        ]  # fmt: skip
        apart = {"OAUTH2_PROXY_CLIENT_SECRET": secrets.token_hex(16), "OAUTH2_PROXY_COOKIE_SECRET": secrets.token_hex(16)}
        with listening(command, {**ENVIRONMENT, **apart}, stack.folder, port):
            asked(stack, address(port), "oauth2-proxy")


def static_web_apps() -> pathlib.Path:
    """The emulator, installed where it is not; npm itself knows. It has programs to build that are not used."""
    folder = CLIENTS / "static-web-apps-cli"
    folder.mkdir(exist_ok=True)
    command = [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder]
    command.append(f"@azure/static-web-apps-cli@{STATIC_WEB_APPS}")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "node_modules" / ".bin" / "swa"


@check("greeting-cli conform", "static-web-apps-cli: as docs/captures has it", lambda: STATIC_WEB_APPS, ALL)
def static_web_apps_gate():
    emulator = static_web_apps()
    with echo() as app, behind(app) as stack:
        routes = [{"route": OPEN, "allowedRoles": ["anonymous"]}, {"route": "/*", "allowedRoles": ["authenticated"]}]
        (stack.folder / "staticwebapp.config.json").write_text(json.dumps({"routes": routes}))
        port = free_port()
        command = [emulator, "start", app, "--host", "127.0.0.1", "--port", str(port)]
        command += ["--swa-config-location", stack.folder]
        quiet = {"SWA_CLI_OPEN_BROWSER": "false"}
        with listening(command, {**ENVIRONMENT, **quiet}, stack.folder, port):
            asked(stack, address(port), "static-web-apps-cli")
