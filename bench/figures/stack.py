"""A stack that runs: `greeting-local up` on free ports, with a state folder of its own."""

import contextlib
import http.client
import json
import pathlib
import ssl
import subprocess
import time
import urllib.parse

from figures.machine import BINARIES, PATIENCE, ROOT, servers_core, wait_for


class Stack:
    def __init__(self, folder: pathlib.Path, *more: str, stderr=subprocess.DEVNULL):
        folder.mkdir(exist_ok=True)
        self.state = ["--state-dir", str(folder / "state")]
        ready = folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [BINARIES / "greeting-local", "up", "--port", "0", "--authority-port", "0", *self.state]
        command += ["--handler", BINARIES / "greeting-server", "--app-root", ROOT, "--ready-file", ready, *more]
        with servers_core():
            begun = time.perf_counter()
            self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        text = wait_for(lambda: ready.exists() and ready.read_text(), "up", pause=0.0002)
        self.seconds = time.perf_counter() - begun
        self.ready = json.loads(text)
        self.url = self.ready["function_url"]
        self.ca = self.ready["ca_cert"]

    def run(self, *arguments: str) -> str:
        command = [BINARIES / "greeting-local", *arguments, *self.state]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def authority(self, method: str, path: str, form: dict | None = None) -> dict:
        if not hasattr(self, "connection"):
            trust = ssl.create_default_context(cafile=self.ca)
            host = urllib.parse.urlsplit(self.ready["authority_host"])
            self.connection = http.client.HTTPSConnection(host.hostname, host.port, context=trust, timeout=PATIENCE)
        body = urllib.parse.urlencode(form) if form else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        self.connection.request(method, f"/{self.ready['tenant_id']}/{path}", body, headers)
        return json.loads(self.connection.getresponse().read())

    def tokens(self, count: int) -> list[str]:
        """Distinct ones, by one device code and refreshes."""
        client, scope = self.ready["cli_client_id"], f"{self.ready['scope']} offline_access"
        started = self.authority("POST", "oauth2/v2.0/devicecode", {"client_id": client, "scope": scope})
        self.run("approve", started["user_code"])
        grant = {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": started["device_code"],
        }
        found = []
        for _ in range(count):
            answer = self.authority("POST", "oauth2/v2.0/token", {"client_id": client, "scope": scope} | grant)
            found.append(answer["access_token"])
            grant = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
        return found

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextlib.contextmanager
def stack(folder: pathlib.Path, *more: str, **how):
    running = Stack(folder, *more, **how)
    try:
        yield running
    finally:
        running.stop()


def secret(path: pathlib.Path, text: str) -> pathlib.Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
