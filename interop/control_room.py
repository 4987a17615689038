"""Headless Chromium in the control room and on the sign-in pages: what a person does there, with
script and without, by keyboard, and whether everybody can read it."""

import re

import requests
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from browser import chromium, press, title, until, version
from checks import check, expect, up

# Neither consented to nor pre-authorized: the consent page comes.
VS_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"

# What is wrong with a page, as a list; the rules are WCAG's 1.1.1, 1.3.1, 1.4.3, 1.4.10, 2.4.2,
# 2.4.6, 3.1.1 and 4.1.2, those that can be computed.
PROBLEMS = r"""
const problems = [];
const say = (what, element) => problems.push(`${what}: ${element?.outerHTML?.slice(0, 90) ?? ""}`);
const all = (selector) => [...document.querySelectorAll(selector)];
if (document.documentElement.lang !== "en") say("no language");
if (!document.title) say("no title");
for (const [selector, count] of [["h1", 1], ["main", 1], ["body > header", 1], ["body > footer", 1]])
  if (all(selector).length !== count) say(`not one ${selector}`);
const levels = all("h1, h2, h3").map((heading) => Number(heading.tagName[1]));
levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) say("a heading's level is left out"); });
const ids = all("[id]").map((element) => element.id);
if (new Set(ids).size !== ids.length) say("an id twice");
for (const field of all("input:not([type=hidden]), select, textarea"))
  if (![...(field.labels ?? [])].some((label) => label.textContent.trim())) say("no label", field);
for (const control of all("button, a, summary"))
  if (!control.textContent.trim()) say("no name", control);
for (const group of all("input[type=radio]"))
  if (!group.closest("fieldset")?.querySelector("legend")) say("no legend", group);
for (const element of all("[aria-labelledby], [aria-describedby]"))
  for (const name of ["aria-labelledby", "aria-describedby"])
    for (const id of (element.getAttribute(name) ?? "").split(" ").filter(Boolean))
      if (!document.getElementById(id)) say(`${name} names nothing`, element);
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) say(`${root.scrollWidth} px wide in a window of ${root.clientWidth}`);
const channel = (value) => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
const rgb = (color) => color.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = (element) => {
  for (; element; element = element.parentElement) {
    const color = rgb(getComputedStyle(element).backgroundColor);
    if (color[3] === undefined || color[3] === 1) return color;
  }
  return [255, 255, 255];
};
for (const element of all("body *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!own || !element.getClientRects().length) continue;
  const pair = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((a, b) => b - a);
  const contrast = (pair[0] + 0.05) / (pair[1] + 0.05);
  if (contrast < 4.5) say(`contrast ${contrast.toFixed(2)}`, element);
}
return problems;
"""


def accessible(driver):
    expect(driver.execute_script(PROBLEMS), [])


def device_code(stack, client: str) -> dict:
    answer = requests.post(
        f"{stack.authority}/{stack.tenant}/oauth2/v2.0/devicecode",
        data={"client_id": client, "scope": stack.scope},
        verify=stack.ca,
        timeout=60,
    )
    return answer.json()


def redeem(stack, client: str, code: str) -> dict:
    answer = requests.post(
        f"{stack.authority}/{stack.tenant}/oauth2/v2.0/token",
        data={"grant_type": "device_code", "client_id": client, "device_code": code},
        verify=stack.ca,
        timeout=60,
    )
    return answer.json()


def events(driver) -> list[str]:
    return [item.text for item in driver.find_elements(By.CSS_SELECTOR, "#events li")]


def mint(driver):
    driver.find_element(By.CSS_SELECTOR, "form[action='/control-room/mint'] button").click()


def verdict(driver, who: str):
    title(driver, "A minted token")
    said = until(driver, lambda d: d.find_elements(By.ID, who))[0]
    return said.get_attribute("data-status"), said.text


@check("Chromium", "control room: decisions come live; pause; sign-ins that wait", version)
def live():
    with up() as stack, chromium() as driver:
        driver.get(stack.authority)
        title(driver, "Control room")
        until(driver, lambda d: d.find_element(By.ID, "live").text == "Live")
        stack.call(stack.mint("--expired"))
        until(driver, lambda d: any("401 expired: " in event for event in events(d)))
        stack.call(stack.mint("--no-scope"))
        until(driver, lambda d: any("handler" in e and "403 no Greeting.Read scope" in e for e in events(d)))
        # What a caller writes is text.
        requests.get(stack.url + "/%3Cb%3Ex", timeout=60, headers={"Authorization": "Bearer <i>x</i>"})
        until(driver, lambda d: any("%3Cb%3Ex" in event for event in events(d)))
        expect(driver.find_elements(By.CSS_SELECTOR, "#events b, #events i"), [])
        # The other parts follow.
        asked = device_code(stack, VS_CODE)
        until(driver, lambda d: "Visual Studio Code" in d.find_element(By.ID, "waiting").text)
        assert asked["user_code"] not in driver.page_source
        stack.local("approve", asked["user_code"])
        until(driver, lambda d: "No device waits" in d.find_element(By.ID, "waiting").text)
        press(driver, "Pause")
        before = events(driver)
        stack.call()
        until(driver, lambda d: "1 more" in d.find_element(By.ID, "live").text)
        expect(events(driver), before)
        press(driver, "Go on")
        until(driver, lambda d: "401 no-token" in events(d)[0])
        expect([entry["message"] for entry in driver.get_log("browser")], [])


