"""Microsoft.Web/sites beyond reading and writing: restart, its settings, its keys, its plan."""

from .arm import bad, error, router
from .arm_resources import shown
from .world import Answer, World

SITE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}"


def site(world: World, subscription: str, group: str, name: str) -> tuple[dict, object]:
    key = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}".lower()
    resources = world.subscriptions[subscription].resources
    if key not in resources:
        raise error(
            404,
            "ResourceNotFound",
            f"The Resource 'Microsoft.Web/sites/{name}' under resource group '{group}' was not found. For more details "
            "please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return resources[key], world.apps[name.lower()]


@router.route("GET", "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites")
def sites(world, _request, subscription, group):
    prefix = f"/subscriptions/{subscription}/resourcegroups/{group}/".lower()
    found = world.subscriptions[subscription].resources.items()
    return {"value": [shown(of) for key, of in found if key.startswith(prefix) and of["type"] == "Microsoft.Web/sites"]}


@router.route("GET", "/subscriptions/{subscription}/providers/Microsoft.Web/sites")
def all_sites(world, _request, subscription):
    found = world.subscriptions[subscription].resources.values()
    return {"value": [shown(of) for of in found if of["type"] == "Microsoft.Web/sites"]}


@router.route("POST", SITE + "/restart")
def restart(world, _request, subscription, group, name):
    site(world, subscription, group, name)[1].restart()
    return Answer(200)


@router.route("POST", SITE + "/syncfunctiontriggers")
def sync(world, _request, subscription, group, name):
    site(world, subscription, group, name)
    return Answer(204)


def config(name: str, of: dict, properties: dict) -> dict:
    return {
        "id": f"{of['id']}/config/{name}",
        "name": name,
        "type": "Microsoft.Web/sites/config",
        "location": of["location"],
        "properties": properties,
    }


@router.route("POST", SITE + "/config/appsettings/list")
def app_settings(world, _request, subscription, group, name):
    of, app = site(world, subscription, group, name)
    return config("appsettings", of, app.settings)


@router.route("PUT", SITE + "/config/appsettings")
def put_app_settings(world, request, subscription, group, name):
    of, app = site(world, subscription, group, name)
    app.settings = request.json(bad)["properties"]
    return config("appsettings", of, app.settings)


@router.route("GET", SITE + "/config/web")
def web(world, _request, subscription, group, name):
    of, _ = site(world, subscription, group, name)
    return config("web", of, {"linuxFxVersion": "", "minTlsVersion": "1.2", "ftpsState": "Disabled"})


def auth(world, _request, subscription, group, name):
    """Not there before it was set: an app's authentication is off then."""
    of, app = site(world, subscription, group, name)
    return config("authsettingsV2", of, app.auth or {"platform": {"enabled": False}})


router.route("GET", SITE + "/config/authsettingsV2")(auth)
router.route("GET", SITE + "/config/authsettingsV2/list")(auth)


@router.route("PUT", SITE + "/config/authsettingsV2")
def put_auth(world, request, subscription, group, name):
    of, app = site(world, subscription, group, name)
    app.configure(request.json(bad)["properties"], world)
    return config("authsettingsV2", of, app.auth)


@router.route("POST", SITE + "/config/authsettings/list")
def old_auth(world, _request, subscription, group, name):
    # azure-cli#17837, #33075: the v1 settings of an app that has v2.
    site(world, subscription, group, name)
    raise error(
        400,
        "BadRequest",
        "Cannot execute the request for site " + name + " because the site is running on auth version v2.",
    )


@router.route("POST", SITE + "/host/default/listkeys")
def host_keys(world, _request, subscription, group, name):
    _, app = site(world, subscription, group, name)
    return {"masterKey": app.master_key, "functionKeys": {}, "systemKeys": {}}


@router.route("GET", SITE + "/functions")
def functions(world, _request, subscription, group, name):
    of, app = site(world, subscription, group, name)
    found = [path.split("/")[0] for path in app.files if path.endswith("/function.json")]
    base = f"{of['id']}/functions"
    return {"value": [{"id": f"{base}/{path}", "name": f"{name}/{path}", "properties": {}} for path in found]}


@router.route("GET", "/providers/Microsoft.Web/locations/{location}/functionAppStacks")
def stacks(*_, **__):
    """az looks for the app's runtime here and only warns where it is not listed. What Azure answers for
    `custom` is not documented: it is listed empty."""
    return {"value": []}
