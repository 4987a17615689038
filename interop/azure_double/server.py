"""A loopback proxy that ends TLS itself for the hosts that the double plays."""

import contextlib
import http.server
import json
import pathlib
import ssl
import threading
import traceback

from . import arm, arm_deployments, arm_generic, certificate, function_app, graph, graph_deleted, kudu, links, sign_in, sites
from .modes import MODES
from .routing import Request
from .world import Answer, Asked, Refused, World


def service(host: str):
    """What answers for this host name."""
    exact = {
        "login.microsoftonline.com": sign_in,
        "graph.microsoft.com": graph,
        "management.azure.com": arm,
        "aka.ms": links,
    }
    if host.endswith(".scm.azurewebsites.net"):
        return kudu
    if host.endswith(".azurewebsites.net"):
        return function_app
    return exact.get(host)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The host that CONNECT named; before, this is the proxy's own address.
    tunnel = ""

    def log_message(self, *_):
        pass

    def do_CONNECT(self):  # RFC 9110, 9.3.6
        host = self.path.rpartition(":")[0].lower()
        if service(host) is None:
            self.server.world.unknown_hosts.append(host)
            self.send_error(403, f"the double does not play {host}")
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        try:
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", 0)
        self.tunnel = host
        self.close_connection = False

    def finish(self):
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        if self.tunnel:
            with contextlib.suppress(OSError):
                self.connection.close()

    def handle_one_request(self):
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            return super().handle_one_request()
        self.close_connection = True

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(chunks)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def serve(self):
        request = Request(self.command, self.tunnel, self.path, self.headers, self.body())
        world: World = self.server.world
        with world.lock:
            try:
                said = service(self.tunnel).serve(world, request) if self.tunnel else control(world, request)
            except Refused as refused:
                said = Answer(refused.status, refused.body, refused.headers)
            except Exception:
                said = Answer(500, {"error": {"code": "DoubleIsWrong", "message": traceback.format_exc()}})
            if self.tunnel:
                world.requests.append(written_down(request, said))
        self.send(said)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = serve

    def send(self, said: Answer):
        content = said.body
        kind = "application/json; charset=utf-8"
        if isinstance(content, str):
            content, kind = content.encode(), "text/plain; charset=utf-8"
        elif content is None:
            content = b""
        elif not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.send_response(said.status)
        for name, value in {"Content-Type": kind, **said.headers}.items():
            self.send_header(name, str(value))
        if said.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and said.status != 204:
            self.wfile.write(content)


def written_down(request: Request, said: Answer) -> Asked:
    """No token and no password: headers and what is sent to sign in are left out."""
    body = None
    if service(request.host) is not sign_in:
        try:
            body = json.loads(request.body) if request.body else None
        except ValueError:
            body = f"{len(request.body)} bytes"
    error = ""
    if said.status >= 400:
        error = said.body if isinstance(said.body, str) else json.dumps(said.body)
    return Asked(request.method, request.host, request.target, body, said.status, error)


# Imported for the routes that they add.
assert arm_deployments and arm_generic and graph_deleted and sites


def control(world: World, request: Request) -> Answer:
    """What the person who runs the double says to it."""
    told = request.body.decode()
    match request.method, request.path:
        case "GET", "/modes":
            lines = [f"{'on ' if world.has(name) else '   '} {name:20} {mode.what}" for name, mode in MODES.items()]
            return Answer(200, "\n".join(lines) + "\n")
        case "POST", "/modes":
            try:
                world.set_modes(told.split())
            except ValueError as why:
                return Answer(400, f"{why}\n")
        case "POST", "/clock":
            world.advance(float(told))
        case "POST", "/reset":
            world.reset()
        case "GET", "/requests":
            hosts = [f"refused host {host}\n" for host in world.unknown_hosts]
            return Answer(200, "".join(f"{asked}\n" for asked in world.requests) + "".join(hosts))
        case "GET", "/state":
            return Answer(200, json.dumps(world.state(), indent=1) + "\n")
        case _:
            return Answer(404, "there are: modes, clock, reset, requests, state\n")
    return Answer(200, "")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, world: World, folder: pathlib.Path, port: int = 0):
        super().__init__(("127.0.0.1", port), Handler)
        certificate.make(folder)
        self.world, self.folder = world, folder
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(folder / "server.pem")

    def handle_error(self, _request, _address):
        """A client that went away is no news."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def running(folder: pathlib.Path):
    """A double in this process, for as long as the block lasts."""
    server = Server(World(), folder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
