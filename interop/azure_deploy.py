"""deploy.sh runs whole, over an `az` that writes down what it is asked. Each line is
then read by the real Azure CLI's parser."""

import contextlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

import az_command_line
from checks import CLIENTS, ENVIRONMENT, PATIENCE, ROOT, Skipped, check, expect, merge

TENANT, SUBSCRIPTION = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
URL = "https://greeting-contoso.azurewebsites.net/api/greeting"

# What Azure would keep is a file; what a real az asks of it is one of these lines. It holds none of
# Azure's rules: azure_double does.
AZ = f'''#!{sys.executable}
import json, os, pathlib, re, sys
import jmespath
from knack.output import _TsvOutput
state = pathlib.Path(os.environ["RECORD"])
arguments = sys.argv[1:]
with open(state / "az.jsonl", "a") as lines:
    lines.write(json.dumps(arguments) + "\\n")
after = lambda name: arguments[arguments.index(name) + 1]
made = state / "made"
made.mkdir(exist_ok=True)
words = [word for word in arguments if not word.startswith("-")]
def read(name):
    return json.loads((made / name).read_text()) if (made / name).exists() else None
def write(name, value):
    (made / name).write_text(json.dumps(value))
    return value
def answer(value):
    if "--query" in arguments:
        value = jmespath.search(after("--query"), value)
    if "--output" in arguments and after("--output") == "tsv" and value is not None:
        sys.stdout.write(_TsvOutput.dump(value if isinstance(value, list) else [value]))
    elif "--output" in arguments and after("--output") == "json":
        print(json.dumps(value))
    sys.exit(0)
def missing(name):
    sys.exit(f"ERROR: Not Found(Request_ResourceNotFound: Resource '{{name}}' does not exist)")
def application(name):
    match = re.search(r"\\((uniqueName|appId)='([^']+)'\\)", name)
    for path in made.iterdir():
        if path.name.startswith("greeting-"):
            found = json.loads(path.read_text())
            if match and found.get(match[1]) == match[2]:
                return path.name, found
    return match[2], None
if os.environ.get("SIGNED_OUT"):
    sys.exit("Please run 'az login' to setup account.")
match words:
    case ["account", "show", *_]:
        answer({{"tenantId": "{TENANT}", "id": "{SUBSCRIPTION}"}})
    case ["cloud", "show", *_]:
        answer({{"endpoints": {{"resourceManager": "https://management.azure.com/",
                              "microsoftGraphResourceId": "https://graph.microsoft.com/"}}}})
    case ["provider", "list", *_]:
        names = ["Web", "Storage", "ManagedIdentity", "OperationalInsights", "Insights"]
        answer([{{"namespace": f"Microsoft.{{name}}", "registrationState": "Registered"}} for name in names])
    case ["rest", *_] if "checknameavailability" in after("--url"):
        answer({{"nameAvailable": not os.environ.get("TAKEN")}})
    case ["rest", *_] if "/config/authsettingsV2" in after("--url"):
        answer({{"properties": read("app")}}) if read("app") else missing("app")
    case ["rest", *_] if "/applications(" in after("--url"):
        name, found = application(after("--url"))
        if os.environ.get("FORBIDDEN"):
            sys.exit("Authorization_RequestDenied: Insufficient privileges to complete the operation.")
        if after("--method") == "patch":
            if found is None:
                number = len(list(made.iterdir()))
                found = {{"appId": f"22222222-0000-4000-8000-{{number:012}}", "uniqueName": name, "api": {{}}}}
            answer(write(name, {{**found, **json.loads(after("--body"))}}))
        if found is None:
            missing(name)
        if "appId=" in after("--url") and not (state / "seen").exists():
            # What was just made is not everywhere at once.
            (state / "seen").touch()
            missing(name)
        answer(found)
    case ["rest", *_] if "/servicePrincipals" in after("--url"):
        if after("--method") == "post":
            answer(write("sp-" + json.loads(after("--body"))["appId"], {{"id": "x"}}))
        name = "sp-" + re.search("'(.*)'", after("--url"))[1]
        answer(read(name)) if read(name) else missing(name)
    case ["functionapp", "show", *_]:
        answer({{"location": "West Europe", "tags": {{"azd-service-name": "greeting"}}}}) if read("app") else missing("app")
    case ["functionapp", "list-flexconsumption-locations", *_]:
        answer([{{"name": "westeurope"}}])
    case ["group", "show", *_]:
        answer(read("group")) if read("group") else missing("group")
    case ["group", "create", *_]:
        write("group", {{"location": after("--location")}})
    case ["deployment", "group", "create", *_]:
        write("app", arguments[arguments.index("--parameters") + 1 :][:4])
        answer({{"properties": {{"outputs": {{"greetingUrl": {{"value": "{URL}"}}}}}}}})
'''
CURL = '#!/bin/sh\nprintf %s "${GATE:-401}"\n'


