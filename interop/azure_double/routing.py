"""A request, and which function answers it."""

import dataclasses
import functools
import json
import re
import typing
import urllib.parse

from .world import Answer, Refused, World


@dataclasses.dataclass
class Request:
    method: str
    host: str
    target: str
    headers: typing.Mapping
    body: bytes
    # The token's tenant and audience, once its service has read them.
    tenant: str = ""

    @functools.cached_property
    def path(self) -> str:
        return urllib.parse.unquote(urllib.parse.urlsplit(self.target).path)

    @functools.cached_property
    def query(self) -> dict:
        """Names in lower case: OData's and ARM's are compared without case."""
        parsed = urllib.parse.parse_qsl(urllib.parse.urlsplit(self.target).query, keep_blank_values=True)
        return {name.lower(): value for name, value in parsed}

    def json(self, error: typing.Callable[[str], Refused]) -> dict:
        """The body; `error` makes the service's own refusal of one that is no JSON object."""
        try:
            value = json.loads(self.body)
        except ValueError as why:
            raise error(f"Unable to read JSON request payload: {why}") from None
        if not isinstance(value, dict):
            raise error("The request payload is not a JSON object")
        return value


class Router:
    """Paths with {names}, matched without case, as ARM and Graph do."""

    def __init__(self):
        self.routes = []

    def route(self, methods: str, pattern: str):
        parts = re.split(r"(\{\w+\})", pattern)
        expression = "".join(
            f"(?P<{part[1:-1]}>[^/]+?)" if part.startswith("{") else re.escape(part) for part in parts
        )
        compiled = re.compile(expression + "/?", re.IGNORECASE)

        def register(function):
            for method in methods.split():
                self.routes.append((method, compiled, function))
            return function

        return register

    def find(self, request: Request, prefix: str = ""):
        """The function and its arguments, or nothing."""
        path = request.path.removeprefix(prefix)
        for method, compiled, function in self.routes:
            if method == request.method and (match := compiled.fullmatch(path)):
                return function, match.groupdict()
        return None


def answer(found, world: World, request: Request) -> Answer:
    function, arguments = found
    said = function(world, request, **arguments)
    return said if isinstance(said, Answer) else Answer(200, said)