def shown(driver) -> list[str]:
    return [item.text for item in driver.find_elements(By.CSS_SELECTOR, "#events li") if item.is_displayed()]


@check("Chromium", "control room: decisions filtered by outcome and by text, by keyboard and otherwise", version)
def filtered():
    with up() as stack, chromium() as driver:
        stack.call(stack.mint())
        stack.call(stack.mint("--no-scope"))
        driver.get(stack.authority)
        until(driver, lambda d: d.find_element(By.ID, "live").text == "Live")
        outcome, text = (driver.find_element(By.ID, "filter").find_element(By.NAME, name) for name in ("outcome", "text"))
        outcome.send_keys("403")
        until(driver, lambda d: len(shown(d)) == 2 and all(" 403 " in " ".join(e.split()) for e in shown(d)))
        # What comes later is filtered too.
        stack.call()
        stack.call(stack.mint("--no-scope"))
        until(driver, lambda d: len(shown(d)) == 4)
        text.send_keys("HANDLER")
        until(driver, lambda d: len(shown(d)) == 2 and all("handler" in e for e in shown(d)))
        Select(outcome).select_by_value("401")
        until(driver, lambda d: shown(d) == [] and "None is like that." in d.page_source)
        text.clear()
        until(driver, lambda d: len(shown(d)) == 1 and "401 no-token" in shown(d)[0])
        Select(outcome).select_by_value("")
        until(driver, lambda d: len(shown(d)) > 4)


@check("Chromium", "control room: mint, verdicts, the token only when asked for; policy; keys", version)
def minting():
    with up() as stack, chromium() as driver:
        driver.get(stack.authority)
        Select(driver.find_element(By.ID, "signature")).select_by_value("bad")
        mint(driver)
        expect(verdict(driver, "gate"), ("401", "The gate answers 401: bad-signature: not signed by the issuer's key"))
        assert "eyJ" not in driver.page_source
        assert re.search("greeting-local mint [^|]*--bad-signature", driver.page_source)
        Select(driver.find_element(By.ID, "signature")).select_by_value("good")
        driver.find_element(By.NAME, "show-token").click()
        mint(driver)
        until(driver, lambda d: d.find_elements(By.ID, "token"))
        expect(verdict(driver, "function")[0], "200")
        expect(stack.call(driver.find_element(By.ID, "token").text).status_code, 200)
        driver.get(stack.authority)
        Select(driver.find_element(By.ID, "refuse")).select_by_value("50076")
        press(driver, "Change the policy")
        until(driver, lambda d: "The policy is changed." in d.page_source)
        assert "AADSTS50076" in stack.local("policy")
        press(driver, "Rotate the signing key")
        until(driver, lambda d: "A new key signs" in d.page_source)
        keys = requests.get(f"{stack.authority}/common/discovery/v2.0/keys", verify=stack.ca, timeout=60).json()
        expect(len(keys["keys"]), 2)


@check("Chromium", "control room and sign-in without script", version)
def without_script():
    with up() as stack, chromium() as driver:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        stack.call()
        driver.get(stack.authority)
        title(driver, "Control room")
        assert "401 no-token" in driver.find_element(By.ID, "events").text
        stack.call(stack.mint("--expired"))
        press(driver, "Reload")
        until(driver, lambda d: "401 expired" in d.find_element(By.ID, "events").text)
        Select(driver.find_element(By.ID, "time")).select_by_value("no-expiry")
        mint(driver)
        expect(verdict(driver, "gate")[0], "401")
        asked = device_code(stack, VS_CODE)
        sign_in(driver, stack, asked["user_code"], "bob@greeting.test")
        assert "access_token" in redeem(stack, VS_CODE, asked["device_code"])


def sign_in(driver, stack, code: str, user: str):
    driver.get(f"{stack.authority}/devicelogin")
    driver.find_element(By.ID, "code").send_keys(code)
    press(driver, "Next")
    title(driver, "Pick an account")
    driver.find_element(By.CSS_SELECTOR, f"input[value='{user}']").click()
    press(driver, "Sign in")
    title(driver, "Permissions requested")
    assert "Read API Greetings" in driver.find_element(By.TAG_NAME, "main").text
    press(driver, "Accept")
    title(driver, "Signed in")


