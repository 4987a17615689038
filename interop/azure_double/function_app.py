"""The app itself, as whoever calls it without a token sees it: NAME.azurewebsites.net."""

from .routing import Request
from .world import Answer, Refused, World


def serve(world: World, request: Request) -> Answer:
    name = request.host.removesuffix(".azurewebsites.net")
    if name not in world.apps:
        # As DNS would not know it, curl says that it does not reach it; a proxy can only say no.
        raise Refused(404, "404 Web Site not found")
    app = world.apps[name]
    if request.path == "/admin/host/status":
        return host_status(world, request, app)
    if world.has("app-unavailable") and world.now() < app.deployed_at + 60:
        raise Refused(503, "Service Unavailable")
    settings = app.auth_in_force or {}
    if settings.get("platform", {}).get("enabled"):
        if settings["globalValidation"]["requireAuthentication"]:
            # "Authentication and authorization": Return401, with its challenge.
            issuer = settings["identityProviders"]["azureActiveDirectory"]["registration"]["openIdIssuer"]
            challenge = f'Bearer realm="{request.host}" authorization_uri="{issuer}"'
            return Answer(401, "You do not have permission to view this directory or page.", {"WWW-Authenticate": challenge})
    if not any(path.endswith("/function.json") for path in app.files):
        return Answer(404)
    # greeting-server's own answer where nothing authenticates: DESIGN.md, "Fails closed".
    return Answer(500, "Easy Auth is off.")


def host_status(world: World, request: Request, app) -> Answer:
    """What az asks after a deployment, with the host's key."""
    if request.headers.get("x-functions-key") != app.master_key:
        return Answer(401)
    # "appears to be unhealthy": az asks fifteen times at most (appservice/custom.py).
    if world.has("cold-app"):
        app.asked = getattr(app, "asked", 0) + 1
        if app.asked >= 15:
            world.take("cold-app")
        raise Refused(503, "Function host is not running.")
    return Answer(200, {"id": app.master_key[:8], "state": "Running", "version": "4.1041.200"})
