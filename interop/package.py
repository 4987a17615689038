"""The deployable zip: built in a fresh clone, unpacked elsewhere, run as the Functions host runs it."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import tempfile
import zipfile

from checks import GREETING, LOCAL, PATIENCE, ROOT, answers, check, expect, up, wait


def version() -> str:
    return subprocess.check_output([LOCAL, "--version"], text=True).split()[-1]


def package(checkout: pathlib.Path, out: pathlib.Path) -> str:
    """`greeting-local package` in a checkout; what it prints."""
    # The clones' builds are kept between runs, and apart from this checkout's own.
    environment = {**os.environ, "CARGO_TARGET_DIR": str(ROOT / "target" / "clones" / f"{checkout.name}-target")}
    command = [LOCAL, "package", "--out", out]
    return subprocess.run(command, cwd=checkout, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def fresh_clone(name: str) -> pathlib.Path:
    """This checkout's last commit, cloned to another path: the same one each time, for cargo's sake."""
    clone = ROOT / "target" / "clones" / name
    shutil.rmtree(clone, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", f"file://{ROOT}", clone], check=True)
    return clone


def unpack(archive: pathlib.Path, into: pathlib.Path):
    """As Azure does: with the modes that the zip has, whatever the umask is."""
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            path = pathlib.Path(opened.extract(entry, into))
            path.chmod(stat.S_IMODE(entry.external_attr >> 16))


def principal(scope: str | None) -> str:
    """What Easy Auth hands to the app."""
    claims = [{"typ": "http://schemas.microsoft.com/identity/claims/scope", "val": scope}] if scope else []
    text = json.dumps({"auth_typ": "aad", "claims": claims, "name_typ": "", "role_typ": ""})
    return base64.b64encode(text.encode()).decode()


def get(port: int, headers: dict) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/api/greeting", headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextlib.contextmanager
def handler(app: pathlib.Path, root: pathlib.Path | None):
    """The unpacked handler with the host's variables and no other; where this may be done, in a
    root folder that has the app and nothing else: no libc, no certificates, no /etc."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    program = pathlib.Path("/") / app.name / "greeting-server" if root else app / "greeting-server"
    variables = [f"FUNCTIONS_CUSTOMHANDLER_PORT={port}", f"FUNCTIONS_HTTPWORKER_PORT={port}"]
    variables += ["FUNCTIONS_APP_ROOT_PATH=/", "WEBSITE_AUTH_ENABLED=True"]
    # With env -i there is no PATH to find a program by.
    alone = [shutil.which("chroot"), root] if root else []
    process = subprocess.Popen(["env", "-i", *variables, *alone, program], cwd=app)
    try:
        wait(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, f"the handler ended with {process.returncode}"
        yield port
    finally:
        process.terminate()
        expect(process.wait(PATIENCE), 0)


@check("greeting-local package", "a fresh clone's zip, run by the host's variables alone: 200, 401, 403", version)
def unpacked_and_run():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        archive = folder / "greeting.zip"
        listed = package(fresh_clone("clone"), archive)
        size, digest, shown = listed.splitlines()[-1].split()
        expect((size, digest), (str(archive.stat().st_size), hashlib.sha256(archive.read_bytes()).hexdigest()))
        app = folder / "elsewhere" / "app"
        unpack(archive, app)
        expect(sorted(str(path.relative_to(app)) for path in app.rglob("*") if path.is_file()),
               ["greeting-server", "greeting/function.json", "host.json"])
        root = app.parent if os.geteuid() == 0 else None
        print(f"  the handler runs in {'an empty root' if root else 'this system: chroot needs root'}")
        with handler(app, root) as port:
            expect(get(port, {}), (401, "Not authenticated: no principal from Easy Auth."))
            expect(get(port, {"X-MS-CLIENT-PRINCIPAL": principal("Other")}), (403, "Missing required scope."))
            expect(get(port, {"X-MS-CLIENT-PRINCIPAL": principal("Greeting.Read")}), (200, GREETING))

        # And as a function app: the local host, gate and authority in front of the same files.
        with up("--app-root", str(app)) as stack:
            for defects, status, text in [
                ((), 200, GREETING),
                (("--expired",), 401, ""),
                (("--no-scope",), 403, "Missing required scope."),
            ]:
                answer = stack.call(stack.mint(*defects))
                expect((answer.status_code, answer.text), (status, text))
            expect(stack.call().status_code, 401)


@check("greeting-local package", "two clones at two paths: the same bytes", version)
def reproducible():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        archives = []
        for clone_name in ("clone", "another-clone"):
            archives.append(folder / f"{clone_name}.zip")
            package(fresh_clone(clone_name), archives[-1])
        digests = {hashlib.sha256(archive.read_bytes()).hexdigest() for archive in archives}
        expect(len(digests), 1)
        # Nobody's folders are in it.
        program = zipfile.ZipFile(archives[0]).read("greeting-server")
        for path in (str(ROOT), os.path.expanduser("~")):
            assert path.encode() not in program, f"the handler has {path} in it"
