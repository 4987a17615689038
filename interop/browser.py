"""Headless Chromium against the gate's browser side and the authority's pages."""

import contextlib
import json
import subprocess
import tempfile

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from checks import CLI, CODE, ENVIRONMENT, GREETING, PATIENCE, check, expect, started, up
from seed import served

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@contextlib.contextmanager
def chromium(width: int = 1280, dark: bool = False, preferences: dict | None = None):
    """A new browser with an empty profile. The development CA is not in its store, so its
    certificate errors are ignored: what is tested here is the pages."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        options.accept_insecure_certs = True
        options.add_experimental_option("prefs", preferences or {})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for flag in [*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900"]:
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
        # A window can't be as narrow as a phone, and headless has no theme: both are emulated.
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        try:
            yield driver
        finally:
            driver.quit()


def until(driver, condition):
    return WebDriverWait(driver, PATIENCE).until(condition)


def press(driver, text: str):
    """Presses the button or link with this text."""
    xpath = f"//button[normalize-space()='{text}'] | //a[normalize-space()='{text}']"
    until(driver, lambda d: d.find_elements(By.XPATH, xpath))[0].click()


def title(driver, text: str):
    until(driver, lambda d: text in d.title)


def page(environ, start_response):
    """An app that greets whoever Easy Auth says it is."""
    start_response("200 OK", [("Content-Type", "text/html")])
    who = environ.get("HTTP_X_MS_CLIENT_PRINCIPAL_NAME", "nobody")
    return [f"<title>app</title><p id=who>{who}</p>".encode()]


SETTINGS = {
    "globalValidation": {"unauthenticatedClientAction": "RedirectToLoginPage"},
    "login": {"tokenStore": {"enabled": True}},
}


def version() -> str:
    said = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=True).stdout
    return said.split()[1]


@check(
    "Chromium", "Easy Auth: sent to sign in, back, /.auth/me, out", version,
    shows=("easy-auth/browsers-by-agent", "easy-auth/auth-routes", "easy-auth/sign-in-query-in-a-browser", "easy-auth/sealed-cookies", "easy-auth/sign-out-ends"),
)
def sign_in_and_out():
    for more in [(), ("--https",)]:
        with served(page) as origin, up("--upstream", origin, *more, settings=SETTINGS) as stack, chromium() as driver:
            driver.get(f"{stack.url}private?x=1")
            title(driver, "Pick an account")
            assert driver.current_url.startswith(stack.authority), driver.current_url
            press(driver, "Sign in")
            title(driver, "app")
            expect(driver.current_url, f"{stack.url}private?x=1")
            expect(driver.find_element(By.ID, "who").text, "alice@greeting.test")
            expect(driver.execute_script("return document.cookie"), "")
            driver.get(f"{stack.url}.auth/me")
            me = json.loads(driver.find_element(By.TAG_NAME, "body").text)
            expect(me[0]["user_id"], "alice@greeting.test")
            driver.get(f"{stack.url}.auth/logout")
            until(driver, lambda d: d.current_url == f"{stack.url}.auth/logout/complete")
            title(driver, "You are signed out")
            driver.get(f"{stack.url}private")
            title(driver, "Pick an account")
            press(driver, "Cancel")
            title(driver, "You are not signed in")


@check(
    "Chromium", "Easy Auth: the URL's fragment outlives the sign-in", version,
    shows=("easy-auth/preserve-fragments",),
)
def fragment():
    settings = {**SETTINGS, "login": {"preserveUrlFragmentsForLogins": True}}
    with served(page) as origin, up("--upstream", origin, settings=settings) as stack, chromium() as driver:
        driver.get(f"{stack.url}private#here")
        title(driver, "Pick an account")
        press(driver, "Sign in")
        title(driver, "app")
        expect(driver.current_url, f"{stack.url}private#here")


@check("Chromium", "the device page on a phone's width: code, account, done; decline", version)
def device_page():
    with up() as stack, chromium(width=390) as driver:
        environment = ENVIRONMENT | {"XDG_STATE_HOME": str(stack.folder / "xdg")}
        call = [CLI, "call", stack.url, "--ca-cert", stack.ca, "--credential", "device-code", "--no-cache"]
        for choice, done, status, printed in [
            ("Sign in", "Signed in", 0, GREETING),
            ("Cancel", "Declined", 3, ""),
        ]:
            with started(call, environment, stack.folder) as program:
                code = program.find(CODE)
                driver.get(f"{stack.authority}/devicelogin")
                # As people type: in small letters, and apart.
                driver.find_element(By.ID, "code").send_keys(f"{code[:4]} {code[4:]}".lower())
                press(driver, "Next")
                title(driver, "Pick an account")
                # greeting-cli signs in as the client that every tenant knows.
                assert "Microsoft Azure CLI" in driver.find_element(By.TAG_NAME, "main").text
                press(driver, choice)
                title(driver, done)
                expect(program.process.wait(PATIENCE), status)
                expect(program.out.read_text().strip(), printed)
