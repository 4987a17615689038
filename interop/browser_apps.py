"""Apps that people sign in to with a browser, by libraries as they are: a single-page app's in
headless Chromium, a web app's for Node.js."""

import contextlib
import json
import pathlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import urllib.parse

from selenium.webdriver.common.by import By

from browser import chromium, press, title, until
from checks import ROOT, check, expect, up
from node_client import NODE, PROGRAM, version
from seed import served

# A frame of another site's has its cookies only where the browser lets it; elsewhere the frame is told
# login_required, with Entra as here.
FRAMES_HAVE_COOKIES = {"profile.cookie_controls_mode": 0, "profile.block_third_party_cookies": False}
SPA = "6f3f0e0a-35f8-4c4e-9f0e-2d1b7a5c9e10"
WEB_APP = "0c6b1d7e-9a52-4f7b-8d05-4e6a3c2b1f44"
MSAL_BROWSER = NODE / "node_modules" / "@azure" / "msal-browser" / "lib"
# What MSAL wants a page of the redirect URI to be: it hands the answer on to the page that asked.
SILENT = b"<!doctype html><script src=/bridge.js></script><script>msalRedirectBridge.broadcastResponseToMainFrame()</script>"
FILES = {
    "/": lambda: (ROOT / "interop" / "msal_browser.html").read_bytes(),
    "/msal-browser.min.js": lambda: (MSAL_BROWSER / "msal-browser.min.js").read_bytes(),
    "/silent": lambda: SILENT,
    "/bridge.js": lambda: (MSAL_BROWSER / "redirect-bridge" / "msal-redirect-bridge.min.js").read_bytes(),
}


def single_page_app(environ, start_response):
    path = environ["PATH_INFO"]
    if path not in FILES:
        start_response("404 Not Found", [])
        return [b""]
    kind = "text/javascript" if path.endswith(".js") else "text/html; charset=utf-8"
    start_response("200 OK", [("Content-Type", kind)])
    return [FILES[path]()]


@contextlib.contextmanager
def registered(application: dict, *arguments: str, settings: dict | None = None):
    """A stack whose tenant has this app too."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "registration.json"
        path.write_text(json.dumps(application))
        with up("--registration", str(path), *arguments, settings=settings) as stack:
            yield stack


def ran(driver, what: str) -> dict:
    """What the page's program gives, or the name of its error."""
    script = "const done = arguments[1]; run(arguments[0]).then(done, (error) => done({error: error.errorCode ?? String(error), name: error.name}))"
    return driver.execute_async_script(script, what)


@check(
    "@azure/msal-browser", "Chromium: redirect, refresh, silent in a frame, after sign-out", lambda: version("@azure/msal-browser"),
    shows=("authority/authorization-code", "authority/single-page-apps", "authority/browser-session", "authority/redirect-uris", "authority/sign-out"),
)
def single_page():
    scope = json.loads((ROOT / "deploy" / "app-registration.json").read_text())["api"]["oauth2PermissionScopes"][0]["id"]
    application = {
        "displayName": "single-page app",
        "appId": SPA,
        "spa": {"redirectUris": ["http://localhost/", "http://localhost/silent"]},
        "requiredResourceAccess": [
            {"resourceAppId": "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d11", "resourceAccess": [{"id": scope, "type": "Scope"}]}
        ],
    }
    with (
        served(single_page_app) as origin,
        registered(application, "--allow-client", SPA) as stack,
        chromium(preferences=FRAMES_HAVE_COOKIES) as driver,
    ):
        driver.set_script_timeout(60)
        origin = origin.replace("127.0.0.1", "localhost")
        settings = {"client": SPA, "authority": f"{stack.authority}/{stack.tenant}", "scope": stack.scope}
        driver.get(f"{origin}/?" + urllib.parse.urlencode({"settings": json.dumps(settings)}))
        # It ends with another page.
        driver.execute_script("run('redirect')")
        title(driver, "Pick an account")
        press(driver, "Sign in")
        title(driver, "single-page app")
        first = ran(driver, "result")
        expect(first["account"]["username"], "alice@greeting.test")
        tokens = [first["accessToken"]]
        for way in ("refresh", "iframe"):
            result = ran(driver, way)
            assert "accessToken" in result, f"{way}: {result}\n{stack.said()}"
            tokens.append(result["accessToken"])
        expect(len(set(tokens)), 3)
        expect([stack.call(token).status_code for token in tokens], [200] * 3)
        # Signed out by the library, and back on its page with what it sent; the frame says so.
        driver.execute_script("run('logout')")
        until(driver, lambda d: "state=" in d.current_url and d.current_url.startswith(origin))
        sent = urllib.parse.parse_qs(urllib.parse.urlsplit(driver.current_url).query)["state"]
        assert sent[0].endswith("as sent"), sent
        driver.get(f"{origin}/")
        refused = ran(driver, "iframe")
        expect((refused["name"], refused["error"]), ("InteractionRequiredAuthError", "login_required"))


@contextlib.contextmanager
def web_app(stack, name: str, **variables: str):
    """A program of this folder that serves a web app, beside its packages; its origin."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = shutil.copy(ROOT / "interop" / name, NODE)
    environment = stack.environment("msal-node") | {
        "PORT": str(port),
        "ISSUER": f"{stack.authority}/{stack.tenant}/v2.0",
        "CLIENT": WEB_APP,
        **variables,
    }
    with subprocess.Popen([PROGRAM, path], env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            expect(program.stdout.readline(), "ready\n")
            yield f"http://localhost:{port}"
        finally:
            program.terminate()


def registration(**more) -> dict:
    return {
        "displayName": "web app",
        "appId": WEB_APP,
        "web": {
            "redirectUris": ["http://localhost/callback"],
            "implicitGrantSettings": {"enableIdTokenIssuance": True},
        },
        **more,
    }


def signed_in(driver, origin: str) -> str:
    """Who the app says it is, after a sign-in."""
    driver.get(f"{origin}/")
    title(driver, "Pick an account")
    press(driver, "Sign in")
    title(driver, "app")
    return driver.find_element(By.ID, "who").text


@check(
    "express-openid-connect", "Chromium: sign-in at its defaults (id_token, form_post)", lambda: version("express-openid-connect"),
    shows=("authority/front-channel-id-tokens", "authority/redirect-uris"),
)
def express():
    with (
        registered(registration()) as stack,
        web_app(stack, "express_openid_connect.mjs") as origin,
        chromium() as driver,
    ):
        expect(signed_in(driver, origin), "alice@greeting.test")


@check(
    "passport-azure-ad", "Chromium: id_token, code id_token, code (form_post); its default scope knows no name", lambda: version("passport-azure-ad"),
    shows=("authority/front-channel-id-tokens", "authority/authorization-code", "authority/redirect-uris"),
)
def passport_azure_ad():
    secret = secrets.token_urlsafe(24)
    subjects = set()
    with registered(registration(passwordCredentials=[{"secretText": secret}])) as stack:
        for response_type, variables, name in [
            # `openid` alone.
            ("id_token", {}, None),
            ("id_token", {"SCOPE": "profile"}, "alice@greeting.test"),
            ("code id_token", {"SCOPE": "profile", "SECRET": secret}, "alice@greeting.test"),
            ("code", {"SCOPE": "profile", "SECRET": secret}, "alice@greeting.test"),
        ]:
            ways = {"RESPONSE_TYPE": response_type, **variables}
            with web_app(stack, "passport_azure_ad.mjs", **ways) as origin, chromium() as driver:
                user = json.loads(signed_in(driver, origin))
                expect(user.get("name"), name)
                subjects.add(user["sub"])
    expect(len(subjects), 1)
