"""One path, one reading: what the gate lets pass without a token is the same path for a real server."""

import contextlib
import http.client
import json
import platform
import random
import socket
import subprocess
import typing

from bodies import node_version, program
from checks import ROOT, check, up
from seed import served

EXCLUDED = ["/health", "/api/open/*", "/public/*"]
WORDS = [
    "api", "open", "public", "health", "greeting", "..", ".", "", "x", "%2e%2e", ".%2e", "..;", ";x", "%2f",
    "..%2fgreeting", "%5c..%5cgreeting", "..\\greeting", "\\", "%00", "%", "%252e%252e", "%c0%ae%c0%ae", "~", "*",
    ":", "@", "|", "gre%65ting", "open%2f..", "+", "a=b&c", "x?q=/../greeting",
]  # fmt: skip
CASES = 1500


def targets() -> typing.Iterator[str]:
    """The same each time."""
    chance = random.Random(15)
    for _ in range(CASES):
        words = "/".join(chance.choice(WORDS) for _ in range(chance.randint(1, 5)))
        yield chance.choice(["/api/open/", "/public/", "/health/", "/health", "/", "/"]) + words


def get(port: int, target: str) -> tuple[int, bytes]:
    """Without a token, and with the target as it is."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 60)) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def is_excluded(path: str) -> bool:
    return path == "/health" or path.startswith(("/api/open/", "/public/"))


def same_for(origin: str):
    """For each path that passes, each reading that the server behind `origin` has of it is excluded."""
    passed = 0
    with up("--upstream", origin, settings={"globalValidation": {"excludedPaths": EXCLUDED}}) as stack:
        port = int(stack.url.rstrip("/").rsplit(":", 1)[1])
        for target in targets():
            status, body = get(port, target)
            if status != 200:
                assert status in (400, 401), (target, status, body)
                continue
            passed += 1
            for reading in json.loads(body):
                assert is_excluded(reading), f"{target} is {reading}"
    assert passed > CASES // 20, f"only {passed} passed: the check checks little"


def said(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([environ["PATH_INFO"]]).encode()]


@check("wsgiref", "what the gate excludes is the same path behind it", platform.python_version, shows=("easy-auth/excluded-paths",))
def python():
    with served(said) as origin:
        same_for(origin)


@check(
    "Node.js http", "what the gate excludes is the same path behind it", node_version,
    shows=("easy-auth/excluded-paths",),
)
def node():
    command = [program("node"), ROOT / "interop" / "path_server.mjs"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            same_for(f"http://127.0.0.1:{server.stdout.readline().strip()}")
        finally:
            server.kill()
