"""In a shell with `env`, what trusts the system's certificates still does: curl, pip and git reach a
server whose certificate a CA of the system's store has signed, and curl reaches the gate as well.

The store is the system's own with one CA more, in a mount namespace of the check.
"""

import contextlib
import functools
import http.server
import pathlib
import ssl
import subprocess
import tempfile
import threading
import zipfile

from azure_double import certificate
from checks import ENVIRONMENT, LOCAL, PATIENCE, Skipped, check, expect
from namespaces import entered

STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
SCRIPT = """
set -eu
store=$1 here=$2 url=$3 local=$4
mount --bind "$here/store.pem" "$store"
cd "$here"
"$local" up --https --port 0 --authority-port 0 --state-dir state --ready-file ready.json --detach >up.out 2>&1
trap '"$local" stop --state-dir state >/dev/null 2>&1' EXIT
curl -fsS "$url/hello" >before
eval "$("$local" env --shell bash --state-dir state)"
curl -fsS "$url/hello" >curl
git clone -q "$url/repo.git" git
pip download -q --disable-pip-version-check --no-deps --no-cache-dir --index-url "$url/simple/" -d pip greeting-witness
curl -sS -o gate -w '%{http_code}' "$GREETING_URL" >status
# What the development CA alone would do.
if curl -fsS --cacert state/ca.pem "$url/hello" >/dev/null 2>alone; then exit 9; fi
"""


def site(folder: pathlib.Path):
    """What the three ask for: a page, a repository by git's plain protocol, and a package index."""
    (folder / "hello").write_text("hello")
    for command in (
        ["git", "init", "-q", "--bare", "repo.git"],
        ["git", "-C", "repo.git", "update-server-info"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    index = folder / "simple" / "greeting-witness"
    index.mkdir(parents=True)
    wheel = "greeting_witness-1-py3-none-any.whl"
    (index / "index.html").write_text(f'<a href="{wheel}">{wheel}</a>')
    info = "greeting_witness-1.dist-info"
    with zipfile.ZipFile(index / wheel, "w") as archive:
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: greeting-witness\nVersion: 1\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: here\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder: pathlib.Path, chain: pathlib.Path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def curl_version() -> str:
    return subprocess.run(["curl", "--version"], check=True, capture_output=True, text=True).stdout.split()[1]


@check("curl, pip, git", "in a shell with env: the system's CAs are still trusted", curl_version)
def by_system_roots():
    start = entered("--mount", "mount", "--bind", "/etc/hostname", str(STORE))
    if not start:
        raise Skipped("needs Linux, its store of Debian's kind and a mount namespace")
    with tempfile.TemporaryDirectory() as name:
        here = pathlib.Path(name)
        public = here / "public"
        public.mkdir()
        site(public)
        certificate.make(here)
        (here / "store.pem").write_bytes(STORE.read_bytes() + (here / "ca.pem").read_bytes())
        with served(public, here / "server.pem") as url:
            done = subprocess.run(
                [*start, "bash", "-c", SCRIPT, "bash", STORE, here, url, LOCAL],
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
                env=ENVIRONMENT,
            )
        assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"
        expect([(here / file).read_text() for file in ("before", "curl", "status")], ["hello", "hello", "401"])
        expect([path.name for path in (here / "pip").iterdir()], ["greeting_witness-1-py3-none-any.whl"])
        expect((here / "git" / ".git").is_dir(), True)
