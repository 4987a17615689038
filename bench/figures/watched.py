"""What it costs to be watched: the log, and the control room's readers."""

import contextlib
import os
import pathlib
import pty
import subprocess
import threading

from figures import table
from figures.machine import LOADS, PATIENCE, in_turn, load, on_core
from figures.stack import Stack, secret, stack
from figures.table import at_most


@contextlib.contextmanager
def terminal():
    """A pseudo-terminal whose other end is read, as a terminal's window does."""
    window, own = pty.openpty()

    def read() -> None:
        # EIO: nobody has it open any more.
        with contextlib.suppress(OSError):
            while os.read(window, 65536):
                pass

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        yield own
    finally:
        os.close(own)
        reader.join(PATIENCE)
        os.close(window)


@contextlib.contextmanager
def readers(running: Stack, count: int):
    """Pages that are open in the control room."""
    url = f"{running.ready['authority_host']}/control-room/events"
    command = [*on_core(LOADS), "curl", "-sN", "--cacert", running.ca, "-o", os.devnull, url]
    open_pages = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
        ended = [page for page in open_pages if page.poll() is not None]
        assert not ended, f"{len(ended)} of {count} readers have ended"
    finally:
        for page in open_pages:
            page.terminate()
            page.wait(PATIENCE)


def measure(folder: pathlib.Path) -> None:
    with contextlib.ExitStack() as open_things:
        file = open_things.enter_context(open(folder / "log", "wb"))
        nowhere = open_things.enter_context(open(os.devnull, "wb"))
        window = open_things.enter_context(terminal())
        start = lambda name, *more, **how: open_things.enter_context(stack(folder / name, *more, **how))
        stacks = {
            "off": start("off", "--log", "off"),
            "nowhere": start("nowhere", stderr=nowhere),
            "a file": start("file", stderr=file),
            "a terminal": start("terminal", stderr=window),
        }

        def called(running: Stack, name: str):
            tokens = secret(folder / f"{name} token", running.run("mint"))
            return lambda: load(running.url, tokens=tokens).a_second

        logs = in_turn({name: called(running, name) for name, running in stacks.items()})
        watched = stacks["off"]
        call = called(watched, "watched")

        def beside(count: int) -> float:
            with readers(watched, count):
                return call()

        rooms = in_turn({count: lambda count=count: beside(count) for count in (0, 1, 10)})
    for name in ("nowhere", "a file", "a terminal"):
        table.loss(f"human log to {name}: loss", at_most(3, " %"), logs[name], logs["off"], "`--log off`")
    for count in (1, 10):
        who = "1 reader" if count == 1 else f"{count} readers"
        table.loss(f"control room, {who}: loss", at_most(2, " %"), rooms[count], rooms[0], "nobody reads")
