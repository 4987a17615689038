"""aka.ms, Microsoft's short links: the one that azd follows is the list of its extensions. There are none."""

from .routing import Request
from .world import Answer, World


def serve(_world: World, request: Request) -> Answer:
    if request.path == "/azd/extensions/registry":
        return Answer(200, {"extensions": []})
    return Answer(404)
