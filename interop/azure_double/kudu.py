"""The deployment engine of a function app on Flex Consumption: NAME.scm.azurewebsites.net."""

import io

from . import sign_in
from .apps import package_trouble
from .arm import AUDIENCES
from .routing import Request, Router, answer
from .world import Answer, Refused, World, new_id

router = Router()
# az asks for App Service's own audience; azd and others for ARM's.
ACCEPTED = ("https://appservice.azure.com", *AUDIENCES)
FAILED, SUCCESS = 3, 4


def serve(world: World, request: Request) -> Answer:
    request.tenant = sign_in.read(request, ACCEPTED, lambda why: Refused(401, f"Unauthorized: {why}"))
    # functions-action#390
    if world.take("kudu-unavailable"):
        raise Refused(503, "Site Unavailable")
    name = request.host.split(".")[0]
    if name not in world.apps:
        raise Refused(404, "404 Site Not Found")
    found = router.find(request)
    if found is None:
        raise Refused(404, f"The double plays no {request.method} {request.path}")
    return answer(found, world, request)


def app(world: World, request: Request):
    return world.apps[request.host.split(".")[0]]


@router.route("POST", "/api/publish")
def publish(world: World, request: Request) -> Answer:
    """OneDeploy: takes the zip, and says by its status what came of it."""
    of = app(world, request)
    trouble, files = package_trouble(io.BytesIO(request.body))
    if not trouble and (why := of.storage_trouble(world)):
        trouble = f"InaccessibleStorageException: Failed to access storage account for deployment: {why}"
    deployment = {
        "id": new_id(),
        "status": FAILED if trouble else SUCCESS,
        "status_text": trouble,
        "message": "Created via a push deployment",
        "author": "N/A",
        "deployer": request.query.get("deployer", ""),
        "received_time": world.timestamp(),
        "start_time": world.timestamp(),
        "end_time": world.timestamp(),
        "complete": True,
        "active": not trouble,
        "site_name": request.host.split(".")[0],
        "log": [trouble] if trouble else ["[StartupStep] starting.", "[WaitForFunctionsReadyStep] done."],
    }
    of.deployments.append(deployment)
    if not trouble:
        of.files = files
        of.package = request.body
        of.deployed_at = world.now()
        # A new version is a new start. Whether for Easy Auth too, nobody says.
        if not world.has("auth-off"):
            of.restart()
    return Answer(202, f'"{deployment["id"]}"', {"Content-Type": "application/json"})


def shown(deployment: dict) -> dict:
    """Projectkudu's "REST API" lists the members; az sorts by start_time and follows log_url."""
    kept = {name: value for name, value in deployment.items() if name != "log"}
    url = f"https://{deployment['site_name']}.scm.azurewebsites.net/api/deployments/{deployment['id']}"
    return {**kept, "url": url, "log_url": f"{url}/log"}


def latest_of(world: World, request: Request, id: str) -> dict:
    found = [entry for entry in app(world, request).deployments if id == "latest" or entry["id"] == id]
    if not found:
        raise Refused(404, {"Message": f"Deployment '{id}' not found."})
    return found[-1]


@router.route("GET", "/api/deployments")
def deployments(world, request):
    return [shown(entry) for entry in reversed(app(world, request).deployments)]


@router.route("GET", "/api/deployments/{id}")
def deployment(world, request, id):
    return shown(latest_of(world, request, id))


@router.route("GET", "/api/deployments/{id}/log")
def log(world, request, id):
    entry = latest_of(world, request, id)
    return [
        {"log_time": entry["received_time"], "id": new_id(), "message": line, "type": 0, "details_url": None}
        for line in entry["log"]
    ]


@router.route("GET", "/api/settings")
def settings(world, request):
    return app(world, request).settings
