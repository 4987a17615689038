"""The real az, kept loaded: a parent that has imported the Azure CLI forks a child for each command.

A deployment is thirty commands and az takes a second to start. What runs is az's own code, with the
caller's arguments, environment, folder and files. One thing is changed: its time.sleep moves the
double's clock, as the scripts' sleep does (az waits a minute after each deployment of a zip).

    python -m azure_double.az_server SOCKET        (and then:  az_client.py as `az` on the PATH)
"""

import array
import json
import os
import select
import signal
import socket
import sys


def main(path: str) -> int:
    preload()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{path}.new")
        listening.listen(64)
        # It is there once it answers.
        os.rename(f"{path}.new", path)
        while True:
            # Whoever started this holds the other end of its standard input: it ends with them.
            ready, _, _ = select.select([listening, sys.stdin], [], [])
            if sys.stdin in ready:
                return 0
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os._exit(serve(connection))
            connection.close()


def preload():
    """What the commands of deploy/ load."""
    import importlib

    for name in (
        "azure.cli.core",
        "azure.cli.core.azclierror",
        "azure.cli.core.commands.arm",
        "azure.cli.command_modules.appservice.custom",
        "azure.cli.command_modules.appservice.commands",
        "azure.cli.command_modules.resource.custom",
        "azure.cli.command_modules.resource.commands",
        "azure.cli.command_modules.role.custom",
        "azure.cli.command_modules.profile.custom",
        "azure.cli.command_modules.cloud.custom",
        "azure.cli.command_modules.util.custom",
        "azure.mgmt.web.models",
        "azure.mgmt.resource",
        "azure.mgmt.authorization",
        "msal",
        "requests",
    ):
        importlib.import_module(name)


def serve(connection: socket.socket) -> int:
    """A command: its description and its three files come over the socket, its status goes back."""
    size = array.array("i").itemsize
    message, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(3 * size))
    files = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data[: 3 * size])
    while not message.endswith(b"\n"):
        message += connection.recv(1 << 20)
    asked = json.loads(message)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in ((0, "r"), (1, "w"), (2, "w")))
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    sys.argv = ["az", *asked["arguments"]]
    status = run(asked["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(f"{status}\n".encode())
    return 0


def run(arguments: list[str]) -> int:
    """azure.cli.__main__, which starts by what this has already done."""
    import time
    import urllib.request

    double = os.environ["DOUBLE"]
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    time.sleep = lambda seconds: direct.open(f"{double}/clock", str(seconds).encode()).close()

    from azure.cli.core import get_default_cli

    try:
        return get_default_cli().invoke(arguments) or 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
