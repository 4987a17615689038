"""A refused request with a body: its answer arrives, and the next request has its own."""

import collections
import contextlib
import json
import pathlib
import shutil
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from checks import PATIENCE, ROOT, Skipped, check, expect, up

# 10 rounds of four lengths, and 30 posts of 20 MB.
EXPECTED = {"/read 401": 40, "/read 200": 40, "/early 403": 30}


class App(BaseHTTPRequestHandler):
    """`/read` reads the body, `/early` refuses it and closes as Go's server does: one side, then the other."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        early = self.path == "/early"
        if not early:
            self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(403 if early else 200)
        self.send_header("Content-Length", "0")
        if early:
            self.send_header("Connection", "close")
        self.end_headers()
        if early:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.5)
            with contextlib.suppress(OSError):
                while self.connection.recv(65536):
                    pass

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def gate():
    """Its origin, and a token for it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), App) as app:
        threading.Thread(target=app.serve_forever, daemon=True).start()
        try:
            with up("--upstream", f"http://127.0.0.1:{app.server_port}") as stack:
                yield stack.url.rstrip("/"), stack.mint()
        finally:
            app.shutdown()


def program(name: str) -> pathlib.Path | str:
    path = shutil.which(name)
    if path is None:
        raise Skipped(f"{name} is not on this machine")
    return path


def printed(*command) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def go_version() -> str:
    return printed("go", "env", "GOVERSION").strip() if shutil.which("go") else ""


def node_version() -> str:
    return printed("node", "--version").strip() if shutil.which("node") else ""


@check("Go net/http", "401 to a post, then a good one; an app's early 403 to 20 MB", go_version)
def go():
    command = [program("go"), "run", ROOT / "interop" / "refused_body.go"]
    with gate() as (origin, token):
        expect(json.loads(printed(*command, origin, token)), EXPECTED)


@check("Node.js fetch", "401 to a post, then a good one; an app's early 403 to 20 MB", node_version)
def node():
    command = [program("node"), ROOT / "interop" / "refused_body.mjs"]
    with gate() as (origin, token):
        expect(json.loads(printed(*command, origin, token)), EXPECTED)


@check("requests", "401 to a post, then a good one; an app's early 403 to 20 MB", "requests")
def python():
    seen = collections.Counter()
    with gate() as (origin, token), requests.Session() as session:

        def post(path: str, length: int, token: str | None):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            try:
                answer = session.post(origin + path, data=bytes(length), headers=headers, timeout=60)
                seen[f"{path} {answer.status_code}"] += 1
            except requests.RequestException as error:
                seen[repr(error)] += 1

        for _ in range(10):
            for length in (3, 1000, 100_000, 1_000_000):
                post("/read", length, None)
                post("/read", length, token)
        for _ in range(30):
            post("/early", 20_000_000, token)
    expect(dict(seen), EXPECTED)