@contextlib.contextmanager
def machine():
    """A folder with these programs, and the environment in which they come first."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for program, text in {"az": AZ, "curl": CURL, "sleep": "#!/bin/sh\n"}.items():
            path = folder / program
            path.write_text(text)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        (folder / "a.zip").write_bytes(b"zip")
        yield folder, {**ENVIRONMENT, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "RECORD": str(folder)}


def run(script: str, *arguments: str, environment: dict, status: int = 0) -> str:
    done = subprocess.run(
        [ROOT / "deploy" / script, *arguments],
        env=environment, capture_output=True, text=True, timeout=PATIENCE, cwd="/", check=False,
    )
    assert done.returncode == status, f"{script} {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if status == 0 else done.stderr


def recorded(folder: pathlib.Path) -> list[list[str]]:
    lines = [json.loads(line) for line in (folder / "az.jsonl").read_text().splitlines()]
    (folder / "az.jsonl").write_text("")
    return lines


def after(arguments: list[str], name: str) -> str:
    return arguments[arguments.index(name) + 1]


def kept(folder: pathlib.Path) -> dict:
    """What Azure would have, by name."""
    return {path.name: json.loads(path.read_text()) for path in (folder / "made").iterdir()}


@check("Azure CLI", "deploy/deploy.sh: each az line it runs, twice", "azure-cli")
def deploy_sh():
    with machine() as (folder, environment):
        arguments = ["--name", "greeting-contoso", "--zip", str(folder / "a.zip")]
        said = run("deploy.sh", *arguments, environment=environment)
        first, made = recorded(folder), kept(folder)
        for line in first:
            expect(az_command_line.refusal(line), None)
        api, client = made["greeting-api-greeting-contoso"], made["greeting-cli-greeting-contoso"]
        expect(said, f"API_CLIENT_ID={api['appId']}\nCLI_CLIENT_ID={client['appId']}\ngreeting-cli call {URL}\n")
        for stored, name in [(api, "app-registration.json"), (client, "client-registration.json")]:
            # Graph has the file itself, with the ids of this place, and a name that tells two apart.
            text = (ROOT / "deploy" / name).read_text()
            expected = json.loads(
                text.replace("<client-id>", api["appId"]).replace("<cli-client-id>", client["appId"])
            )
            expected["displayName"] += " (greeting-contoso)"
            # Graph fills in what the file leaves out.
            expect(merge(json.loads(json.dumps(stored)), expected), stored)
        commands = [" ".join(line[:3]) for line in first]
        # Nothing is registered before Azure has been asked whether it could be deployed.
        validated = commands.index("deployment group validate")
        assert not any("/applications" in word for line in first[:validated] for word in line)
        # Easy Auth is there before the code is, and in force.
        assert commands.index("deployment group create") < commands.index("functionapp deployment source")
        restarted = [number for number, line in enumerate(first) if line[:2] == ["functionapp", "restart"]]
        expect(len(restarted), 1)
        assert f"apiClientId={api['appId']}" in first[commands.index("deployment group create")]

        # Again: nothing is changed, and the name is known to be ours.
        run("deploy.sh", *arguments, environment=environment)
        second = recorded(folder)
        expect(kept(folder), made)
        for line in second:
            assert "checknameavailability" not in " ".join(line), line
            assert not (line[0] == "rest" and after(line, "--method") != "get"), line
            expect("restart" in line, False)
        for line in first + second:
            for word in ("secret", "password", "credential"):
                assert word not in " ".join(line).lower(), line


@check("Azure CLI", "deploy/deploy.sh: what goes wrong is said, with the fix", "azure-cli")
def mistakes():
    with machine() as (folder, environment):
        good = ["--name", "greeting-contoso", "--zip", str(folder / "a.zip")]
        for arguments, more, says in [
            ([], {}, "--name"),
            (["--name", "Contoso!"], {}, "lower-case letters"),
            (["--name"], {}, "no value"),
            (["--nome", "x"], {}, "--nome is not an option"),
            (["--name", "greeting-contoso", "--zip", "nowhere.zip"], {}, "greeting-local package --out nowhere.zip"),
            (good, {"SIGNED_OUT": "1"}, "az login"),
            (good, {"TAKEN": "1"}, "greeting-contoso is taken"),
            (good, {"GATE": "200"}, "greeting-cli doctor"),
            (good, {"FORBIDDEN": "1"}, "Application Developer"),
            (good, {"AZURE_TENANT_ID": "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93"}, "unset AZURE_TENANT_ID"),
        ]:
            said = run("deploy.sh", *arguments, environment={**environment, **more}, status=1)
            assert says in said and "  fix  " in said, said
        # A machine without az: nothing but what the script itself needs.
        bare = folder / "bare"
        bare.mkdir()
        for program in ("bash", "dirname", "env", "tr"):
            (bare / program).symlink_to(shutil.which(program))
        for script, arguments in [("deploy.sh", good), ("register.sh", ["x"])]:
            said = run(script, *arguments, environment={**environment, "PATH": str(bare)}, status=1)
            assert "az) is not installed" in said, said
        assert "--name NAME" in run("deploy.sh", "--help", environment=environment)


def shellcheck_version() -> str:
    return subprocess.check_output(["shellcheck", "--version"], text=True).split("version: ")[1].split()[0]


@check("ShellCheck", "deploy/*.sh, release/*.sh, interop/run, .ci/run", shellcheck_version)
def shell_scripts():
    scripts = [*sorted((ROOT / "deploy").glob("*.sh")), *sorted((ROOT / "release").glob("*.sh")), ROOT / "interop" / "run", ROOT / ".ci" / "run"]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    expect((done.returncode, done.stdout), (0, ""))


def actionlint() -> str | None:
    return shutil.which("actionlint", path=f"{CLIENTS / 'bin'}{os.pathsep}{os.environ['PATH']}")


def actionlint_version() -> str:
    program = actionlint()
    return subprocess.check_output([program, "-version"], text=True).split()[0] if program else "-"


@check("actionlint", "deploy/github-actions.yml: its schema, its expressions, its scripts", actionlint_version)
def workflow():
    program, text = actionlint(), (ROOT / "deploy" / "github-actions.yml").read_text()
    if not program:
        raise Skipped("no actionlint, and no Go to install it")

    def found(workflow_text: str) -> str:
        return subprocess.run([program, "-"], input=workflow_text, capture_output=True, text=True, check=False).stdout

    expect(found(text), "")
    # It can fail: a key that a step does not have is found.
    assert "use" in found(text.replace("uses: azure/login", "use: azure/login"))
    # The same script as the pages' one, and nothing secret.
    assert "deploy/deploy.sh --name" in text and "id-token: write" in text
    for word in ("secrets.", "publish-profile", "client-secret"):
        assert word not in text, word
