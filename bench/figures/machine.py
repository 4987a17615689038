"""The machine: its cores, its programs, servers that run and loads that call them."""

import argparse
import contextlib
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARIES = pathlib.Path(os.environ.get("GREETING_BINARIES", ROOT / "target" / "dist")).absolute()
PEERS = ROOT / "bench" / "peers"
PATIENCE = 120

_options = argparse.ArgumentParser(
    description=sys.modules["__main__"].__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
_options.add_argument("--short", action="store_true", help="one short round: shows that it works, and no figure")
SHORT = _options.parse_args().short
# A short run compiles it the faster way.
BARE = ROOT / "bench" / "bare" / "target" / ("debug" if SHORT else "release") / "bare"
# Many short rounds: what another program takes meanwhile falls on one, and a median leaves it out.
ROUNDS, SECONDS = (1, 1) if SHORT else (9, 2)


def _descriptors() -> int:
    """As many files open at once as the system lets this program have; those that it starts inherit it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if most == resource.RLIM_INFINITY else min(8192, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    return wanted


# The most connections at once: 1,024, where server and load may each open as many sockets.
MANY = min(1024, _descriptors() // 2)
if MANY < 1024 and not SHORT:
    sys.exit("bench: 1,024 connections need 2,048 open files, and the hard limit is lower (ulimit -Hn)")


def need(packages: dict[str, str]) -> None:
    """Programs and the packages of Debian that bring them, where they are missing."""
    missing = sorted({package for program, package in packages.items() if not shutil.which(program)})
    if not missing:
        return
    print("installing", *missing, "…", flush=True)
    as_root = [] if os.getuid() == 0 else ["sudo", "-n"]
    for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *missing]):
        done = subprocess.run([*as_root, "apt-get", *command], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"bench: apt-get {command[0]}: {done.stdout[-500:]}{done.stderr}\n  fix  apt-get install {' '.join(missing)}")


def build() -> None:
    """The programs of this source as a release has them (profile `dist`), and bare hyper."""
    cargo = ["cargo", "build", "-q"]
    if "GREETING_BINARIES" not in os.environ:
        packages = ["-p", "greeting-server", "-p", "greeting-local", "-p", "greeting-cli"]
        subprocess.run([*cargo, "--profile", "dist", *packages], cwd=ROOT, check=True)
    subprocess.run([*cargo, *([] if SHORT else ["--release"]), "--manifest-path", ROOT / "bench/bare/Cargo.toml"], check=True)


def wait_for(condition, what: str, pause: float = 0.01):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(pause)
    sys.exit(f"bench: {what}: not within {PATIENCE} s")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


_CORES = sorted(os.sched_getaffinity(0))
SERVERS, LOADS = _CORES[0], _CORES[-1]


def on_core(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if len(_CORES) > 1 else []


@contextlib.contextmanager
def servers_core():
    """What is started meanwhile runs where the servers do, without another program before it."""
    os.sched_setaffinity(0, {SERVERS})
    try:
        yield
    finally:
        # Away from there: what waits for the program's first answer would share its core with it.
        os.sched_setaffinity(0, {LOADS})
        os.sched_setaffinity(0, _CORES)


@contextlib.contextmanager
def server(*command, port: int, **environment):
    process = subprocess.Popen(
        [*on_core(SERVERS), *command],
        env=os.environ | {"FUNCTIONS_CUSTOMHANDLER_PORT": str(port)} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: listens(port), str(command[0]))
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def cpu(process: int) -> float:
    """Seconds that the process's threads have run (proc(5), schedstat)."""
    tasks = pathlib.Path(f"/proc/{process}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def resident(process: int) -> float:
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


class Load:
    """What `wrk` counted."""

    def __init__(self, a_second: float, requests: int):
        self.a_second, self.requests = a_second, requests


def load(url: str, status: int = 200, connections: int = 64, header: str = "", tokens: pathlib.Path | None = None) -> Load:
    """A round, each request answered with `status`. Tokens come from a file, not by the arguments."""
    command = [*on_core(LOADS), "wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--timeout", "30s"]
    command += ["-H", header] if header else []
    command += ["-s", PEERS / "tokens.lua"] if tokens else []
    environment = os.environ | ({"TOKENS": str(tokens)} if tokens else {})
    done = subprocess.run([*command, url], env=environment, capture_output=True, text=True, check=True).stdout
    others = sum(int(n) for n in re.findall(r"Non-2xx or 3xx responses: (\d+)", done))
    requests = int(re.search(r"(\d+) requests in", done)[1])
    failed = re.search(r"Socket errors: .*", done)
    expected = requests if status >= 400 else 0
    if others != expected or failed:
        sys.exit(f"bench: {url}: {others} of {requests} answers are not 2xx; {failed and failed[0]}")
    return Load(float(re.search(r"Requests/sec:\s+([\d.]+)", done)[1]), requests)


def in_turn(variants: dict) -> dict[str, list]:
    """Each variant once a round, so that whatever else the machine does falls on all."""
    found = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, measure in variants.items():
            found[name].append(measure())
    return found


def instructions(*command, **options) -> int:
    """Instructions of one run by callgrind: no neighbour disturbs them."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]
    said = subprocess.run(valgrind, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
    return collected(said.stderr)


def collected(said: str) -> int:
    return int(re.search(r"Collected : (\d+)", said)[1])
