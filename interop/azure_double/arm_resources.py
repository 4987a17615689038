"""Resources: found, listed; role assignments."""

import re

from .arm import error, group_of, router
from .routing import Request
from .world import Answer, World

RESOURCE = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<rest>.+)", re.IGNORECASE
)


def type_and_name(identity: str) -> tuple[str, str]:
    """`…/providers/A.B/c/d/e/f` is the type A.B/c/e and the name d/f; of an extension, the last one."""
    provider, *parts = re.split("/providers/", identity, flags=re.IGNORECASE)[-1].split("/")
    return "/".join([provider, *parts[::2]]), "/".join(parts[1::2])


def shown(resource: dict) -> dict:
    return {name: value for name, value in resource.items() if not name.startswith("_")}


def of_id(request: Request) -> dict:
    match = RESOURCE.fullmatch(request.path.rstrip("/"))
    return match.groupdict()


def find(world: World, request: Request) -> dict:
    parts = of_id(request)
    group_of(world, parts["subscription"], parts["group"])
    resources = world.subscriptions[parts["subscription"]].resources
    key = request.path.rstrip("/").lower()
    if key not in resources:
        raise error(
            404,
            "ResourceNotFound",
            f"The Resource '{parts['rest']}' under resource group '{parts['group']}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )
    return resources[key]


@router.route("GET", "/subscriptions/{subscription}/resourceGroups/{group}/resources")
def in_group(world, request, subscription, group):
    group_of(world, subscription, group)
    return {"value": listed(world, subscription, group)}


@router.route("GET", "/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.Authorization/permissions")
def permissions(world, _request, subscription, group):
    """REST reference, "Permissions - List For Resource Group": what the caller's roles hold; Owner's, or Contributor's."""
    group_of(world, subscription, group)
    denied = ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"] if world.has("no-role-rights") else []
    return {"value": [{"actions": ["*"], "notActions": denied, "dataActions": [], "notDataActions": []}]}


@router.route("GET", "/subscriptions/{subscription}/resources")
def in_subscription(world, request, subscription):
    text = request.query.get("$filter", "")
    match = re.fullmatch(r"resourceGroup eq '(?P<group>[^']+)'", text)
    typed = re.fullmatch(r"resourceType eq '(?P<type>[^']+)'", text)
    tag = re.fullmatch(r"tagName eq '(?P<name>[^']+)' and tagValue eq '(?P<value>[^']*)'", text)
    if text and not (match or typed or tag):
        raise error(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
    found = listed(world, subscription, match["group"] if match else None)
    if typed:
        found = [resource for resource in found if resource["type"].lower() == typed["type"].lower()]
    if tag:
        found = [resource for resource in found if (resource.get("tags") or {}).get(tag["name"]) == tag["value"]]
    return {"value": found}


def listed(world: World, subscription: str, group: str | None) -> list[dict]:
    """Only what has a place of its own is listed: no children, no extensions."""
    prefix = f"/subscriptions/{subscription}/resourcegroups/{group.lower()}/" if group else ""
    found = []
    for key, resource in world.subscriptions[subscription].resources.items():
        if key.startswith(prefix) and resource["type"].count("/") == 1 and "location" in resource:
            found.append({name: value for name, value in shown(resource).items() if name != "properties"})
    return found


SCOPED = "/providers/Microsoft.Authorization/roleAssignments"


def role_assignments(world, request, subscription, **_):
    scope = re.split(SCOPED, request.path, flags=re.IGNORECASE)[0].lower()
    text = request.query.get("$filter", "")
    principal = re.search(r"(?:principalId|assignedTo) ?(?:eq|\() ?'([^']+)'", text)
    value = [
        shown(resource)
        for resource in world.subscriptions[subscription].resources.values()
        if resource["type"] == "Microsoft.Authorization/roleAssignments"
        and resource["properties"]["scope"].lower().startswith(scope)
        and (principal is None or resource["properties"]["principalId"] == principal[1])
    ]
    return {"value": value}


for path in ("", "/resourceGroups/{group}", "/resourceGroups/{group}/providers/{namespace}/{type0}/{name0}"):
    router.route("GET", "/subscriptions/{subscription}" + path + SCOPED)(role_assignments)


def scoped_name(methods: str):
    target = "/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}/{type0}/{name0}"
    return router.route(methods, target + SCOPED + "/{assignment}")


@scoped_name("GET")
def get_assignment(world, request, **_):
    return shown(find(world, request))


@scoped_name("DELETE")
def delete_assignment(world, request, subscription, **_):
    gone = world.subscriptions[subscription].resources.pop(request.path.rstrip("/").lower(), None)
    return Answer(200, shown(gone)) if gone else Answer(204)
