"""Programs that start, do one thing, and end: up, call, token inspect, demo."""

import json
import os
import pathlib
import shlex
import statistics
import subprocess
import tempfile
import time

from figures import table
from figures.machine import BINARIES, PATIENCE, ROOT, SHORT, in_turn, instructions
from figures.stack import Stack, secret, stack
from figures.table import at_most

# A version that is known to have `decode -`.
JWT = "jwt-cli@6.2.0"
SYSTEM_ROOTS = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
CLI = BINARIES / "greeting-cli"


def once(command: list, given: pathlib.Path) -> float:
    with open(given, "rb") as stdin:
        begun = time.perf_counter()
        subprocess.run(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        return 1000 * (time.perf_counter() - begun)


def run_ms(command: list, given: pathlib.Path | None = None, environment: dict | None = None):
    """Of one round: the median of some runs, by hyperfine, without a shell."""

    def measured() -> float:
        runs = ["--warmup", "1", "--runs", "2"] if SHORT else ["--warmup", "3", "--runs", "30"]
        # Debian's hyperfine gives a command no input.
        if given:
            return statistics.median(once(command, given) for _ in range(2 if SHORT else 30))
        hyperfine = ["hyperfine", "-N", "--style", "none", *runs]
        line = " ".join(shlex.quote(str(word)) for word in command)
        with tempfile.NamedTemporaryFile() as told:
            done = subprocess.run(
                [*hyperfine, "--export-json", told.name, line], env=os.environ | (environment or {}), capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"bench: {line}: {done.stderr}")
            return 1000 * json.loads(told.read())["results"][0]["median"]

    return measured


def up(folder: pathlib.Path) -> None:
    milliseconds = []
    # The first makes the state: the others are warm.
    for _ in range(2 if SHORT else 21):
        running = Stack(folder / "up")
        milliseconds.append(1000 * running.seconds)
        running.stop()
    table.add("`up`, warm, to ready", at_most(20, " ms"), milliseconds[1:], " ms")


def call(folder: pathlib.Path) -> None:
    """With a kept token, to curl with the token in hand. Both read the system's certificates for
    HTTPS, as in Azure's case."""
    sign_in = ("--auto-approve", "alice@greeting.test")
    with stack(folder / "http", *sign_in) as plain, stack(folder / "https", "--https", *sign_in) as secured:
        kinds = {"HTTP": plain, "HTTPS": secured}
        environments, first = {}, []
        for name, running in kinds.items():
            bundle = folder / f"{name} roots"
            bundle.write_text(SYSTEM_ROOTS.read_text() + pathlib.Path(running.ca).read_text())
            environments[name] = {"XDG_STATE_HOME": str(folder / f"{name} kept"), "SSL_CERT_FILE": str(bundle)}
            command = [CLI, "call", running.url, "--credential", "device-code"]
            first.append(subprocess.Popen(command, env=os.environ | environments[name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        if any(process.wait(PATIENCE) for process in first):
            raise SystemExit("bench: greeting-cli call did not sign in")
        variants = {}
        for name, running in kinds.items():
            token = secret(folder / f"{name} header", f"Authorization: Bearer {running.run('mint')}")
            roots = ["--cacert", environments[name]["SSL_CERT_FILE"]] if name == "HTTPS" else []
            variants[name] = run_ms([CLI, "call", running.url, "--credential", "device-code"], None, environments[name])
            variants[f"curl {name}"] = run_ms(["curl", "-sf", *roots, "-H", f"@{token}", running.url])
        found = in_turn(variants)
    table.over("`call`, a kept token, over curl: HTTP", at_most(0, " ms"), found["HTTP"], found["curl HTTP"], "curl, the token in hand")
    table.over("`call`, a kept token, over curl: HTTPS", at_most(3, " ms"), found["HTTPS"], found["curl HTTPS"], "curl, the token in hand")


def jwt() -> pathlib.Path | None:
    """The peer, installed where git does not look; a short run does not build it."""
    root = ROOT / "target" / "peers"
    program = root / "bin" / "jwt"
    if not program.exists() and not SHORT:
        subprocess.run(["cargo", "install", "--quiet", "--locked", JWT, "--root", root], check=True)
    return program if program.exists() else None


def inspect(folder: pathlib.Path) -> None:
    peer = jwt()
    if peer is None:
        print(f"skipped: token inspect, to jwt decode: {JWT} is not installed (a full run installs it)")
        return
    minted = subprocess.run(
        [BINARIES / "greeting-local", "mint", "--state-dir", folder / "mint"], check=True, capture_output=True, text=True
    ).stdout.strip()
    token = secret(folder / "token", minted)
    ours, theirs = [CLI, "token", "inspect", "-"], [peer, "decode", "-"]
    found = in_turn({"ours": run_ms(ours, token), "theirs": run_ms(theirs, token)})
    table.ratio("`token inspect`, to `jwt decode`", at_most(1), found["ours"], found["theirs"], JWT, unit="ms")
    if not SHORT:
        counts = []
        for command in (ours, theirs):
            with open(token, encoding="utf-8") as given:
                counts.append([instructions(*command, stdin=given) / 1000])
        table.ratio("the same in instructions (callgrind)", None, *counts, JWT, unit="thousand")


def demo() -> None:
    seconds = []
    for _ in range(1 if SHORT else 3):
        begun = time.perf_counter()
        subprocess.run([BINARIES / "greeting-local", "demo"], check=True, capture_output=True)
        seconds.append(time.perf_counter() - begun)
    table.add("`demo`, built", at_most(1.5, " s"), seconds, " s")


def measure(folder: pathlib.Path) -> None:
    up(folder)
    call(folder)
    inspect(folder)
    demo()
