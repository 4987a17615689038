"""Azure CLI, unmodified, pointed at the stack by `greeting-local env --for az` alone."""

import json
import re
import subprocess

from browser import chromium, press, title
from checks import CLI, DAEMON, ENVIRONMENT, GREETING, PATIENCE, by_device_code, check, expect, started, up

AZ = "azure-cli"


def az(environment: dict, *arguments: str, succeeds: bool = True) -> str:
    done = subprocess.run(
        ["az", *arguments], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode == 0) == succeeds, f"az {arguments[0:2]}: {done.returncode} {done.stderr}"
    return done.stdout.strip()


def token(environment: dict, *arguments: str) -> str:
    return az(environment, "account", "get-access-token", "--query", "accessToken", "-o", "tsv", *arguments)


def is_over(environment: dict, scope: str):
    """Signed out: there is no account, and no token."""
    az(environment, "logout")
    expect(json.loads(az(environment, "account", "list")), [])
    az(environment, "account", "get-access-token", "--scope", scope, succeeds=False)


@check(
    "Azure CLI", "az login --use-device-code, get-access-token, logout", AZ,
    shows=("authority/device-code", "authority/refresh-tokens"),
)
def device_code():
    with up() as stack:
        environment = stack.environment("az")
        login = ["az", "login", "--use-device-code", "--allow-no-subscriptions"]
        account = json.loads(by_device_code(stack, login, environment))
        expect(account[0]["user"], {"name": "alice@greeting.test", "type": "user"})
        expect(account[0]["tenantId"], stack.tenant)
        answer = stack.call(token(environment, "--scope", stack.scope))
        expect((answer.status_code, answer.text), (200, GREETING))
        # Another resource than the first, from the same refresh token.
        management = token(environment, "--resource", f"{stack.authority}/")
        expect(stack.call(management).status_code, 401)
        # The second run of the same lines, as with a new shell.
        again = stack.environment("az")
        expect(stack.call(token(again, "--scope", stack.scope)).status_code, 200)
        is_over(environment, stack.scope)


@check("Azure CLI", "az login in a browser (code + PKCE)", AZ, shows=("authority/authorization-code",))
def in_a_browser():
    with up() as stack:
        environment = stack.environment("az")
        # What az opens instead of a window: it writes the URL down.
        opened = stack.folder / "opened"
        opener = stack.folder / "opener"
        opener.write_text(f'#!/bin/sh\nprintf %s "$1" >"{opened}.new" && mv "{opened}.new" "{opened}"\n')
        opener.chmod(0o700)
        environment |= {"BROWSER": f"{opener} %s", "DISPLAY": ":0"}
        login = ["az", "login", "--allow-no-subscriptions", "--output", "json"]
        with started(login, environment, stack.folder) as program, chromium() as driver:
            driver.get(wait_for_text(opened, program))
            title(driver, "Pick an account")
            press(driver, "Sign in")
            account = json.loads(program.ends_well())
        expect(account[0]["user"]["name"], "alice@greeting.test")
        expect(stack.call(token(environment, "--scope", stack.scope)).status_code, 200)
        is_over(environment, stack.scope)


def wait_for_text(path, program) -> str:
    from checks import wait

    def read():
        assert program.process.poll() is None, program.printed()
        return path.exists() and path.read_text()

    return wait(read)


@check(
    "Azure CLI", "az login --service-principal, secret and certificate", AZ,
    shows=("authority/client-credentials", "authority/errors"),
)
def service_principal():
    with up("--allow-client", DAEMON) as stack:
        environment = stack.environment("az")
        certificate = str(stack.folder / "state" / "daemon.pem")
        for proof in [("--password", stack.secret()), ("--certificate", certificate)]:
            login = ["login", "--service-principal", "--username", DAEMON, "--tenant", stack.tenant]
            account = json.loads(az(environment, *login, "--allow-no-subscriptions", *proof))
            expect(account[0]["user"], {"name": DAEMON, "type": "servicePrincipal"})
            # An app has roles and no scope.
            answer = stack.call(token(environment, "--resource", stack.scope.rsplit("/", 1)[0]))
            expect((answer.status_code, answer.text), (403, "Missing required scope."))
            is_over(environment, stack.scope)
        refused = subprocess.run(
            ["az", *login, "--allow-no-subscriptions", "--password", "wrong"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode != 0 and "AADSTS7000215" in refused.stderr, refused.stderr


@check("Azure CLI", "refused by policy: az prints Entra's code", AZ, shows=("authority/errors",))
def refused():
    with up() as stack:
        environment = stack.environment("az")
        stack.local("policy", "--device-code", "off")
        login = ["az", "login", "--use-device-code", "--allow-no-subscriptions"]
        with started(login, environment, stack.folder) as program:
            stack.local("approve", program.find(re.compile(r"\b[A-Z0-9]{9}\b")))
            assert program.process.wait(PATIENCE) != 0
            assert "AADSTS53003" in program.printed(), program.printed()


@check("greeting-cli", "--credential azure-cli by the real az, then without it", lambda: version())
def greeting_cli():
    with up() as stack:
        environment = stack.environment("az") | {"XDG_STATE_HOME": str(stack.folder / "xdg")}
        login = ["az", "login", "--use-device-code", "--allow-no-subscriptions"]
        by_device_code(stack, login, environment)
        call = [CLI, "call", stack.url, "--ca-cert", stack.ca]
        for more in [("--no-cache", "--credential", "azure-cli"), ("--credential", "azure-cli")]:
            expect(called(call, environment, *more), (0, GREETING))
        # az keeps its tokens itself, and is asked each time: without it there is none.
        gone = {**environment, "PATH": "/nonexistent"}
        for more in [("--credential", "azure-cli"), ("--no-cache", "--credential", "azure-cli")]:
            status, _ = called(call, gone, *more)
            expect(status, 3)
        subprocess.run(["az", "logout"], env=environment, capture_output=True, timeout=PATIENCE, check=True)
        status, _ = called(call, environment, "--credential", "azure-cli")
        expect(status, 3)


def called(command: list, environment: dict, *more: str):
    done = subprocess.run(
        [*command, *more], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout.strip()


def version() -> str:
    printed = subprocess.run([CLI, "--version"], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return printed.stdout.split()[-1]
