"""The image of the Dockerfile, without a container engine: static programs in an empty root, as its user."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from checks import ALL, ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped, check, expect
from containers import Container, Image, own_world

TARGET = "x86_64-unknown-linux-musl"
BUILT = ROOT / "target" / "static"
UP = ["up", "--listen", "0.0.0.0", "--public-host", "greeting-local", "--ca-file", "/certificates/ca.pem"]
NAMES = {"localhost": "127.0.0.1", "greeting-local": "127.0.0.2"}


def static_programs() -> pathlib.Path:
    """Built as the release workflow builds them, in the quicker profile."""
    installed = subprocess.run(["rustup", "target", "list", "--installed"], capture_output=True, text=True, check=False)
    if TARGET not in installed.stdout or not shutil.which("musl-gcc"):
        raise Skipped(f"needs rustup target add {TARGET}, and musl-gcc (Debian: musl-tools)")
    command = ["cargo", "build", "--quiet", "--target", TARGET, "--target-dir", BUILT]
    programs = ["--bin", "greeting-server", "--bin", "greeting-cli", "--bin", "greeting-local"]
    subprocess.run([*command, *programs], cwd=ROOT, check=True)
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
