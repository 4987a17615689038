"""The double holds the function app's rules and Kudu's, and Bicep's stand-in the compiler's: each one asked
for, without az."""

import contextlib
import io
import pathlib
import tempfile
import zipfile

from azure_double import function_app, kudu
from azure_double.bicep_compiler import Compiler
from azure_double.bicep_syntax import SyntaxWrong
from azure_double.routing import Request
from azure_double.template import Scope, TemplateWrong
from azure_double.world import Refused, World
from checks import check, expect
from double_arm import GROUP, NAME, ask, deploy, of_type, sent, with_group
from double_graph import VERSION, refused


def package(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as opened:
        for name in names:
            opened.writestr(name, "{}")
    return content.getvalue()


GOOD = package("host.json", "greeting-server", "greeting/function.json")


def publish(world: World, content: bytes = GOOD) -> dict:
    host = f"{NAME}.scm.azurewebsites.net"
    expect(kudu.serve(world, sent("POST", host, "/api/publish?Deployer=az_cli", content)).status, 202)
    return kudu.serve(world, sent("GET", host, "/api/deployments/latest")).body


def call(world: World) -> int:
    try:
        return function_app.serve(world, Request("GET", f"{NAME}.azurewebsites.net", "/api/greeting", {}, b"")).status
    except Refused as why:
        return why.status


@check("The double", "Kudu and the app: storage's role, packages, Easy Auth in force after a start", lambda: VERSION)
def the_app():
    world = with_group()
    expect(call(world), 404)
    world.set_modes(["role-delay"])
    deploy(world)
    said = publish(world)
    expect(said["status"], 3)
    assert "InaccessibleStorageException" in said["status_text"] and "403" in said["status_text"], said
    world.advance(179)
    expect(publish(world)["status"], 3)
    world.advance(2)
    expect(publish(world)["status"], 4)
    expect(call(world), 401)
    world.set_modes(["role-never"])
    expect(publish(world)["status"], 3)
    world.set_modes([])
    assert "host.json" in publish(world, package("function/host.json"))["status_text"]
    expect(publish(world, b"no zip")["status"], 3)
    # A change of the settings waits for the next start.
    site = f"{GROUP}/providers/Microsoft.Web/sites/{NAME}"
    off = {**world.apps[NAME].auth, "platform": {"enabled": False}}
    ask(world, "PUT", f"{site}/config/authsettingsV2", {"properties": off})
    expect(call(world), 401)
    expect(ask(world, "POST", f"{site}/restart").status, 200)
    expect(call(world), 500)
    with refused(400, "BadRequest", "auth version v2"):
        ask(world, "POST", f"{site}/config/authsettings/list")
    deploy(world)
    expect(call(world), 500)
    world.set_modes(["app-unavailable"])
    publish(world)
    expect(call(world), 503)
    world.advance(61)
    expect(call(world), 401)
    fresh = with_group()
    fresh.set_modes(["auth-off"])
    deploy(fresh)
    publish(fresh)
    expect(call(fresh), 500)
    ask(fresh, "POST", f"{site}/restart")
    expect(call(fresh), 401)
    world.set_modes(["kudu-unavailable"])
    for _ in range(2):
        with contextlib.suppress(Refused):
            publish(world)
            raise AssertionError("it was not refused")
    expect(publish(world)["status"], 4)
    world.set_modes(["cold-app"])
    key = ask(world, "POST", f"{site}/host/default/listkeys").body["masterKey"]
    status = Request("GET", f"{NAME}.azurewebsites.net", "/admin/host/status", {"x-functions-key": key}, b"")
    for _ in range(15):
        try:
            function_app.serve(world, status)
            raise AssertionError("it was not refused")
        except Refused as why:
            expect(why.status, 503)
    expect(function_app.serve(world, status).status, 200)


@check("The double", "Bicep's stand-in: what it compiles and what it refuses", lambda: VERSION)
def compiled():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "inner.bicep").write_text("param principal string\noutput back string = '${principal}!'\n")
        head = "param a string = 'x'\nvar b = '${a}-${length(a)}{}'\n"
        for text, value in [
            ("b", "x-1{}"),
            ("empty(a) ? 'none' : take('abcdef', 3)", "abc"),
            ("toLower('ABC')", "abc"),
            ("'it\\'s \\${a}'", "it's ${a}"),
            ("[\n  1\n  a\n]", [1, "x"]),
            ("{ k: a, 'd-e': !true }", {"k": "x", "d-e": False}),
            ("a == 'x' && 2 > 1", True),
            ("union({ p: 1 }, { q: { r: [ a ] } }).q.r[0]", "x"),
            ("contains(b, 'x') ? split('p/q', '/')[1] : 'no'", "q"),
            ("length(uniqueString(a))", 13),
        ]:
            (folder / "main.bicep").write_text(f"{head}output it object = {text}\n")
            made = Compiler(folder / "main.bicep").template()
            environment = {"resourceGroup": {"id": "g"}, "subscription": {}, "tenant": {}, "environment": {}}
            scope = Scope(made, {}, environment, None)
            expect(scope.resolve(made["outputs"]["it"]["value"]), value)
        identity = (
            "resource i 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {\n"
            "  name: 'iii'\n  location: 'westeurope'\n}\n"
        )
        plan = "resource p 'Microsoft.Web/serverfarms@2024-04-01' = {{\n  name: {}\n  location: 'westeurope'\n}}\n"
        for text, says in [
            ("output it string = nobody\n", "BCP057"),
            (identity + plan.format("guid(i.properties.principalId)"), "BCP120"),
            ("module m 'inner.bicep' = { name: 'm' }\n", "BCP035"),
            ("module m 'inner.bicep' = { name: 'm', params: { principal: 'x', other: 1 } }\n", "BCP037"),
            ("output it string = 'open\n", "BCP004"),
            ("output it array = [for x in []: x]\n", "loops"),
            ("func f() string => ''\n", "func"),
        ]:
            (folder / "main.bicep").write_text(text)
            try:
                Compiler(folder / "main.bicep").template()
            except SyntaxWrong as wrong:
                assert says in str(wrong), wrong
            else:
                raise AssertionError(f"{text}: it was compiled")
        # A module: its parameter is known only when the identity is made.
        module = "module m 'inner.bicep' = {\n  name: 'm'\n  params: { principal: i.properties.principalId }\n}\n"
        (folder / "main.bicep").write_text(identity + module + "output it string = m.outputs.back\n")
        world = with_group()
        template = Compiler(folder / "main.bicep").template()
        made = deploy(world, body={"mode": "Incremental", "template": template, "parameters": {}})
        (of,) = of_type(world, "Microsoft.ManagedIdentity/userAssignedIdentities")
        expect(made["outputs"]["it"]["value"], f"{of['properties']['principalId']}!")
    try:
        Scope({"parameters": {}}, {}, {}, None).resolve("[nobody()]")
    except TemplateWrong as wrong:
        assert "nobody" in str(wrong)
    else:
        raise AssertionError("an unknown function was run")
