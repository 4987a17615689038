"""docs/compose.yaml, without a container engine: its services are processes with the files, names,
volumes, users and environment that the file gives them, in a network of their own. Linux only."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from importlib import metadata

import yaml
from bodies import program
from checks import CLIENTS, ENVIRONMENT, LOCAL, PATIENCE, ROOT, Skipped, check, expect
from containers import Container, Image, libraries, own_world

FILE = ROOT / "docs" / "compose.yaml"
VENV = (CLIENTS / "venv").resolve()
# What a name is to Node.js, by its own means.
NODE = """
const [url, address, token] = process.argv.slice(1);
const lookup = (name, options, done) => options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
require("http").get(url, { lookup, headers: { authorization: `Bearer ${token}` } }, async (answer) => {
  const body = (await answer.toArray()).join("");
  console.log(JSON.stringify([answer.statusCode, body]));
});
"""
# Method and path of what is this machine's alone.
ITS_OWN = [
    ("GET", "/"), ("GET", "/greeting-local/log"), ("GET", "/greeting-local/status"), ("POST", "/greeting-local/stop"),
    ("POST", "/greeting-local/approve"), ("POST", "/greeting-local/policy"), ("POST", "/control-room/mint"),
]  # fmt: skip


def words(value) -> list[str]:
    assert isinstance(value, list), f"a shell would have to read it: {value}"
    return [str(word) for word in value]


class Service:
    def __init__(self, name: str, described: dict, folder: pathlib.Path, hosts: dict):
        self.name, self.described = name, described
        self.command = words(described["command"])
        # Nothing of it is the world's.
        for published in described.get("ports", []):
            assert published.startswith("127.0.0.1:"), published
        own = folder / name
        root = own / "root"
        root.mkdir(parents=True)
        volumes = {}
        for volume in described["volumes"]:
            source, path = volume.split(":")[:2]
            (folder / source).mkdir(exist_ok=True)
            volumes[path] = folder / source
        environment = {key: str(value) for key, value in described.get("environment", {}).items()}
        build = described["build"]
        if isinstance(build, str):
            expect((FILE.parent / build).resolve(), ROOT)
            image = Image.of(ROOT / "Dockerfile")
            image.unpack(root, LOCAL.parent)
            libraries(root, LOCAL)
            # A volume that is mounted for the first time takes the folder's owner.
            for path, source in volumes.items():
                inside = (root / path.strip("/")).stat()
                subprocess.run(["chown", f"{inside.st_uid}:{inside.st_gid}", source], check=True)
            self.health, self.command = image.health, [*image.entrypoint, *self.command]
            self.container = Container(own, root, hosts, image.environment | environment, volumes, image.user)
        else:
            working = self.unpack(build, root)
            check_ = words(described["healthcheck"]["test"]) if "healthcheck" in described else ["CMD"]
            expect(check_.pop(0), "CMD")
            self.health = check_
            environment = {"PATH": f"{VENV / 'bin'}:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"} | environment
            volumes[str(VENV)] = VENV
            self.container = Container(own, root, hosts, environment, volumes, system=True, working=working)

    def unpack(self, build: dict, root: pathlib.Path) -> str:
        """The files of an inline Dockerfile, and their folder. This machine stands for its base; the user
        stays this one, in whose home Python may be."""
        instructions = [line.split(" ", 1) for line in build["dockerfile_inline"].strip().splitlines()]
        expect([name for name, _ in instructions], ["FROM", "RUN", "WORKDIR", "COPY", "USER"])
        base, install, working, copied, _ = (rest for _, rest in instructions)
        assert base.startswith("python:3."), base
        # What it installs is what these processes import.
        pins = re.findall(r'([\w-]+)(?:\[\w+\])?==([^\s"]+)', install)
        expect(pins, [(package, metadata.version(package)) for package, _ in pins])
        (root / working.strip("/")).mkdir(parents=True)
        *files, into = copied.split()
        expect(into, "./")
        for file in files:
            text = (FILE.parent / build["context"] / file).read_text()
            (root / working.strip("/") / file).write_text(text)
        return working

    def begin(self, services: dict):
        for name, how in self.described.get("depends_on", {}).items():
            expect(how, {"condition": "service_healthy"})
            if services[name].container.process is None:
                services[name].begin(services)
        self.container.start(self.command)
        if self.health:
            self.container.until_healthy(self.health)


def version() -> str:
    return subprocess.check_output([LOCAL, "--version"], text=True).split()[-1]


@check("docs/compose.yaml", "its services as processes: the tests of an API in Python pass", version)
def compose_network():
    start = own_world()
    if not start:
        raise Skipped("needs Linux and its namespaces")
    done = subprocess.run(
        [*start, sys.executable, __file__], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def curl(*arguments: str) -> str:
    done = subprocess.run(["curl", "-sS", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tests_pass(tests: Service, services: dict):
    tests.begin(services)
    status = tests.container.process.wait(PATIENCE)
    said = tests.container.said()
    assert status == 0 and "Ran 4 tests" in said, "\n".join(
        [said, *(service.container.said() for service in services.values() if service.container.process)]
    )


def by_their_own_names(local: Service, hosts: dict, certificate: pathlib.Path):
    """curl's --resolve and Node.js's lookup: this machine knows none of these names."""
    authority = ["--resolve", f"greeting-local:7443:{hosts['greeting-local']}", "--cacert", str(certificate)]
    tenant = "https://greeting-local:7443/6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93"
    document = json.loads(curl(*authority, f"{tenant}/v2.0/.well-known/openid-configuration"))
    expect(document["issuer"], f"{tenant}/v2.0")
    for method, path in ITS_OWN:
        status = curl(*authority, "-o", "/dev/null", "-w", "%{http_code}", "-X", method, f"https://greeting-local:7443{path}")
        assert status in ("403", "421"), f"{method} {path}: {status}"
    # In the container itself tokens can be minted, with any defect.
    for defect, expected in {"": [200, "alice@greeting.test"], "--expired": [401, "ExpiredSignatureError"]}.items():
        minted = local.container.run(["/bin/greeting-local", "mint", *defect.split()])
        assert minted.returncode == 0, minted.stderr
        done = subprocess.run(
            [program("node"), "-e", NODE, "http://api:8000/", hosts["api"], minted.stdout.strip()],
            capture_output=True, text=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        expect(json.loads(done.stdout), expected)


def run():
    described = yaml.safe_load(FILE.read_text())
    names = list(described["services"])
    hosts = {"localhost": "127.0.0.1"} | {name: f"127.0.0.{number}" for number, name in enumerate(names, 2)}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        services = {name: Service(name, described["services"][name], folder, hosts) for name in names}
        # The keys are in one container alone.
        for service in services.values():
            expect([path for path in service.container.volumes if path != str(VENV)], ["/certificates"])
        try:
            tests_pass(services["tests"], services)
            by_their_own_names(services["greeting-local"], hosts, folder / "certificates" / "ca.pem")
        finally:
            statuses = {name: service.container.stop() for name, service in services.items()}
        expect(statuses["greeting-local"], 0)


if __name__ == "__main__":
    run()
