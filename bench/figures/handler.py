"""The handler, to bare hyper and to Node.js."""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time

from figures import table
from figures.machine import BARE, BINARIES, MANY, PATIENCE, PEERS, SHORT, collected, free_port, in_turn
from figures.machine import listens, load, resident, server, servers_core, wait_for
from figures.table import at_least, at_most

PATH = "/api/greeting"
PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"


def principal() -> str:
    """Of 20 claims, as Easy Auth writes it."""
    claims = [{"typ": f"http://schemas.example/claims/{n}", "val": f"{n:08d}-0000-4000-8000-000000000000"} for n in range(19)]
    claims.append({"typ": "http://schemas.microsoft.com/identity/claims/scope", "val": "Greeting.Read"})
    text = json.dumps({"auth_typ": "aad", "claims": claims, "name_typ": "n", "role_typ": "r"}, separators=(",", ":"))
    return base64.b64encode(text.replace("/", "\\/").encode()).decode()


def measure() -> None:
    header = f"{PRINCIPAL}: {principal()}"
    ports = [free_port() for _ in range(3)]
    ours, bare, node = (f"http://127.0.0.1:{port}{PATH}" for port in ports)
    with (
        server(BINARIES / "greeting-server", port=ports[0], WEBSITE_AUTH_ENABLED="true"),
        server(BARE, port=ports[1]),
        server("node", PEERS / "handler.mjs", port=ports[2]),
    ):
        call = lambda url, connections=64: lambda: load(url, header=header, connections=connections).a_second
        found = in_turn({
            "ours": call(ours), "bare": call(bare), "node": call(node),
            "many": call(ours, MANY), "bare many": call(bare, MANY),
        })
    table.ratio("handler, a principal of 20 claims, to bare hyper", at_least(0.9), found["ours"], found["bare"], "bare hyper that answers the same bytes")
    table.ratio("handler, to Node.js", at_least(4), found["ours"], found["node"], "Node.js with the same check")
    table.ratio(f"handler, {MANY:,} connections to 64", at_least(0.9), found["many"], found["ours"], "itself, 64 connections")
    # What the kernel and the load's own core leave of it: the handler can't be above.
    table.ratio(f"bare hyper, {MANY:,} connections to 64", None, found["bare many"], found["bare"], "itself, 64 connections")
    if not SHORT:
        counts = [counted(BINARIES / "greeting-server"), counted(BARE)]
        table.ratio("handler: instructions a request (callgrind)", None, *[[count] for count in counts], "bare hyper", unit="instructions")
    deployment()


def asked(port: int, times: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    for _ in range(times):
        connection.request("GET", PATH, headers={PRINCIPAL: principal()})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
    connection.close()


def counted(program) -> float:
    """Instructions of one request: of a run with many of them, less one with few."""
    few, many = 100, 1100
    totals = []
    for times in (few, many):
        port = free_port()
        environment = os.environ | {"FUNCTIONS_CUSTOMHANDLER_PORT": str(port), "WEBSITE_AUTH_ENABLED": "true"}
        valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program]
        process = subprocess.Popen(valgrind, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(lambda port=port: listens(port), "the handler under valgrind")
        asked(port, times)
        process.terminate()
        totals.append(collected(process.communicate(timeout=PATIENCE)[1]))
    return (totals[1] - totals[0]) / (many - few)


def deployment() -> None:
    """The file that is deployed: its size, its memory, its start."""
    program = BINARIES / "greeting-server"
    table.add("handler: size of its file", at_most(0.9, " MiB"), [program.stat().st_size / 2**20], " MiB")
    port = free_port()
    with server(program, port=port, WEBSITE_AUTH_ENABLED="true") as process:
        connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE) for _ in range(64)]
        for connection in connections:
            connection.request("GET", PATH, headers={PRINCIPAL: principal()})
            connection.getresponse().read()
        table.add("handler: resident, 64 connections", at_most(4.8, " MiB"), [resident(process.pid)], " MiB")
        for connection in connections:
            connection.close()
    starts = [start(program) for _ in range(2 if SHORT else 30)]
    table.add("handler: from exec to its first answer", at_most(2.1, " ms"), starts, " ms")


def start(program) -> float:
    """Its port is asked without a pause, with bytes that are ready: a question costs some microseconds."""
    port = free_port()
    environment = os.environ | {"FUNCTIONS_CUSTOMHANDLER_PORT": str(port), "WEBSITE_AUTH_ENABLED": "true"}
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{PRINCIPAL}: {principal()}\r\n\r\n".encode()
    nowhere = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    with servers_core():
        begun = time.perf_counter()
        # subprocess.Popen copies this program first, which takes longer than the handler's start.
        process = os.posix_spawn(program, [program], environment, file_actions=nowhere)
    answer = b""
    while not answer and time.perf_counter() < begun + PATIENCE:
        with socket.socket() as connection, contextlib.suppress(ConnectionRefusedError):
            connection.connect(("127.0.0.1", port))
            connection.sendall(request)
            answer = connection.recv(4096)
            answered = time.perf_counter()
    os.kill(process, signal.SIGTERM)
    os.waitpid(process, 0)
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"bench: {program} does not answer")
    return 1000 * (answered - begun)
