"""The image of the Dockerfile, without a container engine: static programs in an empty root, as its user."""

import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from checks import ALL, ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped, check, expect
from containers import Container, Image, own_world

TARGET = "x86_64-unknown-linux-musl"
BUILT = ROOT / "target" / "static"
CONTEXT = ROOT / "target" / "context"
UP = ["up", "--listen", "0.0.0.0", "--public-host", "greeting-local", "--ca-file", "/certificates/ca.pem"]
NAMES = {"localhost": "127.0.0.1", "greeting-local": "127.0.0.2"}


def is_ignored(path: str, patterns: list[str]) -> bool:
    """As .dockerignore's patterns are read, of those kinds that ours are: a name at any depth, or a path
    from the root; and whatever is below."""
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        above = "/".join(parts[:depth])
        for pattern in patterns:
            seen = parts[depth - 1] if pattern.startswith("**/") else above
            wanted = pattern.removeprefix("**/")
            if seen.count("/") == wanted.count("/") and fnmatch.fnmatchcase(seen, wanted):
                return True
    return False


def context() -> pathlib.Path:
    """What the build's COPY copies."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    assert not any(line.startswith("!") or line.endswith("/") for line in patterns), patterns
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
    sent = [path for path in listed if not is_ignored(path, patterns)]
    assert "Cargo.lock" in sent and "rust-toolchain.toml" not in sent, sent
    shutil.rmtree(CONTEXT, ignore_errors=True)
    for path in sent:
        into = CONTEXT / path
        into.parent.mkdir(parents=True, exist_ok=True)
        # With its time, so that cargo builds only what has changed.
        shutil.copy2(ROOT / path, into)
    return CONTEXT


def static_programs() -> pathlib.Path:
    """Built by the Dockerfile's own line from what it copies, in the quicker profile."""
    installed = subprocess.run(["rustup", "target", "list", "--installed"], capture_output=True, text=True, check=False)
    if TARGET not in installed.stdout or not shutil.which("musl-gcc"):
        raise Skipped(f"needs rustup target add {TARGET}, and musl-gcc (Debian: musl-tools)")
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    [line] = re.findall(r"^RUN (cargo build .*?) &&", text, re.M)
    command = line.replace("--profile dist", f"--quiet --target {TARGET} --target-dir {BUILT}").split()
    assert "--locked" in command and "--quiet" in command, command
    subprocess.run(command, cwd=context(), check=True)
    return BUILT / TARGET / "debug"


def version() -> str:
    return subprocess.check_output([LOCAL, "--version"], text=True).split()[-1]


@check("Dockerfile", "its programs in an empty root, as its user: up, health, mint, stop", version, ALL)
def image():
    start = own_world()
    if not start or os.geteuid() != 0:
        raise Skipped("needs Linux, its namespaces, and root, to be another user")
    programs = static_programs()
    for program in programs.glob("greeting-*[a-z]"):
        if program.suffix != ".d":
            # It names no loader.
            assert b"/ld-" not in program.read_bytes()[:4096], program
    done = subprocess.run(
        [*start, sys.executable, __file__, programs], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def run(programs: pathlib.Path):
    described = Image.of(ROOT / "Dockerfile")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        root = folder / "root"
        root.mkdir()
        described.unpack(root, programs)
        container = Container(folder, root, NAMES, described.environment, {}, described.user)
        container.start([*described.entrypoint, *UP])
        try:
            container.until_healthy(described.health)
            minted = container.run([*described.entrypoint, "mint"])
            expect((minted.returncode, minted.stdout.count(".")), (0, 2))
            expect((root / "certificates" / "ca.pem").stat().st_mode & 0o777, 0o644)
        finally:
            status = container.stop()
        expect(status, 0)
        assert container.run(described.health).returncode == 1
        # Nothing is written but below its two folders.
        allowed = {root / "bin", root / "etc", root / "state", root / "certificates", root / "proc", root / "dev"}
        expect({path for path in root.iterdir()}, allowed)


if __name__ == "__main__":
    run(pathlib.Path(sys.argv[1]))
