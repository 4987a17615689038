"""Any resource by its id: read, put, deleted. Imported last: what is played in particular comes before."""

from . import provision
from .arm import bad, check_registered, group_of, namespace_of, remove, router
from .arm_resources import find, of_id, shown, type_and_name
from .world import Answer

ID = "/subscriptions/{subscription}/resourceGroups/{group}/providers/{namespace}"


def get(world, request, **_):
    return shown(find(world, request))


def put(world, request, subscription, namespace, **_):
    check_registered(world, subscription, namespace_of(namespace))
    parts = of_id(request)
    group = group_of(world, subscription, parts["group"])
    kind, name = type_and_name(request.path.rstrip("/"))
    body = {"type": kind, "name": name, **request.json(bad)}
    return shown(provision.put(world, subscription, group, body))


def delete(world, request, subscription, **_):
    """ARM: 204 for what is not there."""
    key = request.path.rstrip("/").lower()
    of = world.subscriptions[subscription]
    if key not in of.resources:
        return Answer(204)
    provision.check_deletable(of, key)
    remove(world, of, key)
    return Answer(200)


for depth in (1, 2, 3):
    path = ID + "".join(f"/{{type{n}}}/{{name{n}}}" for n in range(depth))
    router.route("GET", path)(get)
    router.route("PUT", path)(put)
    router.route("DELETE", path)(delete)