@check("Chromium", "every page: names, labels, contrast, width; light and dark, 390 and 1280 px", version)
def readable_by_everybody():
    with up() as stack:
        for number, (width, dark) in enumerate([(390, False), (390, True), (1280, False), (1280, True)]):
            with chromium(width, dark) as driver:
                expect(driver.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches"), dark)
                stack.call(stack.mint("--no-scope"))
                asked = device_code(stack, VS_CODE)
                driver.get(stack.authority)
                expect(driver.execute_script("return innerWidth"), width)
                until(driver, lambda d: d.find_element(By.ID, "live").text == "Live")
                driver.execute_script("document.querySelectorAll('details').forEach((one) => (one.open = true))")
                accessible(driver)
                driver.find_element(By.NAME, "show-token").click()
                mint(driver)
                verdict(driver, "gate")
                accessible(driver)
                driver.get(f"{stack.authority}/devicelogin")
                accessible(driver)
                driver.find_element(By.ID, "code").send_keys("WRONG")
                press(driver, "Next")
                until(driver, lambda d: d.find_elements(By.ID, "problem"))
                accessible(driver)
                code = driver.find_element(By.ID, "code")
                code.clear()
                code.send_keys(asked["user_code"])
                press(driver, "Next")
                title(driver, "Pick an account")
                accessible(driver)
                driver.find_element(By.CSS_SELECTOR, "input[value='dan@greeting.test']").click()
                press(driver, "Sign in")
                until(driver, lambda d: "AADSTS50057" in d.find_element(By.CSS_SELECTOR, "[role=alert]").text)
                accessible(driver)
                if number == 0:
                    driver.find_element(By.CSS_SELECTOR, "input[value='bob@greeting.test']").click()
                    press(driver, "Sign in")
                    title(driver, "Permissions requested")
                    accessible(driver)
                    press(driver, "Accept")
                    title(driver, "Signed in")
                else:
                    press(driver, "Cancel")
                    title(driver, "Declined")
                accessible(driver)
                driver.get(f"{stack.authority}/{stack.tenant}/oauth2/v2.0/authorize?client_id=x")
                title(driver, "That did not work")
                accessible(driver)


@check("Chromium", "the gate's own pages: the same, in the same look", version)
def gates_pages():
    with up() as stack:
        gate = stack.url.removesuffix("/api/greeting")
        for width, dark in [(390, False), (390, True), (1280, False), (1280, True)]:
            with chromium(width, dark) as driver:
                for path, name in [
                    ("logout", "You are signed out"),
                    ("login/aad/callback?code=x&state=y", "You are not signed in"),
                ]:
                    driver.get(f"{gate}/.auth/{path}")
                    title(driver, name)
                    accessible(driver)
                    # Its style is allowed by its own policy.
                    font = "return getComputedStyle(document.querySelector('.name')).fontWeight"
                    expect(driver.execute_script(font), "700")


@check("Chromium", "device sign-in by keyboard alone", version)
def by_keyboard():
    with up() as stack, chromium(390) as driver:
        asked = device_code(stack, VS_CODE)
        driver.get(f"{stack.authority}/devicelogin")
        focused = lambda: driver.switch_to.active_element  # noqa: E731
        focused().send_keys(asked["user_code"], Keys.ENTER)
        title(driver, "Pick an account")
        focused().send_keys(Keys.TAB)
        expect(focused().text, "Skip to the content")
        assert driver.execute_script("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
        focused().send_keys(Keys.ENTER)
        focused().send_keys(Keys.TAB)
        expect(focused().get_attribute("value"), "alice@greeting.test")
        focused().send_keys(Keys.ARROW_DOWN)
        expect(focused().get_attribute("value"), "bob@greeting.test")
        focused().send_keys(Keys.TAB, Keys.ENTER)
        title(driver, "Permissions requested")
        for _ in range(3):
            focused().send_keys(Keys.TAB)
        expect(focused().text, "Accept")
        focused().send_keys(Keys.ENTER)
        title(driver, "Signed in")
        assert "access_token" in redeem(stack, VS_CODE, asked["device_code"])


@check("Chromium", "another site's page can neither act nor read nor frame", version)
def other_sites():
    from seed import served

    def evil(environ, start_response):
        """A page on another origin of this machine."""
        start_response("200 OK", [("Content-Type", "text/html")])
        room = environ["QUERY_STRING"]
        return [
            f"""<title>evil</title><form method=post action="{room}/control-room/rotate-keys"><button>act</button></form>
            <iframe src="{room}/"></iframe><script>
            const seen = [];
            fetch("{room}/").then(() => seen.push("fetch"), () => seen.push("kept out"));
            new EventSource("{room}/control-room/events").onerror = () => seen.push("kept out");
            </script>""".encode()
        ]

    with served(evil) as origin, up() as stack, chromium() as driver:
        driver.get(f"{origin}/?{stack.authority}")
        expect(until(driver, lambda d: len(s := d.execute_script("return seen")) >= 2 and s[:2]), ["kept out"] * 2)
        driver.switch_to.frame(0)
        expect(driver.find_elements(By.ID, "runs"), [])
        driver.switch_to.default_content()
        press(driver, "act")
        title(driver, "Not from this page")
        keys = requests.get(f"{stack.authority}/common/discovery/v2.0/keys", verify=stack.ca, timeout=60).json()
        expect(len(keys["keys"]), 1)
