"""Runs the double until Ctrl-C. How to use it stands in __init__.py."""

import argparse
import contextlib
import pathlib
import signal
import sys

from . import environment
from .modes import MODES
from .server import Server
from .world import World


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m azure_double")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where its CA, programs and az's files go")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", action="append", default=[], choices=list(MODES), help="a fault, by name")
    parser.add_argument("--fast-az", action="store_true", help="keep az loaded: it answers at once, and never sleeps")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    world = World()
    world.set_modes(given.mode)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(world, given.folder.resolve(), given.port))
        az = None
        if given.fast_az:
            socket = server.folder / "az.socket"
            socket.unlink(missing_ok=True)
            az = stack.enter_context(environment.az_kept_loaded(socket))
        variables = environment.write(server, az)
        lines = "".join(f"export {name}={environment.quoted(value)}\n" for name, value in variables.items())
        (server.folder / "environment").write_text(lines)
        print(f"{server.url}: . {server.folder / 'environment'}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
