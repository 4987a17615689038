"""deploy.sh and azd's hooks run whole, over an `az` that writes down what it is asked. Each line is
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
from checks import ENVIRONMENT, PATIENCE, ROOT, check, expect

TENANT, SUBSCRIPTION = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
URL = "https://greeting-contoso.azurewebsites.net/api/greeting"

# What Azure would keep is a file; what a real az asks of it is one of these lines.
AZ = f'''#!{sys.executable}
import json, os, pathlib, re, sys
state = pathlib.Path(os.environ["RECORD"])
arguments = sys.argv[1:]
with open(state / "az.jsonl", "a") as lines:
    lines.write(json.dumps(arguments) + "\\n")
after = lambda name: arguments[arguments.index(name) + 1]
made = state / "made"
made.mkdir(exist_ok=True)
known = {{path.name: path.read_text() for path in made.iterdir()}}
words = [word for word in arguments if not word.startswith("-")]
if os.environ.get("SIGNED_OUT"):
    sys.exit("Please run 'az login' to setup account.")
match words:
    case ["account", "show", *_]:
        print("{TENANT}" if "tenantId" in words else "{SUBSCRIPTION}")
    case ["cloud", "show", *_]:
        host = "management.azure.com" if "endpoints.resourceManager" in words else "graph.microsoft.com"
        print(f"https://{{host}}/")
    case ["rest", *_] if "checknameavailability" in after("--url"):
        print("false" if os.environ.get("TAKEN") else "true")
    case ["rest", *_] if match := re.search(r"uniqueName='([^']+)'", after("--url")):
        name = match.group(1)
        if os.environ.get("FORBIDDEN"):
            sys.exit("Authorization_RequestDenied: Insufficient privileges to complete the operation.")
        if after("--method") == "patch":
            (made / name).write_text(known.get(name, f"22222222-0000-4000-8000-{{len(known):012}}"))
        elif not (state / "seen").exists():
            # What was just made is not everywhere at once.
            (state / "seen").touch()
            sys.exit("Request_ResourceNotFound: Resource does not exist")
        else:
            print(known[name])
    case ["ad", "sp", "show", *_]:
        sys.exit(0 if f"sp-{{after('--id')}}" in known else 3)
    case ["ad", "sp", "create", *_]:
        (made / f"sp-{{after('--id')}}").touch()
    case ["functionapp", "show", *_]:
        sys.exit(0 if "app" in known else 3)
    case ["deployment", *_]:
        (made / "app").touch()
        print("{URL}")
'''
CURL = '#!/bin/sh\nprintf %s "${GATE:-401}"\n'
AZD = '#!/bin/sh\nprintf "%s\\n" "$*" >>"$RECORD/azd.log"\n'


@contextlib.contextmanager
def machine():
    """A folder with these programs, and the environment in which they come first."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for program, text in {"az": AZ, "curl": CURL, "azd": AZD, "sleep": "#!/bin/sh\n"}.items():
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


def body(lines: list[list[str]], client_id: str) -> dict:
    """What Graph is told of the application with this id."""
    (found,) = [line for line in lines if line[0] == "rest" and f"appId='{client_id}'" in after(line, "--url")]
    return json.loads(after(found, "--body"))


@check("Azure CLI", "deploy/deploy.sh: each az line it runs, twice", "azure-cli")
def deploy_sh():
    with machine() as (folder, environment):
        arguments = ["--name", "greeting-contoso", "--zip", str(folder / "a.zip")]
        expect(run("deploy.sh", *arguments, environment=environment), f"greeting-cli call {URL}\n")
        first = recorded(folder)
        for line in first:
            expect(az_command_line.refusal(line), None)
        made = {path.name: path.read_text() for path in (folder / "made").iterdir()}
        api, client = made["greeting-api-greeting-contoso"], made["greeting-cli-greeting-contoso"]
        for client_id, name in [(api, "app-registration.json"), (client, "client-registration.json")]:
            # Graph gets the file itself, with the ids of this place and without its own.
            text = (ROOT / "deploy" / name).read_text().replace("<client-id>", api).replace("<cli-client-id>", client)
            expected = json.loads(text)
            del expected["appId"]
            expect(body(first, client_id), expected)
        commands = [" ".join(line[:3]) for line in first]
        expect(commands.count("ad sp create"), 2)
        # Easy Auth is there before the code is.
        assert commands.index("deployment group create") < commands.index("functionapp deployment source")
        assert f"apiClientId={api}" in first[commands.index("deployment group create")]

        # Again: nothing is made twice, and the name is known to be ours.
        run("deploy.sh", *arguments, environment=environment)
        second = recorded(folder)
        commands = [" ".join(line[:3]) for line in second]
        assert "ad sp create" not in commands, commands
        assert not any("checknameavailability" in word for line in second for word in line)
        expect(body(second, api), body(first, api))
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
        for program in ("bash", "dirname", "env"):
            (bare / program).symlink_to(shutil.which(program))
        for script, arguments in [("deploy.sh", good), ("register.sh", ["x"])]:
            said = run(script, *arguments, environment={**environment, "PATH": str(bare)}, status=1)
            assert "az) is not installed" in said, said
        assert "--name NAME" in run("deploy.sh", "--help", environment=environment)


def shellcheck_version() -> str:
    return subprocess.check_output(["shellcheck", "--version"], text=True).split("version: ")[1].split()[0]


@check("ShellCheck", "deploy/*.sh, interop/run, .ci/run", shellcheck_version)
def shell_scripts():
    scripts = [*sorted((ROOT / "deploy").glob("*.sh")), ROOT / "interop" / "run", ROOT / ".ci" / "run"]
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    expect((done.returncode, done.stdout), (0, ""))


@check("Azure Developer CLI", "azure.yaml: its hooks, its files", lambda: "(its files)")
def azure_yaml():
    import yaml

    project = yaml.safe_load((ROOT / "azure.yaml").read_text())
    for hook in project["hooks"].values():
        script = ROOT / hook["run"]
        assert script.stat().st_mode & stat.S_IXUSR, script
    infra = project["infra"]
    assert (ROOT / infra["path"] / f"{infra['module']}.bicep").exists()
    (service,) = project["services"]
    assert f"'azd-service-name': '{service}'" in (ROOT / "deploy" / "main.bicep").read_text()
    deploy = project["workflows"]["up"]["steps"][1]["azd"].split()
    expect(deploy[:3], ["deploy", service, "--from-package"])
    assert f"--out {deploy[3]}" in (ROOT / "deploy" / "azd-package.sh").read_text()

    with machine() as (folder, environment):
        run("azd-register.sh", environment={**environment, "AZURE_ENV_NAME": "dev"})
        for line in recorded(folder):
            expect(az_command_line.refusal(line), None)
        ids = [(folder / "made" / f"greeting-{name}-dev").read_text() for name in ("api", "cli")]
        set_lines = (folder / "azd.log").read_text().splitlines()
        expect(set_lines, [f"env set API_CLIENT_ID {ids[0]}", f"env set CLI_CLIENT_ID {ids[1]}"])
        parameters = (ROOT / "deploy" / "main.parameters.json").read_text()
        assert "${API_CLIENT_ID}" in parameters
